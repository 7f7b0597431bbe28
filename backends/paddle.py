"""Paddle, eager and under ``paddle.jit.to_static``; Paddle has no Array API namespace, so the names that the core uses stand here.

Nothing is ever differentiated through the predictions x.  With value P and slope S, taken at a constant x₀ = x, an attached loss is

    P(x₀, w) + S(x₀, w)·ε(x),      ε(x) = 0 with derivative 1

so that Paddle differentiates through the inputs w alone, and mixed second derivatives come out in both orders.  The second derivative
with respect to x is the kernel's own; in eager mode only.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import paddle

import unifocal
from unifocal.native import native
from unifocal.protocol import Array, Inputs, Kernel, Namespace, NumPyArray
from unifocal.reduction import pairwise_total
from unifocal.spec import Spec

name = "paddle"

# Paddle's annotations lack these.
_Value: Any = paddle.pir.Value
_PyLayer: Any = paddle.autograd.PyLayer
_static_pylayer: Any = paddle.static.nn.static_pylayer

# to_static(full_graph=True) rewrites the source of all that a function calls.
paddle.jit.ignore_module([unifocal])

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


def canonical(x: Array) -> Array:
    return x


def namespace(x: Array) -> Namespace:
    return _XP


def shape(x: Array) -> tuple[int | None, ...]:
    return tuple(None if n < 0 else n for n in x.shape)


def size(x: Array) -> int | Array:
    known = shape(x)
    return paddle.numel(x) if None in known else math.prod(n for n in known if n is not None)


def device(x: Array) -> Hashable:
    place: Hashable = None if is_traced(x) else x.place
    return place


def is_traced(x: Array) -> bool:
    return isinstance(x, _Value)


def on_host(x: Array) -> bool:
    return bool(x.place.is_cpu_place())


def autocast(x: Array) -> bool:
    # Eager mode leaves tensors in host memory alone; a graph casts wherever it runs.
    return bool(paddle.amp.is_autocast_enabled()) and (is_traced(x) or not on_host(x))


def of_sizes(what: str, x: Array, like: Array, axis: int, at_axis: list[int] | None) -> Array:
    return x


def from_numpy(array: NumPyArray, like: Array) -> Array:
    array = native(array)
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)  # to_tensor takes uint16 for the bits of bfloat16, and no wider unsigned numbers
    return paddle.to_tensor(array) if is_traced(like) else paddle.to_tensor(array, place=like.place)


def to_numpy(x: Array) -> NumPyArray:
    array: NumPyArray = x.numpy()
    return array


def stop_gradient(x: Array) -> Array:
    return x.detach()


def total(x: Array) -> Array:
    return pairwise_total(_XP, x, size(x))


def run(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    constants = Inputs(*(stop_gradient(part) if is_array(part) else part for part in inputs))
    with _full_precision():
        return kernel.value_slope(_XP, spec, stop_gradient(x), constants)


def attach(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
    with _full_precision():
        value, slope = kernel.value_slope(_XP, spec, stop_gradient(x), inputs)
        value = total(value) if summed else value
        if x.stop_gradient:
            return value
        call = _Call(kernel, spec, inputs, summed)
        if is_traced(x):
            return value + _first_order(x, slope, call)
        if any(_differentiable(part) for part in inputs):
            return value + _first_order(x, slope, call) + _Attached.apply(x, paddle.zeros_like(stop_gradient(value)), None, call)
        return _Attached.apply(x, value, slope, call)


# A dataclass, because PyLayer looks for tensors inside tuples.
@dataclass(frozen=True, eq=False)
class _Call:
    """What the second derivative and the shape of a loss depend on."""

    kernel: Kernel
    spec: Spec
    inputs: Inputs
    summed: bool

    @property
    def drops_axis(self) -> bool:
        return self.spec.link == "softmax" and not self.summed


def _full_precision() -> AbstractContextManager[None]:
    """Without automatic mixed precision, whose level O2 would compute in half precision."""
    return paddle.amp.auto_cast(enable=False) if paddle.amp.is_autocast_enabled() else nullcontext()


def _differentiable(x: object) -> bool:
    return is_array(x) and not x.stop_gradient  # type: ignore[attr-defined]


def _first_order(x: Array, slope: Array, call: _Call) -> Array:
    """S·ε(x), of the loss's shape: 0 even where S is infinite, with derivative S."""
    term = slope * _epsilon(x)
    if call.summed:
        term = paddle.sum(term)
    elif call.drops_axis:
        term = paddle.sum(term, axis=call.spec.axis)
    return _epsilon(term)


def _epsilon(x: Array) -> Array:
    return _static_pylayer(paddle.zeros_like, [x], lambda cotangent: cotangent) if is_traced(x) else _Epsilon.apply(x)


# A PyLayer has to return None for an input that paddle.grad was not asked about, and cannot know which that is.  So each of these has one
# input that may need a gradient; what else the derivatives depend on is not an input.
class _Epsilon(_PyLayer):
    """0, with derivative 1, or that of a call's slope."""

    @staticmethod
    def forward(ctx: Any, x: Array, call: _Call | None = None) -> Array:
        ctx.save_for_backward(x)
        ctx.call = call
        return paddle.zeros_like(x)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        (x,), call = ctx.saved_tensor(), ctx.call
        if call is None:
            return cotangent
        with _full_precision():
            x = _Last.apply(x) if paddle.is_grad_enabled() else x
            return call.kernel.second(_XP, call.spec, x, call.inputs, cotangent)


class _Attached(_PyLayer):
    """A constant, with a slope (None is 0) that has the kernel's second derivative."""

    @staticmethod
    def forward(ctx: Any, x: Array, constant: Array, slope: Array | None, call: _Call) -> Array:
        ctx.save_for_backward(x)
        ctx.slope, ctx.call = slope, call
        return paddle.assign(constant)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> tuple[Array, None]:
        (x,), slope, call = ctx.saved_tensor(), ctx.slope, ctx.call
        with _full_precision():
            if paddle.is_grad_enabled():
                curved = _Epsilon.apply(x, call)
                slope = curved if slope is None else slope + curved
            if slope is None:
                return paddle.zeros_like(x), None
            return slope * (paddle.unsqueeze(cotangent, call.spec.axis) if call.drops_axis else cotangent), None


class _Last(_PyLayer):
    """x, where Paddle's derivative would be wrong: its max gives each of several equal logits the whole gradient."""

    @staticmethod
    def forward(ctx: Any, x: Array) -> Array:
        return paddle.assign(x)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        raise NotImplementedError("On Paddle unifocal's losses have first and second derivatives; a third was required.")


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
    return x * _Reciprocal.apply(y) if _differentiable(y) and not is_traced(y) else x / y


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
    if _differentiable(x) and paddle.is_grad_enabled() and not is_traced(x):
        return _Pow.apply(x, exponent)
    return paddle.pow(x, _scalar(exponent, x))


def _scalar(value: float, like: Array) -> Array:
    """A 0-D constant of like's dtype: paddle.where and paddle.pow round a Python number to float32."""
    return paddle.full([], value, like.dtype) if is_traced(like) else _eager_scalar(value, like.dtype, like.place)


@lru_cache(maxsize=256)
def _eager_scalar(value: float, dtype: Any, place: Any) -> Array:
    return paddle.to_tensor(value, dtype=dtype, place=place)


def _full_like(x: Array, value: float, dtype: Any = None) -> Array:
    if not is_traced(x):
        return paddle.full_like(x, value, dtype=dtype)
    # In a graph full_like rounds to float32.
    return paddle.expand_as(paddle.full([], value, dtype or x.dtype), x)


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
    if is_traced(x) or _differentiable(x) or _differentiable(value):
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


_XP = SimpleNamespace(
    **{dtype: getattr(paddle, dtype) for dtype in ("int64", "float32", "float64", "finfo", "iinfo")},
    **{function: getattr(paddle, function) for function in ("abs", "count_nonzero", "isinf", "log", "log1p", "reshape", "sqrt", "squeeze")},
    arange=_arange,
    astype=_cast,
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
    scatter=_scatter,
    # A graph rounds Python numbers to float32, whatever they meet.
    number=lambda value, dtype: value if paddle.in_dynamic_mode() else paddle.full([], value, dtype),
    sum=_sum,
    take=lambda x, indices, axis: paddle.index_select(x, indices, axis),
    take_along_axis=lambda x, indices, axis: paddle.take_along_axis(x, indices, axis, broadcast=False),
    where=_where,
    zeros_like=lambda x, dtype=None: paddle.zeros_like(x, dtype),
)
