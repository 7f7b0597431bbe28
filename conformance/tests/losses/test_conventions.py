"""Every convention there is: its gradient and second derivative are those of its value, by finite differences in float64."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from unifocal.convention import Convention
from unifocal.dialects import kornia
from unifocal.evaluation.block import folded
from unifocal.evaluation.evaluate import call_of, evaluate, evaluate_with_gradient
from unifocal.formulas import Formula, Mixture, NegativeLogLikelihood, binary_focal, categorical_focal, normalized_focal
from unifocal.operands import Operands

from ...frameworks import Framework

_RNG = np.random.default_rng(0)
_X, _H = _RNG.normal(size=(4, 3)), _RNG.normal(size=(4, 3))
_SOFT, _INDEX = _RNG.random((4, 3)), np.array([0, 2, 1, 1])
_WEIGHT = np.array([0.5, 1.0, 2.0])
_P = 1 / (1 + np.exp(-_X))
_ROWS = np.exp(_X) / np.exp(_X).sum(1, keepdims=True)

_CLIPS: dict[str, Any] = {"epsilon": 0.3, "clip": "cross_entropy", "log_epsilon": 0.01}

_CONVENTIONS: dict[str, tuple[Any, Callable[[float], Formula], dict[str, Any]]] = {
    "sigmoid": (_X, binary_focal, {}),
    "sigmoid, clipped": (_X, partial(binary_focal, epsilon=0.3), {}),
    "sigmoid, clipped cross entropy": (_X, partial(binary_focal, epsilon=0.3, clip="cross_entropy"), {}),
    "sigmoid, added epsilon": (_X, partial(binary_focal, log_epsilon=0.01), {}),
    "sigmoid, mixture": (_X, lambda gamma: Mixture(binary_focal(gamma)), {"label_smoothing": 0.1}),
    "sigmoid, clipped mixture": (_X, lambda gamma: Mixture(binary_focal(gamma, **_CLIPS)), {}),
    "sigmoid, mean of classes": (_X, binary_focal, {"class_axis": "mean", "reduction": "sum"}),
    "probabilities, clipped cross entropy": (_P, partial(binary_focal, from_logits=False, **_CLIPS), {}),
    "probabilities, floor": (_P, partial(binary_focal, from_logits=False, log_floor=-100.0), {}),
    "probabilities, mixture": (_P, lambda gamma: Mixture(binary_focal(gamma, from_logits=False)), {}),
    "softmax": (_X, categorical_focal, {}),
    "softmax, clipped": (_X, partial(categorical_focal, epsilon=0.2), {}),
    "softmax, row weights": (_X, categorical_focal, {"class_weight": "row", "reduction": "weighted_mean"}),
    "softmax, spread": (_X, categorical_focal, {"class_axis": "spread", "labels": "indices"}),
    "normalized, clipped": (3 * _ROWS, partial(normalized_focal, epsilon=0.2, clipped_first=False), {}),
    "clipped, normalized": (_ROWS, partial(normalized_focal, epsilon=0.2, clipped_first=True), {}),
    "log-probabilities": (_X, lambda gamma: NegativeLogLikelihood(), {}),
}


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("targets", [_SOFT, _INDEX], ids=["soft", "index"])
@pytest.mark.parametrize(("x", "formula", "options"), _CONVENTIONS.values(), ids=_CONVENTIONS.keys())
def test_derivatives(x: Any, formula: Callable[[float], Formula], options: dict[str, Any], targets: Any, gamma: float) -> None:
    if gamma and formula(gamma) == formula(0.0):
        pytest.skip("log-probabilities have no modulator")
    if options.get("class_axis") == "spread" and targets is _SOFT:
        pytest.skip("only an index has a target to be spread beside")
    convention = Convention(formula(gamma), **options)
    operands: dict[str, Any] = {"targets": targets, "class_weight": _WEIGHT}

    def value(x: Any) -> Any:
        return evaluate(convention, Operands(x, **operands))

    def gradient(x: Any) -> Any:
        return evaluate_with_gradient(convention, Operands(x, **operands))[1]

    call = call_of(convention, Operands(x, **operands))
    of_labels, folded_x, inputs, divisor = folded(call.reading, call.operands)
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
