"""focal-loss (0.0.7) on TensorFlow: binary and sparse categorical focal loss.  Labels come first.

Documentation: https://focal-loss.readthedocs.io/en/latest/api.html.  The classes are Keras 3's, and compute in ``dtype``, or in the
predictions' own (Keras: in float32).
"""

from __future__ import annotations

from typing import Any

from ..arrays import Array, Tensor
from ..convention import Convention, Reduction
from ..formulas import Formula, RenormalizedFocal, SoftmaxFocal
from ..loss import DescriptionOf, evaluating, loss
from ..operands import Operands
from . import keras

__all__ = ["SparseCategoricalFocalLoss", "sparse_categorical_focal_loss"]


def __dir__() -> list[str]:
    return __all__


@loss(labels_first=True)
def sparse_categorical_focal_loss(
    y_true: Array,
    y_pred: Tensor,
    gamma: float,
    *,
    class_weight: Array | None = None,
    from_logits: bool = False,
    axis: int = -1,
) -> DescriptionOf[Tensor]:
    """``focal_loss.sparse_categorical_focal_loss``: of class indices, with or without the class axis.

    Probabilities are clipped to [1e-7, 1 − 1e-7] and divided by their sum in the cross entropy; the modulator has them as they are.
    ``class_weight`` has one number a class.

    Mirrors focal-loss 0.0.7, https://focal-loss.readthedocs.io/en/latest/generated/focal_loss.sparse_categorical_focal_loss.html
    """
    convention = _convention(gamma, from_logits, axis, "none")
    return convention, Operands(y_pred, keras.class_indices(y_true, y_pred, axis), alpha=class_weight)


class SparseCategoricalFocalLoss(keras.Sparse):
    """``focal_loss.SparseCategoricalFocalLoss``: :func:`sparse_categorical_focal_loss`, weighted and reduced.

    Mirrors focal-loss 0.0.7, https://focal-loss.readthedocs.io/en/latest/generated/focal_loss.SparseCategoricalFocalLoss.html
    """

    def __init__(self, gamma: float, class_weight: Array | None = None, from_logits: bool = False, **kwargs: Any) -> None:
        self.gamma = gamma
        self.class_weight = class_weight
        self.from_logits = from_logits
        vars(self).update(keras.base_options(kwargs))
        self.__post_init__()

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        return _convention(self.gamma, self.from_logits, -1, reduction)

    def describe(self, y_true: Array, y_pred: Tensor, sample_weight: Array | None = None) -> DescriptionOf[Tensor]:
        """The loss of these labels and predictions."""
        convention, operands = super().describe(y_true, y_pred, sample_weight)  # type: ignore[misc]
        return convention, operands._replace(alpha=self.class_weight)

    __call__ = evaluating(describe)


def _convention(gamma: float, from_logits: bool, axis: int, reduction: Reduction) -> Convention:
    formula: Formula = SoftmaxFocal(gamma) if from_logits else RenormalizedFocal(gamma, keras.EPSILON)
    return Convention(formula, labels="indices", axis=axis, weights="trailing", reduction=reduction, held="nothing")
