"""Paddle, eager and under ``paddle.jit.to_static``.

Paddle has no Array API namespace, so this writes out the names that the core uses.  Facts are those of Paddle 3.3.1 on CPU.

Nothing is ever differentiated through the predictions x.  With value P and slope S, computed at a constant x₀ = x, an attached loss is

    P(x₀, w) + S(x₀, w)·ε(x),      ε(x) = 0 with derivative 1

so that Paddle differentiates only through the inputs w that require gradients, mixed second derivatives included, in both orders.
The second derivative with respect to x is the kernel's own.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import paddle
from paddle.static.nn import static_pylayer

import unifocal
from unifocal.protocol import Array, Inputs, Kernel, Namespace, NumPyArray
from unifocal.reduction import pairwise_total
from unifocal.spec import Spec

name = "paddle"

# to_static(full_graph=True) rewrites the source of what a function calls, and fails on closures and lambdas.
paddle.jit.ignore_module([unifocal])

_KINDS = {
    "bool": {paddle.bool},
    "integral": {paddle.int8, paddle.int16, paddle.int32, paddle.int64, paddle.uint8},
    "real floating": {paddle.float16, paddle.bfloat16, paddle.float32, paddle.float64},
}
# paddle.where has no CPU kernels for the others.
_SELECTABLE = {paddle.bool, paddle.int32, paddle.int64, paddle.float32, paddle.float64}


def is_array(value: object) -> bool:
    return isinstance(value, paddle.pir.Value) or (isinstance(value, paddle.Tensor) and value.is_dense())


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
    return isinstance(x, paddle.pir.Value)


def on_host(x: Array) -> bool:
    return bool(x.place.is_cpu_place())


def autocast(x: Array) -> bool:
    # Eager mode leaves tensors in host memory alone, a graph casts them too.
    return bool(paddle.amp.is_autocast_enabled()) and (is_traced(x) or not on_host(x))


def from_numpy(array: NumPyArray, like: Array) -> Array:
    # to_tensor reads uint16 as the bits of bfloat16, and knows no wider unsigned, no extended and no byte-swapped numbers.
    kind, width = array.dtype.kind, array.dtype.itemsize
    if kind == "u" and width > 1:
        array = array.astype(np.int64)
    elif width > 8 or not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("=") if width <= 8 else np.float64)
    return paddle.to_tensor(array) if is_traced(like) else paddle.to_tensor(array, place=like.place)


def to_numpy(x: Array) -> NumPyArray:
    array: NumPyArray = x.numpy()  # of bfloat16 these would be the bits
    return array


def stop_gradient(x: Array) -> Array:
    return x.detach()


def total(x: Array) -> Array:
    return pairwise_total(_XP, x, size(x))


def run(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    constants = Inputs(*(stop_gradient(value) if is_array(value) else value for value in inputs))
    with _exact():
        return kernel.value_slope(_XP, spec, stop_gradient(x), constants)


def attach(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
    with _exact():
        value, slope = kernel.value_slope(_XP, spec, stop_gradient(x), inputs)
        call = _Call(kernel, spec, inputs, summed)
        if summed:
            value = total(value)
        if x.stop_gradient:
            return value
        if is_traced(x):
            return value + _epsilon_term(x, slope, call)
        if any(_differentiable(part) for part in inputs):
            return value + _epsilon_term(x, slope, call) + _Slope.apply(x, None, call)
        return value + _Slope.apply(x, slope, call)


class _Call(NamedTuple):
    """What the second derivative and the shape of a loss depend on."""

    kernel: Kernel
    spec: Spec
    inputs: Inputs
    summed: bool

    @property
    def drops_axis(self) -> bool:
        return self.spec.link == "softmax" and not self.summed


def _exact() -> AbstractContextManager[None]:
    """Without automatic mixed precision: its level O2 would compute in half precision."""
    # auto_cast is a Python generator and costs more than asking.
    return paddle.amp.auto_cast(enable=False) if paddle.amp.is_autocast_enabled() else nullcontext()


def _differentiable(x: object) -> bool:
    return is_array(x) and not x.stop_gradient  # type: ignore[attr-defined]


def _epsilon_term(x: Array, slope: Array, call: _Call) -> Array:
    """S·ε(x): 0, also where S or x is infinite, with derivative S."""
    term = slope * _epsilon(x)
    if call.summed:
        term = paddle.sum(term)
    elif call.drops_axis:
        term = paddle.sum(term, axis=call.spec.axis)
    return _epsilon(term)


def _epsilon(x: Array) -> Array:
    if is_traced(x):
        return static_pylayer(paddle.zeros_like, [x], lambda cotangent: cotangent)
    return _Epsilon.apply(x)


# A PyLayer must return None for an input that paddle.grad was not asked about, and is not told which: one tensor input each.
class _Epsilon(paddle.autograd.PyLayer):  # type: ignore[misc]
    """0 with derivative 1."""

    @staticmethod
    def forward(ctx: Any, x: Array) -> Array:
        return paddle.zeros_like(x)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        return cotangent


class _Slope(paddle.autograd.PyLayer):  # type: ignore[misc]
    """0, of the loss's shape, with the slope (0 if None) as derivative and the kernel's second derivative."""

    @staticmethod
    def forward(ctx: Any, x: Array, slope: Array | None, call: _Call) -> Array:
        ctx.save_for_backward(x)
        ctx.slope, ctx.call = slope, call
        zeros = paddle.zeros_like(x)
        return paddle.sum(zeros) if call.summed else paddle.sum(zeros, axis=call.spec.axis) if call.drops_axis else zeros

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array | None:
        (x,) = ctx.saved_tensor()
        slope, call = ctx.slope, ctx.call
        with _exact():
            if paddle.is_grad_enabled():
                curved = _Curvature.apply(x, call)
                slope = curved if slope is None else slope + curved
            if slope is None:
                return paddle.zeros_like(x)
            return slope * (paddle.unsqueeze(cotangent, call.spec.axis) if call.drops_axis else cotangent)


class _Curvature(paddle.autograd.PyLayer):  # type: ignore[misc]
    """0, of x's shape, with the kernel's second derivative as derivative."""

    @staticmethod
    def forward(ctx: Any, x: Array, call: _Call) -> Array:
        ctx.save_for_backward(x)
        ctx.call = call
        return paddle.zeros_like(x)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        (x,) = ctx.saved_tensor()
        call = ctx.call
        with _exact():
            x = _Last.apply(x) if paddle.is_grad_enabled() else x
            return call.kernel.second(_XP, call.spec, x, call.inputs, cotangent)


class _Last(paddle.autograd.PyLayer):  # type: ignore[misc]
    """x, where a further derivative would be wrong: Paddle's max gives every one of equal largest logits the whole gradient."""

    @staticmethod
    def forward(ctx: Any, x: Array) -> Array:
        return paddle.assign(x)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        raise NotImplementedError("unifocal's losses have first and second derivatives on Paddle; a third was required.")
