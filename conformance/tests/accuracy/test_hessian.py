"""The diagonal of the Hessian against the truth, on every framework, and of every dialect against differences of its gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, cast

import numpy as np
import pytest

import unifocal
from unifocal.arrays import Array, Namespace
from unifocal.backend import Backend
from unifocal.convention import Convention
from unifocal.dialects import dialect_names, functions_of
from unifocal.dialects import torch as torch_dialect
from unifocal.dispatch import backend_of
from unifocal.evaluation import read
from unifocal.evaluation.cache import clear
from unifocal.evaluation.hessian import FLOOR
from unifocal.formulas import Categorical, CategoricalProbabilityFocal, Inputs, Linked, SoftmaxFocal, SoftmaxLink
from unifocal.loss import Description
from unifocal.loss import loss as made_loss
from unifocal.operands import Operands

from ...calls.case import bind, call
from ...dialects import module_of
from ...frameworks import Framework, framework_named
from ...truth import oracle, tolerances
from ...truth.oracle import mp
from ...truth.ulp import Exact, relative
from .grids import SMOOTHING, GridTruth, Options, sigmoid_truth, softmax_truth

Measure = Callable[..., None]
SIGMOID_CASES = [Options(0.0, 0.25), Options(0.5), Options(2.0, 0.25), Options(1.5, 0.25, 0.7, 0.2)]
SOFTMAX_CASES = [(3, "index", 0.0), (3, "index", 0.5), (3, "index", 2.0), (10, "soft", 0.5), (10, "soft", 2.0), (3, "smoothed", 2.0)]


def hessian(framework: Framework, of: Any, x: Any, targets: Any, kind: str, dtype: str = "float64", **options: Any) -> Any:
    """The third of what value_grad_and_hessian gives, the first two being those of value_and_grad."""
    with framework.precision(dtype):
        given = {name: framework.tensor(o, dtype) if isinstance(o, np.ndarray) else o for name, o in options.items()}
        operands = framework.tensor(x, dtype), framework.tensor(targets)
        *first, found = unifocal.value_grad_and_hessian(of, hessian=kind)(*operands, **given)  # type: ignore[arg-type]
        for ours, theirs in zip(first, unifocal.value_and_grad(of)(*operands, **given), strict=True):
            np.testing.assert_array_equal(framework.numpy(ours), framework.numpy(theirs))
        return framework.numpy(found)


@pytest.mark.frameworks("numpy")
@pytest.mark.parametrize("case", SIGMOID_CASES, ids=str)
def test_sigmoid(framework: Framework, case: Options, measure: Measure) -> None:
    truth = sigmoid_truth("float64", case)
    options: dict[str, Any] = {"gamma": case.gamma, "alpha": case.alpha, "pos_weight": case.pos_weight, "label_smoothing": case.smoothing}

    def of(kind: str) -> Any:
        return hessian(framework, unifocal.sigmoid_focal_loss, truth.predictions, truth.targets, kind, reduction="sum", **options)

    measure(relative(of("exact"), truth.second, truth.second_terms), tolerances.SECOND, framework.name, "sigmoid Hessian", case)
    held, terms = _held_sigmoid(case)
    measure(relative(of("held"), held, terms), tolerances.SECOND, framework.name, "sigmoid Hessian, held", case)
    assert (of("held") >= 0).all()
    np.testing.assert_array_equal(of("clipped"), np.maximum(of("exact"), FLOOR))


def test_sigmoid_on_every_framework(framework: Framework, measure: Measure) -> None:
    """The operations of a formula are held to NumPy's elsewhere: one case is enough."""
    test_sigmoid(framework, SIGMOID_CASES[2], measure)


@cache
def _held_sigmoid(case: Options) -> tuple[Exact, Exact]:
    """r^γ·α_t·d²CE/dx², with r = y·q + (1−y)·p."""
    truth = sigmoid_truth("float64", case)
    found = []
    for x, y in zip(truth.predictions.flat, truth.targets.flat, strict=True):
        label = oracle.smoothed(float(y), case.smoothing)
        plain = oracle.sigmoid(x, label, 0.0, case.alpha, 1.0 if case.pos_weight is None else case.pos_weight)
        p, q = (1 / (1 + mp.exp(-sign * oracle.number(float(x)))) for sign in (1, -1))
        modulator = (label * q + (1 - label) * p) ** oracle.number(case.gamma) if case.gamma else oracle.ONE
        found.append((modulator * plain.second, modulator * plain.second_terms))
    second, terms = (Exact.of(part, truth.predictions.shape) for part in zip(*found, strict=True))
    return second, terms


@pytest.mark.frameworks("numpy")
@pytest.mark.parametrize(("classes", "kind", "gamma"), SOFTMAX_CASES)
def test_softmax(framework: Framework, classes: int, kind: str, gamma: float, measure: Measure) -> None:
    truth, exact, held = _softmax_diagonals(classes, kind, gamma)
    options: dict[str, Any] = {"gamma": gamma, "label_smoothing": SMOOTHING if kind == "smoothed" else 0.0, "reduction": "sum"}
    for name, (true, terms) in (("exact", exact), ("held", held)):
        found = hessian(framework, unifocal.softmax_focal_loss, truth.predictions, truth.targets, name, **options)
        measure(relative(found, true, terms), tolerances.SECOND, framework.name, f"softmax Hessian, {name}", kind, f"gamma {gamma}")
        assert name == "exact" or (found >= 0).all()


@pytest.mark.parametrize("kind", ["index", "soft"])
def test_softmax_on_every_framework(framework: Framework, kind: str, measure: Measure) -> None:
    test_softmax(framework, 3 if kind == "index" else 10, kind, 2.0, measure)


@cache
def _softmax_diagonals(classes: int, kind: str, gamma: float) -> tuple[GridTruth, tuple[Exact, Exact], tuple[Exact, Exact]]:
    """A grid, its diagonal by the oracle's products with unit vectors, and that of the cross entropy weighted by o^γ; with their terms."""
    truth = softmax_truth("float64", classes, kind, gamma)
    x, targets = truth.predictions, truth.targets
    labels = targets if kind == "soft" else np.eye(classes)[targets]
    smoothing = SMOOTHING if kind == "smoothed" else 0.0
    found: dict[str, list[list[Any]]] = {"exact": [], "held": []}
    for row, y in zip(x.tolist(), labels.tolist(), strict=True):
        v = [oracle.smoothed(a, smoothing, classes) for a in y]
        _, o, _ = oracle._softmax(tuple(row))
        weights = [a * b ** oracle.number(gamma) if gamma else a for a, b in zip(v, o, strict=True)]
        for j in range(classes):
            unit = [float(k == j) for k in range(classes)]
            for name, along in (("exact", oracle.softmax(row, v, gamma, unit)), ("held", oracle.softmax(row, weights, 0.0, unit))):
                found[name].append([along.second[j], along.second_terms[j]])
    exact, held = (tuple(Exact.of(column, x.shape) for column in zip(*found[name], strict=True)) for name in ("exact", "held"))
    return truth, exact, held  # type: ignore[return-value]


@pytest.mark.frameworks("numpy", "torch", "tensorflow", "paddle")
@pytest.mark.dtypes("float32")
def test_float32_is_as_near_as_its_slope(framework: Framework, dtype: str) -> None:
    x, index = np.random.default_rng(5).normal(size=(40, 5)) * 4, np.arange(40) % 5
    for loss in (unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss):
        for kind in ("exact", "clipped", "held"):
            single = hessian(framework, loss, x, index, kind, "float32", reduction="none")
            double = hessian(framework_named("numpy"), loss, x.astype("float32").astype("float64"), index, kind, reduction="none")
            assert single.dtype == np.float32
            np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("loss", [unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss], ids=["sigmoid", "softmax"])
@pytest.mark.parametrize("gamma", [0.0, 0.01, 0.5, 20.0])
def test_nothing_finite_gives_more_than_a_finite_hessian(dtype: str, loss: Any, gamma: float) -> None:
    sizes = np.array([0.0, 1e-3, 15.0, 90.0, 103.5, 200.0, 709.0, 745.5, 1e4, float(np.finfo(dtype).max) / 4])
    x = np.array([[a, b, c] for a in sizes for b in (*sizes, *-sizes) for c in (0.0, -50.0)], dtype)
    for targets in (np.arange(len(x)) % 3, np.random.default_rng(1).random(x.shape).astype(dtype)):
        for kind in ("exact", "clipped", "held"):
            for sign in (1, -1):
                _, _, found = unifocal.value_grad_and_hessian(loss, hessian=kind)(sign * x, targets, gamma=gamma)
                assert np.isfinite(found).all()
                assert kind == "exact" or (found >= 0).all()


def test_infinite_logits_have_no_curvature() -> None:
    for x, loss in (([[np.inf, -np.inf]], unifocal.sigmoid_focal_loss), ([[np.inf, 0.0]], unifocal.softmax_focal_loss)):
        for kind in ("exact", "held"):
            of: Any = unifocal.value_grad_and_hessian(loss, hessian=kind)
            _, _, found = of(np.array(x), [[0, 1]])
            np.testing.assert_array_equal(found, [[0, 0]])


# --- conventions --------------------------------------------------------------------------------------------------------------------


def _differences(function: Callable[[Any], Any], x: Any, places: list[tuple[int, ...]]) -> tuple[Any, Any]:
    """Of a gradient by each of these entries of x: the central differences, and by how much those of the two sides are apart."""
    middle, apart = [], []
    for place in places:
        step = 1e-6 * max(abs(x[place]), 0.1)
        moved = [np.array(x) for _ in range(2)]
        moved[0][place] += step
        moved[1][place] -= step
        up, at, down = (float(np.asarray(function(one))[place]) for one in (moved[0], x, moved[1]))
        middle.append((up - down) / (2 * step))
        apart.append(abs(up - 2 * at + down) / step)
    return np.array(middle), np.array(apart)


_FUNCTIONS = [f"{dialect}.{name}" for dialect in dialect_names() for name in functions_of(dialect)]
_DETACHED = ("paddleclas.MultiLabelAsymmetricLoss",)
"""Whose modulators are detached unless they are not."""
_OF_LABELS = ("paddle.label_smooth", "optax.smooth_labels")


@pytest.mark.parametrize("name", [name for name in _FUNCTIONS if name not in _OF_LABELS])
def test_every_dialect(name: str) -> None:
    """By differences of its gradient; but for the bounds of clips, on the two sides of which the gradient differs."""
    dialect, _, function = name.partition(".")
    run = framework_named("numpy")
    compared = 0
    for case in module_of(dialect).CASES:
        # A modulator that is detached is a constant to second derivatives too, and not to differences.
        given = {**(case.options or {}), **case.arguments}
        detached = given.get("disable_torch_grad_focal_loss") or given.get("disable_focal_loss_grad", name in _DETACHED)
        if case.function != function or detached:
            continue
        loss, arguments = bind(run, functions_of(dialect)[function], replace(case, dtype="float64"))
        x = arguments[case.predictions]
        with np.errstate(all="ignore"):
            _, gradient, found = call(unifocal.value_grad_and_hessian(loss), arguments, loss)

            def gradient_at(x: Any, loss: Any = loss, arguments: Any = arguments, case: Any = case) -> Any:
                return call(unifocal.value_and_grad(loss), {**arguments, case.predictions: x}, loss)[1]

            assert found.shape == gradient.shape == np.shape(x)
            places = list(np.ndindex(x.shape))[:: max(1, x.size // 3)]
            with unifocal.value_checks(False):
                true, apart = _differences(gradient_at, x, places)
        kept = np.isfinite(true) & np.isfinite(apart) & (apart < 1e-3 * (1 + np.abs(true)))
        ours = np.array([found[place] for place in places])
        np.testing.assert_allclose(ours[kept], true[kept], rtol=1e-4, atol=1e-6, err_msg=str(case))
        compared += int(kept.sum())
    assert compared > 0


@pytest.mark.frameworks("numpy", "array-api-strict", "torch")
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "weighted_mean"])
@pytest.mark.parametrize("loss", [unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss], ids=["sigmoid", "softmax"])
def test_reductions_divide_all_three(framework: Framework, reduction: str, loss: Any) -> None:
    x, index, weight = np.random.default_rng(6).normal(size=(6, 3)), np.array([0, 1, 2, -1, 0, 1]), np.array([0.5, 2, 1, 1, 0, 3])
    shared: dict[str, Any] = {"sample_weight": weight, "ignore_index": -1}
    of_sum = hessian(framework, loss, x, index, "exact", reduction="sum", **shared)
    found = hessian(framework, loss, x, index, "exact", reduction=reduction, **shared)
    per_row = 3 if loss is unifocal.sigmoid_focal_loss else 1
    divisor = {"none": 1.0, "sum": 1.0, "mean": 5.0 * per_row, "weighted_mean": 6.5 * per_row}[reduction]
    np.testing.assert_allclose(found, of_sum / divisor, rtol=1e-12)
    assert not of_sum[3:5].any()
    # What weighs nothing has no floor either.
    clipped = hessian(framework, loss, x, index, "clipped", reduction="sum", **shared)
    np.testing.assert_array_equal(clipped, np.maximum(of_sum, FLOOR * np.where(index == -1, 0, weight)[:, np.newaxis]))


def test_negative_weights_have_no_floor() -> None:
    """Some originals take them; the loss is then bent the other way."""
    x, weight = np.array([-3.0, 0.5]), np.array([-1.0, -2.0])
    _, _, found = unifocal.value_grad_and_hessian(torch_dialect.binary_cross_entropy_with_logits, hessian="clipped")(
        x, np.ones(2), weight=weight
    )
    np.testing.assert_array_equal(found, [0, 0])


@pytest.mark.frameworks("numpy", "torch", "tensorflow", "paddle", "array-api-strict")
def test_of_nothing_and_of_one_number(framework: Framework) -> None:
    for shape in ((0, 3), (2, 0)):
        assert hessian(framework, unifocal.sigmoid_focal_loss, np.ones(shape), np.ones(shape), "exact").shape == shape
    assert hessian(framework, unifocal.softmax_focal_loss, np.ones((0, 3)), np.zeros(0, int), "held").shape == (0, 3)
    assert hessian(framework, unifocal.binary_cross_entropy, np.array(0.0), np.array(1.0), "exact") == 0.25
    nothing = hessian(framework, unifocal.cross_entropy, np.ones((2, 3)), np.array([-1, -1]), "exact", ignore_index=-1)
    np.testing.assert_array_equal(nothing, np.zeros((2, 3)))


def test_half_precision_is_rounded_once() -> None:
    torch = pytest.importorskip("torch")
    x = torch.linspace(-6, 6, 50)
    for dtype in (torch.float16, torch.bfloat16):
        low = x.to(dtype)
        _, _, found = unifocal.value_grad_and_hessian(unifocal.sigmoid_focal_loss)(low, [1] * 50, reduction="sum")
        _, _, wide = unifocal.value_grad_and_hessian(unifocal.sigmoid_focal_loss)(low.float(), [1] * 50, reduction="sum")
        assert found.dtype == dtype
        torch.testing.assert_close(found, wide.to(dtype), rtol=0, atol=0)


def test_all_three_are_constants() -> None:
    torch = pytest.importorskip("torch")
    x, weight = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    parts = unifocal.value_grad_and_hessian(unifocal.sigmoid_focal_loss)(x, [1, 0, 1], sample_weight=weight)
    assert not any(part.requires_grad for part in parts)


def test_within_compilers() -> None:
    """jit and vmap, as value_and_grad."""
    jax = pytest.importorskip("jax")
    x, index = np.random.default_rng(8).normal(size=(4, 5, 3)).astype("float32"), np.arange(20).reshape(4, 5) % 3
    function = unifocal.value_grad_and_hessian(partial(unifocal.softmax_focal_loss, reduction="sum"))
    expected = [function(a, b) for a, b in zip(x, index, strict=True)]
    for found in (jax.jit(jax.vmap(function))(x, index),):
        for ours, theirs in zip(found, zip(*expected, strict=True), strict=True):
            np.testing.assert_allclose(np.asarray(ours), np.stack(theirs), rtol=1e-4, atol=1e-6)


@pytest.mark.frameworks("tensorflow")
@pytest.mark.parametrize("both", [unifocal.value_and_grad, unifocal.value_grad_and_hessian], ids=["gradient", "hessian"])
def test_autograph_leaves_the_source_alone(framework: Framework, both: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Which it would try to rewrite, and warn that it cannot."""
    import tensorflow as tf

    x, index = np.random.default_rng(8).normal(size=(5, 3)), np.arange(5) % 3
    function = both(unifocal.softmax_focal_loss)
    tf.get_logger().addHandler(caplog.handler)
    try:
        found = tf.function(lambda a, b: function(a, b))(tf.constant(x), tf.constant(index))
    finally:
        tf.get_logger().removeHandler(caplog.handler)
    for ours, theirs in zip(found, function(x, index), strict=True):
        np.testing.assert_allclose(framework.numpy(ours), theirs, rtol=1e-12)
    assert "AutoGraph could not transform" not in caplog.text


def test_lazily_with_dask() -> None:
    da = pytest.importorskip("dask.array")
    x, index = np.random.default_rng(9).normal(size=(7, 3)), np.arange(7) % 3
    for loss in (unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss):
        for kind in ("exact", "clipped", "held"):
            function: Any = unifocal.value_grad_and_hessian(loss, hessian=kind)
            found = function(da.from_array(x, chunks=(4, 3)), da.from_array(index, chunks=4))
            for ours, theirs in zip(found, function(x, index), strict=True):
                np.testing.assert_allclose(ours.compute(), theirs, rtol=1e-12)


# --- refusals -----------------------------------------------------------------------------------------------------------------------


def test_refuses_what_is_no_loss() -> None:
    with pytest.raises(TypeError, match="value_grad_and_hessian takes one of unifocal's losses"):
        unifocal.value_grad_and_hessian(np.sum)


@pytest.mark.parametrize("kind", ["fisher", None, True])
def test_refuses_other_hessians(kind: Any) -> None:
    with pytest.raises(ValueError, match="hessian must be 'exact', 'clipped' or 'held'; received"):
        unifocal.value_grad_and_hessian(unifocal.cross_entropy, hessian=kind)


@dataclass(frozen=True)
class _Bare(Categorical):
    """A formula of one's own, of the methods that every formula must have."""

    def text(self, alpha: bool, pos_weight: bool) -> str:
        return "cross entropy"

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        return SoftmaxFocal().value_slope(xp, x, inputs)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        return SoftmaxFocal().second(xp, x, inputs, h)


@made_loss
def _bare(predictions: Array, targets: Array) -> Description:
    return Convention(_Bare()), Operands(predictions, targets)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("exact", r"requires a formula that has it in closed form; _Bare\(axis=-1\) has no method curvature. Write it"),
        ("clipped", "requires a formula that has it in closed form"),
        ("held", r"requires a formula that says what its modulator is; _Bare\(axis=-1\) has no method held. Pass hessian='clipped'"),
    ],
)
def test_refuses_formulas_without(kind: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        unifocal.value_grad_and_hessian(_bare, hessian=kind)(np.zeros((2, 3)), [0, 1])


def test_links_refuse_formulas_whose_hessian_is_not_diagonal() -> None:
    """As they have no diagonal to give from the diagonal alone."""
    of = CategoricalProbabilityFocal(2.0)
    x, labels = np.zeros((2, 3)), Inputs(np.eye(3)[[0, 1]])
    xp: Any = cast("Backend", backend_of(x)).namespace(x)
    assert Linked(SoftmaxLink(), of).curvature(xp, x, labels) is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CategoricalProbabilityFocal, "separable", False)
        assert Linked(SoftmaxLink(), of).curvature(xp, x, labels) is None
        assert Linked(SoftmaxLink(), of).held(xp, x, labels) is None


def test_why_no_expected_hessian() -> None:
    """As the documentation says of γ = 2 on logits in [−12, 12]: it is negative on 3/4 of them, and E[g²] has another scale."""
    x = np.linspace(-12, 12, 24001)
    p = 1 / (1 + np.exp(-x))
    function = unifocal.value_grad_and_hessian(unifocal.sigmoid_focal_loss)
    (_, g1, h1), (_, g0, h0) = (function(x, np.full(x.shape, y), alpha=None, gamma=2.0, reduction="none") for y in (1.0, 0.0))
    expected = p * h1 + (1 - p) * h0
    assert round(float(np.mean(expected < 0)), 2) == 0.75
    assert round(float(expected.min()), 4) == -0.0011
    assert round(float(min(h1.min(), h0.min())), 3) == -0.047
    zero = len(x) // 2
    assert round(float((p * g1**2 + (1 - p) * g0**2)[zero]), 3) == 0.089
    assert round(float(expected[zero]), 3) == 0.399


@pytest.mark.frameworks("numpy", "torch", "tensorflow", "paddle")
@pytest.mark.parametrize("reduction", ["none", "weighted_mean"])
@pytest.mark.parametrize("loss", [unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss], ids=["sigmoid", "softmax"])
def test_in_blocks(framework: Framework, loss: Any, reduction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the whole is, where ignored targets and weights are in some blocks and not in others."""
    rng = np.random.default_rng(12)
    x, index, weight = rng.normal(size=(50, 3)) * 3, rng.integers(-1, 3, size=50), rng.random(50)
    options: dict[str, Any] = {"reduction": reduction, "sample_weight": weight, "ignore_index": -1, "gamma": 1.5}
    whole = hessian(framework, loss, x, index, "exact", **options)
    clear()
    monkeypatch.setattr(read, "_block", lambda *_: 36)
    try:
        cut = hessian(framework, loss, x, index, "exact", **options)
    finally:
        clear()
    np.testing.assert_allclose(cut, whole, rtol=1e-13)
    kept = index >= 0
    divisor = {"none": 1.0, "weighted_mean": weight[kept].sum() * (3 if loss is unifocal.sigmoid_focal_loss else 1)}[reduction]
    alone = hessian(framework, loss, x[kept], index[kept], "exact", gamma=1.5, reduction="none")
    np.testing.assert_allclose(whole[kept], alone * weight[kept][:, np.newaxis] / divisor, rtol=1e-12)
