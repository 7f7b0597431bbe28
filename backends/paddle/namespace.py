"""The Array API names that the core uses, on Paddle's tensors, eager and in static graphs: right where Paddle's own are wrong."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import paddle

from unifocal.arrays import Array
from unifocal.namespace import Names, complete

# Paddle's annotations lack these.
_Value: Any = paddle.pir.Value
_PyLayer: Any = paddle.autograd.PyLayer

_KINDS = {
    "bool": {paddle.bool},
    "integral": {paddle.int8, paddle.int16, paddle.int32, paddle.int64, paddle.uint8},
    "real floating": {paddle.float16, paddle.bfloat16, paddle.float32, paddle.float64},
}
_WIDTH = 32
# paddle.where has no CPU kernels for the other dtypes.
_SELECTABLE = {paddle.bool, paddle.int32, paddle.int64, paddle.float32, paddle.float64}


def is_array(value: object) -> bool:
    return isinstance(value, _Value) or (isinstance(value, paddle.Tensor) and value.is_dense())


def is_traced(x: Array) -> bool:
    return isinstance(x, _Value)


def on_host(x: Array) -> bool:
    return bool(x.place.is_cpu_place())


def differentiable(x: object) -> bool:
    """Whether Paddle's eager mode differentiates with respect to x."""
    return is_array(x) and not x.stop_gradient  # type: ignore[attr-defined]


class _Cast(_PyLayer):
    """x in another dtype, where it or its derivative becomes float16: of numbers near 1e-24 Paddle's CPU kernel makes 1e-4."""

    @staticmethod
    def forward(ctx: Any, x: Array, dtype: Any) -> Array:
        ctx.dtype = x.dtype
        return paddle.cast(_where(paddle.abs(x) <= 2.0**-25, 0.0, x) if dtype == paddle.float16 else x, dtype)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        return _cast(cotangent, ctx.dtype)


def _cast(x: Array, dtype: Any) -> Array:
    if x.dtype == dtype:
        return x
    return _Cast.apply(x, dtype) if paddle.float16 in (x.dtype, dtype) and not is_traced(x) and on_host(x) else paddle.cast(x, dtype)


class _Pow(_PyLayer):
    """x ** exponent; Paddle's own has no second derivative for an exponent in a tensor."""

    @staticmethod
    def forward(ctx: Any, x: Array, exponent: float) -> Array:
        ctx.save_for_backward(x)
        ctx.exponent = exponent
        return _pow(x, exponent)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        (x,) = ctx.saved_tensor()
        return cotangent * (ctx.exponent * _pow(x, ctx.exponent - 1))


class _Reciprocal(_PyLayer):
    """1/x; the second derivative of Paddle's own division crashes where only one operand is asked for."""

    @staticmethod
    def forward(ctx: Any, x: Array) -> Array:
        ctx.save_for_backward(x)
        return 1.0 / x

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        inverse = _Reciprocal.apply(*ctx.saved_tensor())
        return -cotangent * inverse * inverse


def _divide(x: Array | float, y: Array) -> Array:
    return x * _Reciprocal.apply(y) if differentiable(y) and not is_traced(y) else x / y


def _exp(x: Array) -> Array:
    # On CPU (Eigen) exp(-inf) is 2.9e-39 in float32 and 5.6e-309 in float64, the value at these bounds; times inf that is not 0.
    return _where(x < (-709.7 if x.dtype == paddle.float64 else -88.7), 0.0, paddle.exp(x))


def _sum(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """Adds in a tree, as far as sizes are known: paddle.sum was 12 ulp off for 1000 numbers in float32, and 72 for 32 000."""
    if axis is None:
        x, axis = paddle.reshape(x, [-1]), -1
    size = x.shape[axis]
    if size <= _WIDTH:
        return paddle.sum(x, axis, keepdim=keepdims)
    parts = paddle.split(x, [size - size % _WIDTH, size % _WIDTH], axis) if size % _WIDTH else [x]
    rows = [n if n >= 0 else paddle.shape(x)[i] for i, n in enumerate(x.shape)]
    rows[axis : axis + 1 or None] = [size // _WIDTH, _WIDTH]
    parts[0] = paddle.sum(paddle.reshape(parts[0], rows), axis)
    return _sum(paddle.concat(parts, axis), axis, keepdims)


def _pow(x: Array, exponent: float) -> Array:
    if differentiable(x) and paddle.is_grad_enabled() and not is_traced(x):
        return _Pow.apply(x, exponent)
    return paddle.pow(x, _scalar(exponent, x))


def _scalar(value: float, like: Array) -> Array:
    """A 0-D constant of like's dtype: paddle.where and paddle.pow round a Python number to float32."""
    return _constant(value, like.dtype) if is_traced(like) else _eager_scalar(value, like.dtype, like.place)


def _constant(value: float, dtype: Any) -> Array:
    """A 0-D constant of a graph.  ``paddle.jit.load`` cannot read NaN or inf, so they are computed."""
    if math.isfinite(value):
        return paddle.full([], value, dtype)
    return paddle.full([], 0.0 if math.isnan(value) else math.copysign(1.0, value), dtype) / paddle.full([], 0.0, dtype)


@lru_cache(maxsize=256)
def _eager_scalar(value: float, dtype: Any, place: Any) -> Array:
    return paddle.to_tensor(value, dtype=dtype, place=place)


def _full_like(x: Array, value: float, dtype: Any = None) -> Array:
    if not is_traced(x):
        return paddle.full_like(x, value, dtype=dtype)
    # In a graph full_like rounds to float32.
    return paddle.expand_as(_constant(value, dtype or x.dtype), x)


def _where(condition: Array, a: Array | float, b: Array | float) -> Array:
    like: Array = a if is_array(a) else b
    if like.dtype not in _SELECTABLE:
        wide = paddle.float32 if like.dtype in _KINDS["real floating"] else paddle.int32
        a, b = (paddle.cast(part, wide) if is_array(part) else part for part in (a, b))
        return paddle.cast(_where(condition, a, b), like.dtype)
    # In a graph where broadcasts by adding zeros, one pass for each operand.
    fill = _full_like if is_traced(like) else lambda like, value: _scalar(value, like)
    return paddle.where(condition, *(part if is_array(part) else fill(like, part) for part in (a, b)))


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    if is_traced(x) or differentiable(x) or differentiable(value):
        # put_along_axis has no second derivative, and in a graph refuses an unknown size beside a known one.
        positions = paddle.reshape(paddle.arange(x.shape[axis]), [-1] + [1] * (-axis - 1))
        if is_traced(x) and is_array(value):
            value = paddle.expand_as(value, x)
        return _where(indices == positions, value, x)
    values = value if is_array(value) else paddle.full_like(indices, value, dtype=x.dtype)
    return paddle.put_along_axis(x, indices, values, axis, broadcast=False)


def _isdtype(dtype: Any, kind: str | tuple[str, ...]) -> bool:
    return any(dtype in _KINDS[one] for one in ((kind,) if isinstance(kind, str) else kind))


def _arange(stop: int, *, dtype: Any, device: Any) -> Array:
    positions = paddle.arange(stop, dtype=dtype)
    return positions if device in (None, getattr(positions, "place", None)) else paddle.to_tensor(positions, place=device)


xp = complete(
    Names(
        **{dtype: getattr(paddle, dtype) for dtype in ("int64", "float16", "bfloat16", "float32", "float64", "finfo", "iinfo")},
        **{
            function: getattr(paddle, function)
            for function in ("abs", "count_nonzero", "isinf", "log", "log1p", "reshape", "sqrt", "squeeze")
        },
        arange=_arange,
        astype=_cast,
        broadcast_to=lambda x, shape: paddle.expand(x, shape),
        concat=lambda arrays, axis=0: paddle.concat(arrays, axis),
        divide=_divide,
        equal=lambda x, y: (x <= y) & (x >= y),  # paddle's == takes 1e-17 for 0, and float32 1 + 1e-9 for 1
        exp=_exp,
        expand_dims=lambda x, axis: paddle.unsqueeze(x, axis),
        full_like=_full_like,
        isdtype=_isdtype,
        max=lambda x, axis=None, keepdims=False: paddle.max(x, axis, keepdims),
        ones_like=lambda x, dtype=None: paddle.ones_like(x, dtype),
        pow=_pow,
        sum=_sum,
        take=lambda x, indices, axis: paddle.index_select(x, indices, axis),
        take_along_axis=lambda x, indices, axis: paddle.take_along_axis(x, indices, axis, broadcast=False),
        where=_where,
        zeros_like=lambda x, dtype=None: paddle.zeros_like(x, dtype),
    ),
    scatter=_scatter,
    # A graph rounds Python numbers to float32, whatever they meet.
    number=lambda value, dtype: value if paddle.in_dynamic_mode() else paddle.full([], value, dtype),
)
