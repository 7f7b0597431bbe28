"""PaddleDetection (2.6): the classification losses of ``ppdet.modeling``.

Source: https://github.com/PaddlePaddle/PaddleDetection/tree/release/2.6/ppdet/modeling/losses.  A mean with an ``avg_factor`` is the sum
divided by it.  Losses of probabilities are Paddle's, whose logarithms are at least −100.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..arrays import Array, Tensor
from ..convention import Convention, Reduction
from ..formulas import Elementwise, Formula, OfProbabilities
from ..formulas.floored import OfFlooredProbabilities
from ..formulas.gaussian import GaussianFocal
from ..formulas.quality import QualityFocal
from ..formulas.quality_varifocal import QualityVarifocal
from ..formulas.scored_varifocal import ScoredVarifocal
from ..loss import DescriptionOf, LossObject, description, evaluating, loss
from ..operands import Operands
from . import paddle
from .options import REDUCTIONS, balanced_by, choice
from .ranks import marked_scores, number_of_ones, scored, shape

__all__ = ["CTFocalLoss", "FocalLoss", "QualityFocalLoss", "VarifocalLoss", "_focal_loss", "_varifocal_loss"]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``ppdet.modeling.losses.FocalLoss``: Paddle's sigmoid focal loss of class indices, C being background.

    Mirrors PaddleDetection 2.6.0, https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.6/ppdet/modeling/losses/focal_loss.py
    """

    use_sigmoid: bool = True
    alpha: float = 0.25
    gamma: float = 2.0
    loss_weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.use_sigmoid:
            raise ValueError(f"Only sigmoid focal loss is supported: use_sigmoid must be True; received {self.use_sigmoid!r}.")

    def describe(self, pred: Tensor, target: Array, reduction: str = "none") -> DescriptionOf[Tensor]:
        """The loss of predictions (N, C) and class indices (N,)."""
        if len(shape(pred)) != 2 or len(shape(target)) != 1:
            raise ValueError(f"pred must be 2-D and target 1-D; received shapes {shape(pred)} and {shape(target)}.")
        convention, operands = description(paddle.sigmoid_focal_loss, pred, target, None, self.alpha, self.gamma, reduction)
        return replace(convention, labels="indices", ignore_index=None, count_ignored=False), operands._replace(
            loss_weight=self.loss_weight
        )

    __call__ = evaluating(describe)


@dataclass(eq=False)
class VarifocalLoss(LossObject):
    """``ppdet.modeling.losses.VarifocalLoss``: cross entropy times y where y > 0, and α·|p − y|^γ elsewhere.

    Unless ``iou_weighted``, it is the cross entropy itself where y > 0.  Without ``use_sigmoid`` predictions are probabilities, and the
    loss is summed over the classes.  ``weight`` broadcasts from the right.

    Mirrors PaddleDetection 2.6.0, https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.6/ppdet/modeling/losses/varifocal_loss.py
    """

    use_sigmoid: bool = True
    alpha: float = 0.75
    gamma: float = 2.0
    iou_weighted: bool = True
    reduction: str = "mean"
    loss_weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.alpha >= 0:
            raise ValueError(f"alpha must be ≥ 0; received {self.alpha}.")

    def describe(
        self, pred: Tensor, target: Array, weight: Array | None = None, avg_factor: float | Array | None = None
    ) -> DescriptionOf[Tensor]:
        """The loss of predictions and targets of one shape."""
        if not self.use_sigmoid and len(shape(pred)) < 2:
            raise ValueError(f"pred must have the shape (N, C, ...) without use_sigmoid; received {shape(pred)}.")
        formula = QualityVarifocal(self.alpha, self.gamma, bool(self.iou_weighted))
        reduced, normalizer = _averaged(self.reduction, avg_factor)
        convention = Convention(
            _of(formula, self.use_sigmoid),
            labels="elements",
            axis=-1 if self.use_sigmoid else 1,
            class_axis="formula" if self.use_sigmoid else "sum",
            weights="trailing",
            reduction=reduced,
            held="nothing",
        )
        return convention, Operands(pred, target, sample_weight=weight, normalizer=normalizer, loss_weight=self.loss_weight)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class QualityFocalLoss(LossObject):
    """``ppdet.modeling.losses.QualityFocalLoss``: |y − p|^β times the cross entropy, summed over the classes.

    The target is a pair, of class indices and scores; y is the score at the index's class, and 0 elsewhere.  Indices that are no class
    are rows without a positive.  Without ``use_sigmoid`` predictions are probabilities.  ``weight`` has one number a row.

    Mirrors PaddleDetection 2.6.0, https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.6/ppdet/modeling/losses/gfocal_loss.py
    """

    use_sigmoid: bool = True
    beta: float = 2.0
    reduction: str = "mean"
    loss_weight: float = 1.0

    def __post_init__(self) -> None:
        choice("reduction", self.reduction, REDUCTIONS)

    def describe(
        self,
        pred: Tensor,
        target: tuple[Array, Array],
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
    ) -> DescriptionOf[Tensor]:
        """The loss of predictions (N, C), class indices (N,) and scores (N,)."""
        if not isinstance(target, (tuple, list)) or len(target) != 2:
            raise ValueError(f"target must be a pair, of class indices and scores; received {type(target).__name__}.")
        label, score = target
        if len(shape(pred)) != 2 or not (len(shape(label)) == len(shape(score)) == 1):
            raise ValueError(
                f"pred must be (N, C), and target (N,) and (N,); received shapes {shape(pred)}, {shape(label)} and {shape(score)}."
            )
        reduced, normalizer = _averaged(self.reduction, avg_factor)
        convention = Convention(
            _of(QualityFocal(self.beta), self.use_sigmoid),
            labels="elements",
            class_axis="sum",
            weights="trailing",
            reduction=reduced,
            held="nothing",
        )
        return convention, Operands(
            pred, scored(label, score, pred), sample_weight=weight, normalizer=normalizer, loss_weight=self.loss_weight
        )

    __call__ = evaluating(describe)


@dataclass(eq=False)
class CTFocalLoss(LossObject):
    """``ppdet.modeling.losses.CTFocalLoss``: CornerNet's and CenterNet's, of probabilities; divided by the number of labels of 1, if any.

    Mirrors PaddleDetection 2.6.0, https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.6/ppdet/modeling/losses/ctfocal_loss.py
    """

    loss_weight: float = 1.0
    gamma: float = 2.0

    def describe(self, pred: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of heat maps, of any shape."""
        formula = OfProbabilities(GaussianFocal(self.gamma, 4.0))
        convention = Convention(formula, labels="elements", reduction="sum", held="labels")
        return convention, Operands(pred, target, normalizer=number_of_ones(target, pred), loss_weight=self.loss_weight)

    __call__ = evaluating(describe)


@loss
def _focal_loss(score: Tensor, label: Array, alpha: float = 0.25, gamma: float = 2.0) -> DescriptionOf[Tensor]:
    """``ppdet.modeling.heads.PPYOLOEHead._focal_loss``: |p − y|^γ times the cross entropy of probabilities, summed; α is off unless > 0.

    Mirrors PaddleDetection 2.6.0, https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.6/ppdet/modeling/heads/ppyoloe_head.py
    """
    formula = OfFlooredProbabilities(QualityFocal(gamma))
    alpha = balanced_by(alpha)
    return Convention(formula, labels="elements", reduction="sum", held="nothing"), Operands(
        score, label, alpha=alpha if alpha > 0 else None
    )


@loss
def _varifocal_loss(pred_score: Tensor, gt_score: Array, label: Array, alpha: float = 0.75, gamma: float = 2.0) -> DescriptionOf[Tensor]:
    """``ppdet.modeling.heads.PPYOLOEHead._varifocal_loss``: the score's cross entropy times the score where the label is 1.

    Where it is 0, it is times α·p^γ; no label is anything else.  The loss is summed.

    Mirrors PaddleDetection 2.6.0, https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.6/ppdet/modeling/heads/ppyoloe_head.py
    """
    formula = OfFlooredProbabilities(ScoredVarifocal(gamma, alpha))
    scores, weights = marked_scores(gt_score, label, pred_score)
    return Convention(formula, labels="elements", reduction="sum", held="nothing"), Operands(pred_score, scores, class_weight=weights)


def _of(formula: Elementwise, use_sigmoid: bool) -> Formula:
    return formula if use_sigmoid else OfFlooredProbabilities(formula)


def _averaged(reduction: Any, avg_factor: Any) -> tuple[Reduction, Any]:
    """What is done to the losses, and what their sum is divided by."""
    chosen = choice("reduction", reduction, REDUCTIONS)
    if avg_factor is None or chosen == "none":
        return chosen, None
    if chosen == "sum":
        raise ValueError('avg_factor can not be used with reduction="sum".')
    return "sum", avg_factor
