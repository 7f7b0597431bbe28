"""torchvision (0.28): ``torchvision.ops.sigmoid_focal_loss``."""

from __future__ import annotations

from ..loss import Description, loss
from ..protocol import Array
from ..spec import Operands, Spec
from .options import REDUCTIONS, choice

__all__ = ["sigmoid_focal_loss"]


def __dir__() -> list[str]:
    return __all__


@loss
def sigmoid_focal_loss(inputs: Array, targets: Array, alpha: float = 0.25, gamma: float = 2, reduction: str = "none") -> Description:
    """``torchvision.ops.sigmoid_focal_loss``: α = −1 is off.

    Mirrors torchvision 0.28, https://docs.pytorch.org/vision/stable/generated/torchvision.ops.sigmoid_focal_loss.html
    """
    off = alpha == -1
    if not (off or 0 <= alpha <= 1):
        raise ValueError(f"alpha must be in [0, 1], or -1 for off; received {alpha}.")
    spec = Spec(
        "sigmoid",
        labels="elements",
        gamma=gamma,
        alpha="off" if off else "balance",
        reduction=choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    return spec, Operands(inputs, targets, alpha=None if off else alpha)
