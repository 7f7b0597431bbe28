"""TensorFlow Model Garden (tf-models-official 2.20) on tf_keras: RetinaNet's ``FocalLoss``.  Labels come first.

Source: https://github.com/tensorflow/models/blob/v2.20.0/official/vision/losses/focal_loss.py.  It computes in the predictions' dtype
(the original: in float32).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arrays import Array, Tensor
from ..convention import Convention, Reduction
from ..formulas.marked import MarkedFocal
from ..loss import DescriptionOf, evaluating
from . import keras2
from .options import balanced_by
from .ranks import by_label

__all__ = ["FocalLoss"]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class FocalLoss(keras2.Keras2):
    """``official.vision.losses.focal_loss.FocalLoss``: of logits, one loss an entry; by default their mean.

    α and the modulator are a positive's where the label is 1, and a negative's elsewhere; the cross entropy is the label's own.

    Mirrors tf-models-official 2.20.0, https://github.com/tensorflow/models/blob/v2.20.0/official/vision/losses/focal_loss.py
    """

    alpha: float
    gamma: float
    reduction: str = "auto"
    name: str | None = None

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        return Convention(MarkedFocal(self.gamma), labels="elements", weights="trailing", reduction=reduction, held="nothing")

    def fitted(self, y_true: Any, y_pred: Any, sample_weight: Any, axis: int) -> tuple[Any, Any, Any]:
        """Labels, predictions and sample weight, whose losses are the entries'."""
        return y_true, y_pred, keras2.fitted_weight(sample_weight, y_pred, dropped=0)

    def describe(self, y_true: Array, y_pred: Tensor, sample_weight: Array | None = None) -> DescriptionOf[Tensor]:
        """The loss of these labels and predictions."""
        convention, operands = super().describe(y_true, y_pred, sample_weight)  # type: ignore[misc]
        alpha = balanced_by(self.alpha)
        return convention, operands._replace(class_weight=by_label(operands.targets, operands.predictions, alpha, 1 - alpha))

    __call__ = evaluating(describe)
