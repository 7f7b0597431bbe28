"""Sums that stay accurate at any length, and what a mean divides by."""

from __future__ import annotations

from .operands import Context, cast
from .protocol import Array, Namespace
from .targets import Targets, one_hot

_WIDTH = 32
_WIDEST = 2 * _WIDTH
_FEW = _WIDTH * _WIDTH
_DYNAMIC_LEVELS = 4  # for a traced graph that does not know the size: enough for 10⁹ elements


def pairwise_total(xp: Namespace, x: Array, size: int | Array) -> Array:
    """The sum of x's elements (there are ``size``), added up in a tree of width 32.

    Compilers add straight on: at 10⁷ float32 elements XLA on CPU was 8797 ulp off; this stays under 4.  XLA also merges a sum of sums into
    one (29 ulp at 2²³ elements), so something is left over at each level, which keeps them apart; but not at the first level of a large
    array, whose sums XLA can then fuse with what computes x: that is three times as fast.
    """
    x = xp.reshape(x, (-1,))
    width = _divisor(size) if isinstance(size, int) and size > _FEW * _WIDEST else None
    if isinstance(size, int) and width is not None:
        x, size = xp.sum(xp.reshape(x, (-1, width)), axis=1), size // width
    level = 0
    while size > _FEW if isinstance(size, int) else level < _DYNAMIC_LEVELS:
        rows = (size - 1) // _WIDTH
        whole = rows * _WIDTH
        x = xp.concat([xp.sum(xp.reshape(x[:whole], (-1, _WIDTH)), axis=1), x[whole:]])
        size, level = rows + size - whole, level + 1
    return xp.sum(x)


def _divisor(size: int) -> int | None:
    """The tree's width, or one like it, that leaves no remainder."""
    widths = sorted(range(_WIDTH // 2, _WIDEST + 1), key=lambda width: abs(width - _WIDTH))
    return next((width for width in widths if size % width == 0), None)


def denominator(ctx: Context, targets: Targets, weight: Array | float | None) -> float | Array | None:
    """What the summed loss is divided by; None for an unreduced loss.

    sum: 1.  mean: the number of non-ignored (or all) elements of the unreduced loss.  weighted_mean: the sum of ``weight`` over them (the
    sample weights, for class indices times the target's class weight).  A loss that is a mean over classes: times their number.
    """
    xp, backend, spec = ctx.xp, ctx.backend, ctx.spec
    if spec.reduction == "none":
        return None
    per_row = ctx.classes if spec.class_axis == "mean" else 1
    if spec.reduction == "sum":
        return float(per_row)
    elements = _first_class(ctx) if spec.drops_axis else ctx.x
    valid = None if spec.count_ignored else targets.valid
    if spec.reduction == "weighted_mean" and weight is not None:
        weight = weight * xp.ones_like(elements, dtype=ctx.dtype)
        return backend.total(weight if valid is None else xp.where(valid, weight, 0.0)) * per_row
    if valid is None:
        size = backend.size(elements)
        return float(size * per_row) if isinstance(size, int) else cast(xp, size * per_row, ctx.dtype)
    # For class indices of a sigmoid loss valid has one entry a row, which stands for all its classes.
    if not spec.drops_axis and targets.indices is not None:
        per_row = ctx.classes
    return cast(xp, xp.count_nonzero(valid) * per_row, ctx.dtype)


def over_classes(ctx: Context, targets: Targets, value: Array) -> Array:
    """The unreduced loss, its class axis as the spec says."""
    xp, way = ctx.xp, ctx.spec.class_axis
    if way == "kernel":
        return value
    if way in ("sum", "mean"):
        value = xp.sum(value, axis=ctx.axis)
        return divide(xp, value, float(ctx.classes)) if way == "mean" else value
    value = xp.expand_dims(value, axis=ctx.axis)
    return xp.where(one_hot(ctx, targets.indices) > 0, value, 0.0) if way == "spread" else value


def _first_class(ctx: Context) -> Array:
    return ctx.x[(..., slice(0, 1), *([slice(None)] * (-ctx.axis - 1)))]


def divide(xp: Namespace, total: Array, by: float | Array) -> Array:
    """total / by, and 0 (with zero gradient) where by is 0: nothing was averaged."""
    if isinstance(by, float):
        return total if by == 1 else total / xp.number(by, total.dtype) if by else total * 0.0
    empty = xp.equal(by, 0)
    return xp.where(empty, 0.0, xp.divide(total, xp.where(empty, 1.0, by)))
