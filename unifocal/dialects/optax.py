"""optax (0.2.8): cross entropies, poly loss and focal loss.  Logits come first; nothing is reduced but the class axis.

Documentation: https://optax.readthedocs.io/en/latest/api/losses.html.  ``axis`` is one integer.
"""

from __future__ import annotations

from typing import Any

from ..arrays import Array, Tensor, type_name
from ..convention import Convention
from ..formulas import Formula, SigmoidFocal, SoftmaxFocal
from ..formulas.poly import SoftmaxPolyFocal
from ..loss import Description, DescriptionOf, loss
from ..operands import Operands
from ..scalars import is_number
from .ranks import broadcast, classes_where, is_floating, keep_classes, shape, smoothed

__all__ = [
    "poly_loss_cross_entropy",
    "safe_softmax_cross_entropy",
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
    convention = Convention(SigmoidFocal(_constant("gamma", gamma)), labels="elements", reduction="none", held="nothing")
    return convention, Operands(logits, broadcast(labels, shape(logits)), alpha=alpha)


@loss
def softmax_cross_entropy(logits: Tensor, labels: Array, axis: int = -1, where: Array | None = None) -> DescriptionOf[Tensor]:
    """``optax.softmax_cross_entropy``: cross entropy of one-hot or soft labels, one a row; only classes ``where`` true take part.

    Mirrors optax 0.2.8, https://optax.readthedocs.io/en/latest/api/losses.html
    """
    return _of_classes(SoftmaxFocal(), logits, labels, axis, where)


@loss
def safe_softmax_cross_entropy(logits: Tensor, labels: Array) -> DescriptionOf[Tensor]:
    """``optax.safe_softmax_cross_entropy``: :func:`softmax_cross_entropy`; a logit of −∞ beside a label of 0 costs nothing.

    Mirrors optax 0.2.8, https://optax.readthedocs.io/en/latest/api/losses.html
    """
    return _of_classes(SoftmaxFocal(), logits, labels, -1, None)


@loss
def poly_loss_cross_entropy(
    logits: Tensor, labels: Array, *, epsilon: float = 2.0, axis: int = -1, where: Array | None = None
) -> DescriptionOf[Tensor]:
    """``optax.losses.poly_loss_cross_entropy``: Σ y·(−log p + ε·(1 − p)) of one-hot or soft labels; only classes ``where`` true take part.

    ε is a constant of compiled code: under ``jax.jit`` it is to be named in ``static_argnames``.

    Mirrors optax 0.2.8, https://optax.readthedocs.io/en/latest/api/losses.html
    """
    if not is_floating(labels):
        raise TypeError("labels must be floating, of the logits' shape or one that broadcasts to it; received integers or booleans.")
    return _of_classes(SoftmaxPolyFocal(0.0, _constant("epsilon", epsilon)), logits, labels, axis, where)


def _of_classes(formula: Formula, logits: Any, labels: Any, axis: int, where: Any) -> Description:
    """A categorical loss of labels in the logits' shape, of those classes that take part."""
    labels, rows = broadcast(labels, shape(logits)), None
    if where is not None:
        where, rows = classes_where(where, logits, axis)
        logits, labels = keep_classes(where, logits, float("-inf")), keep_classes(where, labels, 0.0)
    return Convention(formula, labels="elements", axis=axis, reduction="none", held="nothing"), Operands(logits, labels, sample_weight=rows)


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


def _constant(name: str, value: Any) -> float:
    """A Python number; raises TypeError for anything else."""
    if not is_number(value):
        raise TypeError(
            f"{name} must be a Python number, a constant of compiled code; received {type_name(value)}. "
            f'Use float({name}), or under jax.jit static_argnames="{name}".'
        )
    return float(value)


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
