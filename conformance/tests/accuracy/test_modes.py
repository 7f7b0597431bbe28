"""What compilers make of a loss: value and gradient in every mode of every framework, in ulp of the truth, as eager ones are judged."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.arrays import NumPyArray
from unifocal.dispatch import backend_of

from ...frameworks import Framework
from . import generated
from .generated import IGNORED, GeneratedCall

RNG = np.random.default_rng(31)
# Ordinary, near each other, saturated to where float32's exponential is 0, and exact zeros.
_X = np.array([[0.7, -1.3, 2.1], [-0.2, 0.1, 0.05], [20, -20, 3.0], [-90, 88, 0.0], [104, -150, -0.0], [-5, 1000, 7.5]])
_HARD, _INDEX = np.array([[1.0, 0, 0], [0, 1, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]), np.array([0, 2, 1, 1, 0, 2])
_PARTLY = np.where(np.arange(6) % 3 == 1, IGNORED, _INDEX)
_SOFT, _ROWS = RNG.random((6, 3)), RNG.dirichlet(np.ones(3), 6)
_WEIGHT = {"sample_weight": RNG.random(6) + 0.5}
_FUNCTIONS: list[tuple[str, Any, dict[str, Any]]] = [
    ("sigmoid_focal_loss", _HARD, {"gamma": 0.5, "reduction": "none"}),
    ("sigmoid_focal_loss", _SOFT, {"gamma": 2.0, "reduction": "sum"}),
    ("sigmoid_focal_loss", _PARTLY, {"gamma": 2.0, "reduction": "mean", "ignore_index": IGNORED}),
    ("sigmoid_focal_loss", _HARD, {"gamma": 2.0, "reduction": "none", "pos_weight": 1.5} | _WEIGHT),
    ("quality_focal_loss", np.where(_X < 0, 0.875, 0.125), {"beta": 1.5, "reduction": "none"}),
    ("softmax_poly_focal_loss", _INDEX, {"gamma": 0.5, "reduction": "none"}),
    ("softmax_focal_loss", _INDEX, {"gamma": 0.5, "reduction": "none"}),
    ("softmax_focal_loss", _ROWS, {"gamma": 2.0, "reduction": "sum"}),
    ("softmax_focal_loss", _PARTLY, {"gamma": 2.0, "reduction": "none", "ignore_index": IGNORED}),
    ("softmax_focal_loss", _INDEX, {"gamma": 0.5, "reduction": "weighted_mean", "alpha": [0.5, 1.25, 0.75]} | _WEIGHT),
]


@cache
def _cases(dtype: str) -> tuple[GeneratedCall, ...]:
    return tuple(
        GeneratedCall(f"{loss} {options}", loss, _X * (1 + i / 16), targets, {"axis": -1} | options).rounded(dtype)
        for i, (loss, targets, options) in enumerate(_FUNCTIONS)
    )


def _arrays(case: GeneratedCall) -> dict[str, NumPyArray]:
    return {"targets": case.targets} | {key: value for key, value in case.options.items() if isinstance(value, np.ndarray)}


def _all_losses(tensors: list[Any]) -> Any:
    """All losses in a row, of stacked predictions and whatever else is a tensor: a graph costs more to compile than what is in it."""
    x, *others = tensors
    given, values = iter(others), []
    backend: Any = backend_of(x)
    xp = backend.namespace(x)
    for i, (name, targets, options) in enumerate(_FUNCTIONS):
        arrays = _arrays(GeneratedCall("", name, _X, targets, options))
        loss: Any = getattr(unifocal, name)
        values.append(xp.reshape(loss(x[i], **options | {key: next(given) for key in arrays}), (-1,)))
    return xp.concat(values)


@pytest.mark.costly
@pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax", "mlx")
def test_compiled(framework: Framework, mode: str, dtype: str, measure: Callable[..., None]) -> None:
    cases = _cases(dtype)
    with framework.precision(dtype):
        x = framework.tensor(np.stack([case.predictions for case in cases]), dtype)
        others = [framework.tensor(array) for case in cases for array in _arrays(case).values()]
        compiled = framework.compiled(_all_losses, mode)
        # Differentiated from outside, as training does.
        value, gradient = map(framework.numpy, framework.gradient(lambda x: compiled([x, *others]), x))
    start = 0
    for i, case in enumerate(cases):
        true = generated.truth_of_call(case, dtype)
        shape, size = true.value.high.shape, true.value.high.size
        found = generated.distances((value[start : start + size].reshape(shape), gradient[i]), true, dtype)
        start += size
        for part, far in found.items():
            measure(far, generated.bar_of(case, dtype), framework.name, mode, dtype, case.loss, case.options["reduction"], part)
    assert start == value.size
