"""scikit-learn (1.9): ``sklearn.metrics.brier_score_loss`` of binary labels, as a loss to train with."""

from __future__ import annotations

from unifocal.arrays import Array, Tensor
from unifocal.convention import Convention
from unifocal.loss import DescriptionOf, loss
from unifocal.operands import Operands

from .brier import BrierScore

__all__ = ["brier_score_loss"]


@loss(labels_first=True)
def brier_score_loss(y_true: Array, y_proba: Tensor, *, sample_weight: Array | None = None) -> DescriptionOf[Tensor]:
    """``sklearn.metrics.brier_score_loss``: the mean squared error of probabilities, weighted if there are weights.

    Mirrors scikit-learn 1.9, https://scikit-learn.org/stable/modules/generated/sklearn.metrics.brier_score_loss.html
    """
    convention = Convention(BrierScore(), labels="elements", reduction="weighted_mean")
    return convention, Operands(y_proba, y_true, sample_weight=sample_weight)
