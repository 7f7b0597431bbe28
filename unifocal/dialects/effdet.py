"""effdet (0.4): ``effdet.loss.new_focal_loss``.

Source: https://github.com/rwightman/efficientdet-pytorch/blob/v0.4.1/effdet/loss.py
"""

from __future__ import annotations

from ..arrays import Array, Tensor
from ..convention import Convention
from ..formulas.softened import SoftenedFocal
from ..loss import DescriptionOf, loss
from ..operands import Operands
from ..scalars import static
from .options import balanced_by, required

__all__ = ["new_focal_loss"]


def __dir__() -> list[str]:
    return __all__


@loss
def new_focal_loss(
    logits: Tensor, targets: Array, alpha: float, gamma: float, normalizer: float | Array, label_smoothing: float = 0.01
) -> DescriptionOf[Tensor]:
    """``effdet.loss.new_focal_loss``: labels are smoothed in the cross entropy alone; the unreduced loss is divided by ``normalizer``.

    Mirrors effdet 0.4.1, https://github.com/rwightman/efficientdet-pytorch/blob/v0.4.1/effdet/loss.py
    """
    if static("label_smoothing", label_smoothing, "≥ 0") < 0:
        raise ValueError(f"label_smoothing must be ≥ 0; received {label_smoothing}.")
    formula = SoftenedFocal(gamma, label_smoothing)
    convention = Convention(formula, labels="elements", reduction="none", held="nothing")
    return convention, Operands(logits, targets, alpha=balanced_by(alpha), normalizer=required("normalizer", normalizer))
