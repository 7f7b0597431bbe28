"""JAX: every transform gives the analytic derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifocal

from .cases import INDEX, SOFT, VECTOR, WEIGHT, Case, X, each_case

jax: Any = pytest.importorskip("jax")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def bound(case: Case) -> tuple[Callable[[Any], Any], Any]:
    return case.bound(), jnp.asarray(case.predictions)


@each_case
def test_derivatives_of_both_modes_and_orders(case: Case) -> None:
    from jax.test_util import check_grads

    function, x = bound(case)
    # Under jit XLA compiles each derivative once, and not each of its operations.
    check_grads(jax.jit(function), (x,), order=2, modes=("fwd", "rev"), eps=1e-6)


@each_case
def test_hessians_agree(case: Case) -> None:
    function, x = bound(case)

    def hessians(x: Any) -> Any:
        outer_and_inner = ((jax.jacfwd, jax.jacrev), (jax.jacrev, jax.jacrev), (jax.jacfwd, jax.jacfwd), (jax.jacrev, jax.jacfwd))
        return [outer(inner(lambda x: function(x).sum()))(x) for outer, inner in outer_and_inner]

    first, *others = jax.jit(hessians)(x)
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-12, atol=1e-14)


@each_case
def test_jit_and_jvp(case: Case) -> None:
    function, x = bound(case)
    np.testing.assert_allclose(jax.jit(function)(x), function(x), rtol=1e-13)
    gradient = jax.jit(jax.grad(lambda x: function(x).sum()))(x)
    tangent = jnp.arange(12.0).reshape(4, 3)
    np.testing.assert_allclose(jax.jvp(lambda x: function(x).sum(), (x,), (tangent,))[1], (gradient * tangent).sum(), rtol=1e-12)


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
    from jax.test_util import check_grads

    def sigmoid(x: Any, y: Any, weight: Any, alpha: Any) -> Any:
        return unifocal.sigmoid_focal_loss(
            x, y, alpha=alpha, pos_weight=alpha, sample_weight=weight, normalizer=1 + weight[:3], reduction=reduction
        )

    def softmax(x: Any, y: Any, weight: Any, alpha: Any) -> Any:
        dense = unifocal.softmax_focal_loss(x, y, alpha=alpha, sample_weight=weight, reduction=reduction)
        return dense + unifocal.cross_entropy(x, INDEX, class_weight=alpha, sample_weight=weight, reduction=reduction)

    for function in (sigmoid, softmax):
        check_grads(jax.jit(function), (X, SOFT, WEIGHT, VECTOR), order=2, modes=("fwd", "rev"), eps=1e-6)


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
    with jax.enable_x64(False), pytest.raises(ValueError, match=r"Class indices must be in \[0, 2\]"):
        unifocal.cross_entropy(jnp.zeros((1, 3)), [2**32])


def test_softmax_with_class_indices_forms_no_float_one_hot() -> None:
    jaxpr = str(jax.make_jaxpr(lambda x: unifocal.cross_entropy(x, INDEX))(jnp.zeros((4, 32_000))))
    # The only conversions of something as large as the predictions would be those of labels.
    assert not [line for line in jaxpr.splitlines() if "convert_element_type" in line and "f64[4,32000]" in line.split("=")[0]]


@pytest.mark.parametrize("rows", [31, 32, 33, 47, 48, 49], ids=str)
def test_loops_over_blocks(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 16 rows: from twice as many on there is a loop, whose last block may begin within the one before."""
    monkeypatch.setattr(import_module("unifocal.backends.jax_blocks"), "BLOCK", 16 * 5)
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
