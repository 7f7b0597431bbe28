"""optax (0.2.8): binary and categorical cross entropy, and focal loss.  Logits come first; nothing is reduced but the class axis.

Documentation: https://optax.readthedocs.io/en/latest/api/losses.html.  ``axis`` is one integer.
"""

from __future__ import annotations

from typing import Any

from ..arrays import Array, Tensor, type_name
from ..convention import Convention
from ..formulas import SigmoidFocal, SoftmaxFocal
from ..loss import DescriptionOf, loss
from ..operands import Operands
from ..scalars import is_number
from .ranks import broadcast, classes_where, keep_classes, shape, smoothed

__all__ = [
    "sigmoid_binary_cross_entropy",
    "sigmoid_focal_loss",
    "smooth_labels",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
]


def __dir__() -> list[str]:
    return __all__


@loss
def sigmoid_binary_cross_entropy(logits: Tensor, labels: Array) -> DescriptionOf[Tensor]:
    """``optax.sigmoid_binary_cross_entropy``: binary cross entropy of each entry; labels broadcast to the logits.

    Mirrors optax 0.2.8, https://optax.readthedocs.io/en/latest/api/losses.html
    """
    convention = Convention(SigmoidFocal(), labels="elements", reduction="none", held="nothing")
    return convention, Operands(logits, broadcast(labels, shape(logits)))


@loss
def sigmoid_focal_loss(logits: Tensor, labels: Array, *, alpha: float | Array | None = None, gamma: float = 2.0) -> DescriptionOf[Tensor]:
    """``optax.sigmoid_focal_loss``: focal loss of each entry; α None is off, and 0 is not.

    γ is a constant of compiled code: under ``jax.jit`` it is to be named in ``static_argnames``.

    Mirrors optax 0.2.8, https://optax.readthedocs.io/en/latest/api/losses.html
    """
    if not is_number(gamma):
        raise TypeError(
            f"gamma must be a Python number, a constant of compiled code; received {type_name(gamma)}. "
            'Use float(gamma), or under jax.jit static_argnames="gamma".'
        )
    convention = Convention(SigmoidFocal(gamma), labels="elements", reduction="none", held="nothing")
    return convention, Operands(logits, broadcast(labels, shape(logits)), alpha=alpha)


@loss
def softmax_cross_entropy(logits: Tensor, labels: Array, axis: int = -1, where: Array | None = None) -> DescriptionOf[Tensor]:
    """``optax.softmax_cross_entropy``: cross entropy of one-hot or soft labels, one a row; only classes ``where`` true take part.

    Mirrors optax 0.2.8, https://optax.readthedocs.io/en/latest/api/losses.html
    """
    labels, rows = broadcast(labels, shape(logits)), None
    if where is not None:
        where, rows = classes_where(where, logits, axis)
        logits, labels = keep_classes(where, logits, float("-inf")), keep_classes(where, labels, 0.0)
    convention = Convention(SoftmaxFocal(), labels="elements", axis=axis, reduction="none", held="nothing")
    return convention, Operands(logits, labels, sample_weight=rows)


@loss
def softmax_cross_entropy_with_integer_labels(
    logits: Tensor, labels: Array, axis: int = -1, where: Array | None = None
) -> DescriptionOf[Tensor]:
    """``optax.softmax_cross_entropy_with_integer_labels``: cross entropy of class indices; only classes ``where`` true take part.

    Mirrors optax 0.2.8, https://optax.readthedocs.io/en/latest/api/losses.html
    """
    rows = None
    if where is not None:
        where, rows = classes_where(where, logits, axis)
        logits = keep_classes(where, logits, float("-inf"))
    convention = Convention(SoftmaxFocal(), labels="indices", axis=axis, reduction="none")
    return convention, Operands(logits, _one_a_row(labels, logits, axis), sample_weight=rows)


def _one_a_row(labels: Any, logits: Any, axis: int) -> Any:
    """Class indices, of which one may stand for a dimension of rows."""
    sizes = list(shape(logits))
    if not isinstance(axis, int) or not -len(sizes) <= axis < len(sizes):
        return labels  # the axis is refused later
    del sizes[axis]
    return broadcast(labels, tuple(sizes)) if len(shape(labels)) == len(sizes) else labels


def smooth_labels(labels: Tensor, alpha: float | Array, *, axis: int = -1, where: Array | None = None) -> Tensor:
    """``optax.smooth_labels``: (1 − α)·y + α/K, over the K classes along ``axis``; those ``where`` true, if given.

    Mirrors optax 0.2.8, https://optax.readthedocs.io/en/latest/api/losses.html
    """
    smooth: Tensor = smoothed(labels, alpha, axis=axis, where=where)
    return smooth
