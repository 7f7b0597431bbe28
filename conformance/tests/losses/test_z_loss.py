"""The z-loss of cross entropy: what weighs a row's cross entropy, leaves it out or divides it does so to its λ·log² Σ e^x too."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks import Framework, installed

LAMBDA, IGNORED = 0.3, -1
_RNG = np.random.default_rng(7)
X = 2 * _RNG.normal(size=(5, 3, 2))
AXIS = 1
INDEX = _RNG.integers(3, size=(5, 2))
SOFT = np.moveaxis(_RNG.dirichlet(np.ones(3), size=(5, 2)), -1, AXIS)
OF_ROWS, OF_CLASSES = _RNG.random((5, 2)), _RNG.random(3) + 0.5
SQUARED = np.log(np.exp(X).sum(AXIS)) ** 2
ONE_HOT = np.moveaxis(np.eye(3)[INDEX], -1, AXIS)


def _weight(labels: Any, smoothing: float = 0.0) -> Any:
    """Σ_c y_c·w_c of each row."""
    return np.einsum("ncm,c->nm", labels * (1 - smoothing) + smoothing / 3, OF_CLASSES)


_KEPT = INDEX != 2
CASES: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "indices": (INDEX, {}, LAMBDA * SQUARED),
    "indices, class weights": (INDEX, {"class_weight": OF_CLASSES}, LAMBDA * SQUARED * OF_CLASSES[INDEX]),
    "one-hot, both weights": (
        ONE_HOT,
        {"class_weight": OF_CLASSES, "sample_weight": OF_ROWS},
        LAMBDA * SQUARED * OF_CLASSES[INDEX] * OF_ROWS,
    ),
    "soft, class weights": (SOFT, {"class_weight": OF_CLASSES}, LAMBDA * SQUARED * _weight(SOFT)),
    "smoothed": (INDEX, {"label_smoothing": 0.1}, LAMBDA * SQUARED),
    "smoothed, class weights": (INDEX, {"label_smoothing": 0.1, "class_weight": OF_CLASSES}, LAMBDA * SQUARED * _weight(ONE_HOT, 0.1)),
    "no labels at all": (np.zeros_like(X), {}, np.zeros_like(SQUARED)),
    "normalizer": (INDEX, {"normalizer": 4.0, "reduction": "sum"}, LAMBDA * SQUARED.sum() / 4),
    "ignored, mean": (INDEX, {"ignore_index": 2, "reduction": "mean"}, LAMBDA * SQUARED[_KEPT].mean()),
    "weighted mean": (
        INDEX,
        {"class_weight": OF_CLASSES, "sample_weight": OF_ROWS, "reduction": "weighted_mean"},
        LAMBDA * np.average(SQUARED, weights=OF_CLASSES[INDEX] * OF_ROWS),
    ),
}


@pytest.mark.dtypes("float64")
@pytest.mark.parametrize(("targets", "options", "expected"), CASES.values(), ids=CASES)
def test_weights_ignored_rows_and_reductions(
    framework: Framework, dtype: str, targets: Any, options: dict[str, Any], expected: Any
) -> None:
    options = {"axis": AXIS, "reduction": "none", **options}
    with_it, without = (framework.value(unifocal.cross_entropy, X, targets, dtype=dtype, z_loss=z, **options) for z in (LAMBDA, 0.0))
    np.testing.assert_allclose(with_it - without, expected, rtol=1e-13, atol=1e-13)


def test_blocks_and_half_precision() -> None:
    """Many blocks, and logits that are cast: the value of each of so many equal rows, and its gradient."""
    rows = 3 << 16
    x = np.tile(np.array([[1.0, -2.0, 0.5, 3.0]]), (rows, 1))
    for dtype, tolerance in (("float64", 1e-13), ("float16", 1e-3)):
        for targets in (np.full(rows, 1), np.tile(np.array([[0.0, 1, 0, 0]]), (rows, 1))):
            value, gradient = unifocal.value_and_grad(unifocal.cross_entropy)(x.astype(dtype), targets, z_loss=LAMBDA, reduction="sum")
            log_sum = np.log(np.exp(x[0]).sum())
            p = np.exp(x[0] - log_sum)
            if dtype == "float64":
                np.testing.assert_allclose(value, rows * (log_sum + 2 + LAMBDA * log_sum**2), rtol=tolerance)
            expected = p * (1 + 2 * LAMBDA * log_sum) - np.array([0, 1, 0, 0])
            np.testing.assert_allclose(gradient[[0, rows // 2, -1]], np.tile(expected, (3, 1)), rtol=tolerance)


def test_infinite_logits(framework: Framework, dtype: str) -> None:
    """l is infinite with the largest logit: so are the loss and its slope there, and nothing where the weight is 0."""
    x, targets = np.array([[np.inf, 0.0, 1.0], [-np.inf, 0.0, 1.0], [np.inf, 0.0, 1.0]]), np.array([0, 1, 0])
    options = {"z_loss": LAMBDA, "sample_weight": np.array([1.0, 1.0, 0.0]), "reduction": "none"}
    value, gradient = framework.value_and_gradient(unifocal.cross_entropy, x, targets, dtype=dtype, **options)
    assert list(np.isinf(value)) == [True, False, False]
    assert value[2] == 0
    np.testing.assert_array_equal(gradient[0], [np.inf, 0, 0])
    assert gradient[1, 0] == 0
    assert np.isfinite(gradient[1]).all()
    np.testing.assert_array_equal(gradient[2], [0, 0, 0])


def test_jax_transposes_its_second_derivative() -> None:
    jax = pytest.importorskip("jax")
    x, targets = jax.numpy.asarray(X[:1, :, 0], "float32"), INDEX[:1, 0]

    def loss(x: Any) -> Any:
        return unifocal.cross_entropy(x, targets, z_loss=LAMBDA)

    np.testing.assert_allclose(jax.jacrev(jax.jacrev(loss))(x), jax.hessian(loss)(x), rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in ("torch", "paddle") if name in installed()])
def test_modules_take_it(name: str) -> None:
    run = import_module("unifocal.conformance.frameworks").framework_named(name)
    module: Any = import_module(f"unifocal.nn.{name}").CrossEntropy(z_loss=LAMBDA)
    x, targets = run.tensor(X[:, :, 0], "float64"), run.tensor(INDEX[:, 0])
    expected = run.numpy(unifocal.cross_entropy(x, targets, z_loss=LAMBDA))
    assert float(run.numpy(module(x, targets))) == float(expected)
    module.z_loss = 0.0
    assert float(run.numpy(module(x, targets))) < float(expected)
    with pytest.raises(ValueError, match="z_loss must be a finite number"):
        module.z_loss = -1.0


def test_explained_in_words() -> None:
    explained = import_module("unifocal.explain").explain("cross_entropy", z_loss=1e-4)
    for _, rows in explained.conventions:
        assert dict(rows)["loss"] == "Σ_c y_c·(−log p_c) + Σ_c y_c·0.0001·(log Σ_j e^x_j)²"
