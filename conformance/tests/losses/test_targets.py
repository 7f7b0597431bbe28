"""Targets of every kind mean the same on every framework."""

from __future__ import annotations

import tracemalloc
from functools import partial
from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks import Framework
from ..every_loss import LOSSES, SIGMOID, SOFTMAX, by_name

X = np.random.default_rng(0).normal(size=(4, 3)) * 3
INDEX = np.array([2, 0, 1, 2])
ONE_HOT = np.eye(3)[INDEX]


def needs(framework: Framework, kind: Any) -> None:
    """Skip where the framework does not have this floating-point format."""
    name = np.dtype(kind).name
    if name.startswith("float") and name not in framework.dtypes:
        pytest.skip(f"{framework.name} has no {name}")


def both(framework: Framework, loss: Any, x: Any, targets: Any, **options: Any) -> np.ndarray[Any, Any]:
    """Unreduced value and gradient, in one array a test can compare."""
    value, gradient = framework.value_and_gradient(loss, x, targets, dtype="float32", reduction="none", **options)
    return np.concatenate([value.ravel(), gradient.ravel()])


@by_name(LOSSES)
@pytest.mark.parametrize("kind", [np.bool_, np.uint8, np.int64, np.float16, np.float64], ids=lambda t: t.__name__)
def test_labels_of_every_dtype_agree(framework: Framework, loss: Any, kind: Any) -> None:
    needs(framework, kind)
    np.testing.assert_array_equal(both(framework, loss, X, ONE_HOT.astype(kind)), both(framework, loss, X, ONE_HOT.astype(np.float32)))


@by_name(LOSSES)
@pytest.mark.parametrize("kind", [np.uint8, np.int64], ids=lambda t: t.__name__)
def test_class_indices_are_one_hot_labels(framework: Framework, loss: Any, kind: Any) -> None:
    np.testing.assert_allclose(both(framework, loss, X, INDEX.astype(kind)), both(framework, loss, X, ONE_HOT), rtol=2e-6, atol=1e-9)


@by_name(LOSSES)
@pytest.mark.parametrize("smoothing", [0.1, 1.0])
def test_class_indices_are_one_hot_labels_when_smoothed(framework: Framework, loss: Any, smoothing: float) -> None:
    by_index, dense = (both(framework, loss, X, targets, label_smoothing=smoothing) for targets in (INDEX, ONE_HOT))
    np.testing.assert_allclose(by_index, dense, rtol=2e-6, atol=1e-7)


@by_name(LOSSES)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_class_axis_anywhere(framework: Framework, loss: Any, axis: int) -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 4))
    index = np.argmax(x, axis=axis) % 2
    moved = np.moveaxis(x, axis, -1)
    value, gradient = framework.value_and_gradient(loss, x, index, dtype="float32", axis=axis, reduction="none")
    expected, expected_gradient = framework.value_and_gradient(loss, moved, index, dtype="float32", reduction="none")
    if loss in SIGMOID.values():
        expected = np.moveaxis(expected, -1, axis)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(gradient, np.moveaxis(expected_gradient, -1, axis), rtol=2e-6, atol=1e-8)


@by_name(SIGMOID)
def test_index_of_the_number_of_classes_is_background(framework: Framework, loss: Any) -> None:
    background = np.array([3, 0, 3, 1])
    dropped = np.eye(4)[background][:, :3]
    np.testing.assert_array_equal(both(framework, loss, X, background), both(framework, loss, X, dropped))


@by_name(LOSSES)
def test_lists_and_numpy_arrays_are_taken(framework: Framework, loss: Any) -> None:
    x = framework.tensor(X, "float32")
    expected = framework.numpy(loss(x, framework.tensor(INDEX)))
    for targets in (INDEX, INDEX.tolist(), ONE_HOT.tolist(), ONE_HOT):
        np.testing.assert_allclose(framework.numpy(loss(x, targets, sample_weight=[1, 1, 1, 1])), expected, rtol=1e-6)


@by_name(LOSSES)
def test_numpy_arrays_of_any_layout_are_taken(framework: Framework, loss: Any) -> None:
    x = framework.tensor(X, "float32")
    read_only = np.broadcast_to(np.float32(0), (4, 3))
    for targets, plain in (
        (INDEX[::-1], INDEX[::-1].copy()),
        (INDEX.astype(">i4"), INDEX),
        (np.asfortranarray(ONE_HOT), ONE_HOT),
        (read_only, read_only.copy()),
        (ONE_HOT.astype(np.longdouble), ONE_HOT),
        (INDEX.astype(np.uint16), INDEX),
    ):
        expected = framework.numpy(loss(x, framework.tensor(plain.astype(np.float32 if plain.ndim == 2 else np.int64))))
        np.testing.assert_allclose(framework.numpy(loss(x, targets, sample_weight=np.ones(4, np.longdouble))), expected, rtol=1e-6)


@by_name(SOFTMAX)
def test_one_row_needs_no_batch(framework: Framework, loss: Any) -> None:
    single = framework.value(loss, X[0], 2, dtype="float32", reduction="none")
    assert single.shape == ()
    np.testing.assert_allclose(single, framework.value(loss, X[:1], [2], dtype="float32", reduction="none")[0], rtol=1e-6)


@by_name(SIGMOID)
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 1, 3), (2, 0, 3), (0,)], ids=str)
def test_any_shape(framework: Framework, loss: Any, shape: tuple[int, ...]) -> None:
    x = np.ones(shape)
    value, gradient = framework.value_and_gradient(loss, x, np.ones(shape), dtype="float32", reduction="none")
    assert value.shape == gradient.shape == shape
    mean, mean_gradient = framework.value_and_gradient(loss, x, np.ones(shape), dtype="float32")
    assert mean.shape == ()
    assert mean_gradient.shape == shape
    assert np.isfinite(mean)


@by_name(SOFTMAX)
def test_empty_batch_is_zero(framework: Framework, loss: Any) -> None:
    for targets in (np.zeros((0,), np.int64), np.zeros((0, 3))):
        for reduction in ("sum", "mean"):
            value, gradient = framework.value_and_gradient(loss, np.zeros((0, 3)), targets, dtype="float32", reduction=reduction)
            assert value == 0
            assert gradient.shape == (0, 3)


# --- labels a rounding error outside [0, 1] ----------------------------------------------------------------------------------------

_EPS = {"float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-23}  # a float64 label may have been a float32 one
_OUTSIDE = np.array([[-1e-9, 1 + 2.0**-23, 0.5], [0.25, -(2.0**-21), 1 + 2.0**-21], [1, 0, 0.75], [1, 1, 0]])  # up to 4 eps of float32


@by_name(LOSSES)
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64], ids=lambda t: t.__name__)
@pytest.mark.parametrize("checks", [True, False], ids=["eager", "unchecked"])
def test_labels_rounded_beyond_the_ends_are_clamped(framework: Framework, loss: Any, kind: Any, checks: bool) -> None:
    needs(framework, kind)
    eps = _EPS[np.dtype(kind).name]
    outside = np.where(np.clip(_OUTSIDE, 0, 1) == _OUTSIDE, _OUTSIDE, np.where(_OUTSIDE < 0, -4 * eps, 1 + 4 * eps)).astype(kind)
    x = X * 30  # saturated, where the smallest negative 1 − y would show
    with unifocal.value_checks(checks):
        for labels in (outside, np.where(np.arange(3) == 2, outside, _OUTSIDE).astype(kind)):
            np.testing.assert_array_equal(both(framework, loss, x, labels), both(framework, loss, x, np.clip(labels, 0, 1)))


@by_name(LOSSES)
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64], ids=lambda t: t.__name__)
@pytest.mark.parametrize("end", [0, 1])
def test_labels_further_outside_are_refused(framework: Framework, loss: Any, kind: Any, end: int) -> None:
    needs(framework, kind)
    eps = _EPS[np.dtype(kind).name]
    labels = np.where(np.indices((4, 3)).sum(0) == 1, 1 + 8 * eps if end else -5 * eps, _OUTSIDE.clip(0, 1)).astype(kind)
    if framework.name != "dask":  # whose values are not looked at
        with pytest.raises(ValueError, match=r"targets must be in \[0, 1\]; received .* at index \(0, 1\)"):
            both(framework, loss, X, labels)
    with unifocal.value_checks(False):
        assert np.isnan(framework.value(loss, X, labels, dtype="float32", reduction="none")).any()


@pytest.mark.frameworks("torch", "tensorflow", "paddle", "jax", "mlx")
@by_name(LOSSES)
@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.filterwarnings("ignore:Tensor do not have 'place' interface:UserWarning")  # Paddle's graphs
@pytest.mark.filterwarnings("ignore:Gradients by the targets are wanted:UserWarning")
def test_clamped_labels_keep_their_gradients(framework: Framework, loss: Any, traced: bool) -> None:
    def summed(tensors: list[Any]) -> Any:
        return loss(*tensors, reduction="sum")

    function = framework.compiled(summed, next(iter(framework.modes))) if traced else summed
    x, end = framework.tensor(X, "float32"), np.array([0, 1, 0.25])
    at_ends, outside = (
        framework.gradient(lambda labels: function([x, labels]), framework.tensor(np.broadcast_to(labels, X.shape), "float32"))
        for labels in (end, end + np.array([-1, 1, 0]) * 2.0**-21)
    )
    for found, expected in zip(outside, at_ends, strict=True):
        np.testing.assert_allclose(framework.numpy(found), framework.numpy(expected), rtol=1e-6)


@pytest.mark.parametrize("size", [(37, 37), (1500, 1500)], ids=["one-block", "blocks"])
def test_an_interpolated_mask_is_a_label(size: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")
    mask = (torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0)) > 0.3).float()
    labels = torch.nn.functional.interpolate(mask, size=size, mode="bilinear")
    labels[0, 0, 0, 0] = torch.tensor(0.1).repeat(10).sum()
    labels[0, 0, 0, 1] = -1e-9
    assert labels.max() > 1 or labels.min() < 0
    found, expected = (unifocal.binary_cross_entropy(torch.zeros_like(labels), y, reduction="none") for y in (labels, labels.clamp(0, 1)))
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


# --- ignored entries ---------------------------------------------------------------------------------------------------------------


@by_name(LOSSES)
@pytest.mark.parametrize("ignored", [-100, 1])
@pytest.mark.parametrize("reduction", ["none", "mean", "weighted_mean"])
@pytest.mark.parametrize("from_logits", [True, False], ids=["logits", "probabilities"])
def test_ignored_rows_count_nowhere(framework: Framework, loss: Any, ignored: int, reduction: str, from_logits: bool) -> None:
    x = X if from_logits else 1 / (1 + np.exp(-X))
    index = np.array([2, ignored, 0, ignored])
    weight = np.array([1.0, np.nan, 0.5, 7.0])
    hostile = x.copy()
    hostile[1], hostile[3] = [np.nan, np.inf, -np.inf], 1e30
    options: dict[str, Any] = {"dtype": "float32", "reduction": reduction, "from_logits": from_logits}
    value, gradient = framework.value_and_gradient(loss, hostile, index, sample_weight=weight, ignore_index=ignored, **options)
    kept, kept_gradient = framework.value_and_gradient(loss, x[::2], index[::2], sample_weight=weight[::2], **options)
    np.testing.assert_allclose(value[::2] if reduction == "none" else value, kept, rtol=1e-6)
    np.testing.assert_allclose(gradient[::2], kept_gradient, rtol=1e-6)
    np.testing.assert_array_equal(gradient[1::2], 0)
    if reduction == "none":
        np.testing.assert_array_equal(value[1::2], 0)


@by_name(SIGMOID)
@pytest.mark.parametrize("kind", [np.int8, np.float16], ids=lambda t: t.__name__)
def test_ignored_elements_count_nowhere(framework: Framework, loss: Any, kind: Any) -> None:
    needs(framework, kind)
    labels = np.array([1, -100, 0, -100], kind)
    value, gradient = framework.value_and_gradient(loss, [1.0, np.nan, 2.0, -np.inf], labels, dtype="float32", ignore_index=-100)
    kept, kept_gradient = framework.value_and_gradient(loss, [1.0, 2.0], labels[::2], dtype="float32")
    np.testing.assert_allclose(value, kept, rtol=1e-6)
    np.testing.assert_allclose(gradient, np.insert(kept_gradient, [1, 2], 0), rtol=1e-6)


@by_name(LOSSES)
def test_ignore_beats_background_and_range(framework: Framework, loss: Any) -> None:
    x, index = X[:3], np.array([3, 0, 1])
    value = framework.value(loss, x, index, dtype="float32", ignore_index=3, reduction="sum")
    np.testing.assert_allclose(value, framework.value(loss, x[1:], index[1:], dtype="float32", reduction="sum"), rtol=1e-6)


@by_name(LOSSES)
def test_ignore_index_is_compared_in_the_targets_own_dtype(framework: Framework, loss: Any) -> None:
    # −100 wraps to 156 in uint8; a target 156 is no −100.
    x = np.zeros((2, 200))
    index = np.array([156, 1], np.uint8)
    values = framework.value(loss, x, index, dtype="float32", ignore_index=-100, reduction="none")
    assert (values > 0).all()


def test_number_that_float16_cannot_hold_is_never_ignored(framework: Framework) -> None:
    needs(framework, np.float16)
    labels = np.array([1.0, 0.0], np.float16)
    value = framework.value(unifocal.binary_cross_entropy, [0.0, 0.0], labels, dtype="float32", ignore_index=2049)
    np.testing.assert_allclose(value, np.log(2), rtol=1e-6)


def test_bool_targets_can_be_ignored_by_number(framework: Framework) -> None:
    value = framework.value(
        unifocal.binary_cross_entropy, [2.0, 3.0], np.array([True, False]), dtype="float32", ignore_index=0, reduction="sum"
    )
    np.testing.assert_allclose(value, np.log1p(np.exp(-2.0)), rtol=1e-6)


@by_name(LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "weighted_mean"])
def test_all_ignored_is_zero_with_zero_gradient(framework: Framework, loss: Any, reduction: str) -> None:
    hostile = np.array([[np.nan, np.inf, 1.0]] * 2)
    value, gradient = framework.value_and_gradient(loss, hostile, [-1, -1], dtype="float32", ignore_index=-1, reduction=reduction)
    assert value == 0
    np.testing.assert_array_equal(gradient, np.zeros((2, 3)))


# --- where values cannot be looked at ----------------------------------------------------------------------------------------------


@by_name(LOSSES)
def test_bad_entries_are_nan_when_not_checked(framework: Framework, loss: Any) -> None:
    with unifocal.value_checks(False):
        for targets in (np.array([0, 9, -1, 2]), np.array([[0, 1, 0], [0, np.nan, 0], [0, 0, 1.5], [1, 0, 0]])):
            values, gradient = framework.value_and_gradient(loss, X, targets, dtype="float32", reduction="none")
            bad = np.isnan(values.reshape(4, -1)).any(axis=1)
            np.testing.assert_array_equal(bad, [False, True, True, False])
            np.testing.assert_array_equal(np.isnan(gradient).any(axis=1), [False, True, True, False])


@by_name(LOSSES)
def test_bad_probabilities_are_nan_when_not_checked(framework: Framework, loss: Any) -> None:
    probabilities = np.array([[0.2, 0.8], [0.2, 1.1], [-0.1, 0.3]])
    with unifocal.value_checks(False):
        values = framework.value(loss, probabilities, [1, 1, 0], dtype="float32", from_logits=False, reduction="none")
    np.testing.assert_array_equal(np.isnan(values.reshape(3, -1)).any(axis=1), [False, True, True])


def test_softmax_over_many_classes_needs_no_one_hot() -> None:
    rows, classes = 16, 32_000
    x = np.random.default_rng(0).normal(size=(rows, classes)).astype(np.float32)
    loss = partial(unifocal.cross_entropy, x, np.zeros(rows, np.int64), class_weight=np.ones(classes))
    loss()  # whatever is imported or made ready on first use is no part of it
    tracemalloc.start()
    loss()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The shifted logits, their rounding, their exponentials and a temporary; labels of x's size would be one more.
    assert peak < 5 * x.nbytes
