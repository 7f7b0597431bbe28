"""PyTorch: autograd, torch.func, torch.compile and torch.export."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from sys import modules
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import array_api_compat.torch
import torch
from torch._C._functorch import TransformType, get_interpreter_stack, is_legacy_batchedtensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.autograd import forward_ad

from unifocal.native import native
from unifocal.protocol import Array, Inputs, Kernel, Namespace, NumPyArray
from unifocal.spec import Spec

if TYPE_CHECKING:
    from unifocal.blocks import Walk

name = "torch"


_INTEGERS = (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64)


def _isdtype(dtype: Any, kind: str | tuple[str, ...]) -> bool:
    if dtype.is_floating_point:
        return "real floating" in kind
    return ("bool" in kind) if dtype == torch.bool else dtype in _INTEGERS and "integral" in kind


def _extent(x: Array) -> list[float]:
    if x.dtype in _INTEGERS[-3:]:
        return [math.nan, math.nan]  # torch has it for no wide unsigned numbers; NaN has it looked at by NumPy
    return [part.item() for part in torch.aminmax(x)] if x.numel() else [0.0, 0.0]


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    return x.scatter(axis, indices, value)


def _take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    # take_along_dim, which array-api-compat uses, fixes dynamic sizes in torch.export.
    return x.gather(axis, indices)


_PLAIN = (torch.Tensor, torch.nn.Parameter)
host_backend: Any = modules[__name__]
xp = SimpleNamespace(**vars(array_api_compat.torch))
xp.scatter = _scatter
xp.put = lambda x, indices, value, axis: x.scatter_(axis, indices, value)
xp.take_along_axis = _take_along_axis
# Their wrappers in array-api-compat cost more than the functions.
xp.isdtype = _isdtype
xp.squeeze = lambda x, axis: x.squeeze(axis)
xp.expand_dims = lambda x, axis: x.unsqueeze(axis)
xp.number = lambda value, dtype: value
xp.extent = _extent
# Inductor does not vectorise isinf on CPU, nor then what stands around it: compiled focal loss took 3.9 ms for 1 Mi instead of 1.7.
xp.isinf = lambda x: x.abs() == math.inf
xp.sigmoid = torch.sigmoid
xp.line = lambda x, start, step: torch.rsub(x, start, alpha=-step)
xp.multiply_add = lambda factor, a, b, c: torch.addcmul(c, a, b, value=factor)
# log1p(exp(t)) in one pass, and t from 40 on, where that is all the difference: 20, torch's default, is too soon in float64.
xp.softplus = lambda t: torch.nn.functional.softplus(t, threshold=40)


def is_array(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.layout == torch.strided


def canonical(x: Array) -> Array:
    return x


def namespace(x: Array) -> Namespace:
    return xp


def shape(x: Array) -> tuple[int | None, ...]:
    return tuple(x.shape)


def size(x: Array) -> int | Array:
    count = math.prod(x.shape)
    return torch.full((), count, device=x.device) if isinstance(count, torch.SymInt) else count


def device(x: Array) -> Hashable:
    found: Hashable = x.device
    return found


def is_traced(x: Array) -> bool:
    # is_compiling() is False inside torch.func's transforms, where even the values of plain tensors cannot be read.
    return torch.compiler.is_compiling() or torch.jit.is_tracing() or isinstance(x, FakeTensor) or bool(get_interpreter_stack())


def on_host(x: Array) -> bool:
    return bool(x.device.type == "cpu")


def autocast(x: Array) -> bool:
    return bool(torch.is_autocast_enabled(x.device.type))


def computing(x: Array) -> AbstractContextManager[None]:
    return nullcontext()


def of_sizes(what: str, x: Array, like: Array, axis: int, at_axis: list[int] | None) -> Array:
    return x


def from_numpy(array: NumPyArray, like: Array) -> Array:
    # torch.compile traces NumPy arrays, but nothing that asks for their layout.
    return torch.asarray(array if torch.compiler.is_compiling() else native(array), device=like.device)


def to_numpy(x: Array) -> NumPyArray:
    values: NumPyArray = x.detach().numpy()
    return values


def stop_gradient(x: Array) -> Array:
    return x.detach()


def in_blocks(x: Array, others: Iterable[Array]) -> bool:
    if is_traced(x) or x.device.type != "cpu" or type(x) not in _PLAIN or forward_ad._current_level >= 0:
        return False
    return not torch._C._len_torch_dispatch_stack() and not (torch.is_grad_enabled() and any(part.requires_grad for part in others))


def host(x: Array) -> Array:
    return x


def from_host(x: Array | float, like: Array, dtype: Any) -> Array:
    return torch.scalar_tensor(x, dtype=dtype) if isinstance(x, float) else x.to(dtype)


def total(x: Array) -> Array:
    if not torch.compiler.is_compiling() or torch.compiler.is_exporting():
        return torch.sum(x)  # eager torch adds up in a cascade
    # Compiled, torch adds straight on: at 10⁷ float32 elements it was 123 ulp off.
    if x.dtype == torch.float32 and x.device.type != "mps":
        return torch.sum(x, dtype=torch.float64).to(torch.float32)
    x = x.reshape(-1)
    for _ in range(4):  # enough for 10⁹ elements; asking for the size would fix it in a dynamic graph
        x = torch.nn.functional.pad(x, (0, -x.shape[0] % 32)).reshape(32, -1).sum(0)
    return x.sum()


def run(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    with torch.no_grad():
        return kernel.value_slope(xp, spec, x.detach(), inputs)


def attach(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
    if _forward_over_forward():
        value, _ = kernel.value_slope(xp, spec, x, inputs)
        return total(value) if summed else value
    # torch.compile cannot trace a Function with a jvp; torch.func's forward mode needs one.
    loss, first_order = (_Loss, _FirstOrder) if torch.compiler.is_compiling() else (_ForwardLoss, _ForwardFirstOrder)
    constant = Inputs(*(part.detach() if isinstance(part, torch.Tensor) else part for part in inputs))
    if not any(_differentiated(part) for part in inputs):
        return loss.apply(kernel, spec, summed, x, *constant)[0]
    # torch differentiates by the inputs alone, at a constant x; two terms that are 0 have the derivatives by x: the slope, and the second.
    value, slope = kernel.value_slope(xp, spec, x.detach(), inputs)
    by_x = first_order.apply(x, slope)
    if spec.categorical and not summed:
        by_x = by_x.sum(spec.axis)
    curved, _ = loss.apply(_curvature(kernel), spec, summed, x, *constant)
    return (total(value) + by_x.sum() if summed else value + by_x) + curved


def attach_walk(x: Array, walk: Walk, dtype: Any) -> Array:
    if x.requires_grad and torch.is_grad_enabled():
        return _Walked.apply(x, walk, dtype)
    with torch.no_grad():
        return from_host(walk.run(False).value, x, dtype)


@cache
def _curvature(kernel: Kernel) -> Kernel:
    """The kernel with its second derivative alone."""

    def zeros(*arguments: Any) -> tuple[Array, Array]:
        value, slope = kernel.value_slope(*arguments)
        return torch.zeros_like(value), torch.zeros_like(slope)

    return Kernel(zeros, kernel.second)


def _forward_over_forward() -> bool:
    """Whether forward mode is nested: torch then drops the outer tangents inside a Function's jvp, silently."""
    if torch.compiler.is_compiling():
        return False
    stack = get_interpreter_stack() or ()
    return sum(interpreter.key() == TransformType.Jvp for interpreter in stack) > 1


def _differentiated(part: object) -> bool:
    if not isinstance(part, torch.Tensor) or not part.is_floating_point():
        return False
    return part.requires_grad or forward_ad.unpack_dual(part).tangent is not None


class _Loss(torch.autograd.Function):
    """x -> value, slope.  The slope is an output in order to be saved: torch.func keeps outputs, not intermediates."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        kernel: Kernel, spec: Spec, summed: bool, x: Array, labels: Array, alpha: Any, pos_weight: Any, weight: Any
    ) -> tuple[Array, Array]:
        value, slope = kernel.value_slope(xp, spec, x, Inputs(labels, alpha, pos_weight, weight))
        return total(value) if summed else value, slope

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Array, Array]) -> None:
        ctx.kernel, ctx.spec, ctx.summed, *operands = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        _save(ctx, output[1], *operands)

    @staticmethod
    def backward(ctx: Any, g: Array | None, _: None) -> tuple[Array | None, ...]:
        gradient = None
        if g is not None:
            if not ctx.summed and ctx.spec.categorical:
                g = g.unsqueeze(ctx.spec.axis)
            gradient = g * _slope(ctx)
        return None, None, None, gradient, None, None, None, None


class _ForwardLoss(_Loss):
    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Array, Array]) -> None:
        _Loss.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*_tensors(output[1], *inputs[3:]))

    @staticmethod
    def jvp(ctx: Any, *tangents: Array | None) -> tuple[Array | None, None]:
        tangent = tangents[3] * _slope(ctx)
        if ctx.summed:
            tangent = tangent.sum()
        elif ctx.spec.categorical:
            tangent = tangent.sum(ctx.spec.axis)
        return tangent, None


class _Walked(torch.autograd.Function):
    """x -> loss, evaluated in blocks: eager mode only, differentiated backward only."""

    @staticmethod
    def forward(ctx: Any, x: Array, walk: Walk, dtype: Any) -> Array:
        value, slope, ctx.divisor = walk.run(True)
        ctx.walk, ctx.summed = walk, walk.summed
        ctx.save_for_backward(slope, x, *walk.tensors)
        return from_host(value, x, dtype)

    @staticmethod
    def backward(ctx: Any, g: Array) -> tuple[Array, None, None]:
        slope, x, *tensors = ctx.saved_tensors
        # Where the graph is not kept, nobody sees the slope again.
        donated = not (torch.is_grad_enabled() or _keeps_graph() or is_traced(g) or is_legacy_batchedtensor(g))
        if donated and ctx.summed:
            factor = g.item() / ctx.divisor
            return (slope if factor == 1 else slope.mul_(factor)).to(x.dtype), None, None
        g = g.to(slope.dtype) / ctx.divisor
        spec = ctx.walk.call.ctx.spec
        if spec.categorical and not ctx.summed:
            g = g.unsqueeze(spec.axis)
        if torch.is_grad_enabled():
            kernel, spec, folded, inputs = ctx.walk.whole(x, tensors)
            slope = _ForwardSlope.apply(kernel, spec, slope, folded, *inputs)
        return (slope.mul_(g) if donated else slope * g).to(x.dtype), None, None


class _Slope(torch.autograd.Function):
    """slope, x -> slope, whose derivative with respect to x is the kernel's second."""

    generate_vmap_rule = True

    @staticmethod
    def forward(kernel: Kernel, spec: Spec, slope: Array, x: Array, labels: Array, alpha: Any, pos_weight: Any, weight: Any) -> Array:
        return slope.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        ctx.kernel, ctx.spec, _, *operands = inputs
        _save(ctx, *operands)

    @staticmethod
    def backward(ctx: Any, h: Array) -> tuple[Array | None, ...]:
        x, *inputs = _saved(ctx)
        return None, None, None, ctx.kernel.second(xp, ctx.spec, x, Inputs(*inputs), h), None, None, None, None


class _ForwardSlope(_Slope):
    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        _Slope.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*_tensors(*inputs[3:]))

    @staticmethod
    def jvp(ctx: Any, *tangents: Array | None) -> Array:
        x, *inputs = _saved(ctx)
        # The second derivative is symmetric: what backward does to a cotangent, this does to a tangent.
        return ctx.kernel.second(xp, ctx.spec, x, Inputs(*inputs), tangents[3])


class _FirstOrder(torch.autograd.Function):
    """x, slope -> 0, whose derivative with respect to x is the slope: 0 also where the slope is infinite."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Array, slope: Array) -> Array:
        return torch.zeros_like(slope)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Array, Array], output: Array) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Array) -> tuple[Array, Array | None]:
        x, slope = ctx.saved_tensors
        if not torch.is_grad_enabled():
            return g * slope, None
        first_order = _FirstOrder if torch.compiler.is_compiling() else _ForwardFirstOrder
        return g * slope, g * first_order.apply(x, torch.ones_like(slope))


class _ForwardFirstOrder(_FirstOrder):
    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Array, Array], output: Array) -> None:
        _FirstOrder.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def jvp(ctx: Any, x_tangent: Array | None, slope_tangent: Array | None) -> Array:
        _, slope = ctx.saved_tensors
        return torch.zeros_like(slope) if x_tangent is None else x_tangent * slope


def _slope(ctx: Any) -> Array:
    """The saved slope, itself differentiable where somebody may differentiate again."""
    slope, *operands = _saved(ctx)
    if not torch.is_grad_enabled():
        return slope
    return (_Slope if torch.compiler.is_compiling() else _ForwardSlope).apply(ctx.kernel, ctx.spec, slope, *operands)


# torch's own compiled backward asks so before it donates buffers.
_keeps_graph = getattr(torch._C._autograd, "_get_current_graph_task_keep_graph", lambda: True)


def _tensors(*values: Any) -> list[Array]:
    return [value for value in values if isinstance(value, torch.Tensor)]


def _save(ctx: Any, *values: Any) -> None:
    ctx.constants = [None if isinstance(value, torch.Tensor) else (value,) for value in values]
    ctx.save_for_backward(*_tensors(*values))


def _saved(ctx: Any) -> list[Any]:
    tensors = iter(ctx.saved_tensors)
    return [next(tensors) if constant is None else constant[0] for constant in ctx.constants]
