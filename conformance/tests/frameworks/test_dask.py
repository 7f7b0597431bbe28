"""Dask arrays stay lazy, and computing them gives NumPy's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifocal

from ..every_loss import LOSSES, SIGMOID, by_name

dask: Any = pytest.importorskip("dask")
da: Any = pytest.importorskip("dask.array")

RNG = np.random.default_rng(0)
X = (3 * RNG.normal(size=(50, 6))).astype(np.float32)
TARGETS = {"index": RNG.integers(0, 6, 50), "soft": RNG.random((50, 6)).astype(np.float32)}
WEIGHT = RNG.random(50).astype(np.float32)
kinds = pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS.keys())


def forbidden(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("something was computed while the graph was built")


@by_name(LOSSES)
@kinds
@pytest.mark.parametrize("reduction", ["none", "mean", "weighted_mean"])
def test_building_the_graph_computes_nothing(loss: Any, targets: Any, reduction: str) -> None:
    lazy = da.from_array(X, chunks=(7, 4)), da.from_array(targets, chunks=9)
    options: dict[str, Any] = {"reduction": reduction, "sample_weight": WEIGHT}
    with dask.config.set(scheduler=forbidden):
        value = loss(*lazy, **options)
        both = unifocal.value_and_grad(loss)(*lazy, **options)
    assert all(isinstance(part, da.Array) for part in (value, *both))
    expected = unifocal.value_and_grad(loss)(X, targets, **options)
    np.testing.assert_allclose(value.compute(), expected[0], rtol=1e-6)
    for part, whole in zip(both, expected, strict=True):
        np.testing.assert_allclose(part.compute(), whole, rtol=1e-6)


@by_name(LOSSES)
@kinds
def test_unreduced_numbers_are_numpys(loss: Any, targets: Any) -> None:
    lazy = loss(da.from_array(X, chunks=(7, 4)), targets, reduction="none")
    np.testing.assert_array_equal(lazy.compute(), loss(X, targets, reduction="none"))


def test_chunks_are_kept() -> None:
    x = da.from_array(X, chunks=(7, 4))
    assert unifocal.sigmoid_focal_loss(x, da.from_array(TARGETS["soft"], chunks=(7, 4)), reduction="none").chunks == x.chunks


def test_unknown_sizes() -> None:
    x = da.from_array(X, chunks=(7, 6))
    some = x[x[:, 0] > 0]
    kept = X[X[:, 0] > 0]
    value = unifocal.binary_cross_entropy(some, (some > 1).astype(np.float32))
    np.testing.assert_allclose(value.compute(), unifocal.binary_cross_entropy(kept, (kept > 1).astype(np.float32)), rtol=1e-6)


def test_bad_entries_are_nan() -> None:
    values = unifocal.cross_entropy(da.zeros((2, 3)), np.array([1, 5]), reduction="none").compute()
    assert np.isnan(values).tolist() == [False, True]


@pytest.mark.parametrize("loss", [unifocal.binary_cross_entropy, unifocal.cross_entropy], ids=lambda loss: loss.__name__)
def test_chunks_of_unknown_sizes_do_not_broadcast(loss: Any) -> None:
    x, y = da.from_array(X, chunks=-1), da.from_array(TARGETS["soft"], chunks=-1)
    some, other = x[x[:, 0] > 0], y[da.from_array(np.arange(50), chunks=-1) == 3]
    with pytest.raises(ValueError, match="chunks of targets and weights must fit"):
        loss(some, other).compute()


@kinds
def test_class_vectors_in_chunks(targets: Any) -> None:
    weight = np.linspace(0.5, 2, 6)
    options: dict[str, Any] = {"class_weight": weight, "reduction": "sum"}
    lazy = {**options, "class_weight": da.from_array(weight, chunks=4)}
    value, gradient = unifocal.value_and_grad(unifocal.cross_entropy)(da.from_array(X, chunks=(7, 4)), targets, **lazy)
    expected = unifocal.value_and_grad(unifocal.cross_entropy)(X, targets, **options)
    np.testing.assert_allclose(value.compute(), expected[0], rtol=1e-6)
    np.testing.assert_allclose(gradient.compute(), expected[1], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"label_smoothing": 0.1},
        {"ignore_index": -1},
        {"class_weight": [1.0, 2.0]},
        {"reduction": "none"},
        {"reduction": "weighted_mean"},
    ],
    ids=str,
)
@by_name(LOSSES)
def test_class_indices_of_selected_rows(loss: Any, options: dict[str, Any]) -> None:
    """A selection by a mask leaves chunks of unknown sizes."""
    if "class_weight" in options and loss in SIGMOID.values():
        options = {}
    x, y, rows = np.array([[1.0, 2], [0, 3], [5, 1]]), np.array([0, 1, 1]), np.array([True, False, True])
    lazy_x, lazy_y, lazy_rows = (da.from_array(part, chunks=2) for part in (x, y, rows))
    found = unifocal.value_and_grad(loss)(lazy_x[lazy_rows], lazy_y[lazy_rows], **options)
    expected = unifocal.value_and_grad(loss)(x[rows], y[rows], **options)
    for part, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(part.compute(), right, rtol=1e-14)
    if loss is unifocal.cross_entropy and not options:
        np.testing.assert_allclose(expected[0], 2.665706, rtol=1e-6)
