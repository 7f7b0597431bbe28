"""What becomes of the unreduced loss: its class axis, and what a mean divides by."""

from __future__ import annotations

from typing import assert_never

from ..arrays import Array, Namespace, cast
from .labels import one_hot
from .reading import Reading


def denominator(reading: Reading, x: Array, index: Array | None, valid: Array | None, weight: Array | float | None) -> float | Array:
    """What the summed loss of predictions x is divided by.

    sum: 1.  mean: the number of non-ignored (or all) elements of the unreduced loss.  weighted_mean: the sum of ``weight`` over them (the
    sample weights, for class indices times the target's class weight).  A loss that is a mean over classes: times their number.

    index: class indices, if the targets are; valid: where they are not ignored, if any can be.
    """
    xp, convention = reading.xp, reading.convention
    per_row = reading.classes if convention.class_axis == "mean" else 1
    match convention.reduction:
        case "none":
            raise ValueError("A loss that is not reduced has no denominator.")
        case "sum":
            return float(per_row)
        case "mean":
            weight = None
        case "weighted_mean":
            pass
        case never:
            assert_never(never)
    elements = _first_class(reading, x) if convention.drops_axis else x
    valid = None if convention.count_ignored else valid
    if weight is not None:
        weight = weight * xp.ones_like(elements, dtype=reading.dtype)
        return reading.backend.total(weight if valid is None else xp.where(valid, weight, 0.0)) * per_row
    if valid is None:
        size = reading.backend.size(elements)
        return float(size * per_row) if isinstance(size, int) else cast(xp, size * per_row, reading.dtype)
    # For class indices of a binary loss valid has one entry a row, which stands for all its classes.
    if not convention.drops_axis and index is not None:
        per_row = reading.classes
    return cast(xp, xp.count_nonzero(valid) * per_row, reading.dtype)


def _first_class(reading: Reading, x: Array) -> Array:
    return x[(..., slice(0, 1), *([slice(None)] * (-reading.axis - 1)))]


def over_classes(reading: Reading, x: Array, index: Array, value: Array) -> Array:
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
