"""PaddleClas (2.6): ``ppcls.loss``, its cross entropy and asymmetric loss.  Each gives its loss, and no dictionary of it.

Source: https://github.com/PaddlePaddle/PaddleClas/tree/d178931f/ppcls/loss, of October 2024; the wheel of
2.6.0, of November, lacks its losses.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Array, Tensor
from ..convention import Convention
from ..formulas import SoftmaxFocal
from ..formulas.label_probability import LabelProbabilityAsymmetric
from ..loss import DescriptionOf, LossObject, description, evaluating
from ..operands import Operands
from . import paddle
from .options import REDUCTIONS, choice
from .ranks import shape, softmax, squeezed

__all__ = ["CELoss", "MultiLabelAsymmetricLoss"]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class CELoss(LossObject):
    """``ppcls.loss.CELoss``: cross entropy of class indices or of labels of C classes.

    Without ``epsilon`` labels of C classes are logits, whose softmax is taken; with it they are smoothed as they are.  An ``epsilon``
    outside (0, 1) is none.

    Mirrors PaddleClas 2.6.0, https://github.com/PaddlePaddle/PaddleClas/blob/d178931f/ppcls/loss/celoss.py
    """

    reduction: str = "mean"
    epsilon: float | None = None

    def __post_init__(self) -> None:
        choice("reduction", self.reduction, REDUCTIONS)
        if self.epsilon is not None and not 0 < self.epsilon < 1:
            self.epsilon = None

    def describe(self, x: Tensor, label: Array) -> DescriptionOf[Tensor]:
        """The loss of logits (N, C) and class indices (N,) or (N, 1), or labels (N, C)."""
        rows, own = shape(x), shape(label)
        soft = len(own) == len(rows) and own[-1] == rows[-1]
        if self.epsilon is None:
            label = softmax(label, -1) if soft else label
            return description(paddle.cross_entropy, x, label, reduction=self.reduction, soft_label=soft)
        if len(rows) != 2:
            raise ValueError(f"x must have the shape (N, C) where labels are smoothed; received {rows}.")
        convention = Convention(
            SoftmaxFocal(),
            labels="elements" if soft else "indices",
            label_smoothing=self.epsilon,
            reduction=choice("reduction", self.reduction, REDUCTIONS),
            held="nothing",
        )
        return convention, Operands(x, squeezed(label, -1) if len(own) == 2 and not soft else label)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class MultiLabelAsymmetricLoss(LossObject):
    """``ppcls.loss.MultiLabelAsymmetricLoss``: asymmetric loss of logits and labels in their shape.

    ``clip`` is the margin, off if None or not above 0; probabilities of the label are at least ``epsilon`` in the logarithm.  With
    ``disable_focal_loss_grad`` the modulator is held constant in the derivative.

    Mirrors PaddleClas 2.6.0, https://github.com/PaddlePaddle/PaddleClas/blob/d178931f/ppcls/loss/multilabelloss.py
    """

    gamma_pos: float = 1
    gamma_neg: float = 4
    clip: float | None = 0.05
    epsilon: float = 1e-8
    disable_focal_loss_grad: bool = True
    reduction: str = "sum"

    def __post_init__(self) -> None:
        choice("reduction", self.reduction, REDUCTIONS)

    def describe(self, x: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of these logits and labels."""
        margin = self.clip if self.clip is not None and self.clip > 0 else 0.0
        formula = LabelProbabilityAsymmetric(
            self.gamma_pos, self.gamma_neg, margin, self.epsilon, detach_modulator=bool(self.disable_focal_loss_grad)
        )
        return Convention(formula, labels="elements", reduction=choice("reduction", self.reduction, REDUCTIONS), held="nothing"), Operands(
            x, target
        )

    __call__ = evaluating(describe)
