"""Losses, gradients and second derivatives against the truth, on every framework in eager mode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import unifocal
from unifocal.formulas.logistic import log1p

from ...frameworks import Framework
from ...truth import oracle, tolerances
from ...truth.ulp import Exact, distance, relative

Array = npt.NDArray[Any]
Measure = Callable[..., None]

GAMMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.5, 5.0)
EPSILON = 1e-7
SMOOTHING = 0.1


class Options(NamedTuple):
    """A loss's numbers."""

    gamma: float
    alpha: float | None = None
    pos_weight: float | None = None
    smoothing: float = 0.0

    def __str__(self) -> str:
        parts = (("alpha", self.alpha), ("pos_weight", self.pos_weight), ("smoothing", self.smoothing or None))
        return "-".join([f"gamma{self.gamma:g}", *(f"{name}{value:g}" for name, value in parts if value is not None)])


class GridTruth(NamedTuple):
    """A grid of predictions and targets, and what the loss is there."""

    predictions: Array
    targets: Array
    h: Array
    value: Exact
    slope: Exact
    second: Exact
    value_terms: Exact
    slope_terms: Exact
    second_terms: Exact

    def of(self, rows: Any, columns: Any) -> GridTruth:
        """A part of the grid."""

        def cut(part: Any) -> Any:
            return part[rows] if columns is ... else part[rows, columns]

        x, y, h, *exact = self
        return GridTruth(cut(x), cut(y), cut(h), *(Exact(*map(cut, part)) for part in exact))


# Every γ once; other options where they are likeliest to hurt.  Each case costs every framework a run, and JAX a compilation.
SIGMOID_CASES = [
    *(Options(gamma, 0.25) for gamma in GAMMAS),
    Options(0.0),
    Options(2.0),
    Options(2.0, pos_weight=2.5),
    Options(0.0, smoothing=SMOOTHING),
    Options(5.0, smoothing=SMOOTHING),
    Options(1.5, 0.25, 0.7, 0.2),
    Options(2.0, 1.0),
]
SOFTMAX_CASES = [
    *((3, "index", gamma) for gamma in GAMMAS),
    *((10, "soft", gamma) for gamma in (0.0, 0.5, 2.0)),
    *((10, "one-hot", gamma) for gamma in (0.5, 2.0)),
    (2, "index", 2.0),
    (2, "soft", 5.0),
    *((3, "smoothed", gamma) for gamma in (0.0, 2.0)),
    *((1000, "index", gamma) for gamma in (0.0, 2.0)),
    *((1000, kind, 2.0) for kind in ("one-hot", "soft")),
]
PROBABILITY_CASES = [(0.0, False), (0.5, False), (2.0, True)]
SOFTMAX_PROBABILITY_CASES = [(0.5, "index", False), (2.0, "soft", False), (2.0, "index", True)]


def _in_dtype(x: Array, dtype: str) -> Array:
    """x rounded to numbers of the dtype, in a NumPy dtype that has them (bfloat16: a truncated float32)."""
    if dtype == "bfloat16":
        bits = x.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
        return bits.view(np.float32)
    return x.astype(dtype)


@cache
def _logits(dtype: str) -> Array:
    rng = np.random.default_rng(2017)
    decades = np.logspace(-10, 4, 90)
    large = np.array([15, 16.7, 20, 30, 37, 50, 87, 88.8, 90, 103, 104.5, 200, 500, 700, 709, 710, 745, 746, 800, 1000])
    return _in_dtype(np.concatenate([decades, -decades, large, -large, [0.0, -0.0, np.inf, -np.inf], rng.normal(size=297) * 10]), dtype)


@cache
def _probabilities(dtype: str) -> Array:
    rng = np.random.default_rng(2018)
    tails = np.logspace(-30, -0.5, 60)
    near_one = 1 - np.logspace(-7 if dtype == "float32" else -15, -0.5, 40)
    return np.concatenate([tails, near_one, [EPSILON, 1 - EPSILON], rng.random(100)]).astype(dtype)


def _with_labels(x: Array) -> tuple[Array, Array]:
    """Each prediction with the labels 0, 1, 0.3 and a random one, often nearly certain, in rows."""
    rng = np.random.default_rng(2019)
    labels = np.stack([np.zeros(x.size), np.ones(x.size), np.full(x.size, 0.3), rng.beta(0.2, 0.2, x.size)])
    return np.tile(x, (4, 1)), labels.astype(np.float64 if x.dtype == np.float64 else np.float32)


def _exact(numbers: Iterable[Sequence[Any]], shape: tuple[int, ...]) -> list[Exact]:
    return [Exact.of(column, shape) for column in zip(*numbers, strict=True)]


@cache
def _sigmoid_truth(dtype: str, case: Options) -> GridTruth:
    x, y = _with_labels(_logits(dtype))
    gamma, alpha, pos_weight, smoothing = case
    series = [
        oracle.sigmoid(a, oracle.smoothed(b, smoothing), gamma, alpha, 1.0 if pos_weight is None else pos_weight)
        for a, b in zip(x.flat, y.flat, strict=True)
    ]
    return GridTruth(x, y, np.ones_like(y), *_exact(series, x.shape))


def _clip(dtype: str) -> tuple[float, float]:
    rounded = np.dtype(dtype).type
    return float(rounded(EPSILON)), float(rounded(1 - EPSILON))


@cache
def _sigmoid_probability_truth(dtype: str, gamma: float, clipped: bool) -> GridTruth:
    x, y = _with_labels(_probabilities(dtype))
    clip = _clip(dtype) if clipped else None
    series = [oracle.sigmoid_probability(a, b, gamma, 0.25, clip=clip) for a, b in zip(x.flat, y.flat, strict=True)]
    return GridTruth(x, y, np.ones_like(y), *_exact(series, x.shape))


@cache
def _rows(dtype: str, classes: int) -> Array:
    """Rows of logits: ordinary, wide, saturated, infinite (of three classes), and with ties."""
    rng = np.random.default_rng(classes)
    few = 1 if classes > 10 else 8
    ordinary = [rng.normal(size=(few, classes)) * width for width in (1.0, 10.0, 60.0)]
    saturated = rng.normal(size=(8, classes))
    saturated[np.arange(8), np.arange(8) % classes] += np.array([15, -15, 40, -40, 100, -104, 700, 1000.0])
    tied = np.zeros((1, classes))
    close = 20 + rng.normal(size=(1, classes)) * 1e-3
    rows = [*ordinary, saturated[::3] if few == 1 else saturated, tied, close]
    if classes == 3:
        inf = np.inf
        rows.append(np.array([[inf, 0, 1], [inf, 0, 1], [-inf, 0, 1], [-inf, 0, 1], [-inf, 2, -inf], [-3, inf, -inf]]))
    return _in_dtype(np.concatenate(rows), dtype)


def _soft(rows: Array) -> Array:
    """Label distributions: spread out, and in every third row all but certain of the largest logit."""
    rng = np.random.default_rng(2020)
    labels = rng.dirichlet(np.ones(rows.shape[1]), size=rows.shape[0])
    labels[::3] *= 1e-9
    labels[np.arange(rows.shape[0]), rows.argmax(-1)] += np.arange(rows.shape[0]) % 3 == 0
    return np.clip(labels, 0, 1).astype(np.float64 if rows.dtype == np.float64 else np.float32)


def _indices(rows: Array) -> Array:
    """Of each row the largest logit, the smallest, or some other."""
    other = np.random.default_rng(2021).integers(rows.shape[1], size=rows.shape[0])
    kind = np.arange(rows.shape[0]) % 3
    return np.where(kind == 0, rows.argmax(-1), np.where(kind == 1, rows.argmin(-1), other))


def _index_weights(index: Array, classes: int, smoothing: float = 0.0) -> list[list[Any]]:
    return [[oracle.smoothed(float(c == t), smoothing, classes) for c in range(classes)] for t in index]


def _row_truth(rows: Array, targets: Array, weights: Sequence[Sequence[Any]], row: Callable[..., oracle.Row], **options: Any) -> GridTruth:
    h = np.random.default_rng(2022).normal(size=rows.shape)
    # Second derivatives have a bar in float64 only.
    along = h.tolist() if rows.dtype == np.float64 else [None] * len(h)
    results = [row(x, v, h=k, **options) for x, v, k in zip(rows.tolist(), weights, along, strict=True)]

    def exact(part: str) -> Exact:
        numbers = [getattr(result, part) for result in results]
        if isinstance(numbers[0], list):
            return Exact.of(chain.from_iterable(numbers), rows.shape)
        return Exact.of(numbers, rows.shape[:1])

    return GridTruth(rows, targets, h, *map(exact, oracle.Row._fields))


@cache
def _softmax_truth(dtype: str, classes: int, kind: str, gamma: float) -> GridTruth:
    rows = _rows(dtype, classes)
    if kind == "one-hot":
        truth = _softmax_truth(dtype, classes, "index", gamma)
        return truth._replace(targets=np.eye(classes, dtype=rows.dtype)[truth.targets])
    targets = _soft(rows) if kind == "soft" else _indices(rows)
    weights = targets.tolist() if kind == "soft" else _index_weights(targets, classes, SMOOTHING if kind == "smoothed" else 0.0)
    return _row_truth(rows, targets, weights, oracle.softmax, gamma=gamma)


@cache
def _softmax_probability_truth(dtype: str, kind: str, gamma: float, clipped: bool) -> GridTruth:
    rng = np.random.default_rng(2023)
    rows = np.concatenate([rng.dirichlet(np.full(5, width), size=8) for width in (0.1, 1.0)])
    rows = np.clip(rows, 1e-30, 1 - 1e-6).astype(dtype)
    targets = _soft(rows) if kind == "soft" else _indices(rows)
    weights = targets.tolist() if kind == "soft" else _index_weights(targets, 5)
    return _row_truth(rows, targets, weights, oracle.softmax_probability, gamma=gamma, clip=_clip(dtype) if clipped else None)


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
    truth, options = _sigmoid_truth(dtype, case), _sigmoid_options(case)
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
    truth = _sigmoid_truth(dtype, case)
    _hold(framework, truth, unifocal.sigmoid_focal_loss, dtype, tolerances.HALF, measure, *what, **_sigmoid_options(case))


@pytest.mark.dtypes("float64")
@pytest.mark.parametrize("case", SIGMOID_CASES, ids=str)
def test_sigmoid_second(framework: Framework, dtype: str, case: Options, measure: Measure) -> None:
    what = (framework.name, dtype, "sigmoid", "smoothed" if case.smoothing else "", f"gamma {case.gamma}")
    truth = _sigmoid_truth(dtype, case)
    _hold_second(framework, truth, unifocal.sigmoid_focal_loss, measure, *what, **_sigmoid_options(case))


@pytest.mark.parametrize(("gamma", "clipped"), PROBABILITY_CASES)
def test_sigmoid_probability(framework: Framework, dtype: str, gamma: float, clipped: bool, measure: Measure) -> None:
    truth, loss = _sigmoid_probability_truth(dtype, gamma, clipped), unifocal.sigmoid_focal_loss
    bar = tolerances.value_and_gradient("sigmoid", dtype, gamma)
    what = (framework.name, dtype, "sigmoid probability", "clipped" if clipped else "", f"gamma {gamma}")
    options: dict[str, Any] = {"gamma": gamma, "from_logits": False, "epsilon": EPSILON if clipped else None}
    _hold(framework, truth, loss, dtype, bar, measure, *what, **options)
    if dtype == "float64":
        _hold_second(framework, truth, loss, measure, *what, **options)


@pytest.mark.parametrize(("classes", "kind", "gamma"), SOFTMAX_CASES)
def test_softmax(framework: Framework, dtype: str, classes: int, kind: str, gamma: float, measure: Measure) -> None:
    bar = tolerances.value_and_gradient("softmax", dtype, gamma)
    options = {"gamma": gamma, "label_smoothing": SMOOTHING if kind == "smoothed" else 0.0}
    what = (framework.name, dtype, "softmax", kind, f"gamma {gamma}")
    truth = _softmax_truth(dtype, classes, kind, gamma)
    _hold(framework, truth, unifocal.softmax_focal_loss, dtype, bar, measure, *what, **options)
    # Eager blocks whose exponentials are in range take a form of the kernel of their own.
    largest = truth.predictions.max(-1)
    in_range = truth.of((largest < 80) & (largest > -4), ...)
    _hold(framework, in_range, unifocal.softmax_focal_loss, dtype, bar, measure, *what, "in range", **options)


@pytest.mark.dtypes("float16", "bfloat16")
@pytest.mark.parametrize(("kind", "gamma"), [("index", 0.0), ("soft", 2.0)])
def test_softmax_half(framework: Framework, dtype: str, kind: str, gamma: float, measure: Measure) -> None:
    what = (framework.name, dtype, "softmax", kind, f"gamma {gamma}")
    truth = _softmax_truth(dtype, 10, kind, gamma)
    _hold(framework, truth, unifocal.softmax_focal_loss, dtype, tolerances.HALF, measure, *what, gamma=gamma)


@pytest.mark.dtypes("float64")
@pytest.mark.parametrize(("classes", "kind", "gamma"), SOFTMAX_CASES)
def test_softmax_second(framework: Framework, dtype: str, classes: int, kind: str, gamma: float, measure: Measure) -> None:
    options = {"gamma": gamma, "label_smoothing": SMOOTHING if kind == "smoothed" else 0.0}
    what = (framework.name, dtype, "softmax", kind, f"gamma {gamma}")
    _hold_second(framework, _softmax_truth(dtype, classes, kind, gamma), unifocal.softmax_focal_loss, measure, *what, **options)


@pytest.mark.parametrize(("gamma", "kind", "clipped"), SOFTMAX_PROBABILITY_CASES)
def test_softmax_probability(framework: Framework, dtype: str, gamma: float, kind: str, clipped: bool, measure: Measure) -> None:
    truth = _softmax_probability_truth(dtype, kind, gamma, clipped)
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
    x, y = _with_labels(np.array([0.0, -0.0], dtype))
    truth = GridTruth(x, y, y, *_exact([oracle.sigmoid(a, b, 1.0) for a, b in zip(x.flat, y.flat, strict=True)], x.shape))
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


def test_oracle_agrees_with_numerical_differentiation() -> None:
    mp = oracle.mp
    with mp.workdps(50):
        for x, y, gamma in [(0.7, 0.3, 1.5), (-2.5, 1.0, 0.5), (3.0, 0.0, 5.0), (1.2, 0.9, 0.0), (-0.4, 0.6, 2.0)]:

            def binary(z: Any, y: float = y, gamma: float = gamma) -> Any:
                p = 1 / (1 + mp.exp(-z))
                pt = y * p + (1 - y) * (1 - p)
                return (y * 0.25 + (1 - y) * 0.75) * (1 - pt) ** gamma * (-2 * y * mp.log(p) - (1 - y) * mp.log(1 - p))

            truth = oracle.sigmoid(x, y, gamma, 0.25, 2.0)
            for order in range(3):
                assert mp.almosteq(truth[order], mp.diff(binary, x, order), 1e-12)

            def row(*z: Any, gamma: float = gamma) -> Any:
                total = mp.fsum(map(mp.exp, z))
                return mp.fsum(
                    v * (1 - mp.exp(a) / total) ** gamma * -mp.log(mp.exp(a) / total) for v, a in zip((0.2, 0.5, 0.0), z, strict=True)
                )

            logits, h = (x, y, -1.0), (0.5, -1.0, 2.0)
            found = oracle.softmax(logits, (0.2, 0.5, 0.0), gamma, h)
            assert mp.almosteq(found.value, row(*logits), 1e-30)
            unit = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
            for j in range(3):
                assert mp.almosteq(found.slope[j], mp.diff(row, logits, unit[j]), 1e-12)
                column = [mp.diff(row, logits, tuple(a + b for a, b in zip(unit[j], unit[k], strict=True))) for k in range(3)]
                assert mp.almosteq(found.second[j], mp.fsum(a * b for a, b in zip(column, h, strict=True)), 1e-12)


def test_ulp_are_counted_from_the_unrounded_truth() -> None:
    """1/3 lies a third of an ulp from the nearest number and two thirds from the next, in both formats."""
    true = Exact.of([oracle.mp.mpf(1) / 3], ())
    for dtype in ("float32", "float64"):
        nearest = np.dtype(dtype).type(1 / 3)
        around = [np.nextafter(nearest, nearest.dtype.type(0)), nearest, np.nextafter(nearest, nearest.dtype.type(1))]
        assert sorted(float(distance(x, true, dtype)) for x in around) == pytest.approx([1 / 3, 2 / 3, 4 / 3])
        assert distance(np.nan, true, dtype) == distance(np.inf, true, dtype) == np.inf
