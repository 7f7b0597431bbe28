"""Targets of either format, as the labels that a formula takes: looked at, held to their range, one-hot or smoothed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array, cast
from ..operands import EXCHANGED
from .checks import UNIT, Range

if TYPE_CHECKING:
    from .reading import Reading

_ROUNDING = 4
"""Labels may be so many eps outside [0, 1]: interpolation and sums round them there."""


def look_at_labels(reading: Reading, x: Array, targets: Array) -> tuple[Array, bool]:
    """Element-wise targets as labels in the compute dtype, and whether they are constants that are all 0 or 1, or NaN.

    That is so by their dtype, or because they were looked at.  Raises ValueError where one is outside [0, 1] and must not be.
    """
    xp, convention = reading.xp, reading.convention
    labels = cast(xp, targets, reading.dtype)
    floating, hard = reading.targets_kind == "floating", reading.targets_kind == "bool"
    if not hard:
        slack = _ROUNDING * max(float(xp.finfo(xp.float32).eps), float(xp.finfo(targets.dtype).eps)) if floating else 0.0
        if reading.readable(labels):
            labels, hard = _looked_at(reading, x, labels, slack)
            # The form for hard labels is another function of them.
            hard = hard and (not floating or reading.eager or reading.backend.is_constant(labels))
        elif convention.holds_labels:
            hard = not floating
            # Compared with the middle: one pass.
            labels = xp.where(xp.abs(labels - 0.5) <= 0.5 + slack, _clamped(reading, labels) if floating else labels, float("nan"))
    if convention.label_smoothing and reading.categorical:
        s = convention.label_smoothing
        kept, spread = (xp.number(number, reading.dtype) for number in (1 - s, s / reading.classes))
        labels = labels * kept + spread
    return labels, hard


def _looked_at(reading: Reading, x: Array, labels: Array, slack: float) -> tuple[Array, bool]:
    """Labels, held to [0, 1] if they must be, and whether they are all 0 or 1."""
    if not reading.categorical:  # no categorical formula has a form for hard labels
        hard = _are_hard(reading, labels)
        if hard is not None:
            return labels, hard
    if not reading.convention.holds_labels:
        return labels, False
    least, largest = reading.extent(labels)
    if not UNIT.holds(least, largest, slack):
        UNIT._replace(hint=_way_out(reading, x, labels)).check_array("targets", reading.values(labels), slack)
    return labels if UNIT.holds(least, largest) else _clamped(reading, labels), False


def _are_hard(reading: Reading, labels: Array) -> bool | None:
    """Whether labels are all 0 or 1; None where some may be outside [0, 1], and are to be looked at again."""
    if reading.xp.hard is not None:
        hard: bool | None = reading.xp.hard(labels)
        return hard
    return _all_hard(reading.backend.to_numpy(labels)) or None


def _all_hard(values: Any) -> bool:
    return bool(np.count_nonzero(values == 0) + np.count_nonzero(values == 1) == values.size)


def _way_out(reading: Reading, x: Array, labels: Array) -> str:
    """What labels outside [0, 1] may be: one whole number marks what is ignored; others, beside predictions of 0 and 1, are logits."""
    values: Any = reading.values(labels)
    outside = values[~((values >= 0) & (values <= 1))]
    if not np.isfinite(outside).all():
        return ""
    if (outside == outside[0]).all() and outside[0] % 1 == 0:
        named = reading.convention.labels == "any" and not reading.categorical
        return f" If {outside[0]:.0f} marks what is to be left out, pass ignore_index={outside[0]:.0f}." if named else ""
    found: Any = reading.values(x) if reading.readable(x) else values
    return EXCHANGED if _all_hard(found) and found.any() else ""


def _clamped(reading: Reading, labels: Array) -> Array:
    """Labels, those outside [0, 1] at its ends; their derivative stays 1."""
    xp = reading.xp
    back = xp.where(labels < 0, -labels, xp.where(labels > 1, 1 - labels, 0.0))
    return labels + reading.backend.stop_gradient(back)


def class_indices(reading: Reading, targets: Array) -> tuple[Array, Array | None]:
    """Class indices, of size 1 along the class axis, and where one that could not be looked at is out of range: there it is 0.

    Raises ValueError where one that could be is.
    """
    xp, convention, classes = reading.xp, reading.convention, reading.classes
    index = cast(xp, targets, xp.int64)
    # For binary losses, index = number of classes may be the background: a row without a positive.
    background = convention.background and not reading.categorical
    last = classes if background else classes - 1
    if reading.readable(targets):
        hint = " (the last one is background)" if background else ""
        left_out = "" if convention.labels != "any" else " If {received} marks what is to be left out, pass ignore_index={received}."
        reading.hold(f"Class indices{hint}", targets, Range(0, last, hint=left_out), drop=reading.axis)
        return index, None
    bad = (index < 0) | (index > last)
    return xp.where(bad, xp.zeros_like(index), index), bad


def make_labels(reading: Reading, x: Array, index: Array) -> Array:
    """Labels made of class indices: one-hot for binary formulas, which smooth them; for categorical ones smoothed."""
    xp, smoothing = reading.xp, reading.convention.label_smoothing
    if not reading.categorical:
        return one_hot(reading, x, index)
    uniform = xp.full_like(x, smoothing / reading.classes, dtype=reading.dtype)
    return xp.scatter(uniform, index, 1 - smoothing + smoothing / reading.classes, reading.axis)


def one_hot(reading: Reading, x: Array, index: Array) -> Array:
    """1 at the index of each row, 0 elsewhere; nowhere 1 for an index beyond the classes."""
    xp, rank = reading.xp, len(reading.shape)
    classes = xp.arange(reading.classes, dtype=index.dtype, device=reading.backend.device(x))
    classes = xp.reshape(classes, tuple(-1 if i == rank + reading.axis else 1 for i in range(rank)))
    return cast(xp, index == classes, reading.dtype)
