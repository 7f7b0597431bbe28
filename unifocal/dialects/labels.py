"""What dialects do with labels before they are operands: marks of what is ignored, counts of what is not, and rows of 0 and 1."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from ..arrays import Array, cast
from ..dispatch import backend_of
from .ranks import shape, tensor_of


def marked(labels: Any, ignored: int, background: int | None = None) -> Array:
    """Labels, those below 0 as ``ignored``, and integers as int64.

    background: the number of classes C, where the original takes indices above it for it.
    """
    _, xp, y = tensor_of(labels)
    if xp.isdtype(y.dtype, "bool"):
        return y
    y = cast(xp, y, xp.int64) if xp.isdtype(y.dtype, "integral") else y
    if background is not None:
        y = xp.where((y > background) & ~xp.equal(y, ignored), background, y)
    return xp.where(y < 0, ignored, y)


def number_of(labels: Any, predictions: Any, but: int | None = None) -> Any:
    """How many labels there are, without those that equal ``but``: a number, where shapes say so."""
    sizes = shape(labels)
    if but is None and None not in sizes:
        return float(prod(n or 0 for n in sizes))
    _, xp, y = tensor_of(labels)
    counted = xp.ones_like(y) if but is None else ~xp.equal(y, but)
    return cast(xp, xp.count_nonzero(counted), _wide(labels, predictions))


def one_hot(indices: Any, classes: int, predictions: Any, axis: int = -1, *, strict: bool = False) -> Array:
    """1 at each row's class along a new axis, 0 elsewhere; of floating numbers.

    The rows of indices that are no class are 0, or NaN if ``strict``.
    """
    backend, xp, y = tensor_of(indices)
    y = xp.expand_dims(cast(xp, y, xp.int64), axis=axis)
    numbers = xp.arange(classes, dtype=xp.int64, device=backend.device(y))
    numbers = xp.reshape(numbers, (-1,) + (1,) * (-axis - 1) if axis < 0 else (-1,) + (1,) * (len(backend.shape(y)) - axis - 1))
    rows = cast(xp, xp.equal(y, numbers), _wide(indices, predictions))
    return xp.where((y < 0) | (y >= classes), float("nan"), rows) if strict else rows


def beside(value: Any, tensor: Any) -> Array:
    """NumPy's arrays, lists and numbers as a tensor of another's framework; those of a framework as they are."""
    backend, _, like = tensor_of(tensor)
    owner, _, own = tensor_of(value)
    return own if owner is backend or not isinstance(own, np.ndarray | np.generic) else backend.from_numpy(np.asarray(own), like)


def _wide(labels: Any, predictions: Any) -> Any:
    """The dtype in which numbers made of labels are exact enough: float64 for such predictions, and of NumPy's labels."""
    backend, xp, _ = tensor_of(labels)
    _, of_predictions, x = tensor_of(predictions)
    beside = backend_of(predictions) is not backend
    return xp.float64 if beside or x.dtype == of_predictions.float64 else xp.float32


def picked(value: Any, index: Any) -> tuple[Array, Callable[[Array], Array]]:
    """Of a tensor (N, C, ...) the entries ``value[n, index[n]]``; and what makes a gradient by them one by the tensor.

    Indices below 0 count from the end; beyond the classes there is NaN.
    """
    backend, xp, x = tensor_of(value)
    classes = backend.shape(x)[1]
    if classes is None:
        raise ValueError(f"The class axis must have a static size here; received shape {backend.shape(x)}.")
    _, _, index = tensor_of(beside(index, x))
    chosen = one_hot(xp.where(index < 0, index + classes, index), classes, x) > 0
    for _ in range(len(backend.shape(x)) - 2):
        chosen = xp.expand_dims(chosen, axis=-1)
    found = xp.max(cast(xp, chosen, x.dtype), axis=1) > 0
    entries = xp.where(found, xp.sum(xp.where(chosen, x, 0.0), axis=1), float("nan"))
    return entries, lambda gradient: xp.where(chosen, xp.expand_dims(gradient, axis=1), 0.0)


def total_at(vector: Any, indices: Any, predictions: Any, but: int | None = None) -> Array:
    """The sum of a vector's entries at the indices, without those that equal ``but`` or are none of its own."""
    _, xp, y = tensor_of(indices)
    (classes,) = shape(vector) if len(shape(vector)) == 1 else (None,)
    if classes is None:
        raise ValueError(f"Class weights must be one number a class; received shape {shape(vector)}.")
    if not xp.isdtype(y.dtype, "integral"):
        raise TypeError(f"Means by class weights are of class indices, which must be integer; received dtype {y.dtype}.")
    y = cast(xp, xp.reshape(y, (-1,)), xp.int64)
    y = y if but is None else xp.where(xp.equal(y, but), -1, y)
    counts = xp.sum(one_hot(y, classes, predictions), axis=0)
    values = beside(vector, counts)
    _, xp, counts = tensor_of(beside(counts, values))
    return xp.sum(cast(xp, values, counts.dtype) * counts)


def floating(labels: Any) -> Array:
    """Labels as floating-point numbers."""
    _, xp, y = tensor_of(labels)
    return y if xp.isdtype(y.dtype, "real floating") else xp.astype(y, xp.float32)


def after_first(value: Any, axis: int) -> tuple[Array, Callable[[Array], Array]]:
    """A tensor without its first entry along the axis, and what makes a gradient by it one by the tensor."""
    _, xp, x = tensor_of(value)
    before = (slice(None),) * axis

    def restore(gradient: Array) -> Array:
        return xp.concat([xp.zeros_like(gradient[(*before, slice(0, 1), ...)]), gradient], axis=axis)

    return x[(*before, slice(1, None), ...)], restore


def repeated(value: Any, axis: int) -> tuple[Array, Array, Callable[[Array], Array]]:
    """As many copies of a tensor as it has classes, along a new axis before those; each copy's own class; and what adds up gradients."""
    backend, xp, x = tensor_of(value)
    sizes = backend.shape(x)
    classes = sizes[axis]
    if classes is None or sizes.count(None) > 0:
        raise ValueError(f"The sizes must be known here; received predictions of shape {sizes}.")
    copies = xp.broadcast_to(xp.expand_dims(x, axis=axis), (*sizes[:axis], classes, *sizes[axis:]))
    index = xp.reshape(xp.arange(classes, dtype=xp.int64, device=backend.device(x)), (-1,) + (1,) * (len(sizes) - axis - 1))
    return copies, xp.broadcast_to(index, sizes), lambda gradient: xp.sum(gradient, axis=axis)


def count_places(valid: Array, predictions: Any, *, each_row: bool) -> Array:
    """How many places there are, in all or in each row (B, 1, ...); 1 for none, whose loss is 0."""
    _, xp, y = tensor_of(valid)
    y = cast(xp, y, _wide(valid, predictions))
    if not each_row:
        count = xp.sum(y)
    else:
        count = y
        for axis in range(2, len(shape(y))):
            count = xp.sum(count, axis=axis, keepdims=True)
    return xp.where(count > 0, count, 1.0)


def positives_as(labels: Array, positive: float, negative: float) -> Array:
    """One number for labels above 0 and another for all others."""
    _, xp, y = tensor_of(labels)
    return xp.where(y > 0, xp.number(positive, y.dtype), xp.full_like(y, negative, dtype=y.dtype))
