"""Losses, gradients and second derivatives against the truth, on every framework in eager mode."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import unifocal
from unifocal.formulas.arithmetic import log1p

from ...frameworks import Framework
from ...truth import oracle, tolerances
from ...truth.ulp import distance, relative
from .grids import (
    EPSILON,
    PROBABILITY_CASES,
    SIGMOID_CASES,
    SMOOTHING,
    SOFTMAX_CASES,
    SOFTMAX_PROBABILITY_CASES,
    Z_LOSS_CASES,
    Array,
    GridTruth,
    Options,
    exact_columns,
    sigmoid_probability_truth,
    sigmoid_truth,
    softmax_probability_truth,
    softmax_truth,
    with_labels,
    z_loss_truth,
)

pytestmark = pytest.mark.costly
Measure = Callable[..., None]


def _hold(
    framework: Framework,
    truth: GridTruth,
    loss: Callable[..., Any],
    dtype: str,
    bar: float,
    measure: Measure,
    *what: object,
    **options: Any,
) -> None:
    """Value and gradient against the truth."""
    value, gradient = framework.value_and_gradient(loss, truth.predictions, truth.targets, dtype=dtype, reduction="none", **options)
    measure(distance(value, truth.value, dtype, truth.value_terms), bar, *what, "value")
    measure(distance(gradient, truth.slope, dtype, truth.slope_terms), bar, *what, "gradient")


def _hold_second(framework: Framework, truth: GridTruth, loss: Callable[..., Any], measure: Measure, *what: object, **options: Any) -> None:
    second = framework.second(loss, truth.predictions, truth.targets, truth.h, dtype="float64", reduction="sum", **options)
    measure(relative(second, truth.second, truth.second_terms), tolerances.SECOND, *what, "second")


def _sigmoid_options(case: Options) -> dict[str, Any]:
    return {"gamma": case.gamma, "alpha": case.alpha, "pos_weight": case.pos_weight, "label_smoothing": case.smoothing}


@pytest.mark.parametrize("case", SIGMOID_CASES, ids=str)
def test_sigmoid(framework: Framework, dtype: str, case: Options, measure: Measure) -> None:
    bar = tolerances.value_and_gradient("sigmoid", dtype, case.gamma)
    what = (framework.name, dtype, "sigmoid", "smoothed" if case.smoothing else "", f"gamma {case.gamma}")
    truth, options = sigmoid_truth(dtype, case), _sigmoid_options(case)
    _hold(framework, truth, unifocal.sigmoid_focal_loss, dtype, bar, measure, *what, **options)
    # Hard labels alone have a form of the kernel of their own; where no exponential overflows, eager blocks take a shorter one.
    moderate = np.abs(truth.predictions[0]) <= (700 if dtype == "float64" else 87)
    for name, columns in (("hard", slice(None)), ("hard and moderate", moderate), ("moderate", moderate)):
        some = truth.of(slice(None) if name == "moderate" else slice(2), columns)
        _hold(framework, some, unifocal.sigmoid_focal_loss, dtype, bar, measure, *what, name, **options)


@pytest.mark.dtypes("float16", "bfloat16")
@pytest.mark.parametrize("case", [Options(0.0), Options(2.0, 0.25)], ids=str)
def test_sigmoid_half(framework: Framework, dtype: str, case: Options, measure: Measure) -> None:
    what = (framework.name, dtype, "sigmoid", "", f"gamma {case.gamma}")
    truth = sigmoid_truth(dtype, case)
    _hold(framework, truth, unifocal.sigmoid_focal_loss, dtype, tolerances.HALF, measure, *what, **_sigmoid_options(case))


@pytest.mark.dtypes("float64")
@pytest.mark.parametrize("case", SIGMOID_CASES, ids=str)
def test_sigmoid_second(framework: Framework, dtype: str, case: Options, measure: Measure) -> None:
    what = (framework.name, dtype, "sigmoid", "smoothed" if case.smoothing else "", f"gamma {case.gamma}")
    truth = sigmoid_truth(dtype, case)
    _hold_second(framework, truth, unifocal.sigmoid_focal_loss, measure, *what, **_sigmoid_options(case))


@pytest.mark.parametrize(("gamma", "clipped"), PROBABILITY_CASES)
def test_sigmoid_probability(framework: Framework, dtype: str, gamma: float, clipped: bool, measure: Measure) -> None:
    truth, loss = sigmoid_probability_truth(dtype, gamma, clipped), unifocal.sigmoid_focal_loss
    bar = tolerances.value_and_gradient("sigmoid", dtype, gamma)
    what = (framework.name, dtype, "sigmoid probability", "clipped" if clipped else "", f"gamma {gamma}")
    options: dict[str, Any] = {"gamma": gamma, "from_logits": False, "epsilon": EPSILON if clipped else None}
    _hold(framework, truth, loss, dtype, bar, measure, *what, **options)
    if dtype == "float64":
        _hold_second(framework, truth, loss, measure, *what, **options)


def _in_range(truth: GridTruth) -> GridTruth:
    """The rows whose exponentials neither overflow nor vanish: one of them sends a whole block to the general form."""
    x = truth.predictions
    return truth.of((x.max(-1) < 80) & (x.max(-1) > -4) & (x.min(-1) > -80), ...)


@pytest.mark.parametrize(("classes", "kind", "gamma"), SOFTMAX_CASES)
def test_softmax(framework: Framework, dtype: str, classes: int, kind: str, gamma: float, measure: Measure) -> None:
    bar = tolerances.value_and_gradient("softmax", dtype, gamma)
    options = {"gamma": gamma, "label_smoothing": SMOOTHING if kind == "smoothed" else 0.0}
    what = (framework.name, dtype, "softmax", kind, f"gamma {gamma}")
    truth = softmax_truth(dtype, classes, kind, gamma)
    _hold(framework, truth, unifocal.softmax_focal_loss, dtype, bar, measure, *what, **options)
    # Eager blocks whose exponentials are in range take a form of the kernel of their own.
    _hold(framework, _in_range(truth), unifocal.softmax_focal_loss, dtype, bar, measure, *what, "in range", **options)


@pytest.mark.dtypes("float16", "bfloat16")
@pytest.mark.parametrize(("kind", "gamma"), [("index", 0.0), ("soft", 2.0)])
def test_softmax_half(framework: Framework, dtype: str, kind: str, gamma: float, measure: Measure) -> None:
    what = (framework.name, dtype, "softmax", kind, f"gamma {gamma}")
    truth = softmax_truth(dtype, 10, kind, gamma)
    _hold(framework, truth, unifocal.softmax_focal_loss, dtype, tolerances.HALF, measure, *what, gamma=gamma)


@pytest.mark.dtypes("float64")
@pytest.mark.parametrize(("classes", "kind", "gamma"), SOFTMAX_CASES)
def test_softmax_second(framework: Framework, dtype: str, classes: int, kind: str, gamma: float, measure: Measure) -> None:
    options = {"gamma": gamma, "label_smoothing": SMOOTHING if kind == "smoothed" else 0.0}
    what = (framework.name, dtype, "softmax", kind, f"gamma {gamma}")
    _hold_second(framework, softmax_truth(dtype, classes, kind, gamma), unifocal.softmax_focal_loss, measure, *what, **options)


@pytest.mark.parametrize(("classes", "kind", "z_loss"), Z_LOSS_CASES)
def test_z_loss(framework: Framework, dtype: str, classes: int, kind: str, z_loss: float, measure: Measure) -> None:
    bar = tolerances.value_and_gradient("softmax", dtype, 0.0)
    options = {"z_loss": z_loss, "label_smoothing": SMOOTHING if kind == "smoothed" else 0.0}
    what = (framework.name, dtype, "z-loss", kind, f"z_loss {z_loss}")
    truth, loss = z_loss_truth(dtype, classes, kind, z_loss), unifocal.cross_entropy
    _hold(framework, truth, loss, dtype, bar, measure, *what, **options)
    _hold(framework, _in_range(truth), loss, dtype, bar, measure, *what, "in range", **options)
    if dtype == "float64":
        _hold_second(framework, truth, loss, measure, *what, **options)


@pytest.mark.parametrize(("gamma", "kind", "clipped"), SOFTMAX_PROBABILITY_CASES)
def test_softmax_probability(framework: Framework, dtype: str, gamma: float, kind: str, clipped: bool, measure: Measure) -> None:
    truth = softmax_probability_truth(dtype, kind, gamma, clipped)
    bar = tolerances.value_and_gradient("softmax", dtype, gamma)
    what = (framework.name, dtype, "softmax probability", "clipped" if clipped else "", f"gamma {gamma}")
    options: dict[str, Any] = {"gamma": gamma, "from_logits": False, "epsilon": EPSILON if clipped else None}
    _hold(framework, truth, unifocal.softmax_focal_loss, dtype, bar, measure, *what, **options)
    if dtype == "float64":
        _hold_second(framework, truth, unifocal.softmax_focal_loss, measure, *what, **options)


def test_softmax_has_no_limit_where_two_logits_are_infinite(framework: Framework, dtype: str) -> None:
    rows = np.array([[np.inf, np.inf, 0], [-np.inf, -np.inf, -np.inf]], dtype)
    value, _ = framework.value_and_gradient(unifocal.softmax_focal_loss, rows, np.array([0, 1]), dtype=dtype, reduction="none")
    assert np.isnan(value).all()


def test_nan_stays(framework: Framework, dtype: str) -> None:
    x = np.array([np.nan, 1.0, -2.0], dtype)
    value, gradient = framework.value_and_gradient(unifocal.sigmoid_focal_loss, x, np.array([1, 0, 1]), dtype=dtype, reduction="none")
    assert np.isnan(value).tolist() == np.isnan(gradient).tolist() == [True, False, False]


def test_gradient_at_zero(framework: Framework, dtype: str, measure: Measure) -> None:
    """A derivative through abs or maximum would be off by as much as 1/2 here."""
    x, y = with_labels(np.array([0.0, -0.0], dtype))
    truth = GridTruth(x, y, y, *exact_columns([oracle.sigmoid(a, b, 1.0) for a, b in zip(x.flat, y.flat, strict=True)], x.shape))
    bar = tolerances.value_and_gradient("sigmoid", dtype, 1.0)
    what = (framework.name, dtype, "sigmoid at zero", "", "gamma 1.0")
    _hold(framework, truth, unifocal.sigmoid_focal_loss, dtype, bar, measure, *what, gamma=1.0, alpha=None)


def test_sigmoid_probability_at_its_ends(framework: Framework, dtype: str) -> None:
    """Logarithms are exact: a certain and wrong prediction costs infinitely much."""
    p, y = np.array([0.0, 0.0, 1.0, 1.0], dtype), np.array([1, 0, 1, 0])
    value, gradient = framework.value_and_gradient(unifocal.binary_cross_entropy, p, y, dtype=dtype, from_logits=False, reduction="none")
    np.testing.assert_array_equal(value, [np.inf, 0, 0, np.inf])
    np.testing.assert_array_equal(gradient, [-np.inf, 1, -1, np.inf])
    value, gradient = framework.value_and_gradient(
        unifocal.sigmoid_focal_loss, p, y, dtype=dtype, from_logits=False, alpha=None, reduction="none"
    )
    np.testing.assert_array_equal(value, [np.inf, 0, 0, np.inf])
    np.testing.assert_array_equal(gradient, [-np.inf, 0, 0, np.inf])


def test_nothing_finite_gives_more_than_a_finite_derivative(framework: Framework, dtype: str) -> None:
    width: Literal[32, 64] = 32 if dtype == "float32" else 64
    # Softmax subtracts logits, so theirs stop short of the largest number.
    largest = float(np.finfo(dtype).max) / 4
    focal: list[Any] = [unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss]

    @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(
        x=arrays(dtype, (3, 4), elements=st.floats(-largest, largest, width=width) | st.floats(-200, 200, width=width)),
        y=arrays(dtype, (3, 4), elements=st.floats(0, 1, width=width) | st.sampled_from([0.0, 1.0])),
        gamma=st.sampled_from([0.0, 0.5, 20.0]),
        loss=st.sampled_from(focal),
    )
    def finite(x: Array, y: Array, gamma: float, loss: Callable[..., Any]) -> None:
        # The weights keep a row of four terms from overflowing, which is no fault.
        options: dict[str, Any] = {"gamma": gamma, "alpha": 0.25, "reduction": "none"}
        value, gradient = framework.value_and_gradient(loss, x, y, dtype=dtype, **options)
        second = framework.second(loss, x, y, np.ones_like(x), dtype=dtype, **options)
        for part in (value, gradient, second):
            assert np.isfinite(part).all()

    finite()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("pos_weight", [None, 0.0, 1e10])
@pytest.mark.parametrize("labels", ["hard", "soft"])
def test_infinite_logits_under_weights_of_any_size(framework: Framework, dtype: str, gamma: float, pos_weight: Any, labels: str) -> None:
    """0 switches off an infinite loss, and nothing else does; the slope is finite."""
    x, y = np.array([-np.inf, np.inf, -np.inf, np.inf]), np.array([1.0, 1, 0, 0]) if labels == "hard" else np.full(4, 0.25)
    for weight in (0.0, 1e-30, 1.0):
        options: dict[str, Any] = {"gamma": gamma, "alpha": None, "pos_weight": pos_weight, "sample_weight": np.full(4, weight)}
        value, slope = framework.value_and_gradient(unifocal.sigmoid_focal_loss, x, y, dtype=dtype, reduction="none", **options)
        of_positives = weight * (1.0 if pos_weight is None else pos_weight) > 0
        if labels == "hard":
            infinite = [of_positives, False, False, weight > 0]
        else:
            infinite = [of_positives, weight > 0] * 2
        np.testing.assert_array_equal(value, np.where(infinite, np.inf, 0.0))
        assert np.isfinite(slope).all()


def test_log1p_of_compilers(measure: Measure) -> None:
    """The polynomial that compiled float32 losses take, without a compiler."""
    xp = SimpleNamespace(float32=np.float32, fuses=lambda e: True)
    e = np.concatenate([np.linspace(0, 1, 20001), np.exp(-np.linspace(0, 86, 20001))]).astype(np.float32)
    found, true = log1p(xp, e), np.log1p(e.astype(np.float64))
    measure(np.abs(found - true) / np.spacing(true.astype(np.float32)), 1.3, "float32", "log1p of compilers")
