"""A linear layer and its cross entropy on PyTorch: logits of some rows at a time, and the gradients of those rows while they are there.

A loss that is reduced to one number has its gradients before anyone asks, up to a factor: they are kept, and no logits are made twice.
Of each row's loss alone nothing is kept, and backward makes the logits anew.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch._C._functorch import is_legacy_batchedtensor

from unifocal.arrays import Array
from unifocal.evaluation import block
from unifocal.linear import Head

from .autograd import keeps_graph, restore, save
from .compiled import value_slope
from .namespace import is_compiled, is_eager, is_traced, total, xp

Operands = tuple[Array, Any, Any]
"""Targets, class weight and sample weight, all of the rows'."""


class Needs(NamedTuple):
    """Which gradients are wanted."""

    hidden: bool
    weight: bool
    bias: bool


class LinearLoss(torch.autograd.Function):
    """The loss, and its gradients if it is reduced; these are outputs in order to be saved, and hold nothing where they are not wanted."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        head: Head,
        needs: Needs,
        hidden: Array,
        weight: Array,
        bias: Array | None,
        targets: Array,
        class_weight: Any,
        sample_weight: Any,
    ) -> tuple[Array, Array, Array, Array]:
        wanted = needs if head.is_reduced else Needs(False, False, False)
        value, gradients = _rows_by_rows(head, wanted, hidden, weight, bias, (targets, class_weight, sample_weight), None)
        of_hidden, of_weight, of_bias = (hidden.new_zeros(0) if gradient is None else gradient for gradient in gradients)
        return value, of_hidden, of_weight, of_bias

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Array, ...]) -> None:
        ctx.head, ctx.needs, *operands = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)
        # The gradients, or what they are made of; the layer's own tensors also to be known if somebody differentiates again.
        save(ctx, *(output[1:] if ctx.head.is_reduced else ()), *operands)

    @staticmethod
    def backward(ctx: Any, g: Array | None, *_: None) -> tuple[Array | None, ...]:
        if g is None:
            return (None,) * 8
        parts = restore(ctx)
        hidden, weight, bias, *operands = parts[-6:]
        layer = (hidden, weight, bias)
        if ctx.head.is_reduced:
            gradients = [_scaled(gradient, g) if needed else None for gradient, needed in zip(parts[:3], ctx.needs, strict=True)]
        else:
            targets, class_weight, sample_weight = operands
            # Flipped about no axis, so that to torch.compile these are other logits than forward's, which it would keep instead.
            again = torch.flip(hidden, []) if is_compiled() else hidden
            with torch.no_grad():
                _, found = _rows_by_rows(ctx.head, ctx.needs, again, weight, bias, (targets, class_weight, sample_weight), g)
            gradients = list(found)
        cast = [None if a is None else a.to(part.dtype) for a, part in zip(gradients, layer, strict=True)]
        if torch.is_grad_enabled():
            cast = [None if a is None else _Once.apply(a, g, hidden, weight) for a in cast]
        return None, None, *cast, None, None, None


def _scaled(gradient: Array, g: Array) -> Array:
    """gradient·g, in the memory of the gradient where nobody sees that again."""
    if is_traced(g) or torch.is_grad_enabled() or keeps_graph() or is_legacy_batchedtensor(g):  # torch.compile traces the first alone
        return gradient * g
    return gradient if g.is_cpu and g.item() == 1 else gradient.mul_(g)


class _Once(torch.autograd.Function):
    """A gradient of which there is no derivative."""

    generate_vmap_rule = True

    @staticmethod
    def forward(gradient: Array, g: Array, hidden: Array, weight: Array) -> Array:
        return gradient.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        """Keep nothing."""

    @staticmethod
    def backward(ctx: Any, h: Array) -> Any:
        raise NotImplementedError(
            "linear_cross_entropy on PyTorch has first derivatives; a second one was asked for. "
            "cross_entropy(hidden @ weight.T + bias, targets) has it, with all logits at once."
        )


def _rows_by_rows(
    head: Head, needs: Needs, hidden: Array, weight: Array, bias: Array | None, operands: Operands, g: Array | None
) -> tuple[Array, tuple[Array | None, Array | None, Array | None]]:
    """The loss, and the gradients that are wanted: of the reduced loss, or of that of each row times g."""
    values: list[Array] = []
    of_hidden: list[Array] = []
    of_weight: Array | None = None
    of_bias: Array | None = None
    divisor: Any = 0.0
    eager = is_eager(hidden)
    for start in range(0, max(1, hidden.shape[0]), head.rows):
        rows = slice(start, start + head.rows)
        some = hidden[rows]
        value, slope, by = _value_slope(head, some, weight, bias, *(_cut(part, rows) for part in operands))
        values.append(value)
        divisor = divisor if by is None else divisor + by
        if not any(needs):
            continue
        if g is not None:
            slope = slope * g[rows].unsqueeze(-1).to(slope.dtype)
        if needs.bias:
            of_bias = _sum(of_bias, slope.sum(0), eager)
        narrow = slope.to(weight.dtype)
        if needs.hidden:
            of_hidden.append(narrow @ weight)
        if needs.weight:
            # In float16 a sum over rows of what is not yet divided by their number may overflow.
            left = slope if weight.dtype == torch.float16 else narrow
            of_weight = _added(of_weight, left.t(), some.to(left.dtype), eager)
        del slope, narrow
    gradients = (torch.cat(of_hidden) if needs.hidden else None, of_weight, of_bias)
    if not head.is_reduced:
        return torch.cat(values), gradients
    factor = head.divided(xp, torch.ones((), dtype=values[0].dtype, device=hidden.device), divisor)
    loss = head.divided(xp, total(torch.cat(values)), divisor)
    return loss, tuple(None if a is None else a.mul_(factor) if eager else a * factor for a in gradients)  # type: ignore[return-value]


def _value_slope(
    head: Head, hidden: Array, weight: Array, bias: Array | None, targets: Array, class_weight: Any, sample_weight: Any
) -> tuple[Array, Array, Any]:
    """The loss of some rows, its slope by their logits, and what they add to the divisor."""
    logits = torch.nn.functional.linear(hidden, weight, bias)
    formula, x, inputs, divisor = head.fold(logits, targets, class_weight, sample_weight)
    if is_eager(x) and x.is_cpu:
        value, slope, _ = block.value_slope(head.reading.backend, xp, formula, x, inputs)
    else:
        value, slope = value_slope(formula, False, x, inputs)
    return value, slope, divisor


def _cut(part: Any, rows: slice) -> Any:
    """Some rows of an operand that has a number for each of them."""
    return part[rows] if isinstance(part, torch.Tensor) and part.ndim and part.shape[0] != 1 else part


def _added(found: Array | None, slope: Array, hidden: Array, eager: bool) -> Array:
    """found + slope·hidden; of half precision the sum is float32's."""
    if slope.dtype in (torch.float32, torch.float64) and eager and found is not None:
        return found.addmm_(slope, hidden)
    return _sum(found, slope @ hidden, eager)


def _sum(found: Array | None, part: Array, eager: bool) -> Array:
    if found is None:
        return part if part.dtype in (torch.float32, torch.float64) else part.float()
    return found.add_(part) if eager else found + part
