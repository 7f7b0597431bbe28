"""Every convention a spec can have: its gradient and second derivative are those of its value, by finite differences in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unifocal.dialects import kornia
from unifocal.evaluate import evaluate, evaluate_with_gradient
from unifocal.operands import context
from unifocal.plan import plan
from unifocal.spec import Operands, Spec

from ...frameworks import Framework

_RNG = np.random.default_rng(0)
_X, _H = _RNG.normal(size=(4, 3)), _RNG.normal(size=(4, 3))
_SOFT, _INDEX = _RNG.random((4, 3)), np.array([0, 2, 1, 1])
_WEIGHT = np.array([0.5, 1.0, 2.0])
_P = 1 / (1 + np.exp(-_X))
_ROWS = np.exp(_X) / np.exp(_X).sum(1, keepdims=True)

_CONVENTIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "sigmoid, clipped": (_X, {"epsilon": 0.3}),
    "sigmoid, clipped cross entropy": (_X, {"epsilon": 0.3, "clip": "cross_entropy"}),
    "sigmoid, added epsilon": (_X, {"log_epsilon": 0.01}),
    "sigmoid, mixture": (_X, {"soft_labels": "mixture", "label_smoothing": 0.1}),
    "sigmoid, clipped mixture": (_X, {"soft_labels": "mixture", "epsilon": 0.3, "clip": "cross_entropy", "log_epsilon": 0.01}),
    "sigmoid, mean of classes": (_X, {"class_axis": "mean", "reduction": "sum"}),
    "probabilities, clipped cross entropy": (_P, {"from_logits": False, "epsilon": 0.3, "clip": "cross_entropy", "log_epsilon": 0.01}),
    "probabilities, floor": (_P, {"from_logits": False, "log_floor": -100.0}),
    "probabilities, mixture": (_P, {"from_logits": False, "soft_labels": "mixture"}),
    "softmax, clipped": (_X, {"link": "softmax", "epsilon": 0.2}),
    "softmax, row weights": (_X, {"link": "softmax", "class_weight": "row", "reduction": "weighted_mean"}),
    "softmax, spread": (_X, {"link": "softmax", "class_axis": "spread"}),
    "normalized": (3 * _ROWS, {"link": "softmax", "from_logits": False, "normalized": "then_clipped"}),
    "normalized, clipped": (3 * _ROWS, {"link": "softmax", "from_logits": False, "normalized": "then_clipped", "epsilon": 0.2}),
    "clipped, normalized": (_ROWS, {"link": "softmax", "from_logits": False, "normalized": "clipped_first", "epsilon": 0.2}),
    "log-probabilities": (_X, {"link": "log"}),
}


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("targets", [_SOFT, _INDEX], ids=["soft", "index"])
@pytest.mark.parametrize(("x", "fields"), _CONVENTIONS.values(), ids=_CONVENTIONS.keys())
def test_derivatives(x: Any, fields: dict[str, Any], targets: Any, gamma: float) -> None:
    if fields.get("link") == "log" and gamma:
        pytest.skip("log-probabilities have no modulator")
    if fields.get("class_axis") == "spread" and targets is _SOFT:
        pytest.skip("only an index has a target to be spread beside")
    spec = Spec(**{"link": "sigmoid", "gamma": gamma, **fields})
    operands: dict[str, Any] = {"targets": targets, "class_weight": _WEIGHT}

    def value(x: Any) -> Any:
        return evaluate(spec, Operands(x, **operands))

    def gradient(x: Any) -> Any:
        return evaluate_with_gradient(spec, Operands(x, **operands))[1]

    call = plan(context(spec, x), Operands(x, **operands))
    second = call.kernel.second(call.ctx.xp, call.spec, call.x, call.inputs, _H) / call.denominator
    step = 1e-6
    differences = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[i] = step
        differences[i] = (value(x + moved) - value(x - moved)) / (2 * step)
    np.testing.assert_allclose(gradient(x), differences, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(second, (gradient(x + step * _H) - gradient(x - step * _H)) / (2 * step), rtol=1e-6, atol=1e-8)


def test_an_infinite_loss_is_spread_over_no_other_class(framework: Framework) -> None:
    x = np.array([[0.0, -np.inf, 1.0], [0.0, 1.0, 2.0]])
    values = framework.value(kornia.focal_loss, x, np.array([1, 0]), dtype="float32", alpha=None, gamma=0.0)
    np.testing.assert_allclose(values, [[0, np.inf, 0], [np.log(np.exp([0, 1, 2]).sum()), 0, 0]], rtol=1e-6)
