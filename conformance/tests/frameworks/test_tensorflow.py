"""TensorFlow: tapes, forward accumulation, graphs and XLA give the analytic derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks import framework_named, installed
from .transforms import SOFT, TRANSFORM_CASES, WEIGHT, H, TransformCase, X, each_case

if "tensorflow" not in installed():
    pytest.skip("tensorflow is not installed", allow_module_level=True)
framework_named("tensorflow")  # imports Paddle first, where it is installed

import tensorflow as tf  # noqa: E402

graphs = pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])


def bound(case: TransformCase) -> tuple[Callable[[Any], Any], Any]:
    return case.on(tf.constant).bound(), tf.constant(case.predictions)


def gradient(function: Callable[[Any], Any], x: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x)


def hessian_product(function: Callable[[Any], Any], x: Any, h: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(x)
        first = gradient(function, x)
    return tape.gradient(first, x, output_gradients=h)


@each_case
def test_nested_tapes(case: TransformCase) -> None:
    function, x = bound(case)
    value, first = case.analytic(case.predictions)
    np.testing.assert_allclose(function(x), value, rtol=1e-12)
    np.testing.assert_allclose(gradient(function, x), first, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(hessian_product(function, x, tf.constant(H)), case.differences(), rtol=2e-6, atol=1e-7)


@each_case
def test_variables(case: TransformCase) -> None:
    function, x = bound(case)
    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        value = function(variable)
    np.testing.assert_allclose(tape.gradient(value, variable), gradient(function, x), rtol=1e-13)


@each_case
def test_forward_accumulator(case: TransformCase) -> None:
    function, x = bound(case)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(H)) as accumulator:
        value = tf.reduce_sum(function(x))
    np.testing.assert_allclose(accumulator.jvp(value), tf.reduce_sum(gradient(function, x) * H), rtol=1e-11)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(H)) as accumulator:
        first = gradient(function, x)
    np.testing.assert_allclose(accumulator.jvp(first), hessian_product(function, x, tf.constant(H)), rtol=1e-11, atol=1e-15)


@graphs
@each_case
def test_graphs_with_an_unknown_batch_size(case: TransformCase, jit_compile: bool) -> None:
    case, traces = case.for_any_batch(), []
    loss, targets, options = case

    @tf.function(
        input_signature=[tf.TensorSpec([None, 3], tf.float64), tf.TensorSpec([None, *targets.shape[1:]], targets.dtype)],
        jit_compile=jit_compile,
        autograph=not jit_compile,
    )
    def step(x: Any, t: Any) -> Any:
        traces.append(1)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x, t, **options)
        return value, tape.gradient(value, x)

    x = case.predictions
    for batch in (4, 3, 1):
        value, first = step(x[:batch], targets[:batch])
        expected, expected_first = case.analytic(x[:batch])
        np.testing.assert_allclose(value, expected, rtol=1e-12)
        np.testing.assert_allclose(first, expected_first, rtol=1e-11, atol=1e-15)
    assert len(traces) == 1


@pytest.mark.parametrize("name", ["sigmoid-soft-0.5", "softmax-index-1"])
def test_second_derivatives_in_a_graph(name: str) -> None:
    function, x = bound(TRANSFORM_CASES[name])
    second = tf.function(lambda x, h: hessian_product(function, x, h), autograph=False)
    np.testing.assert_allclose(second(x, tf.constant(H)), hessian_product(function, x, tf.constant(H)), rtol=1e-12)


@graphs
@pytest.mark.parametrize("ignore_index", [None, -1], ids=["all", "ignoring"])
@pytest.mark.parametrize("sizes", [(4, 1), (1, 4)], ids=str)
def test_unknown_sizes_do_not_broadcast(sizes: tuple[int, int], ignore_index: int | None, jit_compile: bool) -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)] * 2, jit_compile=jit_compile)
    def value(x: Any, t: Any) -> Any:
        return unifocal.binary_cross_entropy(x, t, ignore_index=ignore_index)

    with pytest.raises(tf.errors.InvalidArgumentError):
        value(tf.zeros((sizes[0], 3)), tf.zeros((sizes[1], 3)))


def test_inputs_that_are_watched() -> None:
    """Gradients of weights and labels, and mixed second derivatives in both orders, against differences."""
    step = 1e-6

    def losses(x: Any, y: Any, w: Any) -> Any:
        sigmoid = unifocal.sigmoid_focal_loss(x, y, sample_weight=w, reduction="sum")
        return sigmoid + unifocal.softmax_focal_loss(x, y, sample_weight=w, reduction="weighted_mean")

    tensors = [tf.constant(a) for a in (X, SOFT, WEIGHT)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = losses(*tensors)
    firsts = tape.gradient(value, tensors)
    for i, first in enumerate(firsts):
        delta = [np.zeros_like(np.asarray(t)) for t in tensors]
        delta[i].flat[1] = step
        up, down = (losses(*(np.asarray(t) + s * d for t, d in zip(tensors, delta, strict=True))) for s in (1, -1))
        np.testing.assert_allclose(np.ravel(first)[1], (up - down) / (2 * step), rtol=1e-6)
    for i in (1, 2):
        with tf.GradientTape() as outer:
            outer.watch(tensors[i])
            with tf.GradientTape() as inner:
                inner.watch(tensors[0])
                value = losses(*tensors)
            along_x = tf.reduce_sum(inner.gradient(value, tensors[0]) * H)
        with tf.GradientTape(persistent=True) as other:
            other.watch(tensors[0])
            with tf.GradientTape() as inner:
                inner.watch(tensors[i])
                value = losses(*tensors)
            along_input = inner.gradient(value, tensors[i])
        jacobian = other.jacobian(along_input, tensors[0], experimental_use_pfor=False)
        np.testing.assert_allclose(outer.gradient(along_x, tensors[i]), tf.reduce_sum(jacobian * H, axis=(-2, -1)), rtol=1e-10)


def test_traced_bad_entries_are_nan() -> None:
    @tf.function
    def values(x: Any, t: Any) -> Any:
        return unifocal.cross_entropy(x, t, reduction="none")

    assert np.isnan(values(X, tf.constant([0, 9, -1, 2]))).tolist() == [False, True, True, False]


def test_tensors_of_unknown_rank_are_refused() -> None:
    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32)])
    def value(x: Any) -> Any:
        return unifocal.binary_cross_entropy(x, x)

    with pytest.raises(ValueError, match="must have a known rank"):
        value(tf.zeros(3))


@graphs
def test_cotangents_of_unknown_rank(jit_compile: bool) -> None:
    logits, label = tf.constant([[0.1, 0.2, 0.3, 0.4]]), tf.constant([3])

    def loss(x: Any) -> Any:
        return unifocal.cross_entropy(x, label, reduction="none")

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32)], jit_compile=jit_compile)
    def gradient_along(c: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits)
        return tape.gradient(value, logits, output_gradients=c)

    np.testing.assert_allclose(gradient_along(tf.ones(1)), [[0.213838, 0.236328, 0.261183, -0.711349]], rtol=1e-5)


@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_derivatives_of_losses_behind_code_of_unknown_rank(reduction: Any) -> None:
    """Value, first and second derivative, by predictions and labels, where what follows the loss hides its rank from the graph."""
    x, y, h = tf.constant(X), tf.constant(SOFT), tf.constant(H)

    @tf.custom_gradient
    def hidden(value: Any) -> Any:
        return tf.identity(value), lambda c: tf.reshape(c, tf.compat.v1.placeholder_with_default(tf.shape(c), shape=[None]))

    def derivatives(after: Callable[[Any], Any]) -> Any:
        with tf.GradientTape() as outer:
            outer.watch((x, y))
            with tf.GradientTape() as tape:
                tape.watch((x, y))
                value = after(unifocal.sigmoid_focal_loss(x, y, reduction=reduction))
            first = tape.gradient(value, (x, y))
            followed = after(first[0])
        return *first, outer.gradient(followed, x, output_gradients=h)

    graph = tf.function(lambda: derivatives(hidden), autograph=False)
    for ours, direct in zip(graph(), derivatives(lambda value: value), strict=True):
        np.testing.assert_allclose(ours, direct, rtol=1e-12, atol=1e-15)


def test_ragged_tensors_are_refused() -> None:
    with pytest.raises(TypeError, match="predictions must be a dense tensor"):
        unifocal.binary_cross_entropy(tf.ragged.constant([[1.0], [1.0, 2.0]]), [[1], [1, 0]])


def test_autograph_leaves_the_library_alone(caplog: pytest.LogCaptureFixture) -> None:
    converted: Any = tf.autograph.experimental
    assert hasattr(unifocal.cross_entropy, "autograph_info__")
    assert hasattr(converted.do_not_convert(lambda: 1), "autograph_info__")  # TensorFlow's own mark has this name
    tf.function(lambda x: unifocal.cross_entropy(x, [0, 1]))(tf.zeros((2, 3)))
    assert not [record for record in caplog.records if "AutoGraph" in record.message]


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("loss", [unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss], ids=["sigmoid", "softmax"])
def test_large_losses_in_a_graph_are_fused(loss: Any, known: bool) -> None:
    rng = np.random.default_rng(0)
    x, t = 9 * rng.normal(size=(6000, 3)), rng.integers(3, size=6000)

    @tf.function(
        input_signature=[tf.TensorSpec([6000 if known else None, 3], tf.float64), tf.TensorSpec([6000 if known else None], tf.int64)]
    )
    def step(x: Any, t: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x, t, reduction="sum")
        return value, tape.gradient(value, x)

    value, first = unifocal.value_and_grad(loss)(x, t, reduction="sum")
    for _ in range(2):  # XLA may compile at the second call
        found = step(tf.constant(x), tf.constant(t))
        np.testing.assert_allclose(found[0], value, rtol=1e-12)
        np.testing.assert_allclose(found[1], first, rtol=1e-11, atol=1e-15)
    operations = step.get_concrete_function().graph.get_operations()
    marked = [operation.type for operation in operations if "_XlaCompile" in operation.node_def.attr]
    assert {"Exp", "Log1p"} <= set(marked)
