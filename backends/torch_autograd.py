"""What ties a kernel's slope and second derivative to PyTorch's differentiation: functions of autograd.

Those named ``Forward`` have a jvp too, for forward mode; torch.compile cannot trace a Function with one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch._C._functorch import is_legacy_batchedtensor

from unifocal.blocks import cut, cuts
from unifocal.protocol import Array, Inputs, Kernel
from unifocal.spec import Spec

from .torch_fused import value_slope
from .torch_namespace import as_tensor, from_host, is_compiled, is_traced, xp

if TYPE_CHECKING:
    from unifocal.blocks import Walk


class Loss(torch.autograd.Function):
    """x -> value, slope.  The slope is an output in order to be saved: torch.func keeps outputs, not intermediates."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        kernel: Kernel, spec: Spec, summed: bool, x: Array, labels: Array, alpha: Any, pos_weight: Any, weight: Any
    ) -> tuple[Array, Array]:
        value, slope = value_slope(kernel, spec, summed, x, Inputs(labels, alpha, pos_weight, weight))
        if is_compiled():
            # Flipped about no axis: an operation that torch never computes again in a backward.  With labels of a byte it would rather read
            # logits and labels and compute the whole slope once more.
            slope = torch.flip(slope, [])
        return value, slope

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


class ForwardLoss(Loss):
    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Array, Array]) -> None:
        Loss.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*_tensors(output[1], *inputs[3:]))

    @staticmethod
    def jvp(ctx: Any, *tangents: Array | None) -> tuple[Array | None, None]:
        tangent = tangents[3] * _slope(ctx)
        if ctx.summed:
            tangent = tangent.sum()
        elif ctx.spec.categorical:
            tangent = tangent.sum(ctx.spec.axis)
        return tangent, None


class Walked(torch.autograd.Function):
    """x -> loss, evaluated in blocks: eager mode only, differentiated backward only."""

    @staticmethod
    def forward(ctx: Any, x: Array, walk: Walk, dtype: Any) -> Array:
        value, slope, ctx.scale, ctx.divisor = walk.run(True)
        ctx.walk, ctx.summed = walk, walk.summed
        ctx.save_for_backward(as_tensor(slope), x, *walk.tensors)
        return from_host(value, x, dtype)

    @staticmethod
    def backward(ctx: Any, g: Array) -> tuple[Array, None, None]:
        slope, x, *tensors = ctx.saved_tensors
        # Where the graph is not kept, nobody sees the slope again.
        donated = not (torch.is_grad_enabled() or _keeps_graph() or is_traced(g) or is_legacy_batchedtensor(g))
        if donated and ctx.summed:
            factor = g.item() / ctx.scale
            # Of half precision too, the product is rounded once: torch computes it in float32.
            return (slope if factor == 1 else slope.mul_(factor)).to(x.dtype), None, None
        spec = ctx.walk.call.ctx.spec
        if spec.categorical and not ctx.summed:
            g = g.unsqueeze(spec.axis)
        if slope.dtype in _HALVES:
            if not (torch.is_grad_enabled() or is_traced(g) or is_legacy_batchedtensor(g)):
                return _product(slope, g, ctx.scale, slope if donated else torch.empty_like(slope)), None, None
            slope = slope.float()
        g = g.to(slope.dtype)
        if torch.is_grad_enabled():
            kernel, spec, folded, inputs = ctx.walk.whole(x, tensors)
            if ctx.scale != ctx.divisor:
                slope = slope * (ctx.divisor / ctx.scale)  # now the kernel's own
            return (ForwardSlope.apply(kernel, spec, slope, folded, *inputs) * (g / ctx.divisor)).to(x.dtype), None, None
        g = g / ctx.scale
        return (slope.mul_(g) if donated else slope * g).to(x.dtype), None, None


_HALVES = (torch.float16, torch.bfloat16)
_ROUNDED_TOGETHER = 1 << 18  # elements


def _product(slope: Array, g: Array, scale: float, out: Array) -> Array:
    """slope·g/scale in ``out``, of half precision: computed in float32, a part at a time, and rounded once."""
    for index in cuts(slope.shape, None, _ROUNDED_TOGETHER):
        torch.mul(slope[index], cut(g, index).float() / scale, out=out[index])
    return out


class Slope(torch.autograd.Function):
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


class ForwardSlope(Slope):
    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        Slope.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*_tensors(*inputs[3:]))

    @staticmethod
    def jvp(ctx: Any, *tangents: Array | None) -> Array:
        x, *inputs = _saved(ctx)
        # The second derivative is symmetric: what backward does to a cotangent, this does to a tangent.
        return ctx.kernel.second(xp, ctx.spec, x, Inputs(*inputs), tangents[3])


class FirstOrder(torch.autograd.Function):
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
        first_order = FirstOrder if torch.compiler.is_compiling() else ForwardFirstOrder
        return g * slope, g * first_order.apply(x, torch.ones_like(slope))


class ForwardFirstOrder(FirstOrder):
    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Array, Array], output: Array) -> None:
        FirstOrder.setup_context(ctx, inputs, output)
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
    return (Slope if torch.compiler.is_compiling() else ForwardSlope).apply(ctx.kernel, ctx.spec, slope, *operands)


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
