"""Paddle: backward, second derivatives and to_static give the analytic derivatives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.compilers import leave_unconverted

from ...frameworks import framework_named, installed
from .transforms import INDEX, SOFT, WEIGHT, H, TransformCase, X, each_case

if "paddle" not in installed():
    pytest.skip("paddle is not installed", allow_module_level=True)
framework_named("paddle")

import paddle  # noqa: E402


def watched(x: Any) -> Any:
    tensor = paddle.to_tensor(x)
    tensor.stop_gradient = False
    return tensor


@each_case
def test_backward(case: TransformCase) -> None:
    function, x = case.on(paddle.to_tensor).bound(), watched(case.predictions)
    value = function(x)
    value.sum().backward()
    expected, gradient = case.analytic(case.predictions)
    np.testing.assert_allclose(value.numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(x.grad.numpy(), gradient, rtol=1e-11, atol=1e-15)


@each_case
def test_second_derivatives(case: TransformCase) -> None:
    function, x = case.bound(), watched(case.predictions)
    (first,) = paddle.grad([function(x).sum()], [x], create_graph=True)
    (second,) = paddle.grad([first], [x], grad_outputs=[paddle.to_tensor(H)])
    np.testing.assert_allclose(second.numpy(), case.differences(), rtol=2e-6, atol=1e-7)


@each_case
def test_to_static_with_an_unknown_batch_size(case: TransformCase) -> None:
    case = case.for_any_batch()
    loss, targets, options = case
    x = case.predictions
    specs = [paddle.static.InputSpec([None, 3], "float64"), paddle.static.InputSpec([None, *targets.shape[1:]], str(targets.dtype))]

    def value(x: Any, t: Any) -> Any:
        return loss(x, t, **options)

    static = paddle.jit.to_static(value, input_spec=specs, full_graph=True)
    for batch in (4, 3, 1):
        tensor = watched(x[:batch])
        result = static(tensor, paddle.to_tensor(targets[:batch]))
        result.sum().backward()
        expected, gradient = case.analytic(x[:batch])
        np.testing.assert_allclose(result.numpy(), expected, rtol=1e-12)
        np.testing.assert_allclose(tensor.grad.numpy(), gradient, rtol=1e-11, atol=1e-15)


def test_first_call_of_a_process_may_be_static(tmp_path: Path) -> None:
    script = tmp_path / "first.py"  # to_static reads the source
    script.write_text("""
import paddle, unifocal
def f(x):
    return unifocal.cross_entropy(x, [0, 3])
print(round(float(paddle.jit.to_static(f, full_graph=True)(paddle.zeros([2, 4]))), 4))""")
    run = subprocess.run([sys.executable, "-W", "ignore", str(script)], capture_output=True, text=True, check=True)
    assert run.stdout.strip().endswith("1.3863")


def losses(x: Any, y: Any, w: Any) -> Any:
    sigmoid = unifocal.sigmoid_focal_loss(x, y, sample_weight=w, reduction="sum")
    return sigmoid + unifocal.softmax_focal_loss(x, y, sample_weight=w, reduction="weighted_mean")


def test_inputs_that_require_gradients() -> None:
    """Gradients of weights and labels, and mixed second derivatives in both orders, against differences."""
    arrays, step = (X, SOFT, WEIGHT), 1e-6
    tensors = [watched(a) for a in arrays]
    firsts = paddle.grad([losses(*tensors)], tensors)
    for i, first in enumerate(firsts):
        delta = [np.zeros_like(a) for a in arrays]
        delta[i].flat[1] = step
        up, down = (losses(*(a + s * d for a, d in zip(arrays, delta, strict=True))) for s in (1, -1))
        np.testing.assert_allclose(first.numpy().ravel()[1], (up - down) / (2 * step), rtol=1e-6)
    for i in (1, 2):
        moved = np.zeros_like(arrays[i])
        moved.flat[1] = step
        ups = [[a + s * moved if j == i else a for j, a in enumerate(arrays)] for s in (1, -1)]
        expected = [paddle.grad([losses(*(ts := [watched(a) for a in up]))], [ts[0]])[0].numpy() for up in ups]
        difference = (expected[0] - expected[1]) / (2 * step)
        (along_x,) = paddle.grad([losses(*tensors)], [tensors[0]], create_graph=True)
        (mixed,) = paddle.grad([(along_x * paddle.to_tensor(H)).sum()], [tensors[i]])
        np.testing.assert_allclose(mixed.numpy().ravel()[1], (difference * H).sum(), rtol=1e-5)
        (along_input,) = paddle.grad([losses(*tensors)], [tensors[i]], create_graph=True)
        (swapped,) = paddle.grad([along_input.reshape([-1])[1]], [tensors[0]])
        np.testing.assert_allclose(swapped.numpy(), difference, rtol=1e-5, atol=1e-8)


def test_static_bad_entries_are_nan() -> None:
    def values(x: Any, t: Any) -> Any:
        return unifocal.cross_entropy(x, t, reduction="none")

    static = paddle.jit.to_static(values, full_graph=True)
    assert np.isnan(static(paddle.to_tensor(X), paddle.to_tensor([0, 9, -1, 2])).numpy()).tolist() == [False, True, True, False]


def test_autocast_gives_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    # Paddle has no automatic mixed precision on most CPUs, so what the core asks is answered for it here.
    from unifocal.dispatch import backend_named

    x = paddle.to_tensor(X).astype("bfloat16")
    assert unifocal.cross_entropy(x, INDEX).dtype == paddle.bfloat16
    monkeypatch.setattr(backend_named("paddle"), "autocast", lambda x: True)
    assert unifocal.cross_entropy(x, INDEX).dtype == paddle.float32
    assert unifocal.cross_entropy(paddle.to_tensor(X), INDEX).dtype == paddle.float64


@pytest.mark.parametrize("sizes", [(4, 1), (1, 4)], ids=str)
@pytest.mark.parametrize("kind", ["index", "dense"])
def test_unknown_sizes_do_not_broadcast(sizes: tuple[int, int], kind: str) -> None:
    spec = paddle.static.InputSpec
    targets = spec([None], "int64") if kind == "index" else spec([None, 3], "float32")
    signature = [spec([None, 3], "float32"), targets]

    def loss(x: Any, t: Any) -> Any:
        return unifocal.cross_entropy(x, t)

    value = paddle.jit.to_static(loss, full_graph=True, input_spec=signature)
    shape = [sizes[1]] if kind == "index" else [sizes[1], 3]
    with pytest.raises(ValueError, match="reshape"):
        value(paddle.zeros([sizes[0], 3]), paddle.zeros(shape, targets.dtype))


@pytest.mark.parametrize(
    "loss", [unifocal.sigmoid_focal_loss, unifocal.binary_cross_entropy, unifocal.cross_entropy], ids=lambda f: f.__name__
)
def test_a_graph_leaves_its_inputs_as_they_are(loss: Any) -> None:
    logits = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]] * 0.5
    x, y = paddle.to_tensor(logits), paddle.to_tensor(labels)
    graph = paddle.jit.to_static(leave_unconverted(lambda x, y: loss(x, y)), full_graph=True)
    first, second = float(graph(x, y)), float(graph(x, y))
    np.testing.assert_array_equal(x.numpy(), logits)
    np.testing.assert_array_equal(y.numpy(), labels)
    assert first == second
