"""What a formula owes its callers, checked: :func:`assert_formula` holds any formula to the contract of :class:`unifocal.formulas.Formula`.

It is the first test of a loss of one's own.  Derivatives are held to differences in 50 digits, and every form that the formula offers to
the form it stands for.  That the value is the right one is for a test of the loss to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from unifocal.arrays import Array, Namespace, NumPyArray
from unifocal.dispatch import backend_of
from unifocal.formulas import Formula, Inputs

_AGREE = 1e-12
"""Relative: of forms that should be equal in 50 digits, but have constants rounded to float64."""
_ROUNDED = 1e-9
"""Relative: of forms compared in float64 arithmetic."""
_STEP, _DIFFERENCE = 1e-15, 1e-20
"""Of central differences in 50 digits, and how far they may be from a derivative."""
_INFINITE, _FAR = 1e20, 1e40
"""In place of an infinite logit stands the second; what is then beyond the first is infinite."""

_PREDICTIONS = {
    "logits": np.array([[0.7, -1.3, 2.1], [-0.2, 0.1, 0.05], [5.0, -6.0, 3.0], [-9.0, 8.0, 0.4]]),
    "probabilities": np.array([[0.11, 0.55, 0.91], [0.26, 0.35, 0.43], [0.97, 0.02, 0.62], [0.45, 0.15, 0.83]]),
    "unnormalized": np.array([[0.23, 1.1, 1.8], [0.51, 0.73, 0.83], [2.9, 0.11, 1.7], [0.91, 0.32, 1.6]]),
    "log-probabilities": np.array([[-0.7, -1.3, -2.1], [-0.2, -0.1, -3.0], [-5.0, -0.6, 0.3], [-0.9, -8.0, -0.4]]),
}
_HARD = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
_SOFT = np.array([[0.3, 0.9, 0.1], [0.5, 0.05, 1.0], [0.0, 0.8, 0.6], [0.25, 0.4, 0.7]])
_INDEX = np.array([[0], [2], [1], [1]])
_ALONG = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [-0.4, 1.1, 0.9], [0.8, -0.2, 1.3]])
_FACTORS = np.array([0.4, 1.7, 0.9])


def assert_formula(formula: Formula) -> None:
    """Raise an AssertionError that lists what of its contract a formula breaks; requires mpmath.

    The formula is one for any labels, as conventions hold it.
    """
    found = faults(formula)
    assert not found, "\n".join([f"{formula} breaks the contract of a formula:", *found])


def faults(formula: Formula) -> list[str]:
    """What of its contract a formula breaks, rule by rule."""
    rules = (_description, _shapes, _derivatives, _diagonal, _weights, _labels, _forms, _limits, _balance, _pos_weight)
    with np.errstate(all="ignore"):
        return [fault for rule in rules for fault in _broken(rule, formula)]


def _broken(rule: Callable[[Formula], Iterator[str]], formula: Formula) -> Iterator[str]:
    """What breaks a rule; an error of the formula's own does too."""
    try:
        yield from rule(formula)
    except Exception as error:  # whatever a formula raises where another form of it does not
        yield f"{rule.__name__.strip('_').capitalize()}: raises {type(error).__name__}: {error}"


class _Space(NamedTuple):
    """A library that formulas are evaluated in."""

    xp: Namespace
    array: Callable[[Any], Array]

    def inputs(self, labels: NumPyArray, **weights: Any) -> Inputs:
        """A formula's inputs, of NumPy's arrays and of numbers."""
        return Inputs(self.array(labels), **{name: self.array(w) if isinstance(w, np.ndarray) else w for name, w in weights.items()})

    def value_slope(self, formula: Formula, x: Any, labels: NumPyArray, **weights: Any) -> tuple[Any, Any]:
        """The formula's value and slope; of NumPy's arrays, or of the library's for x."""
        x = self.array(x) if isinstance(x, np.ndarray) else x
        return formula.value_slope(self.xp, x, self.inputs(labels, **weights))

    def second(self, formula: Formula, x: Any, labels: NumPyArray, h: Any, **weights: Any) -> Any:
        """The formula's second derivative along h."""
        return formula.second(self.xp, self.array(x), self.inputs(labels, **weights), self.array(h))


def _space(array: Callable[[Any], Array]) -> _Space:
    """The library whose arrays this makes."""
    example: Any = array([0.0])
    backend: Any = backend_of(example)
    return _Space(backend.namespace(example), array)


_NUMPY = _space(np.asarray)


def _exact() -> _Space:
    """Numbers of 50 digits."""
    from . import exact  # mpmath, which assert_parity does without

    return _space(exact.asarray)


def _apart(found: Any, expected: Any, tolerance: float) -> str:
    """How two arrays differ, in words; empty if they do not."""
    a, b = (np.asarray(part.values if hasattr(part, "values") else part) for part in (found, expected))
    if a.shape != b.shape:
        return f"has shape {a.shape} in place of {b.shape}"
    for i in np.ndindex(a.shape):
        size = abs(b[i])
        if not (a[i] == b[i] or (a[i] != a[i] and b[i] != b[i]) or abs(a[i] - b[i]) <= tolerance * (1 + size)):
            return f"is {float(a[i]):.9g} at {i}, not {float(b[i]):.9g}"
    return ""


def _said(rule: str, *differences: tuple[str, str]) -> Iterator[str]:
    """The differences that there are, each as a line of the message."""
    for what, difference in differences:
        if difference:
            yield f"{rule}: the {what} {difference}."


def _x(formula: Formula) -> NumPyArray:
    return _PREDICTIONS[formula.predictions]


def _all_weights(formula: Formula) -> dict[str, Any]:
    """Every input that the formula takes beside labels."""
    if formula.categorical:
        return {"weight": np.array([[0.5], [2.0], [1.5], [0.25]])}
    return {"weight": np.abs(_ALONG), "alpha": 0.3} | ({"pos_weight": _FACTORS[np.newaxis]} if formula.takes_pos_weight else {})


# --- the rules ----------------------------------------------------------------------------------------------------------------------


def _description(formula: Formula) -> Iterator[str]:
    """Equal options make equal formulas, and there is a text to print."""
    again = replace(formula)
    if again != formula or hash(again) != hash(formula):
        yield "Equal options: make no equal formulas, which compilers and the cache rest on."
    for balanced in (False, True):
        if not isinstance(text := formula.text(balanced, formula.takes_pos_weight), str) or not text:
            yield f"Text: must be words; received {text!r}."
    if formula.dropped_axis not in (None, -1):
        yield f"Class axis: must be -1 before for_labels says which; received {formula.dropped_axis}."


def _shapes(formula: Formula) -> Iterator[str]:
    """Of the value, the slope and the second derivative, in float32 too."""
    for dtype in ("float32", "float64"):
        x, labels, h = (array.astype(dtype) for array in (_x(formula), _SOFT, _ALONG))
        value, slope = _NUMPY.value_slope(formula, x, labels)
        for what, array, shape in (
            ("value", value, x.shape[:-1] if formula.categorical else x.shape),
            ("slope", slope, x.shape),
            ("second derivative", _NUMPY.second(formula, x, labels, h), x.shape),
        ):
            if np.shape(array) != shape or array.dtype != dtype:
                yield f"Shapes: the {what} of {dtype} predictions {x.shape} must be {dtype} {shape}; it is {array.dtype} {np.shape(array)}."


def _derivatives(formula: Formula) -> Iterator[str]:
    """The slope is the value's derivative, and the second is the slope's, with any weights and labels."""
    space = _exact()
    x, h = space.array(_x(formula)), space.array(_ALONG)
    for kind, labels in (("soft", _SOFT), ("hard", _HARD)):
        for weights in ({}, _all_weights(formula)):

            def at(moved: Any, labels: NumPyArray = labels, weights: dict[str, Any] = weights) -> tuple[Any, Any]:
                return space.value_slope(formula, moved, labels, **weights)

            def difference(along: Any, part: int, at: Any = at) -> Any:
                return (at(x + _STEP * along)[part] - at(x - _STEP * along)[part]) / (2 * _STEP)

            _, slope = at(x)
            second = space.second(formula, _x(formula), labels, _ALONG, **weights)
            named = f"Derivatives ({kind} labels{', ' if weights else ''}{', '.join(weights)})"
            if formula.categorical:
                units = [space.array(np.eye(3)[[j] * len(_ALONG)]) for j in range(3)]
                columns = [difference(unit, 0).values for unit in units]
                true = np.stack(columns, axis=-1)
            else:
                true = difference(space.array(np.ones_like(_ALONG)), 0)
            yield from _said(named, ("slope", _apart(slope, true, _DIFFERENCE)), ("second", _apart(second, difference(h, 1), _DIFFERENCE)))


def _diagonal(formula: Formula) -> Iterator[str]:
    """The curvature is the Hessian's diagonal, of every form; the modulator is held by all forms alike, or by none."""
    space, x = _exact(), _x(formula)
    cases = [(formula, _SOFT), (formula, _HARD), *((form, labels) for form, labels, _, _ in _forms_for_labels(formula))]
    for form, labels in cases:
        for given in ({}, _all_weights(formula)):
            inputs = space.inputs(labels, **given)
            named = f"Diagonal ({form}{', ' if given else ''}{', '.join(given)})"
            curvature, held = form.curvature(space.xp, space.array(x), inputs), form.held(space.xp, space.array(x), inputs)
            if curvature is not None:
                columns = [space.second(form, x, labels, np.eye(3)[[j] * len(x)], **given).values[:, j] for j in range(3)]
                yield from _said(named, ("curvature", _apart(curvature, np.stack(columns, axis=-1), _AGREE)))
            if held is not None:
                for what, part in zip(("held slope", "held curvature"), held, strict=True):
                    if np.shape(part.values) != x.shape:
                        yield f"{named}: the {what} must have the shape {x.shape}; it has {np.shape(part.values)}."
    for form, labels, general, name in _forms_for_labels(formula):
        found, expected = (
            form_.held(space.xp, space.array(x), space.inputs(labels_)) for form_, labels_ in ((form, labels), (formula, general))
        )
        if (found is None) != (expected is None):
            yield f"{name}: the modulator must be held by every form of a formula, or by none."
        elif found is not None and expected is not None:
            yield from _said(
                name, ("held slope", _apart(found[0], expected[0], _AGREE)), ("held curvature", _apart(found[1], expected[1], _AGREE))
            )


def _weights(formula: Formula) -> Iterator[str]:
    """The weight is a factor, and 0 leaves nothing, however large the loss is."""
    space, x = _exact(), _x(formula)
    plain, _ = space.value_slope(formula, x, _SOFT)
    weight = _all_weights(formula)["weight"]
    for given in (weight, 1.75):
        value, _ = space.value_slope(formula, x, _SOFT, weight=given)
        factor = space.array(weight[..., 0] if formula.categorical else weight) if isinstance(given, np.ndarray) else given
        yield from _said("Weight", ("weighted value", _apart(value, plain * factor, _AGREE)))
    for far in _extremes(formula):
        for labels in (_HARD, _SOFT):
            value, slope = _NUMPY.value_slope(formula, far, labels, weight=np.zeros_like(weight))
            second = _NUMPY.second(formula, far, labels, _ALONG, weight=np.zeros_like(weight))
            nothing = [("value", value), ("slope", slope), ("second", second)]
            yield from _said(f"Weight 0 at {far[0]}", *((what, _apart(part, np.zeros_like(part), 0.0)) for what, part in nothing))


def _extremes(formula: Formula) -> list[NumPyArray]:
    """Predictions at the ends of their range."""
    match formula.predictions:
        case "logits" | "log-probabilities":
            return [np.full((4, 3), end) + np.array([0.0, 1.0, 2.0]) for end in (-1000.0, 1000.0)]
        case "probabilities" | "unnormalized":
            return [np.tile([0.0, 1.0, 0.5], (4, 1))]


def _labels(formula: Formula) -> Iterator[str]:
    """Smoothing is of the labels, of binary formulas by themselves; a class axis is where for_labels is told."""
    space, x, s = _exact(), _x(formula), 0.1
    if formula.categorical:
        turned = formula.for_labels(False, -2, 0.0)
        value, slope = space.value_slope(turned, x.T, _SOFT.T)
        plain = space.value_slope(formula, x, _SOFT)
        yield from _said(
            "Class axis -2", ("value", _apart(value, plain[0], _AGREE)), ("slope", _apart(slope.values.T, plain[1].values, _AGREE))
        )
        return
    for labels in (_SOFT, _HARD):
        found = space.value_slope(formula.for_labels(False, -1, s), x, labels)
        plain = space.value_slope(formula, x, labels * (1 - s) + s / 2)
        yield from _said("Label smoothing", *_pairs(found, plain, _AGREE))


def _pairs(found: tuple[Any, Any], expected: tuple[Any, Any], tolerance: float) -> list[tuple[str, str]]:
    return [(what, _apart(a, b, tolerance)) for what, a, b in zip(("value", "slope"), found, expected, strict=True)]


def _forms(formula: Formula) -> Iterator[str]:
    """Every form that the formula offers is what it stands for."""
    space, x, weights = _exact(), _x(formula), _all_weights(formula)
    expected = space.value_slope(formula, x, _SOFT, **weights)
    inputs = space.inputs(_SOFT, **weights)
    yield from _said("For automatic differentiation", *_pairs(formula.differentiable(space.xp, space.array(x), inputs), expected, _AGREE))
    for form, labels, general, name in _forms_for_labels(formula):
        for given in ({}, weights):
            found = space.value_slope(form, x, labels, **given)
            yield from _said(name, *_pairs(found, space.value_slope(formula, x, general, **given), _AGREE))
            seconds = space.second(form, x, labels, _ALONG, **given), space.second(formula, x, general, _ALONG, **given)
            yield from _said(name, ("second", _apart(*seconds, _AGREE)))
    for form, labels in ((formula, _SOFT), (formula, _HARD), *((form, labels) for form, labels, _, _ in _forms_for_labels(formula))):
        for given in ({}, weights):
            fast = form.fast(_NUMPY.xp, x.copy(), _NUMPY.inputs(labels, **given), None)
            if fast is not None:
                yield from _said(f"In fewer passes, {form}", *_pairs(fast, _NUMPY.value_slope(form, x, labels, **given), _ROUNDED))


def _forms_for_labels(formula: Formula) -> Iterator[tuple[Formula, NumPyArray, NumPyArray, str]]:
    """The forms for some labels: the form, its labels, those that the formula itself takes for them, and what to call it."""
    if formula.of_hard_labels != formula:
        yield formula.of_hard_labels, _HARD, _HARD, "For hard labels"
    if formula.takes_indices:
        one_hot = np.eye(3)[_INDEX[:, 0]]
        yield formula.for_labels(True, -1, 0.0), _INDEX, one_hot, "For class indices"
        if formula.smooths_indices:
            s = 0.125
            yield formula.for_labels(True, -1, s), _INDEX, one_hot * (1 - s) + s / 3, "For smoothed class indices"


def _limits(formula: Formula) -> Iterator[str]:
    """Infinite logits give the limit, which is finite or infinite; never NaN."""
    if formula.predictions != "logits":
        return
    space = _exact()
    for sign in (-1.0, 1.0):
        for place in range(3):
            x = np.array(_x(formula))
            x[:, place] = sign * np.inf
            far = np.where(np.isinf(x), sign * _FAR, x)
            for labels in (_HARD, _SOFT) if not formula.categorical else (np.eye(3)[[0, 1, 2, 0]],):
                found = _NUMPY.value_slope(formula, x, labels)
                limit = space.value_slope(formula, far, labels)
                expected = tuple(np.vectorize(_at_infinity, otypes=[float])(part.values) for part in limit)
                yield from _said(f"Logits of {sign:+g}·∞", *_pairs(found, expected, _ROUNDED))


def _at_infinity(far: Any) -> float:
    return float(far) if abs(far) < _INFINITE else float("inf") if far > 0 else float("-inf")


def _balance(formula: Formula) -> Iterator[str]:
    """α moves a binary loss between its two ends, by class too: at 1 positives count in full, at 0 negatives."""
    if formula.categorical:
        return
    space, x = _exact(), _x(formula)

    def value(labels: NumPyArray, alpha: Any) -> Any:
        return space.value_slope(formula, x, labels, alpha=alpha)[0]

    for labels in (_HARD, _SOFT):
        none, whole = value(labels, 0.0), value(labels, 1.0)
        share = space.array(np.broadcast_to(_FACTORS / 2, x.shape))
        yield from _said(
            "α",
            ("value at α = 1/4", _apart(value(labels, 0.25), none * 0.75 + whole * 0.25, _AGREE)),
            ("value at one α a class", _apart(value(labels, _FACTORS[np.newaxis] / 2), none * (1 - share) + whole * share, _AGREE)),
        )
    none, whole = value(_HARD, 0.0), value(_HARD, 1.0)
    counted = np.where(_HARD == 1, whole.values, none.values)
    plain = value(_HARD, None)
    yield from _said("α", ("value of positives at α = 1, and of negatives at α = 0,", _apart(counted, plain, _AGREE)))
    if not all((none.values != whole.values)[plain.values != 0]):
        yield "α: does not move the value."


def _pos_weight(formula: Formula) -> Iterator[str]:
    """A formula that says that it takes pos_weight has it at the positive term alone."""
    if formula.categorical or not formula.takes_pos_weight:
        return
    space, x, positive = _exact(), _x(formula), _HARD == 1
    plain, one, two, three = (space.value_slope(formula, x, _HARD, pos_weight=w)[0] for w in (None, 1.0, 2.0, 3.0))
    yield from _said(
        "pos_weight",
        ("value at 1", _apart(one, plain, _AGREE)),
        ("step of the value from 2 to 3", _apart(three - two, two - one, _AGREE)),
        ("value of negatives at 2", _apart(np.where(positive, 0, two.values), np.where(positive, 0, one.values), 0.0)),
    )
    if not all((two.values != one.values)[positive]):
        yield "pos_weight: does not move the value of positives, and takes_pos_weight says that it is taken."
