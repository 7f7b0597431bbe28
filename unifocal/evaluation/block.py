"""One block of a call, or the whole of it: its aligned operands made a formula's inputs, and the formula evaluated.

Raises ValueError where values are out of range.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from typing import cast as cast_to

from ..arrays import Array, Namespace, cast, without
from ..formulas.base import Formula, Inputs
from ..operands import Operands
from .checks import UNNORMALIZED, are_on
from .denominator import denominator
from .labels import class_indices, look_at_labels, make_labels

if TYPE_CHECKING:
    from ..backend import Backend
    from .reading import Reading

Result = tuple[Array | float, Array, float, float]
"""See :meth:`unifocal.backend.Walk.run`; the slope is None unless it was asked for."""


def fold(reading: Reading, operands: Operands) -> tuple[Formula, Array, Inputs, Array | float | None]:
    """The formula for these labels, its arguments, and what the total is divided by; None for a loss that is not reduced."""
    x, labels = operands[:2]
    valid = index = bad = None
    if reading.ignored is not None:
        labels, valid = drop_ignored(reading, labels)
    if reading.by_index:
        index, bad = class_indices(reading, labels)
        labels, hard = (index if reading.keeps_indices else make_labels(reading, x, index)), True
    elif reading.looks_for_hard_labels and are_on() and reading.xp.hard(labels):
        hard = True
    else:
        labels, hard = look_at_labels(reading, x, labels)
    formula = reading.formula_of_hard_labels if hard else reading.formula
    if not reading.bare or valid is not None or bad is not None or operands.loss_weight is not None:
        inputs, divisor = _weighed(reading, operands, labels, index, valid, bad)
    else:
        inputs, divisor = Inputs(labels, operands.alpha, operands.pos_weight), reading.divisor
    if reading.casts or reading.allowed is not None or valid is not None:
        x = _predictions(reading, x, valid)
    return formula, x, inputs, divisor


def value_slope(
    backend: Backend, xp: Namespace, formula: Formula, x: Array, inputs: Inputs, out: Array | None = None
) -> tuple[Array, Array, float]:
    """The formula's value and slope (in ``out``, perhaps) of a block, and the sum of the value."""
    found = formula.fast(xp, x, inputs, out)
    if found is not None:
        total = float(backend.total(found[0]))
        if math.isfinite(total):
            return *found, total
    value, slope = formula.value_slope(xp, x, inputs)
    return value, slope, float(backend.total(value))


def evaluate_block(reading: Reading, operands: Operands, sloped: bool) -> Result:
    """A call of one block, on the arrays that it is computed on; see :meth:`unifocal.backend.Walk.run`."""
    formula, x, inputs, divisor = fold(reading, operands)
    value, slope, total = value_slope(reading.backend, reading.xp, formula, x, inputs)
    if reading.is_reduced:
        by = float(cast_to("float", divisor))
        return reduce_total(reading.xp, total, slope if sloped else None, by, by)
    return value, slope, 1.0, 1.0


def reduce_total(xp: Namespace, total: float, slope: Array | None, scale: float, divisor: float) -> Result:
    """The result of a loss that is a total over the divisor."""
    if divisor:
        return total / divisor, slope, scale, divisor
    return 0.0, None if slope is None else xp.zeros_like(slope), 1.0, 1.0  # nothing was averaged


def drop_ignored(reading: Reading, targets: Array) -> tuple[Array, Array]:
    """The targets with 0 for ignored entries, and where they are not ignored."""
    xp, ignored = reading.xp, reading.ignored
    if reading.targets_kind == "bool":
        valid = ~targets if ignored else targets
    else:
        valid = ~xp.equal(targets, ignored)
    return xp.where(valid, targets, xp.zeros_like(targets)), valid


def _weighed(
    reading: Reading, operands: Operands, labels: Array, index: Array | None, valid: Array | None, bad: Array | None
) -> tuple[Inputs, Array | float | None]:
    """What the formula takes beside the predictions, and what its total is divided by."""
    xp, convention = reading.xp, reading.convention
    alpha, pos_weight, class_weight, weight, normalizer = [
        part if part is None or isinstance(part, float) else cast(xp, part, reading.dtype) for part in operands[2:7]
    ]
    if class_weight is not None and not reading.keeps_indices and convention.weighs_rows:
        row = xp.sum(labels * class_weight, axis=reading.axis, keepdims=True)
        weight, class_weight = _times(weight, row), None
    divisor = reading.divisor
    if divisor is None and reading.is_reduced:
        counted = _times(weight, take_at_target(reading, operands.predictions, class_weight, index))
        divisor = denominator(reading, operands.predictions, index, valid, counted)

    if reading.categorical:
        class_weight, alpha = _times(class_weight, alpha), None
    if operands.loss_weight is not None:
        weight = _times(weight, xp.number(float(operands.loss_weight), reading.dtype))
    if not reading.categorical:
        weight = _times(weight, class_weight)
    elif reading.keeps_indices:
        weight = _times(weight, take_at_target(reading, operands.predictions, class_weight, index))
    elif reading.formula.takes_class_weight:
        alpha = class_weight
    elif class_weight is not None:
        labels = labels * class_weight
    if normalizer is not None:
        weight = _over(reading, weight, _positive(reading, normalizer))
    if valid is not None or bad is not None:
        weight = _masked(reading, weight, valid, bad)
    return Inputs(labels, alpha, pos_weight, weight), divisor


def take_at_target(reading: Reading, x: Array, vector: Array | float | None, index: Array | None) -> Array | float | None:
    """A class vector's entry for each row's class; index has size 1 along the class axis, None for element-wise labels: no entry."""
    if index is None:
        return None
    if vector is None or isinstance(vector, float):
        return vector
    xp, axis, shape = reading.xp, reading.axis, reading.backend.shape(vector)
    if len(shape) == 0 or shape[axis] == 1:
        return vector
    rows = reading.backend.shape(index)
    if all(n == 1 for n in without(shape, axis)) and rows.count(None) <= 1:
        flat = xp.take(xp.reshape(vector, (-1,)), xp.reshape(index, (-1,)), axis=0)
        return xp.reshape(flat, tuple(-1 if n is None else n for n in rows))
    return xp.take_along_axis(vector * xp.ones_like(x, dtype=reading.dtype), index, axis=axis)


def _predictions(reading: Reading, x: Array, valid: Array | None) -> Array:
    """The predictions in the compute dtype; ignored ones hold a harmless number, so that what stood there cannot leak."""
    xp, allowed, own_dtype = reading.xp, reading.allowed, x.dtype
    if reading.casts:
        x = cast(xp, x, reading.dtype)
    if valid is not None:
        x = xp.where(valid, x, reading.harmless)
    if allowed is not None:
        slack = 4 * float(xp.finfo(own_dtype).eps)
        if reading.readable(x):
            reading.hold("predictions with from_logits=False", x, allowed, slack)
        else:
            outside = x < -slack if allowed == UNNORMALIZED else (x < -slack) | (x > 1 + slack)
            x = xp.where(outside, float("nan"), x)
    return x


def _positive(reading: Reading, by: Array | float) -> Array | float:
    """A normalizer, NaN where it could not be looked at and is not positive."""
    if isinstance(by, float) or reading.readable(by):
        return by
    return reading.xp.where(by > 0, by, float("nan"))


def _masked(reading: Reading, weight: Array | float | None, valid: Array | None, bad: Array | None) -> Array | float | None:
    """The weight, 0 where the targets are ignored and NaN where they are bad."""
    xp = reading.xp
    if valid is not None:
        mask = xp.astype(valid, reading.dtype)
        weight = _times(mask, weight) if weight is None or isinstance(weight, float) else xp.where(valid, weight, 0.0)
    if bad is not None:
        poison = xp.where(bad, float("nan"), xp.ones_like(bad, dtype=reading.dtype))
        weight = _times(poison, weight)
    return weight


def _times(a: Array | float | None, b: Array | float | None) -> Array | float | None:
    """a * b, where None is 1."""
    return b if a is None else a if b is None else a * b


def _over(reading: Reading, a: Array | float | None, b: Array | float) -> Array | float:
    """a / b, where None is 1."""
    a = 1.0 if a is None else a
    return a / b if isinstance(b, float) else reading.xp.divide(a, b)
