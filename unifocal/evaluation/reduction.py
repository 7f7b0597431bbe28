"""What becomes of the unreduced loss: its class axis, and a quotient that is 0 where nothing was averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from ..arrays import Array, Namespace
from .labels import one_hot

if TYPE_CHECKING:
    from .reading import Reading


def reduce_classes(reading: Reading, x: Array, index: Array, value: Array) -> Array:
    """The unreduced loss, its class axis as the convention says; index is where a loss that is spread stands."""
    xp, axis = reading.xp, reading.axis
    match reading.convention.class_axis:
        case "formula":
            return value
        case "sum":
            return xp.sum(value, axis=axis)
        case "mean":
            return divide(xp, xp.sum(value, axis=axis), float(reading.classes))
        case "kept":
            return xp.expand_dims(value, axis=axis)
        case "spread":
            return xp.where(one_hot(reading, x, index) > 0, xp.expand_dims(value, axis=axis), 0.0)
        case never:
            assert_never(never)


def divide(xp: Namespace, total: Array, by: float | Array) -> Array:
    """total / by, and 0 (with zero gradient) where by is 0: nothing was averaged."""
    if isinstance(by, float):
        return total if by == 1 else total / xp.number(by, total.dtype) if by else total * 0.0
    empty = xp.equal(by, 0)
    return xp.where(empty, 0.0, xp.divide(total, xp.where(empty, 1.0, by)))
