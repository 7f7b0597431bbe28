"""fvcore (0.1.5): the focal losses of ``fvcore.nn``, which detectron2 uses.

Source: https://github.com/facebookresearch/fvcore/blob/main/fvcore/nn/focal_loss.py.  Any α below 0 is off.  The originals compute in
float32; here it is the predictions' dtype.
"""

from __future__ import annotations

from ..arrays import Array, Tensor
from ..convention import Convention
from ..formulas import SigmoidFocal
from ..formulas.sigmoid_star import FocalStar
from ..loss import DescriptionOf, loss
from ..operands import Operands
from .options import REDUCTIONS, choice, unless_negative

__all__ = ["sigmoid_focal_loss", "sigmoid_focal_loss_star"]


def __dir__() -> list[str]:
    return __all__


@loss
def sigmoid_focal_loss(
    inputs: Tensor, targets: Array, alpha: float = -1, gamma: float = 2, reduction: str = "none"
) -> DescriptionOf[Tensor]:
    """``fvcore.nn.sigmoid_focal_loss``, and ``sigmoid_focal_loss_jit``: α below 0 is off.

    Mirrors fvcore 0.1.5, https://github.com/facebookresearch/fvcore/blob/main/fvcore/nn/focal_loss.py
    """
    reduced = choice("reduction", reduction, REDUCTIONS)
    convention = Convention(SigmoidFocal(gamma), labels="elements", reduction=reduced, held="nothing")
    return convention, Operands(inputs, targets, alpha=unless_negative("alpha", alpha))


@loss
def sigmoid_focal_loss_star(
    inputs: Tensor, targets: Array, alpha: float = -1, gamma: float = 1, reduction: str = "none"
) -> DescriptionOf[Tensor]:
    """``fvcore.nn.sigmoid_focal_loss_star``, and ``sigmoid_focal_loss_star_jit``: cross entropy of γ·x, over γ; α below 0 is off.

    Mirrors fvcore 0.1.5, https://github.com/facebookresearch/fvcore/blob/main/fvcore/nn/focal_loss.py
    """
    reduced = choice("reduction", reduction, REDUCTIONS)
    convention = Convention(FocalStar(gamma), labels="elements", reduction=reduced, held="nothing")
    return convention, Operands(inputs, targets, alpha=unless_negative("alpha", alpha))
