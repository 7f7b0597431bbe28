"""Ultralytics (8.4): the classification losses of ``ultralytics.utils.loss``.

Source: https://github.com/ultralytics/ultralytics/blob/v8.4.190/ultralytics/utils/loss.py.  A loss is the mean over axis 1, summed.
``v8DetectionLoss`` takes a whole model; of its three parts the classification loss is
``unifocal.binary_cross_entropy(scores, targets, reduction="sum", normalizer=max(targets.sum(), 1))``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, Tensor
from ..convention import Convention
from ..formulas import Formula, SigmoidFocal
from ..formulas.scored_varifocal import ScoredVarifocal
from ..loss import DescriptionOf, LossObject, evaluating
from ..operands import Operands
from .ranks import shape, signed_scores

__all__ = ["FocalLoss", "VarifocalLoss"]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``ultralytics.utils.loss.FocalLoss``: sigmoid focal loss; α may be a list, for the last axis, and is off if none is above 0.

    Mirrors ultralytics 8.4.190, https://github.com/ultralytics/ultralytics/blob/v8.4.190/ultralytics/utils/loss.py
    """

    gamma: float = 1.5
    alpha: float | list[float] = 0.25

    def describe(self, pred: Tensor, label: Array) -> DescriptionOf[Tensor]:
        """The loss of logits of at least 2 dimensions, and of labels of their shape."""
        alpha: Any = np.asarray(self.alpha)
        if alpha.dtype.kind not in "iuf" or alpha.ndim > 1:
            raise TypeError(f"alpha must be a number or a list of numbers; received {self.alpha!r}.")
        rank = len(shape(pred))
        if alpha.ndim:
            alpha = alpha.reshape([1] * (rank - 1) + [-1])
        return _averaged(SigmoidFocal(self.gamma), pred), Operands(pred, label, alpha=alpha if (alpha > 0).any() else None)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class VarifocalLoss(LossObject):
    """``ultralytics.utils.loss.VarifocalLoss``: cross entropy of scores, times the score where the label is 1 and α·p^γ where it is 0.

    Mirrors ultralytics 8.4.190, https://github.com/ultralytics/ultralytics/blob/v8.4.190/ultralytics/utils/loss.py
    """

    gamma: float = 2.0
    alpha: float = 0.75

    def describe(self, pred_score: Tensor, gt_score: Array, label: Array) -> DescriptionOf[Tensor]:
        """The loss of logits of at least 2 dimensions, and of scores in [0, 1] and labels, 0 or 1, of their shape."""
        convention = _averaged(ScoredVarifocal(self.gamma, self.alpha), pred_score)
        scores, weight = signed_scores(gt_score, label)
        return convention, Operands(pred_score, scores, class_weight=weight)

    __call__ = evaluating(describe)


def _averaged(formula: Formula, pred: Any) -> Convention:
    """The mean over axis 1, summed."""
    if len(shape(pred)) < 2:
        raise ValueError(f"Logits must have at least 2 dimensions, of which the second is averaged over; received shape {shape(pred)}.")
    return Convention(formula, labels="elements", axis=1, class_axis="mean", reduction="sum", held="nothing")
