"""What a sum or a mean divides by."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from ..arrays import Array, cast

if TYPE_CHECKING:
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
