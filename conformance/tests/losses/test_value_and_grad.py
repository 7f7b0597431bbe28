"""value_and_grad agrees with the framework's own differentiation, and gives constants."""

from __future__ import annotations

import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dialects import effdet

from ...frameworks import Framework
from ..every_loss import LOSSES, by_name

X = np.random.default_rng(3).normal(size=(5, 4)) * 3
TARGETS = {"index": np.array([0, 3, 1, 2, 0]), "soft": np.random.default_rng(4).random((5, 4))}


@by_name(LOSSES)
@pytest.mark.frameworks("torch", "tensorflow", "paddle", "jax", "mlx")
@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS.keys())
@pytest.mark.parametrize("reduction", ["none", "weighted_mean"])
def test_agrees_with_autodiff(framework: Framework, loss: Any, targets: Any, reduction: str) -> None:
    options: dict[str, Any] = {"reduction": reduction, "sample_weight": np.arange(5.0), "label_smoothing": 0.1}
    value, gradient = framework.value_and_gradient(loss, X, targets, dtype="float32", **options)
    tensors = {key: framework.tensor(o, "float32") if isinstance(o, np.ndarray) else o for key, o in options.items()}
    ours, our_gradient = unifocal.value_and_grad(loss)(framework.tensor(X, "float32"), framework.tensor(targets), **tensors)
    np.testing.assert_allclose(framework.numpy(ours), value, rtol=1e-6)
    np.testing.assert_allclose(framework.numpy(our_gradient), gradient, rtol=1e-6, atol=1e-9)


@by_name(LOSSES)
def test_agrees_with_finite_differences(framework: Framework, loss: Any) -> None:
    step = 1e-6
    for targets in TARGETS.values():
        _, gradient = framework.value_and_gradient(loss, X, targets, dtype="float64", reduction="sum")
        for i in range(2):
            moved = np.zeros_like(X)
            moved[i, i] = step
            up, down = (framework.value(loss, X + m, targets, dtype="float64", reduction="sum") for m in (moved, -moved))
            np.testing.assert_allclose(gradient[i, i], (up - down) / (2 * step), rtol=1e-6, atol=1e-8)


def test_takes_partials_of_losses(framework: Framework) -> None:
    loss = partial(partial(unifocal.sigmoid_focal_loss, gamma=1.0), reduction="sum", gamma=3.0)
    value, gradient = unifocal.value_and_grad(loss)(framework.tensor(X, "float32"), TARGETS["soft"])
    expected = framework.value_and_gradient(unifocal.sigmoid_focal_loss, X, TARGETS["soft"], dtype="float32", gamma=3.0, reduction="sum")
    np.testing.assert_allclose(framework.numpy(value), expected[0], rtol=1e-6)
    np.testing.assert_allclose(framework.numpy(gradient), expected[1], rtol=1e-6)


def test_results_are_constants() -> None:
    torch = pytest.importorskip("torch")
    x = torch.ones(3, requires_grad=True)
    weight = torch.ones(3, requires_grad=True)
    for reduction in ("none", "weighted_mean"):
        value, gradient = unifocal.value_and_grad(unifocal.sigmoid_focal_loss)(x, [1, 0, 1], sample_weight=weight, reduction=reduction)
        assert not value.requires_grad
        assert not gradient.requires_grad
    assert x.grad is None


def test_losses_and_their_gradients_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(unifocal.cross_entropy)) is unifocal.cross_entropy
    function = unifocal.value_and_grad(partial(unifocal.cross_entropy, label_smoothing=0.1))
    again = pickle.loads(pickle.dumps(function))
    for ours, theirs in zip(again(X, TARGETS["index"]), function(X, TARGETS["index"]), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("label", [0.0, 0.3, 1.0])
def test_a_derived_gradient_without_dimensions(label: float) -> None:
    """NumPy's scalars are floats, and are no numbers of the expression."""
    gradient = unifocal.value_and_grad(effdet.new_focal_loss)
    (_, alone), (_, expected) = (gradient(np.full(shape, 0.4), np.full(shape, label), 0.25, 2.0, 1.0, 0.3) for shape in ((), (1,)))
    np.testing.assert_allclose(alone, expected[0], rtol=1e-14)
