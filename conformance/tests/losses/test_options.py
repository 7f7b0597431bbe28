"""What each option does, on every framework, against plain NumPy arithmetic in float64."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks import Framework
from ..every_loss import LOSSES, SIGMOID, SOFTMAX, by_name

RNG = np.random.default_rng(2)
X = RNG.normal(size=(4, 3)) * 2
INDEX = np.array([2, 0, 1, 2])
SOFT = RNG.random((4, 3))
ALPHA = np.array([0.5, 1.0, 0.25])
VECTOR = np.array([0.1, 0.5, 0.9])


def sigmoid_reference(x: Any, y: Any, alpha: Any = None, gamma: float = 0.0, pos_weight: Any = 1.0) -> Any:
    """Family A as the definition has it; accurate enough where nothing saturates."""
    p = 1 / (1 + np.exp(-x))
    p_t = p * y + (1 - p) * (1 - y)
    alpha_t = 1.0 if alpha is None else alpha * y + (1 - alpha) * (1 - y)
    return alpha_t * (1 - p_t) ** gamma * (-pos_weight * y * np.log(p) - (1 - y) * np.log(1 - p))


def softmax_reference(x: Any, v: Any, gamma: float = 0.0, axis: int = -1) -> Any:
    p = np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)
    return -(v * (1 - p) ** gamma * np.log(p)).sum(axis=axis)


def check(framework: Framework, loss: Any, x: Any, targets: Any, expected: Any, **options: Any) -> None:
    value = framework.value(loss, x, targets, dtype="float32", **{"reduction": "none", **options})
    assert value.shape == np.shape(expected)
    np.testing.assert_allclose(value, expected, rtol=2e-5)


@pytest.mark.parametrize("gamma", [0, 0.5, 3.7])
@pytest.mark.parametrize("alpha", [None, 0.0, 1.0, VECTOR, RNG.random((4, 3)), RNG.random((4, 1))], ids=lambda a: str(np.shape(a) or a))
def test_sigmoid_alpha_and_gamma(framework: Framework, gamma: float, alpha: Any) -> None:
    for y in (SOFT, np.eye(3)[INDEX]):
        expected = sigmoid_reference(X, y, alpha, gamma)
        check(framework, unifocal.sigmoid_focal_loss, X, y, expected, alpha=alpha, gamma=gamma)


@pytest.mark.parametrize("gamma", [0, 0.5, 12])
@pytest.mark.parametrize("alpha", [None, 3.0, VECTOR, RNG.random((4, 3)), RNG.random((1, 3))], ids=lambda a: str(np.shape(a) or a))
def test_softmax_alpha_and_gamma(framework: Framework, gamma: float, alpha: Any) -> None:
    scale = 1.0 if alpha is None else alpha
    for targets, y in ((SOFT, SOFT), (INDEX, np.eye(3)[INDEX])):
        expected = softmax_reference(X, y * scale, gamma)
        check(framework, unifocal.softmax_focal_loss, X, targets, expected, alpha=alpha, gamma=gamma)


def test_gamma_zero_without_alpha_is_cross_entropy(framework: Framework) -> None:
    for focal, entropy in (
        (unifocal.sigmoid_focal_loss, unifocal.binary_cross_entropy),
        (unifocal.softmax_focal_loss, unifocal.cross_entropy),
    ):
        for targets in (INDEX, SOFT):
            expected = framework.value_and_gradient(entropy, X, targets, dtype="float32")
            actual = framework.value_and_gradient(focal, X, targets, dtype="float32", alpha=None, gamma=0)
            for a, b in zip(actual, expected, strict=True):
                np.testing.assert_array_equal(a, b)


@by_name(SOFTMAX)
def test_class_vector_of_size_one_along_the_class_axis(framework: Framework, loss: Any) -> None:
    weight = RNG.random((4, 1))
    plain = framework.value(loss, X, INDEX, dtype="float32", reduction="none")
    for option in ("class_weight", "alpha") if loss is unifocal.softmax_focal_loss else ("class_weight",):
        check(framework, loss, X, INDEX, plain * weight[:, 0], **{option: weight})
        check(framework, loss, X, INDEX, plain * 0.5, **{option: np.array([[0.5]])})


@by_name(SIGMOID)
@pytest.mark.parametrize("pos_weight", [2.0, 0.0, VECTOR, RNG.random((4, 3))], ids=lambda w: str(np.shape(w) or w))
def test_pos_weight_scales_the_positive_term_only(framework: Framework, loss: Any, pos_weight: Any) -> None:
    focal = {"alpha": 0.25, "gamma": 2.0} if loss is unifocal.sigmoid_focal_loss else {}
    check(framework, loss, X, SOFT, sigmoid_reference(X, SOFT, pos_weight=pos_weight, **focal), pos_weight=pos_weight, **focal)


@by_name(SOFTMAX)
@pytest.mark.parametrize("class_weight", [2.0, VECTOR, RNG.random((4, 3))], ids=lambda w: str(np.shape(w) or w))
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_class_weight_is_inside_the_sum(framework: Framework, loss: Any, class_weight: Any, smoothing: float) -> None:
    focal = loss is unifocal.softmax_focal_loss
    options = {"alpha": ALPHA, "gamma": 1.5} if focal else {}  # class weights and the paper's α multiply
    for targets, y in ((SOFT, SOFT), (INDEX, np.eye(3)[INDEX])):
        smoothed = y * (1 - smoothing) + smoothing / 3
        expected = softmax_reference(X, smoothed * class_weight * (ALPHA if focal else 1), 1.5 if focal else 0.0)
        check(framework, loss, X, targets, expected, class_weight=class_weight, label_smoothing=smoothing, **options)


@pytest.mark.parametrize("smoothing", [0.1, 0.6, 1.0])
def test_smoothed_class_indices_are_smoothed_labels(framework: Framework, smoothing: float) -> None:
    """Class indices have a kernel that forms no labels; ordinary logits, and each worst one in each place."""
    worst = np.array(list(product((np.inf, -np.inf, 0.0, 3e38, -3e38, 1e4, -90.0), repeat=3)), np.float32)
    for rows in (X, np.concatenate([worst] * 3), np.array([[np.nan, 0.0, 1.0]], np.float32)):
        index = np.arange(len(rows)) * 3 // len(rows)
        labels = (np.eye(3)[index] * (1 - smoothing) + smoothing / 3).astype(rows.dtype)
        weight = np.linspace(0.5, 2, len(rows)).astype(rows.dtype)
        ours, expected = (
            framework.value_and_gradient(unifocal.cross_entropy, rows, targets, dtype=str(rows.dtype), reduction="none", **options)
            for targets, options in ((index, {"label_smoothing": smoothing, "sample_weight": weight}), (labels, {"sample_weight": weight}))
        )
        for found, wanted in zip(ours, expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_smoothing_leaves_the_digits_beside_distant_targets(framework: Framework) -> None:
    """Smoothed wholly, the target's large −log p is one among many, and its rounding is not to be theirs."""
    rows = np.random.default_rng(0).normal(size=(200, 30)).astype(np.float32)
    rows[:, 0] = np.linspace(-80, -10, 200)
    index, options = np.zeros(200, int), {"label_smoothing": 1.0, "reduction": "none"}
    found, expected = (framework.value(unifocal.cross_entropy, rows, index, dtype=dtype, **options) for dtype in ("float32", "float64"))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("labels", ["index", "smoothed", "hardly smoothed", "soft"])
def test_small_weights_leave_the_digits_of_large_logits(framework: Framework, labels: str, gamma: float) -> None:
    """Whatever is multiplied first: the sum of exponentials may be as large as 10³⁸, and a weight, or the focal factor, small."""
    rows = np.array([[85, 84, 83], [80, 50, 49], [-3, -40, 1]], np.float32)
    targets = np.array([[0.2, 0.3, 0.5]] * 3) if labels == "soft" else np.array([0, 0, 2])
    smoothing = {"smoothed": 0.3, "hardly smoothed": 1e-6}.get(labels, 0.0)
    options: Any = {"gamma": gamma, "normalizer": 1e6, "reduction": "sum", "label_smoothing": smoothing}
    found, expected = (
        framework.value_and_gradient(unifocal.softmax_focal_loss, rows, targets, dtype=dtype, **options)[1]
        for dtype in ("float32", "float64")
    )
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1.2e-38)


@pytest.mark.parametrize("smoothing", [0.2, 1.0])
def test_binary_smoothing_enters_everywhere(framework: Framework, smoothing: float) -> None:
    expected = sigmoid_reference(X, SOFT * (1 - smoothing) + smoothing / 2, 0.25, 2.0)
    check(framework, unifocal.sigmoid_focal_loss, X, SOFT, expected, label_smoothing=smoothing)


@pytest.mark.parametrize("axis", [0, 1])
def test_vectors_lie_along_the_class_axis(framework: Framework, axis: int) -> None:
    x = X if axis == 1 else X.T
    y = SOFT if axis == 1 else SOFT.T
    vector = VECTOR if axis == 1 else VECTOR[:, None]
    expected = sigmoid_reference(x, y, vector, 2.0, vector)
    check(framework, unifocal.sigmoid_focal_loss, x, y, expected, alpha=VECTOR, pos_weight=VECTOR, axis=axis)
    expected = softmax_reference(x, y * vector, 0.0, axis)
    check(framework, unifocal.cross_entropy, x, y, expected, class_weight=VECTOR, axis=axis)
    expected = softmax_reference(x, np.moveaxis(np.eye(3)[INDEX], -1, axis) * vector, 0.0, axis)
    check(framework, unifocal.cross_entropy, x, INDEX, expected, class_weight=VECTOR, axis=axis)


# --- probabilities -----------------------------------------------------------------------------------------------------------------


def test_probabilities_have_exact_logarithms(framework: Framework) -> None:
    value, gradient = framework.value_and_gradient(
        unifocal.binary_cross_entropy, [0.0, 0.0, 1.0, 1.0], [1, 0, 1, 0], dtype="float32", from_logits=False, reduction="none"
    )
    np.testing.assert_array_equal(value, [np.inf, 0, 0, np.inf])
    np.testing.assert_array_equal(gradient, [-np.inf, 1, -1, np.inf])


@pytest.mark.parametrize("gamma", [0.5, 2])
def test_focal_probabilities_at_the_ends(framework: Framework, gamma: float) -> None:
    for loss, x, targets in (
        (unifocal.sigmoid_focal_loss, [[0.0], [1.0]], [[1], [1]]),
        (unifocal.softmax_focal_loss, [[0.0, 1.0], [1.0, 0.0]], [0, 0]),
    ):
        value, gradient = framework.value_and_gradient(
            loss, x, targets, dtype="float32", from_logits=False, gamma=gamma, alpha=None, reduction="none"
        )
        np.testing.assert_array_equal(value.ravel(), [np.inf, 0])
        np.testing.assert_array_equal(gradient[:, 0], [-np.inf, 0])


def test_epsilon_clips_value_and_derivative(framework: Framework) -> None:
    epsilon = 1e-7
    low, high = np.float32(epsilon), np.float32(1 - epsilon)
    p = np.array([0.0, low, 0.5, high, 1.0], np.float32)
    value, gradient = framework.value_and_gradient(
        unifocal.binary_cross_entropy, p, np.ones(5), dtype="float32", from_logits=False, epsilon=epsilon, reduction="none"
    )
    clipped = np.clip(p, low, high).astype(np.float64)
    np.testing.assert_allclose(value, -np.log(clipped), rtol=1e-6)
    np.testing.assert_allclose(gradient, np.where((p < low) | (p > high), 0, -1 / clipped), rtol=1e-6)


def test_softmax_probabilities_are_not_renormalised(framework: Framework) -> None:
    p = np.array([[0.2, 0.2, 0.2]])
    for targets in ([1], np.array([[0.0, 1.0, 0.0]])):
        value, gradient = framework.value_and_gradient(
            unifocal.cross_entropy, p, targets, dtype="float32", from_logits=False, reduction="none"
        )
        np.testing.assert_allclose(value, [-np.log(0.2)], rtol=1e-6)
        np.testing.assert_allclose(gradient, [[0, -5, 0]], rtol=1e-6)


def test_rounding_noise_outside_the_unit_interval_is_the_bound(framework: Framework) -> None:
    above = np.nextafter(np.float32(1), np.float32(2))
    value = framework.value(unifocal.binary_cross_entropy, [above, -1e-8], [1, 0], dtype="float32", from_logits=False, reduction="none")
    np.testing.assert_array_equal(value, [0, 0])


# --- weights, normalizer, reductions -----------------------------------------------------------------------------------------------


@by_name(SOFTMAX)
@pytest.mark.parametrize("shape", [(), (4,), (1, 5), (4, 5)], ids=str)
def test_sample_weight_is_aligned_from_the_left(framework: Framework, loss: Any, shape: tuple[int, ...]) -> None:
    x = RNG.normal(size=(4, 3, 5))
    index = RNG.integers(0, 3, (4, 5))
    weight = RNG.random(shape)
    plain = framework.value(loss, x, index, dtype="float32", axis=1, reduction="none")
    expected = plain * weight.reshape(shape + (1,) * (2 - len(shape)))
    check(framework, loss, x, index, expected, axis=1, sample_weight=weight)


@by_name(SIGMOID)
def test_sample_weight_of_class_indices_weights_rows(framework: Framework, loss: Any) -> None:
    x = RNG.normal(size=(4, 3, 5))
    index = RNG.integers(0, 4, (4, 5))
    weight = RNG.random((4, 5))
    plain = framework.value(loss, x, index, dtype="float32", axis=1, reduction="none")
    check(framework, loss, x, index, plain * weight[:, None], axis=1, sample_weight=weight)
    per_element = RNG.random((4, 3, 5))
    check(framework, loss, x, index, plain * per_element, axis=1, sample_weight=per_element)


@by_name(SIGMOID)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (4, 1), (4, 3)], ids=str)
def test_normalizer_is_aligned_from_the_right(framework: Framework, loss: Any, shape: tuple[int, ...]) -> None:
    normalizer = 0.5 + RNG.random(shape)
    plain = framework.value(loss, X, INDEX, dtype="float32", reduction="none")
    check(framework, loss, X, INDEX, plain / normalizer, normalizer=normalizer)
    check(framework, loss, X, INDEX, (plain / normalizer).mean(), normalizer=normalizer, reduction="mean")


@by_name(SOFTMAX)
def test_normalizer_of_softmax_losses(framework: Framework, loss: Any) -> None:
    normalizer = 0.5 + RNG.random(4)
    plain = framework.value(loss, X, INDEX, dtype="float32", reduction="none")
    check(framework, loss, X, INDEX, plain / normalizer, normalizer=normalizer)
    check(framework, loss, X, INDEX, plain.sum() / 7, normalizer=7, reduction="sum")


@by_name(LOSSES)
@pytest.mark.parametrize("targets", [INDEX, SOFT], ids=["index", "soft"])
def test_reductions(framework: Framework, loss: Any, targets: Any) -> None:
    weight = np.array([1.0, 0.0, 2.0, 0.5])
    options: dict[str, Any] = {"sample_weight": weight}
    plain = framework.value(loss, X, targets, dtype="float32", reduction="none", **options).astype(np.float64)
    spread = np.broadcast_to(weight.reshape((4,) + (1,) * (plain.ndim - 1)), plain.shape)
    check(framework, loss, X, targets, plain.sum(), reduction="sum", **options)
    check(framework, loss, X, targets, plain.sum() / plain.size, reduction="mean", **options)
    check(framework, loss, X, targets, plain.sum() / spread.sum(), reduction="weighted_mean", **options)


@by_name(SOFTMAX)
def test_weighted_mean_counts_class_weights_of_indices_only(framework: Framework, loss: Any) -> None:
    weight, vector = np.array([1.0, 0.0, 2.0, 0.5]), np.array([1.0, 2.0, 4.0])
    for targets, divisor in ((INDEX, (weight * vector[INDEX]).sum()), (SOFT, weight.sum())):
        options: dict[str, Any] = {"sample_weight": weight, "class_weight": vector, "label_smoothing": 0.1}
        if loss is unifocal.softmax_focal_loss:
            options["alpha"] = ALPHA  # which counts in no mean
        total = framework.value(loss, X, targets, dtype="float32", reduction="sum", **options)
        check(framework, loss, X, targets, total / divisor, reduction="weighted_mean", **options)


def test_which_reduction_is_pytorchs_mean() -> None:
    torch = pytest.importorskip("torch")
    x, y, w = torch.tensor([[0.3, -1.0, 2.0], [1.0, 0.0, -3.0]]), torch.tensor([1, 2]), torch.tensor([0.5, 2.0, 3.0])
    cases: tuple[dict[str, Any], ...] = ({}, {"ignore_index": 2})
    for options in cases:
        theirs = torch.nn.functional.cross_entropy(x, y, weight=w, **options)
        ours = unifocal.cross_entropy(x, y, class_weight=w, reduction="weighted_mean", **options)
        torch.testing.assert_close(ours, theirs)


def test_weighted_mean_never_counts_alpha_pos_weight_or_normalizer(framework: Framework) -> None:
    options: dict[str, Any] = {"alpha": VECTOR, "pos_weight": 3.0, "normalizer": 5.0}
    total = framework.value(unifocal.sigmoid_focal_loss, X, SOFT, dtype="float32", reduction="sum", **options)
    check(framework, unifocal.sigmoid_focal_loss, X, SOFT, total / 12, reduction="weighted_mean", **options)


@by_name(LOSSES)
def test_weights_that_add_up_to_zero_give_zero(framework: Framework, loss: Any) -> None:
    for weight in (np.zeros(4), np.array([1.0, -1.0, 1.0, -1.0])):
        value, gradient = framework.value_and_gradient(loss, X, INDEX, dtype="float32", sample_weight=weight, reduction="weighted_mean")
        assert value == 0
        np.testing.assert_array_equal(gradient, np.zeros_like(X))


@by_name(LOSSES)
def test_zero_weight_beats_an_infinite_loss(framework: Framework, loss: Any) -> None:
    x = np.array([[-np.inf, 0.0], [1.0, 0.0]])
    value, gradient = framework.value_and_gradient(loss, x, [0, 0], dtype="float32", sample_weight=np.array([0.0, 1.0]), reduction="sum")
    np.testing.assert_allclose(value, framework.value(loss, x[1:], [0], dtype="float32", reduction="sum"), rtol=1e-6)
    np.testing.assert_array_equal(gradient[0], [0, 0])


@by_name(LOSSES)
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_nan_is_never_masked(framework: Framework, loss: Any, reduction: str) -> None:
    x = X.copy()
    x[1, 0] = np.nan
    value, gradient = framework.value_and_gradient(
        loss, x, INDEX, dtype="float32", sample_weight=np.array([1.0, 0.0, 1.0, 1.0]), reduction=reduction
    )
    assert np.isnan(value.reshape(4, -1)[1, 0] if reduction == "none" else value)
    assert np.isnan(gradient[1, 0])
    assert np.isfinite(gradient[[0, 2, 3]]).all()


@by_name(SOFTMAX)
def test_infinite_logits_without_a_limit_are_nan(framework: Framework, loss: Any) -> None:
    rows = [[np.inf, np.inf, 0.0], [-np.inf, -np.inf, -np.inf]]
    for targets in ([0, 0], [[1, 0, 0], [1, 0, 0]]):
        assert np.isnan(framework.value(loss, rows, targets, dtype="float32", reduction="none")).all()


@pytest.mark.frameworks("torch", "tensorflow", "paddle", "jax", "mlx")
@by_name(SIGMOID)
@pytest.mark.filterwarnings("ignore:Gradients by the targets are wanted:UserWarning")
def test_gradient_by_labels_that_are_0_and_1(framework: Framework, loss: Any) -> None:
    """It is the limit of the soft labels' next to them, whatever form hard labels have."""
    hard = (SOFT > 0.5).astype(np.float64)
    with framework.precision("float64"):
        x = framework.tensor(X, "float64")
        at, near = (
            framework.numpy(framework.gradient(lambda y: loss(x, y, reduction="sum"), framework.tensor(labels, "float64"))[1])
            for labels in (hard, np.clip(hard, 1e-10, 1 - 1e-10))
        )
    np.testing.assert_allclose(at, near, rtol=1e-7)
