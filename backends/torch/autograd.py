"""What ties a formula's slope and second derivative to PyTorch's differentiation: functions of autograd.

Those named ``Forward`` have a jvp too, for forward mode; torch.compile cannot trace a Function with one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch._C._functorch import is_legacy_batchedtensor

from unifocal.arrays import Array, Namespace
from unifocal.backend import Walk
from unifocal.evaluation.cutting import cut, cuts
from unifocal.formulas.base import Formula, Inputs

from .compiled import value_slope
from .namespace import as_tensor, from_host, is_compiled, is_traced, xp


class Loss(torch.autograd.Function):
    """x -> value, slope.  The slope is an output in order to be saved: torch.func keeps outputs, not intermediates."""

    generate_vmap_rule = True

    @staticmethod
    def forward(formula: Formula, summed: bool, x: Array, labels: Array, alpha: Any, pos_weight: Any, weight: Any) -> tuple[Array, Array]:
        value, slope = value_slope(formula, summed, x, Inputs(labels, alpha, pos_weight, weight))
        if is_compiled():
            # Flipped about no axis: an operation that torch never computes again in a backward.  With labels of a byte it would rather read
            # logits and labels and compute the whole slope once more.
            slope = torch.flip(slope, [])
        return value, slope

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Array, Array]) -> None:
        ctx.formula, ctx.summed, *operands = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        save(ctx, output[1], *operands)

    @staticmethod
    def backward(ctx: Any, g: Array | None, _: None) -> tuple[Array | None, ...]:
        gradient = None
        if g is not None:
            axis = ctx.formula.dropped_axis
            if not ctx.summed and axis is not None:
                g = g.unsqueeze(axis)
            gradient = g * _slope(ctx)
        return None, None, gradient, None, None, None, None


class ForwardLoss(Loss):
    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Array, Array]) -> None:
        Loss.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*_tensors(output[1], *inputs[2:]))

    @staticmethod
    def jvp(ctx: Any, *tangents: Array | None) -> tuple[Array | None, None]:
        tangent = tangents[2] * _slope(ctx)
        if ctx.summed:
            tangent = tangent.sum()
        elif ctx.formula.dropped_axis is not None:
            tangent = tangent.sum(ctx.formula.dropped_axis)
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
        dtype = x.dtype
        # Where the graph is not kept, nobody sees the slope again.
        donated = not (torch.is_grad_enabled() or keeps_graph() or is_traced(g) or is_legacy_batchedtensor(g))
        if donated and ctx.summed:
            factor = g.item() / ctx.scale
            # Of half precision too, the product is rounded once: torch computes it in float32.
            return (slope if factor == 1 else slope.mul_(factor)).to(x.dtype), None, None
        axis = ctx.walk.formula.dropped_axis
        if axis is not None and not ctx.summed:
            g = g.unsqueeze(axis)
        if slope.dtype in _HALVES:
            if not (torch.is_grad_enabled() or is_traced(g) or is_legacy_batchedtensor(g)):
                return _product(slope, g, ctx.scale, slope if donated else torch.empty_like(slope)), None, None
            slope = slope.float()
        g = g.to(slope.dtype)
        if torch.is_grad_enabled():
            formula, x, inputs = ctx.walk.whole(x, tensors)
            if ctx.scale != ctx.divisor:
                slope = slope * (ctx.divisor / ctx.scale)  # now the formula's own
            gradient = ForwardSlope.apply(formula, slope, x, *inputs) * (g / ctx.divisor)
            return gradient.to(dtype), None, None
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
    """slope, x -> slope, whose derivative with respect to x is the formula's second."""

    generate_vmap_rule = True

    @staticmethod
    def forward(formula: Formula, slope: Array, x: Array, labels: Array, alpha: Any, pos_weight: Any, weight: Any) -> Array:
        return slope.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        ctx.formula, _, *operands = inputs
        save(ctx, *operands)

    @staticmethod
    def backward(ctx: Any, h: Array) -> tuple[Array | None, ...]:
        x, *inputs = restore(ctx)
        return None, None, ctx.formula.second(xp, x, Inputs(*inputs), h), None, None, None, None


class ForwardSlope(Slope):
    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        Slope.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*_tensors(*inputs[2:]))

    @staticmethod
    def jvp(ctx: Any, *tangents: Array | None) -> Array:
        x, *inputs = restore(ctx)
        # The second derivative is symmetric: what backward does to a cotangent, this does to a tangent.
        return ctx.formula.second(xp, x, Inputs(*inputs), tangents[2])


@dataclass(frozen=True)
class Curvature(Formula):
    """A formula's second derivative alone; equal where the formulas are, so that compilers keep one."""

    of: Formula

    def __hash__(self) -> int:
        return hash(Curvature)  # not the formula's: torch 2.10's compiler asks before it has set that

    @property
    def dropped_axis(self) -> int | None:
        """As the formula."""
        return self.of.dropped_axis

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """The formula's labels are what they are."""
        return self

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """Nothing."""
        return "0"

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The value and the slope, each times 0."""
        value, slope = self.of.value_slope(xp, x, inputs)
        return torch.zeros_like(value), torch.zeros_like(slope)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """The formula's own."""
        return self.of.second(xp, x, inputs, h)


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
    slope, *operands = restore(ctx)
    if not torch.is_grad_enabled():
        return slope
    return (Slope if torch.compiler.is_compiling() else ForwardSlope).apply(ctx.formula, slope, *operands)


# torch's own compiled backward asks so before it donates buffers.
keeps_graph = getattr(torch._C._autograd, "_get_current_graph_task_keep_graph", lambda: True)


def _tensors(*values: Any) -> list[Array]:
    return [value for value in values if isinstance(value, torch.Tensor)]


def save(ctx: Any, *values: Any) -> None:
    """Keep values for backward, tensors and others."""
    ctx.constants = [None if isinstance(value, torch.Tensor) else (value,) for value in values]
    ctx.save_for_backward(*_tensors(*values))


def restore(ctx: Any) -> list[Any]:
    """The values that were kept."""
    tensors = iter(ctx.saved_tensors)
    return [next(tensors) if constant is None else constant[0] for constant in ctx.constants]
