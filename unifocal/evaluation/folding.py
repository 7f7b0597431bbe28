"""A call's aligned operands, whole or a block of them, made a formula's inputs; raises ValueError where values are out of range."""

from __future__ import annotations

from ..arrays import Array, cast, without
from ..convention import Operands
from ..formulas.base import Formula, Inputs
from .checks import PROBABILITY, UNNORMALIZED
from .labels import class_indices, element_labels, labels_of_indices, without_ignored
from .reading import Reading
from .reduction import denominator


def folded(reading: Reading, operands: Operands) -> tuple[Formula, Array, Inputs, Array | float | None]:
    """The formula for these labels, its arguments, and what the total is divided by; None for a loss that is not reduced."""
    x = operands.predictions
    targets, valid = without_ignored(reading.xp, reading.convention.ignore_index, operands.targets)
    index = bad = None
    if reading.by_index:
        index, bad = class_indices(reading, targets)
        labels, hard = (index if reading.keeps_indices else labels_of_indices(reading, x, index)), True
    else:
        labels, hard = element_labels(reading, x, targets)
    formula = reading.formula_of_hard_labels if hard else reading.formula
    inputs, divisor = _weighed(reading, operands, labels, index, valid, bad)
    return formula, _predictions(reading, x, valid), inputs, divisor


def _weighed(
    reading: Reading, operands: Operands, labels: Array, index: Array | None, valid: Array | None, bad: Array | None
) -> tuple[Inputs, Array | float | None]:
    """What the formula takes beside the predictions, and what its total is divided by."""
    xp, convention = reading.xp, reading.convention
    alpha, pos_weight, class_weight, weight = (_cast(reading, part) for part in operands[2:6])
    if convention.class_weight == "row" and class_weight is not None and not reading.keeps_indices:
        row = xp.sum(labels * class_weight, axis=reading.axis, keepdims=True)
        weight, class_weight = _times(weight, row), None
    divisor = reading.divisor
    if divisor is None and convention.reduction != "none":
        counted = _times(weight, at_target(reading, operands.predictions, class_weight, index))
        divisor = denominator(reading, operands.predictions, index, valid, counted)

    if convention.categorical:
        class_weight, alpha = _times(class_weight, alpha), None
    if operands.loss_weight is not None:
        weight = _times(weight, xp.number(float(operands.loss_weight), reading.dtype))
    if not convention.categorical:
        weight = _times(weight, class_weight)
    elif reading.keeps_indices:
        weight = _times(weight, at_target(reading, operands.predictions, class_weight, index))
    elif class_weight is not None:
        labels = labels * class_weight
    weight = _over(reading, weight, _positive(reading, _cast(reading, operands.normalizer)))
    return Inputs(labels, alpha, pos_weight, _masked(reading, weight, valid, bad)), divisor


def at_target(reading: Reading, x: Array, vector: Array | float | None, index: Array | None) -> Array | float | None:
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
    xp, formula = reading.xp, reading.convention.formula
    own_dtype, x = x.dtype, cast(xp, x, reading.dtype)
    kind = formula.predictions
    if valid is not None:
        x = xp.where(valid, x, 0.5 if kind in ("probabilities", "unnormalized") else 0.0)
    if kind in ("probabilities", "unnormalized") and reading.convention.holds_predictions:
        slack = 4 * float(xp.finfo(own_dtype).eps)
        if reading.readable(x):
            reading.hold("predictions with from_logits=False", x, PROBABILITY if kind == "probabilities" else UNNORMALIZED, slack)
        else:
            outside = x < -slack if kind == "unnormalized" else (x < -slack) | (x > 1 + slack)
            x = xp.where(outside, float("nan"), x)
    return x


def _cast(reading: Reading, part: Array | float | None) -> Array | float | None:
    return part if part is None or isinstance(part, float) else cast(reading.xp, part, reading.dtype)


def _positive(reading: Reading, by: Array | float | None) -> Array | float | None:
    """A normalizer, NaN where it could not be looked at and is not positive."""
    if by is None or isinstance(by, float) or reading.readable(by):
        return by
    return reading.xp.where(by > 0, by, float("nan"))


def _masked(reading: Reading, weight: Array | float | None, valid: Array | None, bad: Array | None) -> Array | float | None:
    """The weight, 0 where the targets are ignored and NaN where they are bad."""
    xp = reading.xp
    if valid is not None:
        mask = cast(xp, valid, reading.dtype)
        weight = _times(mask, weight) if weight is None or isinstance(weight, float) else xp.where(valid, weight, 0.0)
    if bad is not None:
        poison = xp.where(bad, float("nan"), xp.ones_like(bad, dtype=reading.dtype))
        weight = _times(poison, weight)
    return weight


def _times(a: Array | float | None, b: Array | float | None) -> Array | float | None:
    """a * b, where None is 1."""
    return b if a is None else a if b is None else a * b


def _over(reading: Reading, a: Array | float | None, b: Array | float | None) -> Array | float | None:
    """a / b, where None is 1."""
    if b is None:
        return a
    a = 1.0 if a is None else a
    return a / b if isinstance(b, float) else reading.xp.divide(a, b)
