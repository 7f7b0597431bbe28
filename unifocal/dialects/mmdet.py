"""mmdet (3.3) ``FocalLoss``, and mmcv's (2.2) ``sigmoid_focal_loss`` and ``softmax_focal_loss``.

Sources: https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/focal_loss.py and
https://mmcv.readthedocs.io/en/latest/api/generated/mmcv.ops.SigmoidFocalLoss.html.  The class of index C is background.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arrays import Array, Tensor, same
from ..convention import Convention
from ..formulas import SigmoidFocal, SoftmaxFocal, binary_focal
from ..loss import DescriptionOf, LossObject, evaluating, loss
from ..operands import Operands
from .options import REDUCTIONS, balanced_by, choice
from .ranks import reshaped, shape

__all__ = ["FocalLoss", "sigmoid_focal_loss", "softmax_focal_loss"]


def __dir__() -> list[str]:
    return __all__


_FLOAT32_EPSILON = 1.1920928955078125e-07


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``mmdet.models.losses.FocalLoss``: sigmoid focal loss of class indices, one-hot or soft labels, times ``loss_weight``.

    ``activated`` says that predictions are probabilities, whose logarithms are at least −100.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/focal_loss.py
    """

    use_sigmoid: bool = True
    gamma: float = 2.0
    alpha: float = 0.25
    reduction: str = "mean"
    loss_weight: float = 1.0
    activated: bool = False

    def __post_init__(self) -> None:
        if self.use_sigmoid is not True:
            raise ValueError(f"Only sigmoid focal loss is supported: use_sigmoid must be True; received {self.use_sigmoid!r}.")

    def describe(
        self,
        pred: Tensor,
        target: Array,
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
    ) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels.

        ``weight`` has one number a row, or one an entry.  ``avg_factor`` is what "mean" divides by, float32's epsilon added, in place of
        the number of entries.
        """
        reduction = choice("reduction", self.reduction if reduction_override is None else reduction_override, REDUCTIONS)
        if avg_factor is not None:
            if reduction == "sum":
                raise ValueError('avg_factor can not be used with reduction="sum".')
            reduction, avg_factor = ("sum", avg_factor + _FLOAT32_EPSILON) if reduction == "mean" else ("none", None)
        convention = Convention(
            binary_focal(self.gamma, from_logits=not self.activated, log_floor=-100.0 if self.activated else None),
            labels="elements" if len(shape(target)) == len(shape(pred)) else "indices",
            reduction=reduction,
            held="labels" if self.activated else "nothing",
        )
        operands = Operands(
            pred,
            target,
            alpha=balanced_by(self.alpha),
            sample_weight=None if weight is None else _fitted(weight, pred),
            normalizer=avg_factor,
            loss_weight=self.loss_weight,
        )
        return convention, operands

    __call__ = evaluating(describe)


def _fitted(weight: Any, pred: Any) -> Any:
    """A weight of one number a row, or of as many as the loss has, in the rank of the loss."""
    rows, entries = shape(weight), shape(pred)
    if len(rows) != 1 or len(entries) != 2 or same(rows, entries[:1]):
        return weight
    return reshaped(weight, entries)


@loss
def sigmoid_focal_loss(
    input: Tensor,
    target: Array,
    gamma: float = 2.0,
    alpha: float = 0.25,
    weight: Array | None = None,
    reduction: str = "mean",
    /,
) -> DescriptionOf[Tensor]:
    """``mmcv.ops.sigmoid_focal_loss``: of class indices, index C being background; the mean is Σ/N, not Σ/(N·C).

    ``weight`` has one number a class, which each row takes by its target.

    Mirrors mmcv 2.2.0, https://mmcv.readthedocs.io/en/latest/api/generated/mmcv.ops.SigmoidFocalLoss.html
    """
    reduced = choice("reduction", reduction, REDUCTIONS)
    convention = Convention(
        SigmoidFocal(gamma),
        labels="indices",
        class_weight="row",
        class_axis="sum" if reduced == "mean" else "formula",
        reduction=reduced,
        held="nothing",
    )
    return convention, Operands(_rows(input, target), target, alpha=balanced_by(alpha), class_weight=weight)


@loss
def softmax_focal_loss(
    input: Tensor,
    target: Array,
    gamma: float = 2.0,
    alpha: float = 0.25,
    weight: Array | None = None,
    reduction: str = "mean",
    /,
) -> DescriptionOf[Tensor]:
    """``mmcv.ops.softmax_focal_loss``: of class indices; α is a factor, and targets of −1 count in the mean alone.

    ``weight`` has one number a class.

    Mirrors mmcv 2.2.0, https://mmcv.readthedocs.io/en/latest/api/generated/mmcv.ops.SoftmaxFocalLoss.html
    """
    convention = Convention(
        SoftmaxFocal(gamma),
        labels="indices",
        ignore_index=-1,
        count_ignored=True,
        reduction=choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    return convention, Operands(_rows(input, target), target, alpha=balanced_by(alpha), class_weight=weight)


def _rows(input: Any, target: Any) -> Any:
    if len(shape(input)) != 2 or len(shape(target)) != 1:
        raise ValueError(f"input must be 2-D and target 1-D; received shapes {shape(input)} and {shape(target)}.")
    return input
