"""PyTorch (2.13): the losses of ``torch.nn.functional``.  The class axis is the second, or the only one.

Documentation: https://docs.pytorch.org/docs/stable/nn.functional.html#loss-functions
"""

from __future__ import annotations

from typing import Any

from ..arrays import Array, Tensor
from ..convention import Convention, Reduction
from ..formulas.log_probability import NegativeLogLikelihood
from ..formulas.probability import ProbabilityFocal
from ..formulas.sigmoid import SigmoidFocal
from ..formulas.softmax import SoftmaxFocal
from ..loss import DescriptionOf, loss
from ..notices import warn_caller
from ..operands import Operands
from .options import REDUCTIONS, choice, share
from .ranks import is_floating, one_a_class, shape

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "nll_loss"]


def __dir__() -> list[str]:
    return __all__


_may_warn = loss(asked_each_time=("size_average", "reduce"))


@_may_warn
def binary_cross_entropy(
    input: Tensor,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> DescriptionOf[Tensor]:
    """``torch.nn.functional.binary_cross_entropy``: of probabilities; logarithms are at least −100.

    ``weight`` broadcasts from the right, and counts in no mean.

    Mirrors PyTorch 2.13, https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
    """
    convention = Convention(
        ProbabilityFocal(log_floor=-100.0),
        labels="elements",
        weights="trailing",
        reduction=_reduction(size_average, reduce, reduction),
        held="labels",
    )
    return convention, Operands(input, target, sample_weight=weight)


@_may_warn
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> DescriptionOf[Tensor]:
    """``torch.nn.functional.binary_cross_entropy_with_logits``: weights broadcast from the right, and count in no mean.

    Mirrors PyTorch 2.13, https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
    """
    reduced = _reduction(size_average, reduce, reduction)
    convention = Convention(SigmoidFocal(), labels="elements", weights="trailing", reduction=reduced, held="nothing")
    return convention, Operands(input, target, sample_weight=weight, pos_weight=pos_weight)


@_may_warn
def cross_entropy(
    input: Tensor,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> DescriptionOf[Tensor]:
    """``torch.nn.functional.cross_entropy``: of class indices, or of soft labels in the input's shape.

    The mean is over the rows for soft labels, and weighted by ``weight[target]`` for class indices; ``weight`` stands at each class's
    term, those of the smoothing too.

    Mirrors PyTorch 2.13, https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
    """
    by_index = len(shape(target)) < len(shape(input))
    if not by_index and not is_floating(target):
        raise TypeError("target must be floating where it has the input's shape (soft labels); for class indices leave the class axis out.")
    if not by_index and ignore_index >= 0:
        raise ValueError(f"ignore_index requires class indices; received soft labels with ignore_index={ignore_index}.")
    convention = Convention(
        SoftmaxFocal(),
        labels="indices" if by_index else "elements",
        label_smoothing=share("label_smoothing", label_smoothing),
        axis=_class_axis(input),
        ignore_index=ignore_index if by_index else None,
        reduction=_weighted(_reduction(size_average, reduce, reduction)) if by_index else _reduction(size_average, reduce, reduction),
        held="nothing",
    )
    return convention, Operands(input, target, class_weight=one_a_class("weight", weight, input, convention.axis))


@_may_warn
def nll_loss(
    input: Tensor,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> DescriptionOf[Tensor]:
    """``torch.nn.functional.nll_loss``: of log-probabilities and class indices; the mean is weighted by ``weight[target]``.

    Mirrors PyTorch 2.13, https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
    """
    convention = Convention(
        NegativeLogLikelihood(),
        labels="indices",
        axis=_class_axis(input),
        ignore_index=ignore_index,
        reduction=_weighted(_reduction(size_average, reduce, reduction)),
        held="nothing",
    )
    return convention, Operands(input, target, class_weight=one_a_class("weight", weight, input, convention.axis))


def _class_axis(input: Any) -> int:
    return 0 if len(shape(input)) < 2 else 1


def _weighted(reduction: Reduction) -> Reduction:
    return "weighted_mean" if reduction == "mean" else reduction


def _reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> Reduction:
    """The reduction, where the deprecated arguments do not say another."""
    if size_average is None and reduce is None:
        return choice("reduction", reduction, REDUCTIONS)
    old: Reduction = "none" if reduce is not None and not reduce else "mean" if size_average is None or size_average else "sum"
    warn_caller(f"size_average and reduce are deprecated; use reduction={old!r} instead.")
    return old
