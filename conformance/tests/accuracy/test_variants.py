"""The variants of focal loss against their definitions: value, gradient and second derivative, on every framework.

JAX compiles each case, so it has one of each loss here and the others under the marker ``full``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks import Framework
from ...truth import tolerances
from ...truth.ulp import distance, relative
from .grids import EPSILON, GridTruth
from .variants import (
    BINARY,
    CATEGORICAL,
    DETACHED,
    Variant,
    truth_of_logits,
    truth_of_probabilities,
    truth_of_probability_rows,
    truth_of_rows,
    variant,
)

Measure = Callable[..., None]
EAGER = pytest.mark.frameworks("numpy", "array-api-strict", "torch", "tensorflow", "paddle")
HALVES = pytest.mark.dtypes("float16", "bfloat16")
OF_PROBABILITIES = [BINARY[0], BINARY[5], BINARY[9], BINARY[12], BINARY[16], DETACHED[1]]
FIRST = [next(case for case in BINARY if case.loss == loss) for loss in dict.fromkeys(case.loss for case in BINARY)]


def hold(framework: Framework, truth: GridTruth, case: Variant, dtype: str, measure: Measure, **options: Any) -> None:
    """Value and gradient, and of float64 the second derivative."""
    given = case.arguments | options
    convention, _ = case.function.describe(truth.predictions, truth.targets, **given)
    kind: Any = "softmax" if convention.formula.categorical else "sigmoid"
    bar = tolerances.value_and_gradient(kind, dtype, tolerances.exponent_of(convention.formula))
    what = framework.name, dtype, case, *options
    value, slope = framework.value_and_gradient(case.function, truth.predictions, truth.targets, dtype=dtype, reduction="none", **given)
    measure(distance(value, truth.value, dtype, truth.value_terms), bar, *what, "value")
    measure(distance(slope, truth.slope, dtype, truth.slope_terms), bar, *what, "gradient")
    if dtype == "float64":
        second = framework.second(case.function, truth.predictions, truth.targets, truth.h, dtype=dtype, reduction="sum", **given)
        measure(relative(second, truth.second, truth.second_terms), tolerances.SECOND, *what, "second")


@EAGER
@pytest.mark.parametrize("case", [*BINARY, *DETACHED], ids=str)
def test_binary(framework: Framework, dtype: str, case: Variant, measure: Measure) -> None:
    truth = truth_of_logits(dtype, case)
    hold(framework, truth, case, dtype, measure)
    # Hard labels have a form of their own, and blocks in which no exponential overflows a shorter one.
    moderate = np.abs(truth.predictions[0]) <= (700 if dtype == "float64" else 87)
    for rows, columns in ((slice(2), slice(None)), (slice(2), moderate), (slice(None), moderate)):
        hold(framework, truth.of(rows, columns), case, dtype, measure)


@pytest.mark.frameworks("dask")
@pytest.mark.dtypes("float32")
@pytest.mark.parametrize("case", FIRST, ids=str)
def test_binary_in_chunks(framework: Framework, dtype: str, case: Variant, measure: Measure) -> None:
    hold(framework, truth_of_logits(dtype, case), case, dtype, measure)


@HALVES
@EAGER
@pytest.mark.parametrize("case", [*FIRST, DETACHED[0]], ids=str)
def test_binary_half(framework: Framework, dtype: str, case: Variant, measure: Measure) -> None:
    hold(framework, truth_of_logits(dtype, case), case, dtype, measure)


@EAGER
@pytest.mark.parametrize("clipped", [False, True], ids=["given", "clipped"])
@pytest.mark.parametrize("case", OF_PROBABILITIES, ids=str)
def test_binary_probability(framework: Framework, dtype: str, case: Variant, clipped: bool, measure: Measure) -> None:
    truth = truth_of_probabilities(dtype, case, clipped)
    hold(framework, truth, case, dtype, measure, from_logits=False, epsilon=EPSILON if clipped else None)


@EAGER
@pytest.mark.parametrize(("kind", "case"), CATEGORICAL, ids=str)
def test_categorical(framework: Framework, dtype: str, kind: str, case: Variant, measure: Measure) -> None:
    for classes in (3, 10):
        truth = truth_of_rows(dtype, classes, kind, case)
        hold(framework, truth, case, dtype, measure)
    if kind == "index":
        one_hot = np.eye(10, dtype=truth.predictions.dtype)[truth.targets]
        hold(framework, truth._replace(targets=one_hot), case, dtype, measure)


@HALVES
@EAGER
@pytest.mark.parametrize(("kind", "case"), CATEGORICAL[1:3], ids=str)
def test_categorical_half(framework: Framework, dtype: str, kind: str, case: Variant, measure: Measure) -> None:
    hold(framework, truth_of_rows(dtype, 3, kind, case), case, dtype, measure)


@EAGER
@pytest.mark.parametrize("clipped", [False, True], ids=["given", "clipped"])
@pytest.mark.parametrize(("kind", "case"), CATEGORICAL[1:5:3] + CATEGORICAL[2:3], ids=str)
def test_categorical_probability(framework: Framework, dtype: str, kind: str, case: Variant, clipped: bool, measure: Measure) -> None:
    truth = truth_of_probability_rows(dtype, kind, case, clipped)
    hold(framework, truth, case, dtype, measure, from_logits=False, epsilon=EPSILON if clipped else None)


@pytest.mark.frameworks("jax")
@pytest.mark.dtypes("float32")
@pytest.mark.parametrize("case", FIRST, ids=str)
def test_binary_compiled(framework: Framework, dtype: str, case: Variant, measure: Measure) -> None:
    hold(framework, truth_of_logits(dtype, case), case, dtype, measure)


@pytest.mark.frameworks("jax")
@pytest.mark.dtypes("float64")
def test_second_compiled(framework: Framework, dtype: str, measure: Measure) -> None:
    hold(framework, truth_of_logits(dtype, DETACHED[1]), DETACHED[1], dtype, measure)
    kind, case = CATEGORICAL[2]
    hold(framework, truth_of_rows(dtype, 3, kind, case), case, dtype, measure)


@pytest.mark.full
@pytest.mark.frameworks("jax")
@pytest.mark.dtypes("float16", "bfloat16", "float32", "float64")
@pytest.mark.parametrize("case", [*BINARY, *DETACHED], ids=str)
def test_every_binary_compiled(framework: Framework, dtype: str, case: Variant, measure: Measure) -> None:
    hold(framework, truth_of_logits(dtype, case), case, dtype, measure)
    if dtype in ("float32", "float64"):
        hold(framework, truth_of_probabilities(dtype, case, True), case, dtype, measure, from_logits=False, epsilon=EPSILON)


@pytest.mark.full
@pytest.mark.frameworks("jax")
@pytest.mark.dtypes("float16", "bfloat16", "float32", "float64")
@pytest.mark.parametrize(("kind", "case"), CATEGORICAL, ids=str)
def test_every_categorical_compiled(framework: Framework, dtype: str, kind: str, case: Variant, measure: Measure) -> None:
    hold(framework, truth_of_rows(dtype, 10, kind, case), case, dtype, measure)
    if dtype in ("float32", "float64"):
        hold(framework, truth_of_probability_rows(dtype, kind, case, True), case, dtype, measure, from_logits=False, epsilon=EPSILON)


# --- what is held constant ----------------------------------------------------------------------------------------------------------


@EAGER
@pytest.mark.dtypes("float64")
@pytest.mark.parametrize("case", [*DETACHED, variant("softmax_poly_focal_loss", detach_modulator=True)], ids=lambda case: case.loss)
def test_detaching_changes_gradients_alone(framework: Framework, dtype: str, case: Variant) -> None:
    """The value is the same to the bit; the gradient is by far another, as :func:`test_binary` holds it to the truth."""
    x, y = np.array([[0.7, -1.3, 2.1], [-0.2, 0.5, -3.0]]), np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    attached = {name: option for name, option in case.arguments.items() if name != "detach_modulator"}
    value, slope = framework.value_and_gradient(case.function, x, y, dtype=dtype, reduction="none", **case.arguments)
    other_value, other_slope = framework.value_and_gradient(case.function, x, y, dtype=dtype, reduction="none", **attached)
    np.testing.assert_array_equal(value, other_value)
    assert np.max(np.abs(slope - other_slope)) > 0.05


# --- edges --------------------------------------------------------------------------------------------------------------------------


@EAGER
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 3.5])
def test_quality_where_the_label_is_the_probability(framework: Framework, dtype: str, beta: float) -> None:
    """|y − p|^β has no derivative there for β ≤ 1; what is given is 0, never NaN."""
    x, y = np.array([0.0, -0.0]), np.array([0.5, 0.5])
    for function, given in ((unifocal.quality_focal_loss, {}), (unifocal.quality_focal_loss, {"from_logits": False})):
        at = x if not given else y
        value, slope = framework.value_and_gradient(function, at, y, dtype=dtype, reduction="none", beta=beta, **given)
        np.testing.assert_array_equal([value, slope], np.zeros((2, 2)))


@EAGER
@pytest.mark.parametrize("gamma_neg", [0.5, 1.0, 4.0])
def test_asymmetric_at_and_below_its_margin(framework: Framework, dtype: str, gamma_neg: float) -> None:
    p, y = np.array([0.0, 0.125, 0.25, 0.25, 1.0]), np.array([0.0, 0.0, 0.0, 0.5, 1.0])
    value, slope = framework.value_and_gradient(
        unifocal.asymmetric_loss, p, y, dtype=dtype, reduction="none", margin=0.25, gamma_neg=gamma_neg, from_logits=False
    )
    np.testing.assert_allclose(value, [0, 0, 0, 0.5 * np.log(4), 0], rtol=1e-6)
    np.testing.assert_allclose(slope, [0, 0, 0, -2, -1], rtol=1e-6)


ENDS = {
    "asymmetric_loss": ([np.inf, 0.0], [0.0, -(0.95**4) * np.log(0.05)]),
    "quality_focal_loss": ([np.inf, 0.0], [0.0, np.inf]),
    "varifocal_loss": ([np.inf, 0.0], [0.0, np.inf]),
    "gaussian_focal_loss": ([np.inf, 0.0], [0.0, np.inf]),
    "poly_focal_loss": ([np.inf, 0.0], [0.0, np.inf]),
}
"""Of labels 1 and of labels 0, at the probabilities 0 and 1."""


@EAGER
@pytest.mark.parametrize("loss", ENDS)
@pytest.mark.parametrize("form", ["logits", "probabilities"])
def test_certainty(framework: Framework, dtype: str, loss: str, form: str) -> None:
    """A certain and wrong prediction costs infinitely much, but of a negative with a margin; a right one costs nothing."""
    ends = np.array([0.0, 1.0, 0.0, 1.0]) if form == "probabilities" else np.array([-np.inf, np.inf] * 2)
    options: dict[str, Any] = {"dtype": dtype, "reduction": "none", "from_logits": form == "logits"}
    value, slope = framework.value_and_gradient(getattr(unifocal, loss), ends, np.array([1.0, 1.0, 0.0, 0.0]), **options)
    np.testing.assert_allclose(value, [*ENDS[loss][0], *ENDS[loss][1]], rtol=1e-6)
    assert not np.isnan(slope).any()
    if form == "logits":
        assert np.isfinite(slope).all()


@EAGER
@pytest.mark.parametrize("loss", [*ENDS, "softmax_poly_focal_loss"])
def test_nan_stays_where_it_is(framework: Framework, dtype: str, loss: str) -> None:
    x = np.array([[np.nan, 1.0], [-2.0, 0.5]], dtype)
    value, slope = framework.value_and_gradient(getattr(unifocal, loss), x, np.array([[1.0, 0], [0, 1]]), dtype=dtype, reduction="none")
    assert np.isnan(slope[0, 0])
    assert np.isfinite(slope[1]).all()
    assert np.isfinite(value[1]).all()


@pytest.mark.frameworks("numpy", "torch", "tensorflow")
@pytest.mark.parametrize("loss", [*ENDS, "softmax_poly_focal_loss"])
def test_finite_logits_give_finite_derivatives(framework: Framework, dtype: str, loss: str) -> None:
    x = np.stack([np.array([-1e30, -700.0, -90, -1e-30, 0.0, 1e-3, 40, 104, 740, 1e30])] * 2, -1) * [1.0, -0.5]
    for labels in (np.zeros(x.shape), np.ones(x.shape), np.full(x.shape, 0.4), np.tile([1e-30, 1.0], (10, 1))):
        options: dict[str, Any] = {"dtype": dtype, "reduction": "none"}
        for detached in (False, True):
            options["detach_modulator"] = detached
            parts = (
                *framework.value_and_gradient(getattr(unifocal, loss), x, labels, **options),
                framework.second(getattr(unifocal, loss), x, labels, np.ones_like(x), **options),
            )
            assert all(np.isfinite(part).all() for part in parts)


@EAGER
@pytest.mark.parametrize("loss", [*ENDS, "softmax_poly_focal_loss"])
@pytest.mark.dtypes("float64")
def test_class_indices_weights_and_ignored(framework: Framework, dtype: str, loss: str) -> None:
    """Indices are one-hot labels, weights factors, and what is ignored nothing."""
    function, rng = getattr(unifocal, loss), np.random.default_rng(6)
    x, index, weight = rng.normal(size=(4, 3)), np.array([0, 2, -1, 1]), np.array([0.5, 2.0, 1.0, 0.25])
    one_hot = np.eye(3)[np.maximum(index, 0)]
    found = framework.value_and_gradient(function, x, index, dtype=dtype, reduction="none", ignore_index=-1, sample_weight=weight)
    value, slope = framework.value_and_gradient(function, x, one_hot, dtype=dtype, reduction="none")
    kept = weight * (index >= 0)
    np.testing.assert_allclose(found[0], value * (kept[:, None] if value.ndim == 2 else kept), rtol=1e-14)
    np.testing.assert_allclose(found[1], slope * kept[:, None], rtol=1e-13)
