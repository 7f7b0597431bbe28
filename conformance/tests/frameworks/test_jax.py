"""JAX: every transform gives the analytic derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks.jax import enable_x64
from .transforms import INDEX, SOFT, VECTOR, WEIGHT, H, TransformCase, X, each_case

jax: Any = pytest.importorskip("jax")
jnp = jax.numpy

COTANGENT = np.linspace(0.5, 2, 12).reshape(4, 3)


@pytest.fixture(autouse=True)
def x64() -> Iterator[None]:
    with enable_x64(True):
        yield


def bound(case: TransformCase) -> tuple[Callable[[Any], Any], Any]:
    return case.bound(), jnp.asarray(case.predictions)


def both_modes_and_orders(total: Callable[..., Any], at: tuple[Any, ...], along: tuple[Any, ...]) -> tuple[Any, Any, list[Any]]:
    """The gradient of a number, its derivative along a direction, and the gradient's in all four combinations of modes.

    Compiled together, which takes XLA a fraction of what one by one would.
    """
    every = tuple(range(len(at)))

    def inner(a: Any, b: Any) -> Any:
        return sum((x * y).sum() for x, y in zip(a, b, strict=True))

    def forward(f: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *at: jax.jvp(f, at, along)[1]

    def reverse(f: Callable[..., Any]) -> Callable[..., Any]:
        gradient: Callable[..., Any] = jax.grad(lambda *at: inner(f(*at), along), every)
        return gradient

    def derivatives(*at: Any) -> Any:
        first = jax.grad(total, every), jax.jacfwd(total, every)
        return first[0](*at), forward(total)(*at), [outer(gradient)(*at) for gradient in first for outer in (forward, reverse)]

    found: tuple[Any, Any, list[Any]] = jax.jit(derivatives)(*at)
    gradient, tangent, seconds = found
    np.testing.assert_allclose(tangent, inner(gradient, along), rtol=1e-11)
    for second in seconds[1:]:
        for a, b in zip(second, seconds[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    return found


@each_case
def test_derivatives_of_both_modes_and_orders(case: TransformCase) -> None:
    function, x = bound(case)
    (gradient,), _, ((second,), *_) = both_modes_and_orders(lambda x: function(x).sum(), (x,), (jnp.asarray(H),))
    value, first = case.analytic(case.predictions)
    np.testing.assert_allclose(function(x), value, rtol=1e-12)
    np.testing.assert_allclose(jax.jit(function)(x), value, rtol=1e-12)
    np.testing.assert_allclose(gradient, first, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(second, case.differences(), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("loss", [unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss], ids=["sigmoid", "softmax"])
@pytest.mark.parametrize("targets", [INDEX, SOFT], ids=["index", "soft"])
def test_vmap(loss: Any, targets: Any) -> None:
    def one(x: Any, t: Any) -> Any:
        return loss(x, t, reduction="sum")

    x, t = jnp.asarray(X), jnp.asarray(targets)
    np.testing.assert_allclose(jax.vmap(one)(x, t), loss(x, t, reduction="none").reshape(4, -1).sum(1), rtol=1e-12)
    np.testing.assert_allclose(jax.vmap(jax.grad(one))(x, t), jax.grad(one)(x, t), rtol=1e-12)
    hessians = jax.hessian(one)(x, t)
    np.testing.assert_allclose(jax.vmap(jax.hessian(one))(x, t), [hessians[i, :, i] for i in range(4)], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("reduction", ["none", "weighted_mean"])  # which is a sum, divided
def test_inputs_that_are_differentiated(reduction: Any) -> None:
    """Labels, weights and class vectors beside predictions, first and second derivatives against differences."""

    def total(x: Any, y: Any, weight: Any, alpha: Any) -> Any:
        sigmoid = unifocal.sigmoid_focal_loss(
            x, y, alpha=alpha, pos_weight=alpha, sample_weight=weight, normalizer=1 + weight[:3], reduction=reduction
        )
        dense = unifocal.softmax_focal_loss(x, y, alpha=alpha, sample_weight=weight, reduction=reduction)
        index = unifocal.cross_entropy(x, INDEX, class_weight=alpha, sample_weight=weight, reduction=reduction)
        return (sigmoid * COTANGENT).sum() + ((dense + index) * COTANGENT[:, 0]).sum()

    at, along, step = (X, SOFT, WEIGHT, VECTOR), (H, SOFT - 0.5, WEIGHT - 0.5, VECTOR - 0.5), 1e-5
    _, tangent, (second, *_) = both_modes_and_orders(total, at, along)
    both = jax.jit(jax.value_and_grad(total, (0, 1, 2, 3)))
    (up, up_gradient), (down, down_gradient) = (both(*(a + s * d for a, d in zip(at, along, strict=True))) for s in (step, -step))
    np.testing.assert_allclose(tangent, (up - down) / (2 * step), rtol=1e-8)
    for found, above, below in zip(second, up_gradient, down_gradient, strict=True):
        np.testing.assert_allclose(found, (above - below) / (2 * step), rtol=1e-6, atol=1e-8)


def test_same_shape_is_traced_once() -> None:
    traces = []

    @jax.jit
    def function(x: Any, t: Any) -> Any:
        traces.append(x.shape)
        return unifocal.sigmoid_focal_loss(x, t)

    for _ in range(3):
        function(jnp.ones((2, 3)), jnp.ones((2, 3)))
    assert traces == [(2, 3)]


def test_traced_bad_entries_are_nan() -> None:
    values = jax.jit(lambda x, t: unifocal.cross_entropy(x, t, reduction="none"))(jnp.asarray(X), jnp.array([0, 9, -1, 2]))
    assert np.isnan(values).tolist() == [False, True, True, False]


def test_without_x64_indices_do_not_wrap() -> None:
    with enable_x64(False), pytest.raises(ValueError, match=r"Class indices must be in \[0, 2\]"):
        unifocal.cross_entropy(jnp.zeros((1, 3)), [2**32])


def test_softmax_with_class_indices_forms_no_float_one_hot() -> None:
    jaxpr = str(jax.make_jaxpr(lambda x: unifocal.cross_entropy(x, INDEX))(jnp.zeros((4, 32_000))))
    # The only conversions of something as large as the predictions would be those of labels.
    assert not [line for line in jaxpr.splitlines() if "convert_element_type" in line and "f64[4,32000]" in line.split("=")[0]]


@pytest.mark.parametrize("rows", [31, 32, 33, 47, 48, 49], ids=str)
def test_loops_over_blocks(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 16 rows: from twice as many on there is a loop, whose last block may begin within the one before."""
    monkeypatch.setattr(import_module("unifocal.backends.jax.blocks"), "BLOCK", 16 * 5)
    rng = np.random.default_rng(rows)
    x, y, index, alpha = 3 * rng.normal(size=(rows, 5)), rng.random((rows, 5)), rng.integers(5, size=rows), rng.random(5)
    weights = {"sample_weight": y[:, 0]}
    cases: list[tuple[Any, Any, dict[str, Any]]] = [
        (unifocal.sigmoid_focal_loss, y, {}),
        (unifocal.sigmoid_focal_loss, index, {"alpha": alpha, **weights}),
        (unifocal.softmax_focal_loss, index, weights),
    ]
    for loss, targets, options in cases:
        for reduction in ("none", "sum"):
            expected = unifocal.value_and_grad(loss)(x, targets, reduction=reduction, **options)

            bound = partial(loss, targets=targets, reduction=reduction, **options)

            def function(x: Any, bound: Any = bound) -> Any:
                value = bound(x)
                return value.sum(), value

            (_, value), gradient = jax.jit(jax.value_and_grad(function, has_aux=True))(jnp.asarray(x))
            np.testing.assert_allclose(value, expected[0], rtol=1e-12)
            np.testing.assert_allclose(gradient, expected[1], rtol=1e-11, atol=1e-14)
            assert ("scan" in str(jax.make_jaxpr(function)(x))) == (rows >= 32)


def test_backward_keeps_the_slope_alone() -> None:
    x = jnp.ones((8, 5))
    pullback = jax.vjp(lambda x: unifocal.sigmoid_focal_loss(x, jnp.zeros((8, 5)), reduction="sum"), x)[1]
    assert sum(kept.size == x.size for kept in jax.tree.leaves(pullback)) == 1
