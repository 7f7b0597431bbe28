"""The Array API names that the core uses, on NumPy's arrays, and what it has beyond them.

Some of NumPy's own functions are written in Python, and take as long as arithmetic on 10⁴ numbers.
"""

from __future__ import annotations

from typing import Any

import array_api_compat.numpy
import numpy as np

from unifocal.arrays import Array
from unifocal.namespace import Names, complete

_add: Any = np.add.reduce
_STRAIGHT = 128  # numbers, which NumPy adds up straight on in pairs too
_STRAIGHT_IN_LANES = 1024  # numbers, of which a vector instruction adds up a part in each of its lanes
_KINDS = {"b": "bool", "i": "integral", "u": "integral", "f": "real floating"}


def _isdtype(dtype: Any, kind: str | tuple[str, ...]) -> bool:
    return _KINDS.get(dtype.kind) in (kind if isinstance(kind, tuple) else (kind,))


def _extent(x: Array) -> tuple[float, float]:
    return (np.minimum.reduce(x, axis=None).item(), np.maximum.reduce(x, axis=None).item()) if x.size else (0.0, 0.0)


def _hard(labels: Array) -> bool | None:
    return bool(np.count_nonzero(labels == 0) + np.count_nonzero(labels == 1) == labels.size) or None


def _sum(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    if axis == -1 and x.shape[-1] <= _STRAIGHT_IN_LANES and x.dtype.kind == "f":
        # NumPy's reduction takes up to five times as long: it begins anew at each row.
        total = np.einsum("...i->...", x)
        return total[..., np.newaxis] if keepdims else total
    if axis is None or axis == -1 or x.shape[axis] <= _STRAIGHT:
        return _add(x, axis=axis, keepdims=keepdims)
    # NumPy adds up in pairs along the last axis, and straight on along others.
    total = _add(np.ascontiguousarray(np.moveaxis(x, axis, -1)), axis=-1)
    return np.expand_dims(total, axis) if keepdims else total


def _expand_dims(x: Array, axis: int) -> Array:
    return x[..., np.newaxis] if axis == -1 else np.expand_dims(x, axis)


def _squeeze(x: Array, axis: int) -> Array:
    return x.squeeze(axis)


def _take_along_axis(x: Array, indices: Array, axis: int) -> Array:
    if _is_one_a_row(x, indices, axis):
        return x[np.arange(len(x)), indices[:, 0]][:, np.newaxis]
    return np.take_along_axis(x, indices, axis)


def _put(x: Array, indices: Array, value: Array | float, axis: int) -> None:
    if _is_one_a_row(x, indices, axis):
        x[np.arange(len(x)), indices[:, 0]] = value if isinstance(value, float) else value[:, 0]
    else:
        np.put_along_axis(x, indices, value, axis)


def _is_one_a_row(x: Array, indices: Array, axis: int) -> bool:
    return bool(x.ndim == 2 and axis == -1 and indices.shape[1] == 1)


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    x = x.copy()
    np.put_along_axis(x, indices, value, axis)
    return x


# As few arrays as can be: those of a block, in all threads, are to stay in the cache.
def _line(x: Array, start: float, step: float) -> Array:
    result = x * step
    result += start
    return result


def _multiply_add(factor: Array | float, a: Array, b: Array, c: Array) -> Array:
    result = a * b
    if factor == -1:
        return c - result
    result *= factor
    result += c
    return result


xp = Names(**vars(array_api_compat.numpy))
xp.isdtype = _isdtype
xp.sum = _sum
xp.expand_dims, xp.squeeze = _expand_dims, _squeeze
xp.take_along_axis = _take_along_axis
complete(
    xp,
    scatter=_scatter,
    put=_put,
    extent=_extent,
    hard=_hard,
    line=_line,
    multiply_add=_multiply_add,
    signs=lambda y: _line(y, 1.0, -2.0),
    signed=np.multiply,
)
