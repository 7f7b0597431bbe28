"""Losses of one's own, written from papers in a line: their numbers on every framework, their words, and the errors of what is no loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from importlib import import_module
from inspect import signature
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.expressions import constant, exp, log, maximum, minimum, sigmoid, where
from unifocal.formulas import OfClassProbabilities, OfProbabilities, SigmoidFocal
from unifocal.formulas.classwise import IndexClasswise
from unifocal.formulas.poly import SoftmaxPolyFocal

from ...frameworks import Framework, framework_named, installed
from ...truth import oracle, tolerances
from ...truth.oracle import mp
from ...truth.ulp import distance, of_largest, relative
from ..accuracy import definitions
from ..accuracy import variants as grids
from ..accuracy.grids import GridTruth, exact_columns, softmax_truth

# --- losses ------------------------------------------------------------------------------------------------------------------------


@unifocal.elementwise
def poly_focal(t: Any, *, gamma: float = 2.0, poly_epsilon: float = 1.0) -> Any:
    """PolyLoss (Leng et al. 2022, arXiv:2204.12511), its focal form."""
    r = 1 - t.p_t
    return -(r**gamma) * t.log_p_t + poly_epsilon * r ** (gamma + 1)


@unifocal.classwise(of_targets_alone=True)
def generalized_cross_entropy(t: Any, *, k: float = 0.7) -> Any:
    """Zhang & Sabuncu 2018, arXiv:1805.07836."""
    return t.y * (1 - t.p**k) / k


@unifocal.classwise
def generalized_of_all(t: Any, *, k: float = 0.7) -> Any:
    return t.y * (1 - t.p**k) / k


@unifocal.classwise
def symmetric_cross_entropy(t: Any, *, a: float = 0.5, b: float = 1.0, least: float = 0.0001) -> Any:
    """Wang et al. 2019, arXiv:1908.06112, whose reverse term −p·log y is not linear in labels."""
    return -a * t.y * t.log_p - b * t.p * log(maximum(t.y, least))


@unifocal.elementwise
def focal(t: Any, *, gamma: float = 2.0) -> Any:
    return -((1 - t.p_t) ** gamma) * t.log_p_t


@unifocal.classwise(of_targets_alone=True)
def categorical_focal(t: Any, *, gamma: float = 2.0) -> Any:
    return -t.y * t.q**gamma * t.log_p


X = np.array([[0.75, -1.25, 2.0], [-0.25, 0.125, 0.5], [5.0, -6.0, 3.0], [-9.0, 8.0, 0.5]])
"""Numbers that every format has."""
BINARY_LABELS = np.array([[1.0, 0.0, 0.25], [0.0, 1.0, 0.5], [1.0, 0.75, 0.0], [0.0, 1.0, 1.0]], np.float32)
ROWS = np.array([[0.25, 0.5, 0.25], [0.0, 1.0, 0.0], [0.75, 0.125, 0.125], [0.5, 0.0, 0.5]], np.float32)
INDEX = np.array([0, 2, 1, 1])
H = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [-0.5, 1.0, 0.75], [0.75, -0.25, 1.25]])


def _generalized(p: Any, y: Any, k: float = 0.7) -> Any:
    return y * (1 - p ** oracle.number(k)) / oracle.number(k)


def _symmetric(p: Any, y: Any) -> Any:
    return -y * mp.log(p) / 2 - p * mp.log(max(y, oracle.number(0.0001)))


def _differentiated(term: Callable[[Any, Any], Any], labels: Any) -> tuple[Any, Any, Any]:
    """Value, gradient and Hessian times H of a categorical loss, by differences of 50 digits."""

    def row(y: Any, *z: Any) -> Any:
        total = mp.fsum(map(mp.exp, z))
        return mp.fsum(term(mp.exp(a) / total, oracle.number(float(b))) for a, b in zip(z, y, strict=True))

    with mp.workdps(50):
        units = [tuple(int(i == j) for i in range(3)) for j in range(3)]
        of = [(partial(row, y), tuple(map(oracle.number, x))) for x, y in zip(X, labels, strict=True)]
        value = [float(f(*x)) for f, x in of]
        slope = [[float(mp.diff(f, x, unit)) for unit in units] for f, x in of]
        second = [
            [
                float(mp.fsum(mp.diff(f, x, tuple(map(sum, zip(a, b, strict=True)))) * k for b, k in zip(units, h, strict=True)))
                for a in units
            ]
            for (f, x), h in zip(of, H, strict=True)
        ]
    return np.array(value), np.array(slope), np.array(second)


TRUTHS: dict[str, tuple[Any, Any, Any]] = {
    "generalized, index": (generalized_cross_entropy, INDEX, _differentiated(_generalized, np.eye(3)[INDEX])),
    "generalized, soft": (generalized_cross_entropy, ROWS, _differentiated(_generalized, ROWS)),
    "generalized of all, index": (generalized_of_all, INDEX, _differentiated(_generalized, np.eye(3)[INDEX])),
    "symmetric, index": (symmetric_cross_entropy, INDEX, _differentiated(_symmetric, np.eye(3)[INDEX])),
    "symmetric, soft": (symmetric_cross_entropy, ROWS, _differentiated(_symmetric, ROWS)),
}
ON = pytest.mark.frameworks("numpy", "array-api-strict", "torch", "tensorflow", "paddle", "dask", "jax")


@pytest.mark.dtypes("float16", "bfloat16", "float32", "float64")
@ON
def test_binary_loss(framework: Framework, dtype: str, measure: Callable[..., None]) -> None:
    """The issue's own: poly focal loss, with weights."""
    options = {"gamma": 1.5, "poly_epsilon": 0.5}
    labels = list(map(oracle.number, BINARY_LABELS.flat))
    series = [definitions.of_logit(definitions.poly, a, b, **options) for a, b in zip(X.flat, labels, strict=True)]
    value, slope, second, value_terms, slope_terms, second_terms = exact_columns(series, X.shape)
    bar = tolerances.value_and_gradient("sigmoid", dtype, 2.5)
    found = framework.value_and_gradient(poly_focal, X, BINARY_LABELS, dtype=dtype, reduction="none", **options)
    measure(distance(found[0], value, dtype, value_terms), bar, framework.name, dtype, "own poly focal", "value")
    measure(distance(found[1], slope, dtype, slope_terms), bar, framework.name, dtype, "own poly focal", "gradient")
    if dtype == "float64" and framework.name != "jax":
        along = framework.second(poly_focal, X, BINARY_LABELS, np.ones_like(X), dtype=dtype, reduction="sum", **options)
        measure(relative(along, second, second_terms), tolerances.SECOND, framework.name, dtype, "own poly focal", "second")


@pytest.mark.dtypes("float16", "bfloat16", "float32", "float64")
@pytest.mark.frameworks("numpy", "array-api-strict", "torch", "tensorflow", "paddle", "dask")
@pytest.mark.parametrize("name", TRUTHS)
def test_categorical_loss(framework: Framework, dtype: str, name: str) -> None:
    loss, labels, (value, slope, second) = TRUTHS[name]
    bar = tolerances.value_and_gradient("softmax", dtype, 0.0)
    found = framework.value_and_gradient(loss, X, labels, dtype=dtype, reduction="none")
    assert of_largest(found[0], value, dtype) <= bar
    assert of_largest(found[1], slope, dtype) <= bar
    if dtype == "float64":
        along = framework.second(loss, X, labels, H, dtype=dtype, reduction="sum")
        assert of_largest(along, second, dtype) <= bar


@pytest.mark.frameworks("jax")
@pytest.mark.dtypes("float64")
def test_compiled_categorical_loss(framework: Framework, dtype: str) -> None:
    loss, labels, (value, slope, second) = TRUTHS["symmetric, soft"]
    found = (
        *framework.value_and_gradient(loss, X, labels, dtype=dtype, reduction="none"),
        framework.second(loss, X, labels, H, dtype=dtype, reduction="sum"),
    )
    for ours, true in zip(found, (value, slope, second), strict=True):
        assert of_largest(ours, true, dtype) <= tolerances.value_and_gradient("softmax", dtype, 0.0)


@pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax")
@pytest.mark.dtypes("float64")
def test_compiled(framework: Framework, dtype: str) -> None:
    """In one graph, of options, weights and ignored targets."""

    def both(tensors: Any) -> Any:
        x, labels, index, weight = tensors
        binary = poly_focal(x, labels, poly_epsilon=0.5, sample_weight=weight, reduction="sum")
        return binary + generalized_cross_entropy(x, index, ignore_index=2, reduction="sum")

    eager = [np.asarray(poly_focal(X, BINARY_LABELS, poly_epsilon=0.5, sample_weight=H**2, reduction="sum"))]
    eager.append(generalized_cross_entropy(X, INDEX, ignore_index=2, reduction="sum"))
    with framework.precision(dtype):
        compiled = framework.compiled(both, next(iter(framework.modes)))
        others = [framework.tensor(array) for array in (BINARY_LABELS, INDEX, H**2)]
        value, slope = framework.gradient(lambda x: compiled([x, *others]), framework.tensor(X, dtype))
        assert of_largest(framework.numpy(value), sum(eager), dtype) <= tolerances.AGAIN
    expected = unifocal.value_and_grad(poly_focal)(X, BINARY_LABELS, poly_epsilon=0.5, sample_weight=H**2, reduction="sum")[1]
    expected = expected + unifocal.value_and_grad(generalized_cross_entropy)(X, INDEX, ignore_index=2, reduction="sum")[1]
    assert of_largest(framework.numpy(slope), expected, dtype) <= tolerances.DIALECT


def test_all_that_canonical_losses_take() -> None:
    """α, smoothing, weights, ignored targets, a class axis, probabilities, reductions, a dtype."""
    given: dict[str, Any] = {"alpha": 0.25, "sample_weight": np.array([1.0, 0.5, 2.0, 0.0]), "ignore_index": 2, "label_smoothing": 0.125}
    ours: Any
    theirs: Any
    for reduction in ("none", "sum", "mean", "weighted_mean"):
        ours, theirs = (
            unifocal.value_and_grad(loss)(X, INDEX, **given, reduction=reduction) for loss in (focal, unifocal.sigmoid_focal_loss)
        )
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-13)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-12, atol=1e-18)
    p = 1 / (1 + np.exp(-X))
    options: dict[str, Any] = {"from_logits": False, "epsilon": 0.01, "reduction": "none"}
    np.testing.assert_allclose(
        focal(p, BINARY_LABELS, **options), unifocal.sigmoid_focal_loss(p, BINARY_LABELS, alpha=None, **options), rtol=1e-13
    )
    weights: dict[str, Any] = {"axis": 0, "reduction": "none", "normalizer": 2.0, "class_weight": np.array([0.5, 1.0, 2.0])}
    own = categorical_focal(X.T, INDEX, **weights)
    np.testing.assert_allclose(own, unifocal.softmax_focal_loss(X.T, INDEX, gamma=2.0, **weights), rtol=1e-13)
    assert focal(X.astype(np.float16), BINARY_LABELS, dtype="float32").dtype == np.float32


# --- derived and written out ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 3.5])
@pytest.mark.frameworks("numpy")
def test_derived_sigmoid_focal_loss(framework: Framework, dtype: str, gamma: float, measure: Callable[..., None]) -> None:
    """The expression's derivatives and the written ones, of the same truth within the same bar."""
    x = grids.logits(dtype)
    x, y = np.tile(x, (3, 1)), np.stack([np.zeros_like(x), np.ones_like(x), np.full_like(x, 0.3)])
    columns = exact_columns([oracle.sigmoid(a, b, gamma) for a, b in zip(x.flat, y.flat, strict=True)], x.shape)
    truth = GridTruth(x, y, np.ones_like(x), *columns)
    for loss in (focal, partial(unifocal.sigmoid_focal_loss, alpha=None)):
        _hold(framework, truth, loss, dtype, tolerances.value_and_gradient("sigmoid", dtype, gamma), measure, gamma=gamma)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("kind", ["index", "soft"])
@pytest.mark.frameworks("numpy")
def test_derived_softmax_focal_loss(framework: Framework, dtype: str, kind: str, gamma: float, measure: Callable[..., None]) -> None:
    truth = softmax_truth(dtype, 3, kind, gamma)
    for loss in (categorical_focal, unifocal.softmax_focal_loss):
        _hold(framework, truth, loss, dtype, tolerances.value_and_gradient("softmax", dtype, gamma), measure, gamma=gamma)


def _hold(framework: Framework, truth: GridTruth, loss: Any, dtype: str, bar: float, measure: Callable[..., None], **options: Any) -> None:
    if isinstance(loss, partial):
        options, loss = options | loss.keywords, loss.func
    value, slope = framework.value_and_gradient(loss, truth.predictions, truth.targets, dtype=dtype, reduction="none", **options)
    measure(distance(value, truth.value, dtype, truth.value_terms), bar, dtype, loss.__name__, "value")
    measure(distance(slope, truth.slope, dtype, truth.slope_terms), bar, dtype, loss.__name__, "gradient")
    if dtype == "float64":
        second = framework.second(loss, truth.predictions, truth.targets, truth.h, dtype=dtype, reduction="sum", **options)
        measure(relative(second, truth.second, truth.second_terms), tolerances.SECOND, dtype, loss.__name__, "second")


# --- derivatives of what expressions have -----------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[Any], Any]] = {
    "logit": lambda t: t.logit**2 * t.y,
    "sum": lambda t: t.p + 2 * t.q - 0.5 + t.y - t.p * t.y,
    "quotient": lambda t: t.p / (1 + t.q) + 1 / (2 + t.logit**2) - t.p / 4,
    "power": lambda t: (t.p + t.y) ** 2.5 + (1 + t.q) ** -1.5 + t.q**-0.5,
    "log": lambda t: log(1 + t.p) * log(t.q) - log(t.p / 2),
    "exp": lambda t: exp(-t.log_p_t) * t.q + exp(t.p * t.y),
    "sigmoid": lambda t: log(sigmoid(2 * t.logit - 1)) * sigmoid(t.logit + t.y) + log(1 - sigmoid(t.logit**2)),
    "where": lambda t: where((t.p > 0.4) & ~(t.y == 1), t.p**2, where((t.y != 0) | (t.q <= 0.2), t.log_p, 0.25)),
    "numbers": lambda t: where(t.p >= 0.5, 1.0, 2.0) * t.p + where(t.p < 0.3, 0.5, t.q),
    "extremes": lambda t: maximum(t.p, 0.4) * minimum(t.q, t.p) + maximum(0.25, t.q) - log(minimum(t.p + 0.05, 1.0)),
    "abs": lambda t: abs(t.p - 0.45) ** 1.5 + abs(t.y - t.q),
    "held": lambda t: constant(0.0 * t.p + 2.0) * t.p - constant(t.y) * t.log_p,
    "alpha": lambda t: t.alpha_t * t.p + t.p_t**3 * t.log_q,
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("make", [unifocal.elementwise, unifocal.classwise], ids=["elementwise", "classwise"])
def test_derivatives_of_every_part(make: Any, part: str) -> None:
    """Of logits and of probabilities, by differences of the value and of the gradient."""

    def own(t: Any) -> Any:
        return PARTS[part](t)

    loss, step = make(own), 1e-6
    moderate = X / 4
    for x, options in ((moderate, {}), (np.exp(moderate) / np.exp(moderate).sum(-1, keepdims=True), {"from_logits": False})):
        at = partial(unifocal.value_and_grad(loss), targets=BINARY_LABELS, reduction="sum", **options)
        value, slope = at(x)
        assert np.isfinite(value)
        for i in np.ndindex(x.shape):
            up, down = (x + s * np.eye(x.size)[np.ravel_multi_index(i, x.shape)].reshape(x.shape) for s in (step, -step))
            assert slope[i] == pytest.approx((at(up)[0] - at(down)[0]) / (2 * step), rel=1e-6, abs=1e-7)
        second = framework_named("numpy").second(loss, x, BINARY_LABELS, H, dtype="float64", reduction="sum", **options)
        np.testing.assert_allclose(second, (at(x + step * H)[1] - at(x - step * H)[1]) / (2 * step), rtol=1e-5, atol=1e-7)


# --- words -----------------------------------------------------------------------------------------------------------------

WORDS: dict[str, Callable[[Any], Any]] = {
    "−p_t^2·CE; CE = −y·log p − (1 − y)·log(1 − p); p_t = y·p + (1 − y)·(1 − p)": lambda t: t.p_t**2 * t.log_p_t,
    "(1 − p)^2": lambda t: (1 - t.p) ** 2,
    "p": lambda t: 1 - t.q,
    "|y − p|^1.5": lambda t: abs(t.y - t.p) ** 1.5,
    "max(p − 0.05, 0)": lambda t: maximum(t.p - 0.05, 0.0),
    "−y·log p − (1 − y)·log(1 − p)": lambda t: -t.y * t.log_p - (1 - t.y) * t.log_q,
    "[p]·(log p + 2)": lambda t: constant(t.p) * (t.log_p + 2),
    "(p if y > 0, else (1 − p))": lambda t: where(t.y > 0, t.p, t.q),
    "(1 if y = 1 and p ≤ 0.5, else p)": lambda t: where((t.y == 1) & (t.p <= 0.5), 1.0, t.p),
    "(p if y = 1, else (1 − p))": lambda t: where(~(t.y == 1), t.q, t.p),
    "(p if (y < 1 or y > 2) and not (p ≥ 0.5 and y ≠ 0), else 1)": lambda t: where(
        ((t.y < 1) | (t.y > 2)) & ~((t.p >= 0.5) & (t.y != 0)), t.p, 1.0
    ),
    "exp(−x)/(p + 1)": lambda t: exp(-t.logit) / (t.p + 1),
    "1/p": lambda t: 1 / t.p,
    "σ(2·x)": lambda t: sigmoid(2 * t.logit),
    "(1 − σ(x))": lambda t: 1 - sigmoid(t.logit),
    "min(p, −0.5)": lambda t: minimum(t.p, -0.5),
    "p^(−0.5)": lambda t: t.p**-0.5,
    "−p/2": lambda t: -t.p / 2,
    "p − (y − 1)": lambda t: t.p - (t.y - 1),
    "1": lambda t: t.p**0,
}


@pytest.mark.parametrize("words", WORDS)
def test_words(words: str) -> None:
    def own(t: Any) -> Any:
        return WORDS[words](t)

    loss: Any = unifocal.elementwise(own)
    convention, _ = loss.describe(X, BINARY_LABELS)
    assert convention.formula.text(False, False) == words


def test_words_of_weights() -> None:
    formula = poly_focal.describe(X, BINARY_LABELS)[0].formula  # type: ignore[attr-defined]
    assert formula.text(True, False).startswith("α_t·((1 − p_t)^2·CE + (1 − p_t)^3); CE =")
    by_index = generalized_cross_entropy.describe(X, INDEX)[0].formula  # type: ignore[attr-defined]
    assert by_index.text(True, False) == "Σ_c α_c·y·(1 − p^0.7)/0.7"


# --- modules -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in installed() else pytest.mark.skip) for name in ("torch", "paddle")]
)
def test_modules(name: str) -> None:
    framework, nn = framework_named(name), import_module(f"unifocal.nn.{name}")
    module = nn.Loss(poly_focal, poly_epsilon=0.5, alpha=[0.25, 0.5, 0.75])
    x, y = framework.tensor(X), framework.tensor(BINARY_LABELS)
    expected = poly_focal(X, BINARY_LABELS, poly_epsilon=0.5, alpha=np.array([0.25, 0.5, 0.75]))
    assert float(module(x, y)) == pytest.approx(float(expected), rel=1e-14)
    assert "poly_focal, alpha=tensor(3,), poly_epsilon=0.5" in repr(module)
    assert "alpha" in module.state_dict()
    module.gamma = 0.5
    assert float(module(x, y)) == pytest.approx(
        float(poly_focal(X, BINARY_LABELS, gamma=0.5, poly_epsilon=0.5, alpha=np.array([0.25, 0.5, 0.75]))), rel=1e-14
    )
    with pytest.raises(TypeError, match="poly_focal has no option gama; it has predictions, targets, gamma, poly_epsilon, alpha"):
        nn.Loss(poly_focal, gama=1.0)


# --- errors -----------------------------------------------------------------------------------------------------------------


def _of(body: Callable[[Any], Any], make: Any = unifocal.elementwise) -> Callable[[], Any]:
    def own(t: Any) -> Any:
        return body(t)

    return lambda: make(own)


class _Tensor:
    """What is no number."""


_NO_OPERAND = r"An expression of an element takes numbers and parts of the element, such as t.p; received {}. Tensors beside"
BODIES: dict[str, tuple[type[Exception], str, Callable[[Any], Any]]] = {
    "if": (TypeError, "A condition of an element is many at once; choose by where", lambda t: t.p if t.y > 0 else t.q),
    "and": (TypeError, "A condition of an element is many at once", lambda t: where((t.y > 0) and (t.p > 0), t.p, t.q)),
    "if of a part": (TypeError, "An expression of an element is neither true nor false", lambda t: t.p if t.p else t.q),
    "math": (
        TypeError,
        r"is no number. Functions of it are unifocal.expressions', such as log and exp, not math's",
        lambda t: math.log(t.p),
    ),
    "int": (TypeError, "An expression of an element is no number", lambda t: int(t.p)),
    "iteration": (TypeError, "An expression of an element is no number", lambda t: sum(t.p)),
    "len": (TypeError, "An expression of an element is no number", lambda t: len(t.p)),
    "numpy": (TypeError, "numpy.log does not take expressions of an element", lambda t: np.log(t.p)),
    "numpy's where": (TypeError, "numpy.where does not take expressions", lambda t: np.where(t.y > 0, t.p, t.q)),
    "numpy's array first": (TypeError, "numpy.multiply does not take expressions", lambda t: np.ones(2) * t.p),
    "array": (TypeError, _NO_OPERAND.format("numpy.ndarray"), lambda t: t.p * np.ones(2)),
    "truth": (TypeError, _NO_OPERAND.format("bool"), lambda t: t.p + True),
    "string": (TypeError, _NO_OPERAND.format("str"), lambda t: t.p - "0.5"),
    "any object": (TypeError, _NO_OPERAND.format(".*_Tensor"), lambda t: t.p / _Tensor()),
    "object compared": (TypeError, _NO_OPERAND.format(".*_Tensor"), lambda t: where(t.p > _Tensor(), t.p, t.q)),
    "object chosen": (TypeError, _NO_OPERAND.format(".*_Tensor"), lambda t: where(t.p > 0, t.p, _Tensor())),  # type: ignore[arg-type]
    "infinite number": (ValueError, "A number in an expression must be finite; received inf", lambda t: t.p + math.inf),
    "NaN": (ValueError, "A number in an expression must be finite; received nan", lambda t: maximum(t.p, math.nan)),
    "division by 0": (ValueError, "A divisor in an expression must be other than 0; received 0", lambda t: t.p / 0),
    "division of a power by 0": (ValueError, "A divisor in an expression must be other than 0", lambda t: t.logit / 0.0),
    "part as an exponent": (TypeError, r"An exponent must be a number; received .* Write exp\(exponent", lambda t: t.p**t.y),
    "array as an exponent": (TypeError, "An exponent must be a number; received numpy.ndarray", lambda t: t.p ** np.ones(2)),
    "infinite exponent": (ValueError, "An exponent must be finite; received inf", lambda t: t.p**math.inf),
    "number to a part": (TypeError, r"not a part of an element; write exp\(exponent \* log\(base\)\)", lambda t: 2**t.p),
    "nothing": (TypeError, "Own must give an expression of its element's parts, such as t.p; received NoneType", lambda t: None),
    "number": (TypeError, "Own must give an expression .* received float", lambda t: 3.0),
    "condition": (TypeError, "Own must give an expression .* received .*Condition", lambda t: t.y > 0),
    "label for a condition": (
        TypeError,
        "A condition must be a comparison of an element's parts, such as t.y > 0",
        lambda t: where(t.y, 1, 2),
    ),
    "truth for a condition": (TypeError, "A condition must be a comparison .* received bool", lambda t: where((t.y > 0) & True, 1, 2)),
    "log of a number": (
        TypeError,
        "A function of an element takes an expression of its parts, such as t.p; received float",
        lambda t: log(2.0),  # type: ignore[arg-type]
    ),
    "maximum of numbers": (TypeError, "A function of an element takes an expression .* received int", lambda t: maximum(1, 2)),
    "no part": (AttributeError, "no attribute 'z'", lambda t: t.z),
}


@pytest.mark.parametrize("name", BODIES)
def test_expressions_that_are_none(name: str) -> None:
    error, message, body = BODIES[name]
    for make in (unifocal.elementwise, unifocal.classwise):
        with pytest.raises(error, match=message):
            _of(body, make)()


@pytest.mark.skipif("torch" not in installed(), reason="torch is not installed")
def test_tensors_and_functions_of_torch() -> None:
    import torch

    for body, message in (
        (lambda t: torch.log(t.p), "torch's log does not take expressions of an element, whose derivatives"),
        (lambda t: torch.where(t.y > 0, t.p, t.q), "torch's where does not take expressions"),
        (lambda t: t.p * torch.ones(2), "received torch.Tensor. Tensors beside predictions and targets are weights: alpha"),
        (lambda t: torch.ones(2) * t.p, "received torch.Tensor. Tensors beside"),
    ):
        with pytest.raises(TypeError, match=message):
            _of(body)()
    with pytest.raises(TypeError, match=r"gamma must be a number; received torch.Tensor. Tensors are weights of a loss"):
        poly_focal(X, BINARY_LABELS, gamma=torch.tensor(2.0))


def _without() -> Any:
    return 1


def _by_keyword(*, t: Any) -> Any:
    return t.p


def _by_position(t: Any, gamma: float = 2.0) -> Any:
    return t.p**gamma


def _many(t: Any, **options: Any) -> Any:
    return t.p


def _no_default(t: Any, *, gamma: float) -> Any:
    return t.p**gamma


def _none(t: Any, *, gamma: Any = None) -> Any:
    return t.p


def _array(t: Any, *, gamma: Any = np.ones(2)) -> Any:  # noqa: B008
    return t.p


def _kinds(t: Any, *, gamma: float = 2.0, on: bool = False, mode: str = "a") -> Any:
    return t.p ** (gamma if on else 2 * gamma) * (2.0 if mode == "a" else 1.0)


kinds, no_default = unifocal.elementwise(_kinds), unifocal.elementwise(_no_default)


elementwise: Any = unifocal.elementwise
classwise: Any = unifocal.classwise


@pytest.mark.parametrize(
    ("error", "message", "make"),
    [
        (TypeError, "A loss is made of a function of an element; received int", lambda: elementwise(3)),
        (TypeError, "A loss is made of a function of an element; received functools.partial", lambda: classwise(partial(_kinds))),
        (TypeError, r"_without must take an element first, as in def _without\(t, \*, gamma=2.0\)", lambda: elementwise(_without)),
        (TypeError, "_by_keyword must take an element first", lambda: elementwise(_by_keyword)),
        (TypeError, r"must take its options by keyword, after \*; received gamma by position", lambda: elementwise(_by_position)),
        (TypeError, "must take its options by keyword, .* received options", lambda: elementwise(_many)),
        (TypeError, "The default of _none's option gamma must be a number, a string, .* received NoneType", lambda: elementwise(_none)),
        (TypeError, "The default of _array's option gamma must be .* received numpy.ndarray", lambda: elementwise(_array)),
        (TypeError, "of_targets_alone must be True or False; received int", lambda: classwise(_kinds, of_targets_alone=1)),
        (ValueError, "_kinds has terms of labels 0 that are not 0; leave of_targets_", lambda: classwise(_kinds, of_targets_alone=True)),
        (TypeError, "_no_default requires its option gamma, which has no default", lambda: no_default(X, BINARY_LABELS)),
        (TypeError, "_no_default has no option gama; it has gamma, alpha, from_logits", lambda: no_default(X, BINARY_LABELS, gama=2)),
        (TypeError, "_kinds has no option pos_weight; it has", lambda: kinds(X, BINARY_LABELS, pos_weight=2.0)),
        (TypeError, "gamma must be a number; received bool. Tensors are weights", lambda: kinds(X, BINARY_LABELS, gamma=True)),
        (TypeError, "gamma must be a number; received str", lambda: kinds(X, BINARY_LABELS, gamma="2")),
        (TypeError, "on must be True or False; received int", lambda: kinds(X, BINARY_LABELS, on=1)),
        (TypeError, "mode must be a string; received float", lambda: kinds(X, BINARY_LABELS, mode=2.0)),
        (ValueError, "gamma must be finite; received nan", lambda: kinds(X, BINARY_LABELS, gamma=math.nan)),
        (TypeError, "from_logits must be True or False; received int", lambda: kinds(X, BINARY_LABELS, from_logits=1)),
        (ValueError, "epsilon clips probabilities and requires from_logits=False", lambda: kinds(X, BINARY_LABELS, epsilon=0.1)),
        (TypeError, "A loss of probabilities is one of an element's expression", lambda: OfProbabilities(SoftmaxPolyFocal())),  # type: ignore[arg-type]
        (TypeError, "A loss of classes' probabilities is one of a class's expression", lambda: OfClassProbabilities(SigmoidFocal())),  # type: ignore[arg-type]
        (TypeError, "one whose terms are those of targets alone; received", lambda: IndexClasswise(_all_classes())),
    ],
)  # fmt: skip
def test_errors(error: type[Exception], message: str, make: Any) -> None:
    with pytest.raises(error, match=message):
        make()


def _all_classes() -> Any:
    return generalized_of_all.describe(X, ROWS)[0].formula  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", [unifocal.elementwise, unifocal.classwise], ids=["elementwise", "classwise"])
def test_options_that_every_loss_has(make: Any) -> None:
    taken = ["predictions", "targets", "epsilon", "axis", "sample_weight", "reduction", "dtype", "smoothed"]
    for name in (*taken, "alpha" if make is unifocal.elementwise else "class_weight"):
        space: dict[str, Any] = {}
        exec(f"def own(t, *, {name}=2.0): return t.p ** 2", space)
        with pytest.raises(TypeError, match=f"own cannot have an option {name}, which every such loss has; give it another name"):
            make(space["own"])


def test_a_loss_has_its_signature_and_words() -> None:
    assert list(signature(poly_focal).parameters)[:5] == ["predictions", "targets", "gamma", "poly_epsilon", "alpha"]
    assert poly_focal.__name__ == "poly_focal"  # type: ignore[attr-defined]
    assert "PolyLoss" in (poly_focal.__doc__ or "")
    assert "of :func:`unifocal.softmax_focal_loss`" in (generalized_cross_entropy.__doc__ or "")
    assert poly_focal.describe(X, BINARY_LABELS)[0] == poly_focal.describe(X, BINARY_LABELS)[0]  # type: ignore[attr-defined]
