"""Paddle (3.3): the losses of ``paddle.nn.functional``.

Documentation: https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/Overview_en.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..arrays import Array, Tensor
from ..convention import Convention, Reduction
from ..formulas import NegativeLogLikelihood, ProbabilityFocal, SigmoidFocal, categorical_focal
from ..loss import DescriptionOf, description, loss
from ..operands import Operands
from .options import REDUCTIONS, balanced_by, choice, renamed, share
from .ranks import as_indices, is_floating, one_a_class, reshaped, shape, smoothed, softmax, squeezed

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "label_smooth",
    "log_loss",
    "nll_loss",
    "sigmoid_focal_loss",
    "softmax_with_cross_entropy",
]


def __dir__() -> list[str]:
    return __all__


_IGNORED = -100  # no option: Paddle's operator ignores labels of this value, and its means count them


@loss
def sigmoid_focal_loss(
    logit: Tensor,
    label: Array,
    normalizer: Array | None = None,
    alpha: float = 0.25,
    gamma: float = 2.0,
    reduction: str = "sum",
    name: str | None = None,
) -> DescriptionOf[Tensor]:
    """``paddle.nn.functional.sigmoid_focal_loss``: divided by ``normalizer`` before the reduction; labels of −100 have no loss.

    Mirrors Paddle 3.3.1, https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/sigmoid_focal_loss_en.html
    """
    convention = Convention(
        SigmoidFocal(gamma),
        labels="elements",
        ignore_index=_IGNORED,
        count_ignored=True,
        reduction=choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    if normalizer is not None and len(shape(normalizer)) > 1:
        raise ValueError(f"normalizer must be 0-D or 1-D; received shape {shape(normalizer)}.")
    return convention, Operands(logit, label, alpha=balanced_by(alpha), normalizer=normalizer)


@loss
def binary_cross_entropy(
    input: Tensor, label: Array, weight: Array | None = None, reduction: str = "mean", name: str | None = None
) -> DescriptionOf[Tensor]:
    """``paddle.nn.functional.binary_cross_entropy``: of probabilities; logarithms are at least −100.

    ``weight`` broadcasts from the right, and counts in no mean.

    Mirrors Paddle 3.3.1, https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/binary_cross_entropy_en.html
    """
    reduced = choice("reduction", reduction, REDUCTIONS)
    formula = ProbabilityFocal(log_floor=-100.0)
    convention = Convention(formula, labels="elements", weights="trailing", reduction=reduced, held="nothing")
    return convention, Operands(input, label, sample_weight=weight)


@loss
def binary_cross_entropy_with_logits(
    logit: Tensor,
    label: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
    name: str | None = None,
) -> DescriptionOf[Tensor]:
    """``paddle.nn.functional.binary_cross_entropy_with_logits``: labels of −100 have no loss, and count in the mean.

    Weights broadcast from the right.

    Mirrors Paddle 3.3.1, https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/binary_cross_entropy_with_logits_en.html
    """
    convention = Convention(
        SigmoidFocal(),
        labels="elements",
        ignore_index=_IGNORED,
        count_ignored=True,
        weights="trailing",
        reduction=choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    return convention, Operands(logit, label, sample_weight=weight, pos_weight=pos_weight)


@loss
@renamed(target="label")
def cross_entropy(
    input: Tensor,
    label: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    soft_label: bool = False,
    axis: int = -1,
    use_softmax: bool = True,
    label_smoothing: float = 0.0,
    name: str | None = None,
) -> DescriptionOf[Tensor]:
    """``paddle.nn.functional.cross_entropy``: of class indices, with or without the class axis, or soft labels.

    With ``label_smoothing`` the label's rank alone says which: soft labels have the input's.  ``label`` may be called ``target``.

    Without ``use_softmax`` the input is probabilities.  ``weight`` makes one factor a row, Σ_c w_c·y_c, by whose sum a mean divides;
    without it a mean counts ignored rows where ``ignore_index`` is negative.  Soft and smoothed losses keep the class axis.

    Mirrors Paddle 3.3.1, https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/cross_entropy_en.html
    """
    if soft_label and ignore_index > 0:
        raise ValueError(f"ignore_index requires class indices; received soft_label=True with ignore_index={ignore_index}.")
    label_smoothing = share("label_smoothing", label_smoothing)
    if label_smoothing:
        soft_label = len(shape(label)) == len(shape(input))
    keeps_axis = soft_label or bool(label_smoothing)
    if not soft_label:
        label, kept = _class_indices(label, input, axis)
        keeps_axis = keeps_axis or kept
    convention = Convention(
        categorical_focal(from_logits=use_softmax),
        labels="elements" if soft_label else "indices",
        label_smoothing=label_smoothing,
        axis=axis,
        ignore_index=None if soft_label else ignore_index,
        count_ignored=not soft_label and weight is None and ignore_index < 0,
        class_weight="row",
        class_axis="kept" if keeps_axis else "formula",
        reduction=_weighted(reduction),
        held="nothing",
    )
    return convention, Operands(input, label, class_weight=_class_weight(weight, input, axis, soft_label or bool(label_smoothing)))


def _softmax_of(
    logits: Array,
    label: Array,
    soft_label: bool = False,
    ignore_index: int = -100,
    numeric_stable_mode: bool = True,
    axis: int = -1,
) -> Array:
    return softmax(logits, axis)


@loss(also_returns=("return_softmax", _softmax_of))
def softmax_with_cross_entropy(
    logits: Tensor,
    label: Array,
    soft_label: bool = False,
    ignore_index: int = -100,
    numeric_stable_mode: bool = True,
    return_softmax: bool = False,
    axis: int = -1,
) -> DescriptionOf[Tensor]:
    """``paddle.nn.functional.softmax_with_cross_entropy``: unreduced, the class axis kept with size 1; with the softmax if asked for.

    ``numeric_stable_mode`` changes nothing.

    Mirrors Paddle 3.3.1, https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/softmax_with_cross_entropy_en.html
    """
    if return_softmax:
        raise ValueError("The loss alone is described and differentiated here: return_softmax must be False; received True.")
    convention, operands = description(cross_entropy, logits, label, None, -100 if soft_label else ignore_index, "none", soft_label, axis)
    return replace(convention, class_axis="kept"), operands


@loss
def nll_loss(
    input: Tensor,
    label: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    name: str | None = None,
) -> DescriptionOf[Tensor]:
    """``paddle.nn.functional.nll_loss``: of log-probabilities and class indices; the class axis is the second.

    The mean is weighted by ``weight[label]``, and counts no ignored row.

    Mirrors Paddle 3.3.1, https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/nll_loss_en.html
    """
    if len(shape(input)) < 2:
        raise ValueError(f"input must have the shape (N, C, ...); received {shape(input)}.")
    label, _ = _class_indices(label, input, 1)
    reduced = _weighted(reduction)
    convention = Convention(NegativeLogLikelihood(), labels="indices", axis=1, ignore_index=ignore_index, reduction=reduced, held="nothing")
    return convention, Operands(input, label, class_weight=one_a_class("weight", weight, input, 1))


@loss
def log_loss(input: Tensor, label: Array, epsilon: float = 0.0001, name: str | None = None) -> DescriptionOf[Tensor]:
    """``paddle.nn.functional.log_loss``: −y·log(p + ε) − (1 − y)·log(1 − p + ε), of shape (N, 1).

    Mirrors Paddle 3.3.1, https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/log_loss_en.html
    """
    if len(shape(input)) != 2 or shape(input)[1] not in (1, None):
        raise ValueError(f"input must have the shape (N, 1); received {shape(input)}.")
    convention = Convention(ProbabilityFocal(log_epsilon=epsilon), labels="elements", reduction="none", held="nothing")
    return convention, Operands(input, label)


def label_smooth(label: Tensor, prior_dist: Array | None = None, epsilon: float = 0.1, name: str | None = None) -> Tensor:
    """``paddle.nn.functional.label_smooth``: (1 − ε)·y + ε/K over the last axis, or (1 − ε)·y + ε·``prior_dist``.

    Mirrors Paddle 3.3.1, https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/label_smooth_en.html
    """
    smooth: Tensor = smoothed(label, share("epsilon", epsilon), prior=prior_dist)
    return smooth


def _weighted(reduction: str) -> Reduction:
    chosen = choice("reduction", reduction, REDUCTIONS)
    return "weighted_mean" if chosen == "mean" else chosen


def _class_weight(weight: Any, input: Any, axis: int, of_soft_labels: bool) -> Any:
    """A weight of one number a class; where it multiplies soft labels it may have one more dimension before."""
    if of_soft_labels and weight is not None and len(shape(weight)) == 2 and shape(weight)[0] == 1:
        weight = reshaped(weight, shape(weight)[1:])
    return one_a_class("weight", weight, input, axis)


def _class_indices(label: Any, input: Any, axis: int) -> tuple[Array, bool]:
    """The class indices without the class axis, and whether they came with it."""
    kept = len(shape(label)) == len(shape(input))
    if kept and shape(label)[axis] not in (1, None):
        raise ValueError(f"label must be class indices, of size 1 along axis {axis} if it has it; received shape {shape(label)}.")
    label = squeezed(label, axis) if kept else label
    return as_indices(label) if is_floating(label) else label, kept
