"""Eager evaluation in blocks that stay in the cache: value and slope of one block at a time, from operands in their own dtypes.

Memory traffic is what eager arithmetic costs.  Each block's labels and weights are cast, checked and folded, its losses summed and its
slope written while it is hot; beyond the inputs only the slope is as large as the predictions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple, cast

import numpy as np

from .plan import Call, Plan, Tensors, folded, is_plain
from .protocol import Array, Backend, EagerBackend, Inputs, Kernel, Namespace
from .spec import Spec

_SMALLEST, _LARGEST, _SHARE = 1 << 17, 1 << 19, 16
"""A block of an array has 128 to 512 KiB, so that a dozen stay in the second-level cache or near; within that, a sixteenth of the array."""
_LARGEST_OF_ROWS = 1 << 24
"""With one class index a row the kernel computes in the one array that becomes the slope, and what else it makes is one number a row: there
is little to keep in the cache, and fewer blocks cost less Python."""
_TEMPORARIES = 16

Index = tuple[slice, ...]


class Result(NamedTuple):
    """What a walk found: the loss, reduced as the spec says; the slope not yet divided by the divisor."""

    value: Array | float
    slope: Array  # None unless it was asked for
    divisor: float


class Walk:
    """A call to be evaluated in blocks; see :func:`unifocal.protocol.EagerBackend.attach_walk`."""

    def __init__(self, call: Call) -> None:
        self.call = call

    @property
    def summed(self) -> bool:
        """Whether the loss is one number."""
        return self.call.ctx.spec.reduction != "none"

    @property
    def tensors(self) -> list[Array]:
        """The operands that are tensors, beside the predictions."""
        return [part for part in self.call.tensors if not is_plain(part)]

    def whole(self, x: Array, tensors: list[Array]) -> tuple[Kernel, Spec, Array, Inputs]:
        """The kernel and its arguments, of whole arrays: what second derivatives take.  ``tensors`` are :attr:`tensors`, kept by whom."""
        kept = iter(tensors)
        parts = [part if is_plain(part) else next(kept) for part in self.call.tensors]
        plan = folded(self.call._replace(ctx=self.call.ctx._replace(x=x), tensors=Tensors(*parts)))
        return plan.kernel, plan.spec, plan.x, plan.inputs

    @classmethod
    def of(cls, call: Call) -> Walk | None:
        """The walk of a call, if it is to be evaluated in blocks."""
        walk, ctx = cls(call), call.ctx
        possible = walk.summed or ctx.spec.class_axis == "kernel"
        return walk if possible and ctx.backend.in_blocks(ctx.x, walk.tensors) else None

    def run(self, sloped: bool) -> Result:
        """The value and, if asked for, the slope, as constants in host memory; raises ValueError where operands are out of range."""
        call = _on_host(self.call)
        try:
            with call.ctx.backend.computing(call.ctx.x):
                return _single(call, sloped) if math.prod(call.ctx.x.shape) <= _elements(call) else _many(call, sloped)
        except ValueError:
            folded(call)  # says where in the whole of an array the fault is
            raise

    def value_and_gradient(self) -> tuple[Array, Array]:
        """The value and the gradient of its sum, as constants of the call's backend."""
        ctx = self.call.ctx
        backend = cast("EagerBackend", ctx.backend)
        value, gradient, divisor = self.run(True)
        if divisor != 1:
            gradient /= divisor
        return backend.from_host(value, ctx.x, ctx.result_dtype), backend.from_host(gradient, ctx.x, ctx.x.dtype)


def _on_host(call: Call) -> Call:
    """The call on the arrays that blocks are computed on."""
    ctx = call.ctx
    backend = cast("EagerBackend", ctx.backend)
    owner = backend.host_backend
    if owner is backend:
        return call._replace(ctx=ctx._replace(eager=True))
    x = backend.host(ctx.x)
    tensors = Tensors(*(part if is_plain(part) else backend.host(part) for part in call.tensors))
    xp = owner.namespace(x)
    dtype = xp.float64 if x.dtype == xp.float64 else xp.float32
    return call._replace(ctx=ctx._replace(backend=owner, xp=xp, x=x, dtype=dtype, eager=True), tensors=tensors)


def _elements(call: Call) -> int:
    """The size of a block."""
    ctx = call.ctx
    width = 8 if ctx.dtype == ctx.xp.float64 else 4
    if call.by_index and ctx.spec.categorical and not ctx.spec.label_smoothing:
        return _LARGEST_OF_ROWS // width
    elements: int = max(_SMALLEST // width, min(_LARGEST // width, math.prod(ctx.x.shape) // _SHARE))
    return elements


def _single(call: Call, sloped: bool) -> Result:
    plan = folded(call)
    value, slope, total = _value_slope(plan)
    if plan.denominator is None:
        return Result(value, slope, 1.0)
    return _reduced(call.ctx.xp, total, slope if sloped else None, float(plan.denominator))


def _many(call: Call, sloped: bool) -> Result:
    ctx = call.ctx
    xp, x, spec = ctx.xp, ctx.x, ctx.spec
    whole = ctx.axis + x.ndim if spec.drops_axis or spec.categorical or call.by_index else None
    value = xp.empty(ctx.loss_shape, dtype=ctx.dtype) if spec.reduction == "none" else None
    slope = xp.empty_like(x, dtype=ctx.dtype) if sloped else None
    totals: list[float] = []
    divisors: list[Any] = []
    elements = _elements(call)
    _keep_heap(xp, min(elements, _LARGEST), ctx.dtype)
    for index in cuts(x.shape, whole, elements):
        part = x[index]
        tensors = Tensors(*(_cut(tensor, index) for tensor in call.tensors))
        plan = folded(call._replace(ctx=ctx._replace(x=part, shape=tuple(part.shape)), tensors=tensors))
        block_value, block_slope, total = _value_slope(plan)
        if slope is not None:
            slope[index] = block_slope
        if value is not None:
            value[index[:whole] + index[whole + 1 :] if whole is not None and spec.categorical else index] = block_value
        else:
            totals.append(total)
            divisors.append(plan.denominator)
    if value is not None:
        return Result(value, slope, 1.0)
    # Added up in pairs, in float64.
    divisor = divisors[0] if spec.reduction == "sum" else np.sum([float(part) for part in divisors])
    return _reduced(xp, float(np.sum(totals)), slope, float(divisor))


def _reduced(xp: Namespace, total: float, slope: Array | None, divisor: float) -> Result:
    if divisor:
        return Result(total / divisor, slope, divisor)
    return Result(0.0, None if slope is None else xp.zeros_like(slope), 1.0)  # nothing was averaged


def _value_slope(plan: Plan) -> tuple[Array, Array, float]:
    return value_slope(plan.ctx.backend, plan.ctx.xp, plan.kernel, plan.spec, plan.x, plan.inputs)


def value_slope(backend: Backend, xp: Namespace, kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array, float]:
    """The kernel's value and slope of a block, and the sum of the value."""
    if kernel.fast is not None:
        value, slope = kernel.fast(xp, spec, x, inputs)
        total = float(backend.total(value))
        if math.isfinite(total):
            return value, slope, total
    value, slope = kernel.value_slope(xp, spec, x, inputs)
    return value, slope, float(backend.total(value))


def _cut(part: Any, index: Index) -> Any:
    """A block of an operand: where it has size 1 it has that in every block."""
    if is_plain(part) or part.ndim == 0:
        return part
    return part[tuple(cut if n != 1 else slice(None) for cut, n in zip(index, part.shape, strict=True))]


def cuts(shape: tuple[int, ...], whole: int | None, elements: int) -> Iterator[Index]:
    """Indices of blocks that cover the shape, of about so many elements; dimension ``whole`` stays whole, and first ones are cut first."""
    steps, size = list(shape), math.prod(shape)
    for i, n in enumerate(shape):
        if size <= elements:
            break
        if i != whole:
            others = size // n
            parts = -(-n // max(1, elements // others))
            steps[i] = -(-n // parts)
            size = others * steps[i]
    ranges = ([slice(start, min(start + step, n)) for start in range(0, n, step)] for n, step in zip(shape, steps, strict=True))
    return product(*ranges)


_top: list[Array] = []


def _keep_heap(xp: Namespace, elements: int, dtype: Any) -> None:
    """Let the allocator keep, from block to block, the memory that their temporaries have.

    glibc gives what is free at the top of its heap back to the system, and every block would touch fresh pages: that took three quarters of
    the time.  One array that stays above where the temporaries come to lie prevents it.  (The first and larger one is mapped apart; when it
    is freed, glibc takes others of such a size from the heap.)
    """
    del _top[:-1]
    xp.empty((2 * elements,), dtype=dtype)
    below = [xp.empty((elements,), dtype=dtype) for _ in range(_TEMPORARIES)]
    _top.append(below[-1])
