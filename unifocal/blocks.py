"""Eager evaluation in blocks that stay in the cache: value and slope of one block at a time, from operands in their own dtypes.

Memory traffic is what eager arithmetic costs.  Each block's labels and weights are cast, checked and folded, its losses summed and its
slope written while it is hot; beyond the inputs only the slope is as large as the predictions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from threading import local
from typing import Any, NamedTuple, cast

import numpy as np

from .plan import Call, Plan, Tensors, divisor_of, fixed_divisor, folded, is_plain, numbers
from .protocol import Array, Backend, EagerBackend, Inputs, Kernel, Namespace
from .slope import HalfSlope, Index, Slope
from .spec import Spec
from .threads import share

_BLOCK, _BLOCK_OF_ROWS = 11 << 15, 1 << 20
"""Bytes of a block, so that most of its arrays stay in the second-level cache or near, and of a softmax's labels, half of whose operations
are on one number a row, and cost what calls cost."""
_LARGEST_OF_ROWS = 1 << 24
"""With one class index a row the kernel computes in the one array that becomes the slope, and most of what else it makes is one number a
row: there is little to keep in the cache, and fewer blocks cost less Python.  Blocks of half precision are cast, which is more to keep: 8
Mi bfloat16 logits of 1000 classes take 22 ms in blocks of 1 MiB, 31 in blocks of 16 MiB."""
_TEMPORARIES, _OF_CROSS_ENTROPY = 8, 6
"""Arrays of a block's size that its kernel has at once, and the fewest blocks for each thread: those of all are no more than the whole."""
_MOST_KEPT = 1 << 19  # elements


class Result(NamedTuple):
    """What a walk found: the loss, a total over the divisor unless it is not reduced; and the slope of ``scale`` times the loss.

    A gradient is the slope times cotangent/scale, rounded to the predictions' dtype once; the slope may have that dtype already.
    """

    value: Array | float
    slope: Array  # None unless it was asked for
    scale: float
    divisor: float


class Walk:
    """A call to be evaluated in blocks; see :func:`unifocal.protocol.EagerBackend.attach_walk`."""

    def __init__(self, call: Call, hosted: Call, x: Array, targets: Array = None) -> None:
        self.call = call
        self.hosted = hosted
        """The call on the arrays that blocks are computed on."""
        self.x = x
        self.targets = targets
        """The targets as they were given, where the call lacks predictions and targets: those of a call like an earlier one."""

    @classmethod
    def of(cls, call: Call) -> Walk | None:
        """The walk of a call, if it is to be evaluated in blocks."""
        ctx = call.ctx
        backend = cast("EagerBackend", ctx.backend)
        possible = ctx.spec.reduction != "none" or ctx.spec.class_axis == "kernel"
        if not possible or not backend.in_blocks(ctx.x, [part for part in call.tensors if not is_plain(part)]):
            return None
        return cls(call, _hosted(call), ctx.x)

    def like(self, x: Array, targets: Array) -> Walk:
        """The walk of other predictions and targets, of the same shapes and dtypes, as :func:`.plan.call` was given them."""
        backend = cast("EagerBackend", self.call.ctx.backend)
        if self.hosted.ctx.backend is backend:
            return Walk(self.call, self.hosted.of(x, targets), x, targets)
        return Walk(self.call, self.hosted.of(backend.host(x), backend.host(targets)), x, targets)

    def bare(self) -> Walk:
        """The walk without predictions and targets, for :meth:`like`."""
        hosted = self.hosted
        if _is_one_block(hosted):
            hosted = replace(hosted, numbers=numbers(folded(hosted)))
        return Walk(self.call.of(None, None), hosted.of(None, None), None)

    @property
    def summed(self) -> bool:
        """Whether the loss is one number."""
        return self.call.ctx.spec.reduction != "none"

    @property
    def tensors(self) -> list[Array]:
        """The operands that are tensors, beside the predictions."""
        return [part for part in self.call.tensors if not is_plain(part)] if self.targets is None else [self.targets]

    def whole(self, x: Array, tensors: list[Array]) -> tuple[Kernel, Spec, Array, Inputs]:
        """The kernel and its arguments, of whole arrays: what second derivatives take.  ``tensors`` are :attr:`tensors`, kept by whom."""
        if self.targets is None:
            kept = iter(tensors)
            parts = [part if is_plain(part) else next(kept) for part in self.call.tensors]
            call = replace(self.call, ctx=self.call.ctx.of(x), tensors=Tensors(*parts))
        else:
            call = self.call.of(x, *tensors)
        plan = folded(call)
        return plan.kernel, plan.spec, plan.x, plan.inputs

    def run(self, sloped: bool, final: bool = False) -> Result:
        """The value and, if asked for, the slope, as constants in host memory; raises ValueError where operands are out of range.

        final: whether the slope will meet no cotangent but 1.
        """
        call = self.hosted
        try:
            with call.ctx.backend.computing(call.ctx.x):
                return _single(call, sloped) if _is_one_block(call) else _many(call, sloped, final, self._threads)
        except ValueError:
            self.whole(self.x, self.tensors)  # says where in the whole of an array the fault is
            raise

    @property
    def _threads(self) -> int:
        """How many threads may compute blocks: one where the framework computes them, which has threads of its own."""
        backend = cast("EagerBackend", self.call.ctx.backend)
        return 1 if self.hosted.ctx.backend is backend else backend.threads(self.x)

    def value_and_gradient(self) -> tuple[Array, Array]:
        """The value and the gradient of its sum, as constants of the call's backend."""
        ctx, x = self.call.ctx, self.x
        backend = cast("EagerBackend", ctx.backend)
        with backend.computing(x):
            value, gradient, scale, _ = self.run(True, final=True)
            if scale != 1:
                gradient /= scale
            return backend.from_host(value, x, ctx.result_dtype), backend.from_host(gradient, x, x.dtype)

    def attached(self) -> Array:
        """The loss, with its derivatives attached."""
        ctx = self.call.ctx
        backend = cast("EagerBackend", ctx.backend)
        with backend.computing(self.x):
            return backend.attach_walk(self.x, self, ctx.result_dtype)


def _hosted(call: Call) -> Call:
    """The call on the arrays that blocks are computed on."""
    ctx = call.ctx
    backend = cast("EagerBackend", ctx.backend)
    tensors = [part for part in call.tensors if not is_plain(part)]
    owner = backend.host_backend(ctx.x, tensors, min(_size(call), _elements(call)))
    if owner is backend:
        return replace(call, ctx=replace(ctx, eager=True))
    x: Array = backend.host(ctx.x)
    xp = owner.namespace(x)
    dtype = xp.float64 if x.dtype == xp.float64 else xp.float32
    result_dtype = x.dtype if ctx.result_dtype == ctx.x.dtype else xp.float32
    hosted = replace(ctx, backend=owner, xp=xp, x=x, dtype=dtype, result_dtype=result_dtype, eager=True)
    return replace(call, ctx=hosted, tensors=Tensors(*(part if is_plain(part) else backend.host(part) for part in call.tensors)))


def _elements(call: Call) -> int:
    """The size of a block."""
    ctx = call.ctx
    width = 8 if ctx.dtype == ctx.xp.float64 else 4
    if call.keeps_indices and ctx.x.dtype == ctx.dtype:
        return _LARGEST_OF_ROWS // width
    return (_BLOCK_OF_ROWS if ctx.spec.categorical else _BLOCK) // width


def _is_one_block(call: Call) -> bool:
    return _size(call) <= _elements(call)


def _size(call: Call) -> int:
    return math.prod(cast("tuple[int, ...]", call.ctx.shape))


def _single(call: Call, sloped: bool) -> Result:
    plan = folded(call)
    value, slope, total = _value_slope(plan)
    if plan.denominator is None:
        return Result(value, slope, 1.0, 1.0)
    divisor = float(plan.denominator)
    return _reduced(call.ctx.xp, total, slope if sloped else None, divisor, divisor)


def _many(call: Call, sloped: bool, final: bool, threads: int) -> Result:
    ctx = call.ctx
    xp, x, spec = ctx.xp, ctx.x, ctx.spec
    whole = ctx.axis + x.ndim if spec.drops_axis or spec.categorical or call.by_index else None
    elements = _elements(call)
    indices = list(cuts(x.shape, whole, elements))
    value = xp.empty(ctx.loss_shape, dtype=ctx.result_dtype) if spec.reduction == "none" else None
    slope = _slope_of(call, indices, final) if sloped else None
    temporaries = _TEMPORARIES if spec.gamma else _OF_CROSS_ENTROPY
    totals = np.zeros(len(indices))
    divisors: list[Any] = [None] * len(indices)

    def work(blocks: Iterator[tuple[int, Index]]) -> None:
        _keep_heap(xp, temporaries, min(elements, _MOST_KEPT), ctx.dtype)
        for number, index in blocks:
            plan = folded(_part(call, index))
            out = None if slope is None else slope.out(index)
            block_value, block_slope, total = _value_slope(plan, out)
            if slope is not None:
                slope.put(index, block_slope, out)
            if value is not None:
                value[index[:whole] + index[whole + 1 :] if whole is not None and spec.categorical else index] = block_value
            else:
                totals[number], divisors[number] = total, plan.denominator

    share(work, enumerate(indices), min(threads, len(indices) // temporaries))
    if value is not None:
        return Result(value, None if slope is None else slope.array, 1.0 if slope is None else slope.scale(1.0), 1.0)
    # Added up in pairs, in float64: block by block, whichever thread computed it.
    divisor = float(divisors[0] if spec.reduction == "sum" else np.sum([float(part) for part in divisors]))
    array, scale = (None, 1.0) if slope is None else (slope.array, slope.scale(divisor))
    return _reduced(xp, float(np.sum(totals)), array, scale, divisor)


def _part(call: Call, index: Index) -> Call:
    """A block of the call."""
    x = call.ctx.x[index]
    return replace(call, ctx=replace(call.ctx, x=x, shape=tuple(x.shape)), tensors=Tensors(*(cut(part, index) for part in call.tensors)))


def _slope_of(call: Call, indices: Iterable[Index], final: bool) -> Slope:
    """What the slope is written to."""
    ctx = call.ctx
    xp, x = ctx.xp, ctx.x
    if x.dtype == ctx.dtype:
        return Slope(xp, x, ctx.dtype)
    narrow = float(xp.finfo(x.dtype).max) < float(xp.finfo(ctx.dtype).max) / 2
    return HalfSlope(xp, x, ctx.dtype, _divisor(call, indices), scaled=narrow and not final)


def _divisor(call: Call, indices: Iterable[Index]) -> float:
    """What the total is divided by: fixed, or found in a look at the targets and weights before all else."""
    fixed = fixed_divisor(call)
    return float(np.sum([float(divisor_of(_part(call, index))) for index in indices])) if fixed is None else fixed


def _reduced(xp: Namespace, total: float, slope: Array | None, scale: float, divisor: float) -> Result:
    if divisor:
        return Result(total / divisor, slope, scale, divisor)
    return Result(0.0, None if slope is None else xp.zeros_like(slope), 1.0, 1.0)  # nothing was averaged


def _value_slope(plan: Plan, out: Array | None = None) -> tuple[Array, Array, float]:
    return value_slope(plan.ctx.backend, plan.ctx.xp, plan.kernel, plan.spec, plan.x, plan.inputs, out)


def value_slope(
    backend: Backend, xp: Namespace, kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, out: Array | None = None
) -> tuple[Array, Array, float]:
    """The kernel's value and slope (in ``out``, perhaps) of a block, and the sum of the value."""
    if kernel.fast is not None:
        value, slope = kernel.fast(xp, spec, x, inputs, out)
        total = float(backend.total(value))
        if math.isfinite(total):
            return value, slope, total
    value, slope = kernel.value_slope(xp, spec, x, inputs)
    return value, slope, float(backend.total(value))


def cut(part: Any, index: Index) -> Any:
    """A block of an operand: where it has size 1 it has that in every block."""
    if is_plain(part) or part.ndim == 0:
        return part
    return part[tuple(along if n != 1 else slice(None) for along, n in zip(index, part.shape, strict=True))]


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


_own = local()


def _keep_heap(xp: Namespace, temporaries: int, elements: int, dtype: Any) -> None:
    """Let the allocator keep, from block to block, the memory that their temporaries have.

    glibc gives what is free at the top of its heap back to the system, and every block would touch fresh pages: that took three quarters of
    the time.  One array that stays above where the temporaries come to lie prevents it.  (The first and larger one is mapped apart; when it
    is freed, glibc takes others of such a size from the heap.)
    """
    _own.top = None
    xp.empty((2 * elements,), dtype=dtype)
    below = [xp.empty((elements,), dtype=dtype) for _ in range(temporaries)]
    _own.top = below[-1]
