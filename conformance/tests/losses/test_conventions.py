"""Every convention there is: its value is what its definition says, written in NumPy; its derivatives are those of its value.

The derivatives are held to finite differences in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

from unifocal.arrays import NumPyArray
from unifocal.convention import Convention
from unifocal.dialects import kornia
from unifocal.evaluation.block import fold
from unifocal.evaluation.evaluate import evaluate, evaluate_with_gradient, read_call
from unifocal.formulas import (
    Formula,
    Mixture,
    NegativeLogLikelihood,
    SigmoidFocal,
    SoftmaxFocal,
    binary_focal,
    categorical_focal,
    normalized_focal,
)
from unifocal.operands import Operands

from ...frameworks import Framework

_RNG = np.random.default_rng(0)
_X, _H = _RNG.normal(size=(4, 3)), _RNG.normal(size=(4, 3))
_SOFT, _INDEX = _RNG.random((4, 3)), np.array([0, 2, 1, 1])
_WEIGHT = np.array([0.5, 1.0, 2.0])
_P = 1 / (1 + np.exp(-_X))
_ROWS = np.exp(_X) / np.exp(_X).sum(1, keepdims=True)

_CLIPS: dict[str, Any] = {"epsilon": 0.3, "clip": "cross_entropy", "log_epsilon": 0.01}


# --- definitions: the loss of each class's term, unweighted, of predictions x and labels y ------------------------------------------


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _softmax(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum(1, keepdims=True)


def _binary(p: Any, y: Any, gamma: float, seen: Any = None, added: float = 0.0) -> Any:
    """(1 − p_t)^γ·CE; ``seen`` is what the logarithms see in place of p, and ``added`` what they add to it."""
    seen = p if seen is None else seen
    cross_entropy = -y * np.log(seen + added) - (1 - y) * np.log(1 - seen + added)
    return (1 - (y * p + (1 - y) * (1 - p))) ** gamma * cross_entropy


def _mixed(p: Any, y: Any, gamma: float, seen: Any = None, added: float = 0.0) -> Any:
    """Of each label's loss, so much as there is of the label."""
    seen = p if seen is None else seen
    return -y * (1 - p) ** gamma * np.log(seen + added) - (1 - y) * p**gamma * np.log(1 - seen + added)


def _categorical(p: Any, y: Any, gamma: float) -> Any:
    return -y * (1 - p) ** gamma * np.log(p)


# What becomes of the terms, which are weighted by class.


def _of_elements(terms: Any, y: Any) -> Any:
    return terms.sum() / terms.size


def _of_rows(terms: Any, y: Any) -> Any:
    return terms.sum() / len(terms)


def _in_all(terms: Any, y: Any) -> Any:
    return terms.sum()


def _means_of_classes_in_all(terms: Any, y: Any) -> Any:
    return sum(row.sum() / 3 for row in terms)


class _Case(NamedTuple):
    x: NumPyArray
    formula: Callable[[float], Formula]
    terms: Callable[[Any, Any, float], Any]
    """Its definition, of predictions, labels and γ."""
    reduced: Callable[[Any, Any], Any]
    """What becomes of the weighted terms, beside the labels."""
    options: dict[str, Any]


def _weighed_rows(x: Any, y: Any, gamma: float) -> Any:
    """Class weights as one factor a row, and its sum the denominator: what _in_all and the weights of the terms make of this."""
    rows = (y * _WEIGHT).sum(1, keepdims=True)
    return rows * _categorical(_softmax(x), y, gamma) / _WEIGHT / rows.sum()


_CONVENTIONS: dict[str, _Case] = {
    "sigmoid": _Case(_X, binary_focal, lambda x, y, gamma: _binary(_sigmoid(x), y, gamma), _of_elements, {}),
    "sigmoid, clipped": _Case(
        _X,
        partial(binary_focal, epsilon=0.3),
        lambda x, y, gamma: _binary(np.clip(_sigmoid(x), 0.3, 0.7), y, gamma),
        _of_elements,
        {},
    ),
    "sigmoid, clipped cross entropy": _Case(
        _X,
        partial(binary_focal, epsilon=0.3, clip="cross_entropy"),
        lambda x, y, gamma: _binary(_sigmoid(x), y, gamma, np.clip(_sigmoid(x), 0.3, 0.7)),
        _of_elements,
        {},
    ),
    "sigmoid, added epsilon": _Case(
        _X, partial(binary_focal, log_epsilon=0.01), lambda x, y, gamma: _binary(_sigmoid(x), y, gamma, added=0.01), _of_elements, {}
    ),
    "sigmoid, mixture": _Case(
        _X,
        lambda gamma: Mixture(binary_focal(gamma)),
        lambda x, y, gamma: _mixed(_sigmoid(x), 0.9 * y + 0.05, gamma),
        _of_elements,
        {"label_smoothing": 0.1},
    ),
    "sigmoid, clipped mixture": _Case(
        _X,
        lambda gamma: Mixture(binary_focal(gamma, **_CLIPS)),
        lambda x, y, gamma: _mixed(_sigmoid(x), y, gamma, np.clip(_sigmoid(x), 0.3, 0.7), 0.01),
        _of_elements,
        {},
    ),
    "sigmoid, mean of classes": _Case(
        _X,
        binary_focal,
        lambda x, y, gamma: _binary(_sigmoid(x), y, gamma),
        _means_of_classes_in_all,
        {"class_axis": "mean", "reduction": "sum"},
    ),
    "sigmoid, sum of classes": _Case(
        _X, binary_focal, lambda x, y, gamma: _binary(_sigmoid(x), y, gamma), _of_rows, {"class_axis": "sum", "reduction": "mean"}
    ),
    "probabilities, clipped cross entropy": _Case(
        _P,
        partial(binary_focal, from_logits=False, **_CLIPS),
        lambda p, y, gamma: _binary(p, y, gamma, np.clip(p, 0.3, 0.7), 0.01),
        _of_elements,
        {},
    ),
    "probabilities, floor": _Case(
        _P,
        partial(binary_focal, from_logits=False, log_floor=-100.0),
        _binary,
        _of_elements,
        {},
    ),
    "probabilities, mixture": _Case(_P, lambda gamma: Mixture(binary_focal(gamma, from_logits=False)), _mixed, _of_elements, {}),
    "softmax": _Case(_X, categorical_focal, lambda x, y, gamma: _categorical(_softmax(x), y, gamma), _of_rows, {}),
    "softmax, clipped": _Case(
        _X,
        partial(categorical_focal, epsilon=0.2),
        lambda x, y, gamma: _categorical(np.clip(_softmax(x), 0.2, 0.8), y, gamma),
        _of_rows,
        {},
    ),
    "softmax, smoothed": _Case(
        _X,
        categorical_focal,
        lambda x, y, gamma: _categorical(_softmax(x), 0.9 * y + 0.1 / 3, gamma),
        _of_rows,
        {"label_smoothing": 0.1},
    ),
    "softmax, row weights": _Case(_X, categorical_focal, _weighed_rows, _in_all, {"class_weight": "row", "reduction": "weighted_mean"}),
    "softmax, class axis kept": _Case(
        _X, categorical_focal, lambda x, y, gamma: _categorical(_softmax(x), y, gamma), _of_rows, {"class_axis": "kept"}
    ),
    "softmax, spread": _Case(
        _X,
        categorical_focal,
        lambda x, y, gamma: _categorical(_softmax(x), y, gamma),
        _of_elements,
        {"class_axis": "spread", "labels": "indices"},
    ),
    "normalized, clipped": _Case(
        3 * _ROWS,
        partial(normalized_focal, epsilon=0.2, clipped_first=False),
        lambda x, y, gamma: _categorical(np.clip(x / x.sum(1, keepdims=True), 0.2, 0.8), y, gamma),
        _of_rows,
        {},
    ),
    "clipped, normalized": _Case(
        _ROWS,
        partial(normalized_focal, epsilon=0.2, clipped_first=True),
        lambda x, y, gamma: _categorical(np.clip(x, 0.2, 0.8) / np.clip(x, 0.2, 0.8).sum(1, keepdims=True), y, gamma),
        _of_rows,
        {},
    ),
    "log-probabilities": _Case(_X, lambda gamma: NegativeLogLikelihood(), lambda x, y, gamma: -y * x, _of_rows, {}),
}

by_case = pytest.mark.parametrize("case", _CONVENTIONS.values(), ids=_CONVENTIONS.keys())
by_targets = pytest.mark.parametrize("targets", [_SOFT, _INDEX], ids=["soft", "index"])
by_gamma = pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])


def _convention(case: _Case, targets: NumPyArray, gamma: float) -> Convention:
    if gamma and case.formula(gamma) == case.formula(0.0):
        pytest.skip("log-probabilities have no modulator")
    if case.options.get("class_axis") == "spread" and targets is _SOFT:
        pytest.skip("only an index has a target to be spread beside")
    return Convention(case.formula(gamma), **case.options)


@by_gamma
@by_targets
@by_case
def test_value(case: _Case, targets: NumPyArray, gamma: float) -> None:
    convention = _convention(case, targets, gamma)
    labels = targets if targets is _SOFT else np.eye(3)[targets]
    true = case.reduced(_WEIGHT * case.terms(case.x, labels, gamma), labels)
    found = evaluate(convention, Operands(case.x, targets, class_weight=_WEIGHT))
    np.testing.assert_allclose(found, true, rtol=1e-13)


@pytest.mark.parametrize(
    ("class_axis", "formula", "unreduced"),
    [
        ("formula", SigmoidFocal(2.0), lambda binary, categorical: binary),
        ("sum", SigmoidFocal(2.0), lambda binary, categorical: binary.sum(1)),
        ("mean", SigmoidFocal(2.0), lambda binary, categorical: binary.sum(1) / 3),
        ("formula", SoftmaxFocal(2.0), lambda binary, categorical: categorical.sum(1)),
        ("kept", SoftmaxFocal(2.0), lambda binary, categorical: categorical.sum(1)[:, np.newaxis]),
        ("spread", SoftmaxFocal(2.0), lambda binary, categorical: categorical),
    ],
    ids=["binary", "sum", "mean", "categorical", "kept", "spread"],
)
def test_class_axis_of_the_unreduced_value(class_axis: Any, formula: Formula, unreduced: Callable[[Any, Any], Any]) -> None:
    labels = np.eye(3)[_INDEX]
    true = unreduced(_binary(_sigmoid(_X), labels, 2.0), _categorical(_softmax(_X), labels, 2.0))
    convention = Convention(formula, labels="indices", class_axis=class_axis, reduction="none")
    found = evaluate(convention, Operands(_X, _INDEX))
    np.testing.assert_allclose(found, true, rtol=1e-13, strict=True)


def test_value_of_floored_logarithms() -> None:
    p, y = np.array([0.0, 0.1, 0.75, 1.0, 0.0, 1.0]), np.array([1.0, 1.0, 0.5, 0.0, 0.25, 1.0])
    found = evaluate(Convention(binary_focal(2.0, from_logits=False, log_floor=-2.0), reduction="none"), Operands(p, y))
    np.testing.assert_allclose(found, [2, 2 * 0.81, 0.25 * 0.5 * (-np.log(0.75) - np.log(0.25)), 2, 0.25**2 * 0.25 * 2, 0], rtol=1e-13)


@by_gamma
@by_targets
@by_case
def test_derivatives(case: _Case, targets: NumPyArray, gamma: float) -> None:
    convention = _convention(case, targets, gamma)
    x: Any = case.x
    operands: dict[str, Any] = {"targets": targets, "class_weight": _WEIGHT}

    def value(x: Any) -> Any:
        return evaluate(convention, Operands(x, **operands))

    def gradient(x: Any) -> Any:
        return evaluate_with_gradient(convention, Operands(x, **operands))[1]

    call = read_call(convention, Operands(x, **operands))
    of_labels, folded_x, inputs, divisor = fold(call.reading, call.operands)
    second = of_labels.second(call.reading.xp, folded_x, inputs, _H) / divisor
    step = 1e-6
    differences = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[i] = step
        differences[i] = (np.sum(value(x + moved)) - np.sum(value(x - moved))) / (2 * step)
    np.testing.assert_allclose(gradient(x), differences, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(second, (gradient(x + step * _H) - gradient(x - step * _H)) / (2 * step), rtol=1e-6, atol=1e-8)


def test_an_infinite_loss_is_spread_over_no_other_class(framework: Framework) -> None:
    x = np.array([[0.0, -np.inf, 1.0], [0.0, 1.0, 2.0]])
    values = framework.value(kornia.focal_loss, x, np.array([1, 0]), dtype="float32", alpha=None, gamma=0.0)
    np.testing.assert_allclose(values, [[0, np.inf, 0], [np.log(np.exp([0, 1, 2]).sum()), 0, 0]], rtol=1e-6)
