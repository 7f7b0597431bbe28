"""KerasCV (0.9) on Keras 3 and TensorFlow: ``keras_cv.losses``, its focal losses.  Labels come first.

Documentation: https://keras.io/keras_cv/api/losses/.  A class computes in ``dtype``, or in the predictions' own (Keras: in float32).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arrays import Array, Tensor
from ..convention import Convention, Reduction
from ..formulas import Formula, Linked, OfProbabilities, SigmoidLink, binary_focal
from ..formulas.gaussian import GaussianFocal
from ..loss import DescriptionOf, evaluating
from . import keras
from .options import balanced_by
from .ranks import by_label, raised, same_rank, same_rank_as, shape

__all__ = ["BinaryPenaltyReducedFocalCrossEntropy", "FocalLoss"]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class FocalLoss(keras.Based):
    """``keras_cv.losses.FocalLoss``: summed over the last axis; α where the label is 1, and 1 − α elsewhere.

    Labels are smoothed before that: with ``label_smoothing`` none is 1, and all have 1 − α.  The cross entropy's probabilities are clipped
    to [1e-7, 1 − 1e-7], those of the modulator are not.

    Mirrors KerasCV 0.9.0, https://github.com/keras-team/keras-cv/blob/v0.9.0/keras_cv/src/losses/focal.py
    """

    alpha: float = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        self.alpha = float(balanced_by(self.alpha))
        super().__post_init__()

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


@dataclass(eq=False)
class BinaryPenaltyReducedFocalCrossEntropy(keras.Described):
    """``keras_cv.losses.BinaryPenaltyReducedFocalCrossEntropy``: CenterNet's focal loss, (1 − p)^α·(−log p) of positives.

    Positives are labels above ``positive_threshold``; of others it is (1 − y)^β·p^α·(−log(1 − p)).  Probabilities, σ's too, are clipped to
    [1e-4, 1 − 1e-4].

    Mirrors KerasCV 0.9.0, https://github.com/keras-team/keras-cv/blob/v0.9.0/keras_cv/src/losses/penalty_reduced_focal_loss.py
    """

    alpha: float = 2.0
    beta: float = 4.0
    from_logits: bool = False
    positive_threshold: float = 0.99
    positive_weight: float = 1.0
    negative_weight: float = 1.0
    reduction: str | None = "sum_over_batch_size"
    name: str = "binary_penalty_reduced_focal_cross_entropy"

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        formula: Formula = OfProbabilities(GaussianFocal(self.alpha, self.beta), 1e-4)
        if self.from_logits:
            formula = Linked(SigmoidLink(), formula)
        return Convention(formula, labels="elements", weights="trailing", reduction=reduction, held="nothing")

    def fitted(self, y_true: Any, y_pred: Any, sample_weight: Any, axis: int) -> tuple[Any, Any, Any]:
        """Labels, predictions and sample weight, whose losses are the entries'."""
        y_true, y_pred = same_rank(y_true, y_pred)
        return y_true, y_pred, None if sample_weight is None else same_rank_as(sample_weight, shape(y_pred))

    def describe(self, y_true: Array, y_pred: Tensor, sample_weight: Array | None = None) -> DescriptionOf[Tensor]:
        """The loss of these labels and predictions."""
        convention, operands = super().describe(y_true, y_pred, sample_weight)  # type: ignore[misc]
        labels = raised(operands.targets, operands.predictions, self.positive_threshold)
        balance = by_label(labels, operands.predictions, self.positive_weight, self.negative_weight)
        return convention, operands._replace(targets=labels, class_weight=balance)

    __call__ = evaluating(describe)
