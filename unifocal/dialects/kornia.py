"""kornia (0.9): ``kornia.losses``, its two focal losses.  The class axis is the second.

Documentation: https://kornia.readthedocs.io/en/latest/losses.html.  Ignored entries count in a mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, Tensor, same
from ..convention import Convention
from ..formulas import Mixture, SigmoidFocal, SoftmaxFocal
from ..loss import DescriptionOf, LossObject, description, evaluating, loss
from ..operands import Operands
from .options import REDUCTIONS, choice
from .ranks import reshaped, shape

__all__ = ["BinaryFocalLossWithLogits", "FocalLoss", "binary_focal_loss_with_logits", "focal_loss"]


def __dir__() -> list[str]:
    return __all__


@loss
def binary_focal_loss_with_logits(
    pred: Tensor,
    target: Array,
    alpha: float | None = 0.25,
    gamma: float = 2.0,
    reduction: str = "none",
    pos_weight: Array | None = None,
    weight: Array | None = None,
    ignore_index: int | None = -100,
) -> DescriptionOf[Tensor]:
    """``kornia.losses.binary_focal_loss_with_logits``: soft labels mix the hard labels' losses; α None is off.

    ``pos_weight`` and ``weight`` have one number a class, and the shape (C,) or (C, 1, ...).

    Mirrors kornia 0.9.0, https://kornia.readthedocs.io/en/latest/losses.html
    """
    if len(shape(pred)) < 2:
        raise ValueError(f"pred must have the shape (N, C, ...); received {shape(pred)}.")
    convention = Convention(
        Mixture(SigmoidFocal(gamma)),
        labels="elements",
        axis=1,
        ignore_index=ignore_index,
        count_ignored=ignore_index is not None,
        reduction=choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    weights = {"pos_weight": _one_a_class("pos_weight", pos_weight, pred), "class_weight": _one_a_class("weight", weight, pred)}
    return convention, Operands(pred, target, alpha=alpha, **weights)


@loss
def focal_loss(
    pred: Tensor,
    target: Array,
    alpha: float | None,
    gamma: float = 2.0,
    reduction: str = "none",
    weight: Array | None = None,
    ignore_index: int | None = -100,
) -> DescriptionOf[Tensor]:
    """``kornia.losses.focal_loss``: softmax focal loss of class indices, laid out over the classes with 0 beside the target.

    α weights the classes [1 − α, α, …, α]: class 0 is the background.  ``weight`` has one number a class, and the shape (C,) or
    (C, 1, ...).  A mean divides by the number of all entries, N·C·….

    Mirrors kornia 0.9.0, https://kornia.readthedocs.io/en/latest/losses.html
    """
    classes = shape(pred)[1] if len(shape(pred)) > 1 else None
    if classes is None:
        raise ValueError(f"pred must have the shape (N, C, ...) with a known C; received {shape(pred)}.")
    convention = Convention(
        SoftmaxFocal(gamma),
        labels="indices",
        axis=1,
        ignore_index=ignore_index,
        count_ignored=ignore_index is not None,
        class_axis="spread",
        reduction=choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    factors = None if alpha is None else np.asarray([1 - alpha] + [alpha] * (classes - 1))
    return convention, Operands(pred, target, alpha=factors, class_weight=_one_a_class("weight", weight, pred))


def _one_a_class(name: str, value: Any, pred: Any) -> Any:
    """A weight of one number a class, of any shape (C, 1, ...), in the shape (C,)."""
    if value is None:
        return None
    own, (_, classes, *_) = shape(value), shape(pred)
    if not own or not same(own, (classes,) + (1,) * (len(own) - 1)):
        raise ValueError(f"{name} must have one number a class, the shape ({classes},) or ({classes}, 1, ...); received shape {own}.")
    return value if len(own) == 1 else reshaped(value, (classes,))


@dataclass(eq=False)
class BinaryFocalLossWithLogits(LossObject):
    """``kornia.losses.BinaryFocalLossWithLogits``: :func:`binary_focal_loss_with_logits`.

    Mirrors kornia 0.9.0, https://kornia.readthedocs.io/en/latest/losses.html
    """

    alpha: float | None
    gamma: float = 2.0
    reduction: str = "none"
    pos_weight: Array | None = None
    weight: Array | None = None
    ignore_index: int | None = -100

    def describe(self, pred: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels."""
        return description(
            binary_focal_loss_with_logits,
            pred,
            target,
            self.alpha,
            self.gamma,
            self.reduction,
            self.pos_weight,
            self.weight,
            self.ignore_index,
        )

    __call__ = evaluating(describe)


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``kornia.losses.FocalLoss``: :func:`focal_loss`.

    Mirrors kornia 0.9.0, https://kornia.readthedocs.io/en/latest/losses.html
    """

    alpha: float | None
    gamma: float = 2.0
    reduction: str = "none"
    weight: Array | None = None
    ignore_index: int | None = -100

    def describe(self, pred: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels."""
        return description(focal_loss, pred, target, self.alpha, self.gamma, self.reduction, self.weight, self.ignore_index)

    __call__ = evaluating(describe)
