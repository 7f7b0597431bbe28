"""MLX: every transform gives the analytic derivatives, and what is eager is looked at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dispatch import backend_named

from ...frameworks import Framework, framework_named
from ...truth import oracle, tolerances
from ...truth.ulp import Exact, distance
from ..accuracy import generated
from .transforms import INDEX, SOFT, VECTOR, WEIGHT, H, TransformCase, X, each_case

mx: Any = pytest.importorskip("mlx.core")

COTANGENT = np.linspace(0.5, 2, 12).reshape(4, 3)


def _double(array: Any) -> Any:
    return framework_named("mlx").tensor(array)


@pytest.fixture(autouse=True)
def on_cpu() -> None:
    framework_named("mlx")  # which puts operations on the CPU; only there is float64


def both_modes_and_orders(
    total: Callable[..., Any], at: tuple[Any, ...], along: tuple[Any, ...], last: bool = True
) -> tuple[Any, Any, list[Any]]:
    """The gradient of a number, its derivative along a direction, and the gradient's, the ``last`` being forward over reverse."""

    def gradient_of(function: Any) -> Any:
        """By all arguments; of one, MLX gives the array alone."""
        found = mx.grad(function, [*range(len(at))])
        return found if len(at) > 1 else lambda *at: (found(*at),)

    def inner(a: Any, b: Any) -> Any:
        return sum((x * y).sum() for x, y in zip(a, b, strict=True))

    def along_total(*at: Any) -> Any:
        return mx.jvp(total, [*at], [*along])[1][0]

    gradient = gradient_of(total)
    first, tangent = gradient(*at), along_total(*at)
    np.testing.assert_allclose(tangent, inner(first, along), rtol=1e-11)
    seconds = [
        gradient_of(lambda *at: inner(gradient(*at), along))(*at),
        gradient_of(along_total)(*at),
        *([mx.jvp(lambda *at: [*gradient(*at)], [*at], [*along])[1]] if last else []),
    ]
    for second in seconds[1:]:
        for a, b in zip(second, seconds[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    return first, tangent, seconds


@each_case
def test_derivatives_of_both_modes_and_orders(case: TransformCase) -> None:
    function, x = case.on(_double).bound(), _double(case.predictions)
    (gradient,), _, ((second,), *_) = both_modes_and_orders(lambda x: function(x).sum(), (x,), (_double(H),))
    value, first = case.analytic(case.predictions)
    np.testing.assert_allclose(function(x), value, rtol=1e-12)
    np.testing.assert_allclose(gradient, first, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(second, case.differences(), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("loss", [unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss], ids=["sigmoid", "softmax"])
@pytest.mark.parametrize("targets", [INDEX, SOFT], ids=["index", "soft"])
def test_vmap(loss: Any, targets: Any) -> None:
    weight = _double(WEIGHT)

    def one(x: Any, t: Any, w: Any) -> Any:
        return loss(x, t, sample_weight=w, reduction="sum")

    def each(function: Any, *axes: int | None) -> Any:
        return mx.vmap(function, in_axes=axes)

    x, t = _double(X), _double(targets)
    rows = [one(x[i : i + 1], t[i : i + 1], weight[i : i + 1]) for i in range(4)]
    batch = x[:, None], t[:, None], weight[:, None]
    np.testing.assert_allclose(each(one, 0, 0, 0)(*batch), [row.item() for row in rows], rtol=1e-12)
    gradient = mx.grad(one)(x, t, weight)
    np.testing.assert_allclose(each(mx.grad(one), 0, 0, 0)(*batch)[:, 0], gradient, rtol=1e-12)
    np.testing.assert_allclose(mx.grad(lambda x: each(one, 0, 0, 0)(x[:, None], *batch[1:]).sum())(x), gradient, rtol=1e-12)
    # Targets and weights that all members share, and predictions along another axis; the derivative stays the formula's own.
    stacked, shared = mx.stack([x, 2 * x, -x], axis=1), partial(each, one, 1, None, None)
    expected = mx.stack([mx.grad(one)(part, t, weight) for part in (x, 2 * x, -x)], axis=1)
    np.testing.assert_allclose(mx.grad(lambda s: shared()(s, t, weight).sum())(stacked), expected, rtol=1e-12)
    second = mx.grad(lambda s: (each(mx.grad(one), 1, None, None)(s, t, weight) * 2).sum())(stacked)
    twice = mx.stack([mx.grad(lambda x: (mx.grad(one)(x, t, weight) * 2).sum())(part) for part in (x, 2 * x, -x)], axis=1)
    np.testing.assert_allclose(second, twice, rtol=1e-11, atol=1e-15)


def test_vmap_keeps_the_limits() -> None:
    """Which are the formula's own: MLX's derivative of the same operations is NaN there."""
    x, y = mx.array([[float("inf"), 1.0], [-float("inf"), 2.0], [0.0, -200.0]]), mx.array([1.0, 0.0])
    loss = partial(unifocal.sigmoid_focal_loss, gamma=0.5, reduction="sum")
    gradient = mx.grad(lambda x: mx.vmap(lambda x: loss(x, y))(x).sum())(x)
    np.testing.assert_allclose(gradient, mx.grad(loss)(x, mx.broadcast_to(y, x.shape)), rtol=1e-6)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("reduction", ["none", "weighted_mean"])  # which is a sum, divided
def test_inputs_that_are_differentiated(reduction: Any) -> None:
    """Labels, weights and class vectors beside predictions, first and second derivatives against differences."""
    cotangent = _double(COTANGENT)

    def total(x: Any, y: Any, weight: Any, alpha: Any) -> Any:
        sigmoid = unifocal.sigmoid_focal_loss(
            x, y, alpha=alpha, pos_weight=alpha, sample_weight=weight, normalizer=1 + weight[:3], reduction=reduction
        )
        dense = unifocal.softmax_focal_loss(x, y, alpha=alpha, sample_weight=weight, reduction=reduction)
        index = unifocal.cross_entropy(x, INDEX, class_weight=alpha, sample_weight=weight, reduction=reduction)
        return (sigmoid * cotangent).sum() + ((dense + index) * cotangent[:, 0]).sum()

    at = tuple(map(_double, (X, SOFT, WEIGHT, VECTOR)))
    along, step = tuple(map(_double, (H, SOFT - 0.5, WEIGHT - 0.5, VECTOR - 0.5))), 1e-5
    _, tangent, (second, *_) = both_modes_and_orders(total, at, along, last=False)
    with pytest.raises(RuntimeError, match="JVP not yet implemented"):  # of MLX's scatter: the gradient of a class vector's entries
        mx.jvp(mx.grad(total, 3), [*at], [*along])
    both = mx.value_and_grad(total, [0, 1, 2, 3])
    (up, up_gradient), (down, down_gradient) = (both(*(a + s * d for a, d in zip(at, along, strict=True))) for s in (step, -step))
    np.testing.assert_allclose(tangent, (up - down) / (2 * step), rtol=1e-8)
    for found, above, below in zip(second, up_gradient, down_gradient, strict=True):
        np.testing.assert_allclose(found, (above - below) / (2 * step), rtol=1e-6, atol=1e-8)


def _step(x: Any, y: Any, z: Any) -> Any:
    value, gradient = mx.value_and_grad(unifocal.binary_cross_entropy)(x, y)
    return value, gradient, unifocal.binary_cross_entropy(x, z, reduction="none")


def test_compile_traces_a_loss_and_its_gradient() -> None:
    """What it makes of them is not computed here: that takes a C++ compiler half a minute."""
    value, gradient, bad = mx.compile(_step)(_double(X), _double(SOFT), mx.array([0, 9, -1, 2]))
    assert (value.shape, gradient.shape, bad.shape) == ((), X.shape, X.shape)
    assert {part.dtype for part in (value, gradient, bad)} == {mx.float64}


@pytest.mark.full
@pytest.mark.skipif(shutil.which("g++") is None, reason="MLX compiles with g++, which is not installed")
def test_compile() -> None:
    value, gradient, bad = mx.compile(_step)(_double(X), _double(SOFT), mx.array([0, 9, -1, 2]))
    expected = unifocal.value_and_grad(unifocal.binary_cross_entropy)(X, SOFT)
    np.testing.assert_allclose(value, expected[0], rtol=1e-12)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-11)
    assert np.isnan(bad).all(1).tolist() == [False, True, True, False]  # which could not be looked at


def test_targets_are_looked_at_where_predictions_are_differentiated() -> None:
    x = mx.array(X.astype(np.float32))
    for function in (unifocal.cross_entropy, mx.grad(unifocal.cross_entropy)):
        with pytest.raises(ValueError, match=r"Class indices must be in \[0, 2\]; received 9"):
            function(x, mx.array([0, 9, 1, 2]))


def test_what_is_traced() -> None:
    backend, x, c = backend_named("mlx"), mx.array([1.0, 2.0]), mx.array([0.5, 3.0])
    seen: list[tuple[bool, bool]] = []

    def function(a: Any) -> Any:
        seen.append((backend.is_traced(a), backend.is_traced(c)))
        return (a * c).sum()

    for transformed in (mx.compile(function), mx.vmap(lambda a: function(a[None]))):
        transformed(x)
    assert seen == [(True, False)] * 2
    mx.eval(mx.grad(function)(x))  # whose values MLX can compute before all else
    assert seen[2:] == [(False, False)]
    assert not backend.is_traced(x * 2)


def test_labels_that_are_differentiated_by_keep_their_form() -> None:
    """All 0 or 1, and looked at: the form for hard labels is another function of them."""
    x, y = mx.array([[0.7, -1.3]]), mx.array([[1.0, 0.0]])
    loss = partial(unifocal.sigmoid_focal_loss, reduction="sum")
    gradient, step = mx.grad(loss, 1)(x, y), 1e-4
    soft = [np.array([[1.0, 0.0]]) + s * np.eye(2)[i] for i in range(2) for s in (-step, step)]
    inside = [loss(np.array([[0.7, -1.3]]), np.clip(labels, 0, 1)) for labels in soft]
    expected = [(inside[1] - inside[0]) / step, (inside[3] - inside[2]) / step]
    np.testing.assert_allclose(gradient[0], expected, rtol=1e-3)


def test_what_is_constant() -> None:
    """What is differentiated by is none, even where it was computed already."""
    backend, y, c = backend_named("mlx"), mx.array([1.0, 0.0]), mx.array([0.5, 3.0])
    seen: list[bool] = []

    def function(x: Any, y: Any) -> Any:
        mx.eval(y)
        seen.extend(map(backend.is_constant, (y, y * c, c, c * 2)))
        return (x * y).sum()

    for argument in (0, 1):
        mx.grad(function, argument)(c, y)
    assert seen == [False, False, True, True] * 2
    assert backend.is_constant(y * c)


def test_numpys_float64_is_kept_on_the_cpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    backend, x = backend_named("mlx"), mx.array([1.0])
    assert backend.from_numpy(np.array([0.1]), x).dtype == mx.float64
    monkeypatch.setattr("unifocal.backends.mlx.on_cpu", lambda: False)  # as where there is a GPU, which has no float64
    assert backend.from_numpy(np.array([0.1]), x).dtype == mx.float32
    assert not backend.on_host(x)


@pytest.mark.frameworks("mlx")
@pytest.mark.parametrize("axis", [-1, 0])
def test_sums_along_an_axis(framework: Framework, dtype: str, axis: int, measure: Callable[..., None]) -> None:
    numbers = np.random.default_rng(3).random((2, 5_003)).astype(dtype)
    x = framework.tensor(numbers if axis == -1 else numbers.T)
    found = framework.numpy(backend_named("mlx").namespace(x).sum(x, axis=axis))
    total = Exact.of([oracle.mp.fsum(map(oracle.number, row)) for row in numbers.astype(np.float64)], (2,))
    measure(distance(found, total, dtype), tolerances.SUM, "mlx", dtype, axis)


@pytest.mark.frameworks("mlx")
@pytest.mark.parametrize("number", range(0, generated.COUNT, 24))
def test_generated_case(framework: Framework, dtype: str, number: int, measure: Callable[..., None]) -> None:
    """A sample of what the full run holds it to."""
    case, true = generated.all_calls()[number].rounded(dtype), generated.numbered_truth(number, dtype)
    for part, far in generated.distances(generated.answer_of(framework, case, dtype), true, dtype).items():
        measure(far, generated.bar_of(case, dtype), framework.name, dtype, case.loss, "generated", part)
