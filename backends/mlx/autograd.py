"""What ties a formula's slope and second derivative to MLX's differentiation: functions with derivatives of their own.

They take arrays alone, since ``vmap`` (0.32) miscounts their axes beside anything else; the rest is what a function is made for.  MLX
computes only what is asked for: derivatives by inputs that nobody differentiates by cost their graph, and no arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mlx.core as mx

from unifocal.arrays import Array
from unifocal.formulas.base import Formula, Inputs
from unifocal.sums import pairwise_total

from .namespace import xp

_ARRAY = "array"
_MADE = 512  # functions kept


@dataclass(frozen=True)
class _Of:
    """A formula, and its inputs that are no arrays; ``_ARRAY`` stands for one that is."""

    formula: Formula
    given: tuple[Any, ...]

    def inputs(self, arrays: Sequence[Array]) -> Inputs:
        """All of them, with these arrays."""
        left = iter(arrays)
        return Inputs(*(next(left) if part is _ARRAY else part for part in self.given))

    def function(self, order: int, x: Array) -> Callable[..., Array]:
        """The value (order 0) or slope (1) at x, as a function of the arrays."""
        return lambda *arrays: self.formula.differentiable(xp, x, self.inputs(arrays))[order]

    def by_arrays(self, order: int, x: Array, arrays: Sequence[Array], g: Array) -> list[Array]:
        """The derivative of sum(g · value) (order 0) or sum(g · slope) (1) by each array, 0 for class indices."""
        moving = [i for i, array in enumerate(arrays) if mx.issubdtype(array.dtype, mx.floating)]
        found = [mx.zeros_like(array) for array in arrays]
        if moving:
            function = _of_some(self.function(order, x), arrays, moving)
            points = [arrays[i] for i in moving]
            for i, derivative in zip(moving, mx.vjp(function, points, [mx.broadcast_to(g, function(*points).shape)])[1], strict=True):
                found[i] = derivative
        return found

    def along_arrays(self, order: int, x: Array, arrays: Sequence[Array], tangents: Sequence[Array | None]) -> Array:
        """The derivative of the value (order 0) or slope (1) along tangents of the arrays."""
        moving = [i for i, tangent in enumerate(tangents) if tangent is not None]
        if not moving:
            return mx.zeros((), x.dtype)
        function = _of_some(self.function(order, x), arrays, moving)
        along: list[Any] = [tangents[i] for i in moving]
        return mx.jvp(function, [arrays[i] for i in moving], along)[1][0]


def total(x: Array) -> Array:
    return pairwise_total(xp, x, x.size)


def attached(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    """The formula's loss, with its derivatives."""
    of = _Of(formula, tuple(_ARRAY if isinstance(part, mx.array) else part for part in inputs))
    value, _ = _loss(of, summed)(x, *(part for part in inputs if isinstance(part, mx.array)))
    return value


@lru_cache(_MADE)
def _loss(of: _Of, summed: bool) -> Any:
    """x and arrays -> the loss, and its slope, which is kept for the derivative."""
    axis = of.formula.dropped_axis

    def both(x: Array, *arrays: Array) -> tuple[Array, Array]:
        value, slope = of.formula.value_slope(xp, x, of.inputs(arrays))
        return total(value) if summed else value, slope

    loss: Any = mx.custom_function(both)

    @loss.vjp
    def vjp(primals: Any, cotangents: tuple[Array, Array], outputs: tuple[Array, Array]) -> tuple[Array, ...]:
        x, *arrays = primals
        g = cotangents[0]  # nobody else has the slope
        slope = _slope(of)(mx.stop_gradient(outputs[1]), x, *arrays)
        onto_x = g if summed or axis is None else mx.expand_dims(g, axis)
        return onto_x * slope, *of.by_arrays(0, x, arrays, g)

    @loss.jvp
    def jvp(primals: Any, tangents: Any) -> tuple[Array, Array]:
        (x, *arrays), (dx, *moved) = primals, tangents
        value, slope = loss(x, *arrays)
        along = of.along_arrays(0, x, arrays, moved)
        if dx is not None:
            along_x = _slope(of)(mx.stop_gradient(slope), x, *arrays) * dx
            along = along + (along_x if axis is None else mx.sum(along_x, axis=axis))
        return mx.sum(along) if summed else mx.broadcast_to(along, value.shape), mx.zeros_like(slope)

    @loss.vmap
    def vmap(primals: Any, axes: Any) -> tuple[tuple[Array, Array], tuple[int, int]]:
        value, slope = _loss(of, False)(*_batched(primals, axes, 0))
        return (mx.vmap(total)(value) if summed else value, slope), (0, 0)

    return loss


@lru_cache(_MADE)
def _slope(of: _Of) -> Any:
    """slope, x and arrays -> slope, whose derivative with respect to x is the formula's second."""
    attached_slope: Any = mx.custom_function(lambda slope, x, *arrays: slope)

    @attached_slope.vjp
    def vjp(primals: Any, h: Array, _: Array) -> tuple[Array, ...]:
        slope, x, *arrays = primals
        return mx.zeros_like(slope), of.formula.second(xp, x, of.inputs(arrays), h), *of.by_arrays(1, x, arrays, h)

    @attached_slope.jvp
    def jvp(primals: Any, tangents: Any) -> Array:
        (slope, x, *arrays), (_, dx, *moved) = primals, tangents
        along = of.along_arrays(1, x, arrays, moved)
        if dx is not None:
            along = along + of.formula.second(xp, x, of.inputs(arrays), dx)  # symmetric, and so the same for a tangent
        return mx.broadcast_to(along, slope.shape)

    @attached_slope.vmap
    def vmap(primals: Any, axes: Any) -> tuple[Array, int]:
        return attached_slope(*_batched(primals, axes, 1)), 0

    return attached_slope


def _of_some(function: Callable[..., Array], arrays: Sequence[Array], moving: Sequence[int]) -> Callable[..., Array]:
    """A function of these of the arrays alone."""

    def moved(*points: Array) -> Array:
        every = list(arrays)
        for i, point in zip(moving, points, strict=True):
            every[i] = point
        return function(*every)

    return moved


def _batched(primals: Sequence[Array], axes: Sequence[int | None], x_at: int) -> list[Array]:
    """The arrays of a vectorised call, the batch axis in front: of the rank of x, which is among them, or 0-D where all share a number."""
    size = next(array.shape[axis] for array, axis in zip(primals, axes, strict=True) if axis is not None)
    rank = primals[x_at].ndim + (axes[x_at] is None)
    found = []
    for array, axis in zip(primals, axes, strict=True):
        if axis is not None:
            array = mx.moveaxis(array, axis, 0)
            array = mx.reshape(array, (size, *[1] * (rank - 1))) if array.ndim == 1 else array  # of 0-D arrays
        elif array.ndim:
            array = mx.broadcast_to(mx.expand_dims(array, 0), (size, *array.shape))
        found.append(array)
    return found
