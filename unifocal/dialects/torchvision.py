"""torchvision (0.28): ``torchvision.ops.sigmoid_focal_loss``."""

from __future__ import annotations

from ..arrays import Array, Tensor
from ..convention import Convention
from ..formulas import SigmoidFocal
from ..loss import DescriptionOf, loss
from ..operands import Operands
from .options import REDUCTIONS, choice

__all__ = ["sigmoid_focal_loss"]


def __dir__() -> list[str]:
    return __all__


@loss
def sigmoid_focal_loss(
    inputs: Tensor, targets: Array, alpha: float = 0.25, gamma: float = 2, reduction: str = "none"
) -> DescriptionOf[Tensor]:
    """``torchvision.ops.sigmoid_focal_loss``: α = −1 is off.

    Mirrors torchvision 0.28, https://docs.pytorch.org/vision/stable/generated/torchvision.ops.sigmoid_focal_loss.html
    """
    off = alpha == -1
    if not (off or 0 <= alpha <= 1):
        raise ValueError(f"alpha must be in [0, 1], or -1 for off; received {alpha}.")
    reduced = choice("reduction", reduction, REDUCTIONS)
    convention = Convention(SigmoidFocal(gamma), labels="elements", reduction=reduced, held="nothing")
    return convention, Operands(inputs, targets, alpha=None if off else alpha)
