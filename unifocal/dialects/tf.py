"""TensorFlow (2.21): the losses of ``tf.nn``.  Labels come first; nothing is reduced but the class axis.

Documentation: https://www.tensorflow.org/api_docs/python/tf/nn
"""

from __future__ import annotations

from ..arrays import Array, Tensor
from ..convention import Convention
from ..formulas import SigmoidFocal, SoftmaxFocal
from ..loss import DescriptionOf, loss
from ..operands import Operands
from .options import required

__all__ = [
    "sigmoid_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits",
    "weighted_cross_entropy_with_logits",
]


def __dir__() -> list[str]:
    return __all__


@loss(labels_first=True)
def sigmoid_cross_entropy_with_logits(
    labels: Array | None = None, logits: Tensor | None = None, name: str | None = None
) -> DescriptionOf[Tensor]:
    """``tf.nn.sigmoid_cross_entropy_with_logits``: binary cross entropy of each entry.

    Mirrors TensorFlow 2.21, https://www.tensorflow.org/api_docs/python/tf/nn/sigmoid_cross_entropy_with_logits
    """
    convention = Convention(SigmoidFocal(), labels="elements", reduction="none", held="nothing")
    return convention, Operands(required("logits", logits), required("labels", labels))


@loss(labels_first=True)
def weighted_cross_entropy_with_logits(
    labels: Array, logits: Tensor, pos_weight: float | Array, name: str | None = None
) -> DescriptionOf[Tensor]:
    """``tf.nn.weighted_cross_entropy_with_logits``: ``pos_weight`` multiplies the positive term, and broadcasts from the right.

    Mirrors TensorFlow 2.21, https://www.tensorflow.org/api_docs/python/tf/nn/weighted_cross_entropy_with_logits
    """
    operands = Operands(required("logits", logits), required("labels", labels), pos_weight=required("pos_weight", pos_weight))
    return Convention(SigmoidFocal(), labels="elements", weights="trailing", reduction="none", held="nothing"), operands


@loss(labels_first=True)
def softmax_cross_entropy_with_logits(labels: Array, logits: Tensor, axis: int = -1, name: str | None = None) -> DescriptionOf[Tensor]:
    """``tf.nn.softmax_cross_entropy_with_logits``: cross entropy of one-hot or soft labels, one a row.

    Mirrors TensorFlow 2.21, https://www.tensorflow.org/api_docs/python/tf/nn/softmax_cross_entropy_with_logits
    """
    convention = Convention(SoftmaxFocal(), labels="elements", axis=axis, reduction="none", held="nothing")
    return convention, Operands(required("logits", logits), required("labels", labels))


@loss(labels_first=True)
def sparse_softmax_cross_entropy_with_logits(labels: Array, logits: Tensor, name: str | None = None) -> DescriptionOf[Tensor]:
    """``tf.nn.sparse_softmax_cross_entropy_with_logits``: cross entropy of class indices along the last axis.

    Mirrors TensorFlow 2.21, https://www.tensorflow.org/api_docs/python/tf/nn/sparse_softmax_cross_entropy_with_logits
    """
    convention = Convention(SoftmaxFocal(), labels="indices", reduction="none")
    return convention, Operands(required("logits", logits), required("labels", labels))
