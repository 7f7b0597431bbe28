"""Paddle, eager and under ``paddle.jit.to_static``.  Its namespace is :mod:`.namespace`.

Nothing is ever differentiated through the predictions x.  With value P and slope S, taken at a constant x₀ = x, an attached loss is

    P(x₀, w) + S(x₀, w)·ε(x),      ε(x) = 0 with derivative 1

so that Paddle differentiates through the inputs w alone, and mixed second derivatives come out in both orders.  The second derivative
with respect to x is the formula's own; in eager mode only.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import paddle

import unifocal
from unifocal.arrays import Array, Namespace, NumPyArray, Shape
from unifocal.backend import Backend, Walk
from unifocal.formulas.base import Formula, Inputs
from unifocal.native import native
from unifocal.sums import pairwise_total

from .. import numpy
from ..defaults import canonical as canonical
from .namespace import differentiable, xp
from .namespace import is_array as is_array
from .namespace import is_traced as is_traced
from .namespace import on_host as on_host

name = "paddle"

# Paddle's annotations lack these.
_PyLayer: Any = paddle.autograd.PyLayer
_static_pylayer: Any = paddle.static.nn.static_pylayer


def _leave_unconverted(*files: str) -> None:
    """Keep to_static(full_graph=True), which rewrites the source of all that a function calls, from what lies beside these files.

    It would look for more in a module's members, and theirs, with all of torch if unifocal has loaded it: so it gets bare modules.
    """
    for file in files:
        module = ModuleType("unifocal")
        module.__file__ = file
        paddle.jit.ignore_module([module])


_leave_unconverted(unifocal.__file__, str(Path(__file__).parents[1] / "__init__.py"))


def unsuitable(value: object) -> str | None:
    if not isinstance(value, paddle.Tensor):
        return None
    if value.is_dist():
        return "a distributed tensor: paddle.distributed.unshard_dtensor makes it dense"
    return "a sparse tensor: .to_dense() makes it dense"


def namespace(x: Array) -> Namespace:
    return xp


def shape(x: Array) -> Shape:
    return tuple(None if n < 0 else n for n in x.shape)


def size(x: Array) -> int | Array:
    known = shape(x)
    return paddle.numel(x) if None in known else math.prod(n for n in known if n is not None)


def device(x: Array) -> Hashable:
    place: Hashable = None if is_traced(x) else x.place
    return place


def is_constant(x: Array) -> bool:
    return not differentiable(x)


def autocast(x: Array) -> bool:
    # Eager mode leaves tensors in host memory alone; a graph casts wherever it runs.
    return bool(paddle.amp.is_autocast_enabled()) and (is_traced(x) or not on_host(x))


def computing(x: Array) -> AbstractContextManager[None]:
    return full_precision()


def full_precision() -> AbstractContextManager[None]:
    # Level O2 would compute in half precision.
    return paddle.amp.auto_cast(enable=False) if paddle.amp.is_autocast_enabled() else nullcontext()


def require_sizes(what: str, x: Array, like: Array, axis: int, size_at_axis: list[int] | None) -> Array:
    known = list(shape(like))
    if None not in (*shape(x), *known):
        return x
    sizes = [(n, paddle.shape(like)[i]) for i, n in enumerate(known)]
    if size_at_axis is not None:
        sizes[axis : axis + 1 or None] = [(n, n) for n in size_at_axis]
    own = paddle.shape(x)
    # A graph has no message of ours to fail with, but a reshape to sizes that cannot hold x fails.
    held = [n if n is not None and n == x.shape[i] else paddle.where(own[i] == m, own[i], own[i] + 1) for i, (n, m) in enumerate(sizes)]
    return paddle.reshape(x, held)


def from_numpy(array: NumPyArray, like: Array) -> Array:
    array = native(array)
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)  # to_tensor takes uint16 for the bits of bfloat16, and no wider unsigned numbers
    return paddle.to_tensor(array) if is_traced(like) else paddle.to_tensor(array, place=like.place)


def to_numpy(x: Array) -> NumPyArray:
    array: NumPyArray = x.numpy()
    return array


def stop_gradient(x: Array) -> Array:
    if not is_traced(x):
        return x.detach()
    # In a graph detach() is another name of the same memory, which Paddle 3.3.1 does not know: it computes in place there, over an input.
    constant = paddle.assign(x)
    constant.stop_gradient = True
    return constant


def as_eager(tensors: list[Any], place: int) -> list[Array] | None:
    for i, tensor in enumerate(tensors):
        # NumPy has no bfloat16.
        if not is_array(tensor) or is_traced(tensor) or tensor.dtype == paddle.bfloat16 or not on_host(tensor):
            return None
        if i != place and not tensor.stop_gradient:
            return None
    return tensors


def host_backend(dtype: Any, others: Iterable[Any], elements: int) -> Backend:
    return numpy


def threads(x: Array) -> int:
    return int(paddle.get_flags("FLAGS_paddle_num_threads")["FLAGS_paddle_num_threads"])


def host(x: Array) -> Array:
    # Nine times as fast as Paddle's own log1p is NumPy's, twice its exp; and it is called in a fifth of the time.
    return np.from_dlpack(x.detach())


def from_host(x: Array | float, like: Array, dtype: Any) -> Array:
    # paddle.to_tensor takes four times as long as either.
    if isinstance(x, float):
        return paddle.full([], x, dtype, device=like.place)
    return xp.astype(paddle.utils.dlpack.from_dlpack(np.asarray(x)), dtype)


def total(x: Array) -> Array:
    return pairwise_total(xp, x, size(x))


def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    constants = Inputs(*(stop_gradient(part) if is_array(part) else part for part in inputs))
    return formula.value_slope(xp, stop_gradient(x), constants)


def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    value, slope = formula.differentiable(xp, stop_gradient(x), inputs)
    dropped = formula.dropped_axis
    value = require_sizes("The loss and its weights", value, x, -1 if dropped is None else dropped, None if dropped is None else [])
    value = total(value) if summed else value
    if x.stop_gradient:
        return value
    call = _Call(formula, inputs, summed)
    if is_traced(x):
        return value + _first_order(x, slope, call)
    if any(differentiable(part) for part in inputs):
        return value + _first_order(x, slope, call) + _Attached.apply(x, _Given(paddle.zeros_like(stop_gradient(value)), None, call))
    return _Attached.apply(x, _Given(value, slope, call))


def attach_walk(x: Array, walk: Walk, dtype: Any) -> Array:
    if x.stop_gradient or not paddle.is_grad_enabled():
        return from_host(walk.run(False)[0], x, dtype)
    value, slope, scale, divisor = walk.run(True)
    return _Attached.apply(
        x, _Given(from_host(value, x, dtype), paddle.utils.dlpack.from_dlpack(np.asarray(slope)), _Walked(walk, scale, divisor))
    )


# A dataclass, because PyLayer looks for tensors inside tuples.
@dataclass(frozen=True, eq=False)
class _Call:
    """What the second derivative and the shape of a loss depend on."""

    formula: Formula
    inputs: Inputs
    summed: bool
    scale: float = 1.0

    @property
    def lacks(self) -> int | None:
        """The axis that the loss lacks beside the predictions, if it is one a row."""
        return None if self.summed else self.formula.dropped_axis

    def second(self, x: Array, h: Array) -> Array:
        return self.formula.second(xp, x, self.inputs, h)


@dataclass(frozen=True, eq=False)
class _Walked:
    """The same of a call that was evaluated in blocks."""

    walk: Walk
    scale: float
    divisor: float

    @property
    def lacks(self) -> int | None:
        return None if self.walk.summed else self.walk.formula.dropped_axis

    def second(self, x: Array, h: Array) -> Array:
        formula, folded, inputs = self.walk.whole(x, self.walk.tensors)
        # The kept slope's derivative: that slope is the formula's times scale/divisor.
        h = xp.astype(h, folded.dtype)
        h = h if self.scale == self.divisor else h * (self.scale / self.divisor)
        return xp.astype(formula.second(xp, folded, inputs, h), x.dtype)


@dataclass(frozen=True, eq=False)
class _Given:
    """What an attached loss is: fresh constants, which a PyLayer that is given them as tensors would want copied."""

    value: Array
    slope: Array | None
    call: _Call | _Walked


def _first_order(x: Array, slope: Array, call: _Call) -> Array:
    """S·ε(x), of the loss's shape: 0 even where S is infinite, with derivative S."""
    term = slope * _epsilon(x)
    if call.summed:
        term = paddle.sum(term)
    elif call.lacks is not None:
        term = paddle.sum(term, axis=call.lacks)
    return _epsilon(term)


def _epsilon(x: Array) -> Array:
    return _static_pylayer(paddle.zeros_like, [x], lambda cotangent: cotangent) if is_traced(x) else _Epsilon.apply(x)


# A PyLayer has to return None for an input that paddle.grad was not asked about, and cannot know which that is.  So each of these has one
# input that may need a gradient; what else the derivatives depend on is not an input.
class _Epsilon(_PyLayer):
    """0, with derivative 1, or that of a call's slope."""

    @staticmethod
    def forward(ctx: Any, x: Array, call: _Call | _Walked | None = None) -> Array:
        ctx.save_for_backward(x)
        ctx.call = call
        # What is multiplied by a slope's derivative is kept in float32: a cotangent over the number of predictions vanishes in float16.
        return paddle.zeros_like(x, dtype=paddle.float32 if x.dtype == paddle.float16 else None)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        (x,), call = ctx.saved_tensor(), ctx.call
        if call is None:
            return cotangent
        with full_precision():
            x = _Last.apply(x) if paddle.is_grad_enabled() else x
            return call.second(x, cotangent)


class _Attached(_PyLayer):
    """A constant, with a slope (None is 0) that has the formula's second derivative."""

    @staticmethod
    def forward(ctx: Any, x: Array, given: _Given) -> Array:
        ctx.save_for_backward(x)
        ctx.slope, ctx.call = given.slope, given.call
        return given.value

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        (x,), slope, call = ctx.saved_tensor(), ctx.slope, ctx.call
        with full_precision():
            cotangent = cotangent if call.lacks is None else paddle.unsqueeze(cotangent, call.lacks)
            if slope is not None and slope.dtype == paddle.float16:
                if not paddle.is_grad_enabled():
                    gradient = numpy.product(host(slope), host(cotangent), call.scale)
                    return paddle.utils.dlpack.from_dlpack(gradient)
                slope = xp.astype(slope, xp.float32)
            if paddle.is_grad_enabled():
                curved = _Epsilon.apply(x, call)
                slope = curved if slope is None else slope + xp.astype(curved, slope.dtype)
            if slope is None:
                return paddle.zeros_like(x)
            cotangent = xp.astype(cotangent, slope.dtype)
            return xp.astype(slope * (cotangent if call.scale == 1 else cotangent / call.scale), x.dtype)


class _Last(_PyLayer):
    """x, where Paddle's derivative would be wrong: its max gives each of several equal logits the whole gradient."""

    @staticmethod
    def forward(ctx: Any, x: Array) -> Array:
        return paddle.assign(x)

    @staticmethod
    def backward(ctx: Any, cotangent: Array) -> Array:
        raise NotImplementedError("On Paddle unifocal's losses have first and second derivatives; a third was required.")
