"""KerasCV (0.9) on Keras 3 and TensorFlow: ``keras_cv.losses``, its focal losses.  Labels come first.

Documentation: https://keras.io/keras_cv/api/losses/.  A class computes in ``dtype``, or in the predictions' own (Keras: in float32).
"""

from __future__ import annotations

from typing import Any

from ..arrays import Array, Tensor
from ..convention import Convention, Reduction
from ..formulas import binary_focal
from ..loss import DescriptionOf, evaluating
from . import keras
from .options import balanced_by
from .ranks import by_label

__all__ = ["FocalLoss"]


def __dir__() -> list[str]:
    return __all__


class FocalLoss(keras.Described):
    """``keras_cv.losses.FocalLoss``: summed over the last axis; α where the label is 1, and 1 − α elsewhere.

    Labels are smoothed before that: with ``label_smoothing`` none is 1, and all have 1 − α.  The cross entropy's probabilities are clipped
    to [1e-7, 1 − 1e-7], those of the modulator are not.

    Mirrors KerasCV 0.9.0, https://github.com/keras-team/keras-cv/blob/v0.9.0/keras_cv/src/losses/focal.py
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2,
        from_logits: bool = False,
        label_smoothing: float = 0,
        **kwargs: Any,
    ) -> None:
        self.alpha = float(balanced_by(alpha))
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        vars(self).update(keras.base_options(kwargs))
        self.__post_init__()

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        clips: dict[str, Any] = {} if self.from_logits else {"epsilon": keras.EPSILON, "clip": "cross_entropy"}
        return Convention(
            binary_focal(self.gamma, from_logits=self.from_logits, **clips),
            labels="elements",
            label_smoothing=self.label_smoothing,
            weights="trailing",
            class_axis="sum",
            reduction=reduction,
            held="nothing",
        )

    def describe(self, y_true: Array, y_pred: Tensor, sample_weight: Array | None = None) -> DescriptionOf[Tensor]:
        """The loss of these labels and predictions."""
        convention, operands = super().describe(y_true, y_pred, sample_weight)  # type: ignore[misc]
        if self.label_smoothing:
            return convention, operands._replace(class_weight=1 - self.alpha)
        balance = by_label(operands.targets, operands.predictions, self.alpha, 1 - self.alpha)
        return convention, operands._replace(class_weight=balance)

    __call__ = evaluating(describe)
