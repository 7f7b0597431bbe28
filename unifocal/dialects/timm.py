"""timm (1.0.31): the classes of ``timm.loss``.

Source: https://github.com/huggingface/pytorch-image-models/tree/v1.0.31/timm/loss.  Classes stand along the last axis.  Where an original
casts to float32, the dialect computes in the predictions' dtype.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

from ..arrays import Array, Tensor, same
from ..convention import Convention
from ..formulas import Formula, SigmoidFocal, SoftmaxFocal
from ..formulas.balanced_poly import BalancedPolyFocal
from ..formulas.clamped_asymmetric import ClampedAsymmetric, SoftmaxAsymmetric
from ..formulas.negative_tolerant import NegativeTolerant
from ..formulas.poly import SoftmaxPolyFocal
from ..formulas.zlpr import Zlpr
from ..loss import DescriptionOf, LossObject, evaluating
from ..operands import Operands
from ..scalars import is_number
from .options import REDUCTIONS, choice, share
from .ranks import above, as_indices, as_list, labels_of, plus, rebalanced, refolded, shape

__all__ = [
    "AsymmetricLossMultiLabel",
    "AsymmetricLossSingleLabel",
    "BinaryCrossEntropy",
    "DistributionBalancedLoss",
    "LabelSmoothingCrossEntropy",
    "PolyBinaryCrossEntropy",
    "PolyCrossEntropy",
    "SoftTargetCrossEntropy",
    "ZlprLoss",
]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class LabelSmoothingCrossEntropy(LossObject):
    """``timm.loss.LabelSmoothingCrossEntropy``: the mean cross entropy of class indices, whose labels are y·(1 − s) + s/C.

    Mirrors timm 1.0.31, https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/loss/cross_entropy.py
    """

    smoothing: float = 0.1

    def __post_init__(self) -> None:
        _below_1(self.smoothing)

    def describe(self, x: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of logits (N, C) and class indices (N,)."""
        if len(shape(x)) != 2 or len(shape(target)) != 1:
            raise ValueError(f"x must be 2-D and target 1-D; received shapes {shape(x)} and {shape(target)}.")
        return Convention(SoftmaxFocal(), labels="indices", label_smoothing=self.smoothing, held="nothing"), Operands(x, target)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class SoftTargetCrossEntropy(LossObject):
    """``timm.loss.SoftTargetCrossEntropy``: the mean cross entropy of labels in the logits' shape.

    Mirrors timm 1.0.31, https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/loss/cross_entropy.py
    """

    def describe(self, x: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of these logits and labels."""
        return Convention(SoftmaxFocal(), labels="elements", held="nothing"), Operands(x, target)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class BinaryCrossEntropy(LossObject):
    """``timm.loss.BinaryCrossEntropy``: of class indices, whose labels are smoothed to s/C and 1 − s + s/C, or of labels.

    Labels in the logits' shape are smoothed, by s/2 towards 1/2, with ``smooth_dense`` alone.  What is above ``target_threshold`` becomes
    1, all else 0.  ``sum_classes`` gives the mean of rows' sums, whatever ``reduction`` is.  ``weight`` and ``pos_weight`` broadcast from
    the right, and count in no mean.

    Mirrors timm 1.0.31, https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/loss/binary_cross_entropy.py
    """

    smoothing: float = 0.1
    target_threshold: float | None = None
    weight: Array | None = None
    reduction: str = "mean"
    sum_classes: bool = False
    pos_weight: float | Array | None = None
    smooth_dense: bool = False

    def __post_init__(self) -> None:
        _share_below_1(self.smoothing)

    def describe(self, x: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of logits, and of labels of their shape or, of logits (N, C), N class indices."""
        if not shape(x):
            raise ValueError("x must have an axis of rows; received shape ().")
        s, threshold, dense = self.smoothing, self.target_threshold, same(shape(target), shape(x))
        if not dense:
            target, s = _of_indices(x, target, s, threshold), 0.0
        elif not self.smooth_dense:
            s = 0.0
        if dense and threshold is not None:
            target, s = above(target, threshold, s), 0.0
        convention = Convention(
            SigmoidFocal(),
            labels="elements",
            label_smoothing=s,
            weights="trailing",
            class_axis="sum" if self.sum_classes else "formula",
            reduction="mean" if self.sum_classes else choice("reduction", self.reduction, REDUCTIONS),
            held="nothing",
        )
        return convention, Operands(x, target, pos_weight=self.pos_weight, class_weight=self.weight)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class AsymmetricLossMultiLabel(LossObject):
    """``timm.loss.AsymmetricLossMultiLabel``: sigmoid cross entropy whose positives and negatives have a γ each, negatives a margin too.

    ``disable_torch_grad_focal_loss`` holds the modulator constant.  Logarithms are of at least ``eps``.  "batchmean" divides the sum by
    the number of rows; it is the default since version 1.0.31, before which all was summed.  ``weight`` and ``pos_weight`` broadcast from
    the right, and count in no mean.

    Mirrors timm 1.0.31, https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/loss/asymmetric_loss.py
    """

    gamma_neg: float = 4
    gamma_pos: float = 1
    clip: float | None = 0.05
    eps: float = 1e-8
    disable_torch_grad_focal_loss: bool = False
    smoothing: float = 0.0
    reduction: str = "batchmean"
    weight: Array | None = None
    pos_weight: float | Array | None = None

    def __post_init__(self) -> None:
        _share_below_1(self.smoothing)
        choice("reduction", self.reduction, _BATCH_REDUCTIONS)

    def describe(self, x: Tensor, y: Array) -> DescriptionOf[Tensor]:
        """The loss of logits and of labels of their shape."""
        margin = 0.0 if self.clip is None or self.clip < 0 else self.clip
        formula = ClampedAsymmetric(self.gamma_pos, self.gamma_neg, margin, self.eps, bool(self.disable_torch_grad_focal_loss))
        convention, normalizer = _reduced(formula, x, self.smoothing, self.reduction)
        return convention, Operands(x, y, pos_weight=self.pos_weight, class_weight=self.weight, normalizer=normalizer)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class AsymmetricLossSingleLabel(LossObject):
    """``timm.loss.AsymmetricLossSingleLabel``: softmax cross entropy times (1 − p)^γ₊ at the target and p^γ₋ elsewhere.

    ``eps`` smooths labels, to y·(1 − eps) + eps/C; without it no class counts but the target.

    Mirrors timm 1.0.31, https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/loss/asymmetric_loss.py
    """

    gamma_pos: float = 1
    gamma_neg: float = 4
    eps: float = 0.1
    reduction: str = "mean"

    def describe(self, inputs: Tensor, target: Array, reduction: str | None = None) -> DescriptionOf[Tensor]:
        """The loss of logits (N, C) and class indices (N,); the call's own reduction must be None."""
        own = shape(inputs)
        if len(own) != 2 or own[1] is None or len(shape(target)) != 1:
            raise ValueError(f"inputs must have the shape (N, C) and target (N,); received shapes {own} and {shape(target)}.")
        if reduction is not None:
            raise ValueError(
                f"reduction is an option of the loss, {self.reduction!r} here, and must be None in a call; received {reduction!r}."
            )
        off = self.eps / own[1] if self.eps > 0 else 0.0
        convention = Convention(
            SoftmaxAsymmetric(self.gamma_pos, self.gamma_neg, 1 - max(self.eps, 0) + off, off),
            labels="indices",
            reduction=choice("reduction", self.reduction, {"mean": "mean", "none": "none"}),
            held="nothing",
        )
        return convention, Operands(inputs, as_indices(target))

    __call__ = evaluating(describe)


@dataclass(eq=False)
class DistributionBalancedLoss(LossObject):
    """``timm.loss.DistributionBalancedLoss``: focal loss weighted by how rare a row's classes are, its logits moved by their priors.

    ``class_counts`` has the positives of each class in ``num_samples`` rows.  "batchmean" divides the sum by the number of rows.

    Mirrors timm 1.0.31, https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/loss/distribution_balanced_loss.py
    """

    class_counts: list[float] | Array
    num_samples: int
    map_alpha: float = 0.1
    map_beta: float = 10.0
    map_mu: float = 0.2
    neg_scale: float = 2.0
    init_bias: float = 0.05
    focal_gamma: float = 2.0
    focal_balance: float = 2.0
    smoothing: float = 0.0
    reduction: str = "mean"

    def __post_init__(self) -> None:
        _share_below_1(self.smoothing)
        choice("reduction", self.reduction, _BATCH_REDUCTIONS)
        counts = self._counts()
        if self.num_samples < 2 or not all(0 <= count <= self.num_samples for count in counts):
            raise ValueError(f"class_counts must be in [0, num_samples], and num_samples above 1; received {counts} of {self.num_samples}.")

    def describe(self, x: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of logits whose last axis holds the classes, and of labels of their shape."""
        counts = [min(max(count, 1), self.num_samples - 1) for count in self._counts()]
        if not shape(x) or not same(shape(x)[-1:], (len(counts),)):
            raise ValueError(f"class_counts must have one number a class; received {len(counts)} with logits of shape {shape(x)}.")
        weights = rebalanced(target, [1 / count for count in counts], self.map_alpha, self.map_beta, self.map_mu)
        factor = self.init_bias / self.neg_scale
        moved = plus(x, [-log(self.num_samples / count - 1) * factor for count in counts])
        formula = NegativeTolerant(max(self.focal_gamma, 0.0), self.neg_scale, self.focal_balance)
        convention, normalizer = _reduced(formula, x, self.smoothing, self.reduction)
        return convention, Operands(moved, target, class_weight=weights, normalizer=normalizer, given=x)

    __call__ = evaluating(describe)

    def _counts(self) -> list[float]:
        counts = as_list(self.class_counts)
        if not isinstance(counts, list) or not counts or not all(map(is_number, counts)):
            raise ValueError(f"class_counts must have one number a class; received {counts!r}.")
        return counts


@dataclass(eq=False)
class PolyCrossEntropy(LossObject):
    """``timm.loss.PolyCrossEntropy``: softmax cross entropy plus ε·Σ y·(1 − p), of class indices or of labels in the logits' shape.

    Class indices are smoothed, to y·(1 − s) + s/C, and labels are not.

    Mirrors timm 1.0.31, https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/loss/poly_loss.py
    """

    epsilon: float = 2.0
    smoothing: float = 0.0
    reduction: str = "mean"

    def __post_init__(self) -> None:
        _share_below_1(self.smoothing)
        choice("reduction", self.reduction, REDUCTIONS)

    def describe(self, x: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of logits whose last axis holds the classes, and of class indices or labels."""
        by_index = not same(shape(target), shape(x))
        convention = Convention(
            SoftmaxPolyFocal(0.0, self.epsilon),
            labels="indices" if by_index else "elements",
            label_smoothing=self.smoothing if by_index else 0.0,
            reduction=choice("reduction", self.reduction, REDUCTIONS),
            held="nothing",
        )
        return convention, Operands(x, as_indices(target) if by_index else target)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class PolyBinaryCrossEntropy(LossObject):
    """``timm.loss.PolyBinaryCrossEntropy``: sigmoid focal loss plus ε·(1 − p_t)^(γ+1); α, if there is one, balances both.

    Labels are smoothed, to y·(1 − s) + s/2.  "batchmean" divides the sum by the number of rows.

    Mirrors timm 1.0.31, https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/loss/poly_loss.py
    """

    epsilon: float = 2.0
    gamma: float = 0.0
    alpha: float | None = None
    smoothing: float = 0.0
    reduction: str = "mean"

    def __post_init__(self) -> None:
        _share_below_1(self.smoothing)
        choice("reduction", self.reduction, _BATCH_REDUCTIONS)
        if self.alpha is not None:
            share("alpha", self.alpha)

    def describe(self, x: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of logits and of labels of their shape."""
        convention, normalizer = _reduced(BalancedPolyFocal(self.gamma, self.epsilon), x, self.smoothing, self.reduction)
        return convention, Operands(x, target, alpha=self.alpha, normalizer=normalizer)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class ZlprLoss(LossObject):
    """``timm.loss.ZlprLoss``: log(1 + Σ e^x) of a row's negatives, plus log(1 + Σ e^−x) of its positives.

    Positives are labels above 1/2.  It is the mean of the rows.

    Mirrors timm 1.0.31, https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/loss/zlpr_loss.py
    """

    def describe(self, x: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of logits whose last axis holds the classes, and of labels of their shape."""
        return Convention(Zlpr(), labels="elements", held="nothing"), Operands(x, target)

    __call__ = evaluating(describe)


_BATCH_REDUCTIONS = {"mean": "mean", "batchmean": "batchmean", "sum": "sum", "none": "none"}


def _reduced(formula: Formula, x: Any, smoothing: float, reduction: str) -> tuple[Convention, int | None]:
    """The convention of labels in the logits' shape, and what the sum is divided by besides: of "batchmean" by the number of rows."""
    own, by_rows = shape(x), reduction == "batchmean"
    two = len(own) == 2
    if by_rows and not own:
        raise ValueError("reduction='batchmean' requires logits with an axis of rows; received shape ().")
    if by_rows and not two and own[0] is None:
        raise ValueError(f"reduction='batchmean' requires a static number of rows, or logits (N, C); received shape {own}.")
    convention = Convention(
        formula,
        labels="elements",
        label_smoothing=smoothing,
        weights="trailing",
        class_axis="sum" if by_rows and two else "formula",
        reduction=("mean" if two else "sum") if by_rows else choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    return convention, own[0] if by_rows and not two else None


def _of_indices(x: Any, target: Any, smoothing: float, threshold: float | None) -> Any:
    """The labels of class indices, smoothed, and 0 or 1 by a threshold if there is one."""
    own = shape(x)
    if len(own) != 2 or own[1] is None:
        raise ValueError(f"Class indices require logits of the shape (N, C); received shapes {own} and {shape(target)}.")
    if len(shape(target)) > 1:
        target = refolded(target, own[:1])
    off = smoothing / own[1]
    on = 1 - smoothing + off
    if threshold is not None:
        on, off = float(on > threshold), float(off > threshold)
    return labels_of("target", target, x, on, off)


def _below_1(smoothing: float) -> None:
    if not smoothing < 1:
        raise ValueError(f"smoothing must be below 1; received {smoothing}.")


def _share_below_1(smoothing: float) -> None:
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must be in [0, 1); received {smoothing}.")
