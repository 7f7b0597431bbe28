"""The Array API names that the core uses, on MLX's arrays."""

from __future__ import annotations

import math
from typing import Any

import mlx.core as mx

from unifocal.arrays import Array
from unifocal.namespace import Names, complete
from unifocal.sums import pairwise_total


def on_cpu() -> bool:
    """Whether operations are computed on the CPU: not arrays but operations have a device, this one where none is named."""
    return bool(mx.default_device().type == mx.cpu)


_STRAIGHT, _WIDTH = 64, 32  # numbers that are added straight on, and at each node of a tree
_BASES = {mx.float32: 2.7182817459106445, mx.float64: math.e}
"""e, rounded to each dtype."""
_RESTS = {mx.float32: 3.036785998e-08, mx.float64: 5.318237706605891e-17}
"""The logarithm of e over the rounded e."""


def _exp(x: Array) -> Array:
    """e^x as the power E^x of the rounded e, times 1 + x·log(e/E).

    On CPU MLX 0.32's own is 57 ulp off in float32; its float64 has the accuracy and the limits of float32 (ml-explore/mlx#3047).  Its power
    is the C library's.
    """
    if x.dtype not in _BASES or not on_cpu():
        return mx.exp(x)
    rest = mx.clip(x, -1e3, 1e3) * _RESTS[x.dtype]  # ±inf times the factor stays what it is
    return mx.power(mx.array(_BASES[x.dtype], x.dtype), x) * (1 + rest)


def _sum(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """Added up in a tree: on CPU MLX adds straight on in each lane of a vector, and is 18 ulp off after 5000 float32 numbers."""
    if axis is None and not keepdims:
        return mx.sum(x) if x.size <= _STRAIGHT * _WIDTH else pairwise_total(xp, x, x.size)
    if axis is None or x.shape[axis] <= _STRAIGHT or not mx.issubdtype(x.dtype, mx.floating):
        return mx.sum(x, axis=axis, keepdims=keepdims)
    x = mx.moveaxis(x, axis, -1)
    while x.shape[-1] > _STRAIGHT:
        whole = x.shape[-1] // _WIDTH * _WIDTH
        rows = mx.sum(mx.reshape(x[..., :whole], (*x.shape[:-1], -1, _WIDTH)), axis=-1)
        x = mx.concatenate([rows, x[..., whole:]], axis=-1)
    total = mx.sum(x, axis=-1)
    return mx.expand_dims(total, axis) if keepdims else total


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    value = mx.full(indices.shape, value, x.dtype) if isinstance(value, float) else mx.broadcast_to(value, indices.shape)
    return mx.put_along_axis(x, indices, value, axis)


def _arange(stop: int, *, dtype: Any, device: object) -> Array:
    return mx.arange(stop, dtype=dtype)  # the device is that of operations


xp = Names(**vars(mx))
xp.bool = mx.bool_
xp.exp, xp.sum, xp.arange = _exp, _sum, _arange
complete(xp, scatter=_scatter)
