"""fastai (2.8): ``fastai.losses.FocalLoss``.  The class axis is the second, or the only one.

Documentation: https://docs.fast.ai/losses.html#focalloss
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..arrays import Array, Tensor
from ..formulas.row_focal import RowFocal
from ..loss import DescriptionOf, LossObject, description, evaluating
from . import torch
from .options import REDUCTIONS, choice

__all__ = ["FocalLoss"]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``fastai.losses.FocalLoss``: of class indices or soft labels, p_t being e^−CE of the weighted cross entropy.

    So class weights move p_t, too.  Labels of −100 have no loss, and count in a mean.

    Mirrors fastai 2.8.12, https://docs.fast.ai/losses.html#focalloss
    """

    gamma: float = 2.0
    weight: Any = None
    reduction: str = "mean"

    def __post_init__(self) -> None:
        choice("reduction", self.reduction, REDUCTIONS)

    def describe(self, inp: Tensor, targ: Array) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels."""
        convention, operands = description(torch.cross_entropy, inp, targ, self.weight, reduction="none")
        convention = replace(
            convention,
            formula=RowFocal(self.gamma),
            count_ignored=convention.ignore_index is not None,
            reduction=choice("reduction", self.reduction, REDUCTIONS),
        )
        return convention, operands

    __call__ = evaluating(describe)
