"""Keras 2, ``tf.keras.losses`` of TensorFlow 2.1 to 2.15 (signatures of 2.15), in eager mode.  Labels come first.

Documentation: https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses.  Binary cross entropy of probabilities clips them
to [1e-7, 1 − 1e-7] and adds 1e-7 once more inside the logarithms; the categorical losses are Keras 3's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arrays import Array, Tensor
from ..convention import Reduction
from ..loss import DescriptionOf, loss
from ..operands import Operands
from . import keras
from .options import balanced_by
from .ranks import expanded, shape, squeezed

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "sparse_categorical_crossentropy",
]


def __dir__() -> list[str]:
    return __all__


EPSILON = keras.EPSILON
REDUCTIONS: dict[Any, Reduction] = {"auto": "mean", "none": "none", "sum": "sum", "sum_over_batch_size": "mean"}


@loss(labels_first=True)
def binary_crossentropy(
    y_true: Array, y_pred: Tensor, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> DescriptionOf[Tensor]:
    """``tf.keras.losses.binary_crossentropy``: of probabilities with both epsilons, or logits; its mean over ``axis``.

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/binary_crossentropy
    """
    return keras.binary_convention(from_logits, label_smoothing, axis, log_epsilon=EPSILON), Operands(y_pred, y_true)


@loss(labels_first=True)
def binary_focal_crossentropy(
    y_true: Array,
    y_pred: Tensor,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> DescriptionOf[Tensor]:
    """``tf.keras.losses.binary_focal_crossentropy``: its mean over ``axis``; ``alpha`` counts only if ``apply_class_balancing``.

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/binary_focal_crossentropy
    """
    convention = keras.binary_convention(from_logits, label_smoothing, axis, gamma=gamma, log_epsilon=EPSILON)
    return convention, Operands(y_pred, y_true, alpha=balanced_by(alpha) if apply_class_balancing else None)


@loss(labels_first=True)
def categorical_crossentropy(
    y_true: Array, y_pred: Tensor, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> DescriptionOf[Tensor]:
    """``tf.keras.losses.categorical_crossentropy``: probabilities are divided by their sum, then clipped to [1e-7, 1 − 1e-7].

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/categorical_crossentropy
    """
    return keras.categorical_convention(from_logits, label_smoothing, axis), Operands(y_pred, y_true)


@loss(labels_first=True)
def categorical_focal_crossentropy(
    y_true: Array,
    y_pred: Tensor,
    alpha: float | Array = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> DescriptionOf[Tensor]:
    """``tf.keras.losses.categorical_focal_crossentropy``: ``alpha`` is a factor, of all classes or of each.

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/categorical_focal_crossentropy
    """
    convention = keras.categorical_convention(from_logits, label_smoothing, axis, gamma=gamma, focal=True)
    return convention, Operands(y_pred, y_true, alpha=balanced_by(alpha))


@loss(labels_first=True)
def sparse_categorical_crossentropy(
    y_true: Array, y_pred: Tensor, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> DescriptionOf[Tensor]:
    """``tf.keras.losses.sparse_categorical_crossentropy``: probabilities are clipped to [1e-7, 1 − 1e-7], then divided by their sum.

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/sparse_categorical_crossentropy
    """
    return keras.sparse_convention(from_logits, ignore_class, axis), Operands(y_pred, keras.class_indices(y_true, y_pred, axis))


def fitted_weight(sample_weight: Any, y_pred: Any, dropped: int = 1) -> Any:
    """Keras 2's rule for a sample weight of one dimension more or less than the losses: it loses, or gains, a last axis of size 1.

    dropped: how many dimensions less than the predictions the losses have.
    """
    if sample_weight is None:
        return None
    rank = len(shape(y_pred)) - dropped
    if len(shape(sample_weight)) == rank + 1:
        return squeezed(sample_weight)
    if 0 < len(shape(sample_weight)) == rank - 1:
        return expanded(sample_weight)
    return sample_weight


class Keras2(keras.Described):
    """What is Keras 2's own: both epsilons, its rules for ranks, and its reductions."""

    reductions = REDUCTIONS
    log_epsilon = EPSILON

    def fitted(self, y_true: Any, y_pred: Any, sample_weight: Any, axis: int) -> tuple[Any, Any, Any]:
        """Labels, predictions and sample weight by this Keras's rules for ranks."""
        ranks = len(shape(y_true)), len(shape(y_pred))
        if ranks[1] == ranks[0] + 1 and shape(y_pred)[-1] == 1:
            y_pred = squeezed(y_pred)
        elif ranks[0] == ranks[1] + 1 and shape(y_true)[-1] == 1:
            y_true = squeezed(y_true)
        return y_true, y_pred, fitted_weight(sample_weight, y_pred)


@dataclass(eq=False)
class BinaryCrossentropy(Keras2, keras.Binary):
    """``tf.keras.losses.BinaryCrossentropy``: :func:`binary_crossentropy`, weighted and reduced.

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/BinaryCrossentropy
    """

    reduction: str | None = "auto"


@dataclass(eq=False)
class BinaryFocalCrossentropy(Keras2, keras.BinaryFocal):
    """``tf.keras.losses.BinaryFocalCrossentropy``: :func:`binary_focal_crossentropy`, weighted and reduced.

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/BinaryFocalCrossentropy
    """

    reduction: str | None = "auto"


@dataclass(eq=False)
class CategoricalCrossentropy(Keras2, keras.Categorical):
    """``tf.keras.losses.CategoricalCrossentropy``: :func:`categorical_crossentropy`, weighted and reduced.

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/CategoricalCrossentropy
    """

    reduction: str | None = "auto"


@dataclass(eq=False)
class CategoricalFocalCrossentropy(Keras2, keras.CategoricalFocal):
    """``tf.keras.losses.CategoricalFocalCrossentropy``: :func:`categorical_focal_crossentropy`, weighted and reduced.

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/CategoricalFocalCrossentropy
    """

    reduction: str | None = "auto"


@dataclass(eq=False)
class SparseCategoricalCrossentropy(Keras2, keras.Sparse):
    """``tf.keras.losses.SparseCategoricalCrossentropy``: :func:`sparse_categorical_crossentropy`, weighted and reduced.

    Mirrors TensorFlow 2.15, https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/losses/SparseCategoricalCrossentropy
    """

    from_logits: bool = False
    ignore_class: int | None = None
    reduction: str = "auto"
    name: str = "sparse_categorical_crossentropy"

    def fitted(self, y_true: Any, y_pred: Any, sample_weight: Any, axis: int) -> tuple[Any, Any, Any]:
        """Class indices, predictions and sample weight by this Keras's rules for ranks."""
        return keras.class_indices(y_true, y_pred, axis), y_pred, fitted_weight(sample_weight, y_pred)
