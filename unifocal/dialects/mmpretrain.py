"""mmpretrain's (1.2) asymmetric loss, and its cross entropy of smoothed labels.

Source: https://github.com/open-mmlab/mmpretrain/blob/v1.2.0/mmpretrain/models/losses.  "mean" divides by ``avg_factor``, if there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arrays import Array, Tensor
from ..convention import Convention, Labels
from ..formulas import Formula, SigmoidFocal, SoftmaxFocal
from ..formulas.label_probability import LabelProbabilityAsymmetric
from ..formulas.softmax_label_probability import SoftmaxLabelProbabilityAsymmetric
from ..loss import Description, DescriptionOf, LossObject, evaluating, loss
from ..operands import Operands
from .labels import floating, one_hot, positives_as
from .openmmlab import averaged
from .options import choice
from .ranks import as_indices, reshaped, shape, smoothed

__all__ = ["AsymmetricLoss", "LabelSmoothLoss", "asymmetric_loss"]


def __dir__() -> list[str]:
    return __all__


@loss
def asymmetric_loss(
    pred: Tensor,
    target: Array,
    weight: Array | None = None,
    gamma_pos: float = 1.0,
    gamma_neg: float = 4.0,
    clip: float | None = 0.05,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
    use_sigmoid: bool = True,
    eps: float = 1e-8,
) -> DescriptionOf[Tensor]:
    """``mmpretrain.models.losses.asymmetric_loss``: (1 − p_t)^γ·(−log max(p_t, ε)), γ mixed of both exponents as the label says.

    p_t is y·p + (1 − y)·min(1 − p + ``clip``, 1); unless ``use_sigmoid``, p is a softmax.  ``weight`` has one number a row.

    Mirrors mmpretrain 1.2.0, https://github.com/open-mmlab/mmpretrain/blob/v1.2.0/mmpretrain/models/losses/asymmetric_loss.py
    """
    formula = _asymmetric(gamma_pos, gamma_neg, clip, use_sigmoid, eps)
    return _binary(formula, pred, target, False, weight, reduction, avg_factor)


def _asymmetric(gamma_pos: float, gamma_neg: float, clip: float | None, use_sigmoid: object, eps: float) -> Formula:
    formula = LabelProbabilityAsymmetric if use_sigmoid else SoftmaxLabelProbabilityAsymmetric
    return formula(gamma_pos, gamma_neg, clip if clip and clip > 0 else 0.0, eps)


def _binary(
    formula: Any, pred: Any, target: Any, by_index: bool, weight: Any, reduction: Any, avg_factor: Any, **weights: Any
) -> Description:
    """A loss of each class, of class indices (N,) or of labels of the predictions' shape."""
    if weight is not None and len(shape(weight)) != 1:
        raise ValueError(f"weight must have one number a row, in one dimension; received shape {shape(weight)}.")
    reduced, normalizer = averaged(reduction, avg_factor, 0.0)
    if formula.categorical:
        if reduced == "none":
            raise ValueError("reduction must be 'mean' or 'sum' unless use_sigmoid: each entry's loss depends on all of a row's logits.")
        if reduced == "mean":  # over all entries
            normalizer = float(shape(pred)[-1] or 0)
    labels: Labels = "indices" if by_index else "elements"
    convention = Convention(formula, labels=labels, background=False, reduction=reduced, held="nothing")
    return convention, Operands(pred, target, sample_weight=weight, normalizer=normalizer, **weights)


def _indices(pred: Any, target: Any) -> tuple[Array, int | None]:
    """Class indices (N,), where targets are these or (N, 1), and how many classes there are; other targets as they are, and None."""
    own, classes = shape(target), (shape(pred) or (None,))[-1]
    if len(own) != 1 and not (len(own) == 2 and own[1] == 1):
        return target, None
    if classes is None or len(shape(pred)) != 2:
        raise ValueError(f"pred must have the shape (N, C) with a known C; received {shape(pred)}.")
    return as_indices(reshaped(target, (own[0],))), classes


@dataclass(eq=False)
class AsymmetricLoss(LossObject):
    """``mmpretrain.models.losses.AsymmetricLoss``: :func:`asymmetric_loss` with a ``gamma_pos`` of 0, also of class indices.

    These have the shape (N,) or (N, 1).

    Mirrors mmpretrain 1.2.0, https://github.com/open-mmlab/mmpretrain/blob/v1.2.0/mmpretrain/models/losses/asymmetric_loss.py
    """

    gamma_pos: float = 0.0
    gamma_neg: float = 4.0
    clip: float | None = 0.05
    reduction: str = "mean"
    loss_weight: float = 1.0
    use_sigmoid: bool = True
    eps: float = 1e-8

    def describe(
        self,
        pred: Tensor,
        target: Array,
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
    ) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels."""
        formula = _asymmetric(self.gamma_pos, self.gamma_neg, self.clip, self.use_sigmoid, self.eps)
        labels, classes = _indices(pred, target)
        reduction = self.reduction if reduction_override is None else reduction_override
        return _binary(formula, pred, labels, classes is not None, weight, reduction, avg_factor, loss_weight=self.loss_weight)

    __call__ = evaluating(describe)


_MODES = {mode: mode for mode in ("original", "classy_vision", "multi_label")}


@dataclass(eq=False)
class LabelSmoothLoss(LossObject):
    """``mmpretrain.models.losses.LabelSmoothLoss``: cross entropy of class indices (N,) or (N, 1), or of labels (N, C), smoothed.

    "original" makes y·(1 − ε) + ε/C of a label y, and "classy_vision" does so with ε/(1 + ε); "multi_label" makes 1 − ε of labels above 0
    and ε of others.  The loss is a softmax's, but the sigmoid's with ``use_sigmoid``, and for "multi_label" unless that is False.
    ``class_weight`` has a factor for each class, ``pos_weight`` one for the sigmoid's positive terms.

    Mirrors mmpretrain 1.2.0, https://github.com/open-mmlab/mmpretrain/blob/v1.2.0/mmpretrain/models/losses/label_smooth_loss.py
    """

    label_smooth_val: float
    num_classes: int | None = None
    use_sigmoid: bool | None = None
    mode: str = "original"
    reduction: str = "mean"
    loss_weight: float = 1.0
    class_weight: Any = None
    pos_weight: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.label_smooth_val, float):
            raise TypeError(f"label_smooth_val must be a float in [0, 1); received {type(self.label_smooth_val).__name__}.")
        if not 0 <= self.label_smooth_val < 1:
            raise ValueError(f"label_smooth_val must be in [0, 1); received {self.label_smooth_val}.")
        averaged(self.reduction, None)
        choice("mode", self.mode, _MODES)

    def describe(
        self,
        cls_score: Tensor,
        label: Array,
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
    ) -> DescriptionOf[Tensor]:
        """The loss of predictions (N, C) and labels; ``weight`` has one number a row."""
        sizes = shape(cls_score)
        if len(sizes) != 2 or sizes[1] is None or self.num_classes not in (None, sizes[1]):
            known = "a known C" if self.num_classes is None else f"C = {self.num_classes}"
            raise ValueError(f"cls_score must have the shape (N, C) with {known}; received {sizes}.")
        labels, classes = _indices(cls_score, label)
        reduction = self.reduction if reduction_override is None else reduction_override
        epsilon = self.label_smooth_val
        if self.mode == "classy_vision":
            epsilon /= 1 + epsilon
        multi_label = self.mode == "multi_label"
        if self.use_sigmoid or (self.use_sigmoid is None and multi_label):
            y = self._smoothed(floating(labels) if classes is None else one_hot(labels, classes, cls_score, strict=True), epsilon)
            weights = {"class_weight": self.class_weight, "pos_weight": self.pos_weight, "loss_weight": self.loss_weight}
            return _binary(SigmoidFocal(), cls_score, y, False, weight, reduction, avg_factor, **weights)
        if multi_label:
            y, classes = (
                self._smoothed(floating(labels) if classes is None else one_hot(labels, classes, cls_score, strict=True), epsilon),
                None,
            )
        else:
            y = labels
        reduced, normalizer = averaged(reduction, avg_factor, 0.0)
        convention = Convention(
            SoftmaxFocal(),
            labels="elements" if classes is None else "indices",
            label_smoothing=0.0 if multi_label else epsilon,
            weights="trailing",
            reduction=reduced,
            held="nothing",
        )
        operands = Operands(
            cls_score, y, class_weight=self.class_weight, sample_weight=weight, normalizer=normalizer, loss_weight=self.loss_weight
        )
        return convention, operands

    def _smoothed(self, labels: Array, epsilon: float) -> Array:
        return positives_as(labels, 1 - epsilon, epsilon) if self.mode == "multi_label" else smoothed(labels, epsilon)

    __call__ = evaluating(describe)
