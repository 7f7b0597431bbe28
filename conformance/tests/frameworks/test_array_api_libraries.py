"""Cubed and ndonnx, on which a call takes long: NumPy's numbers, lazily, and a loss as an ONNX model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dispatch import backend_of

from ...frameworks import Framework
from ...truth import tolerances
from ...truth.ulp import of_largest

_RNG = np.random.default_rng(17)
_X = np.concatenate([3 * _RNG.normal(size=(3, 3)), [[80.0, -80, 0], [np.inf, 1, -2]]])
_INDEX, _SOFT, _WEIGHT = np.array([0, 2, 1, 2, 0]), _RNG.dirichlet(np.ones(3), 5), _RNG.random(5) + 0.5
_CALLS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "binary-soft": (unifocal.binary_cross_entropy, _SOFT, {"reduction": "none"}),
    "sigmoid-index": (unifocal.sigmoid_focal_loss, _INDEX, {"alpha": 0.25, "sample_weight": _WEIGHT}),
    "softmax-index": (
        unifocal.softmax_focal_loss,
        _INDEX,
        {"class_weight": np.array([0.2, 0.5, 0.9]), "reduction": "weighted_mean", "ignore_index": 1},
    ),
    "cross-entropy-soft": (unifocal.cross_entropy, _SOFT, {"reduction": "sum", "label_smoothing": 0.1}),
}


@pytest.mark.frameworks("cubed", "ndonnx")
@pytest.mark.parametrize("call", _CALLS)
def test_value_and_gradient(framework: Framework, call: str) -> None:
    _hold(framework, call, "float64")


@pytest.mark.frameworks("cubed", "ndonnx")
def test_float32_stays(framework: Framework) -> None:
    _hold(framework, "binary-soft", "float32")


def _hold(framework: Framework, call: str, dtype: str) -> None:
    """Value and gradient to NumPy's."""
    loss, targets, options = _CALLS[call]
    x, targets = _X.astype(dtype), targets.astype(dtype) if targets.dtype.kind == "f" else targets
    found = framework.value_and_gradient(loss, x, targets, dtype=dtype, **options)
    for part, expected in zip(found, unifocal.value_and_grad(loss)(x, targets, **options), strict=True):
        assert part.dtype == dtype
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(np.isfinite(part), finite)
        assert of_largest(np.where(finite, part, 0), np.where(finite, expected, 0), dtype) <= tolerances.DIALECT


@pytest.mark.parametrize("chunks", [(2, 2), (5, 3), (3, 1)], ids=str)
def test_chunks_of_cubed_of_any_size(chunks: tuple[int, int]) -> None:
    """Which may cut the classes, and lie otherwise in targets and weights."""
    cubed: Any = pytest.importorskip("cubed")
    alpha = np.array([0.2, 0.5, 0.9])
    x, y, w = (cubed.from_array(array, chunks=chunks[: array.ndim][::-1]) for array in (_X, _SOFT, _WEIGHT))
    lazy = unifocal.value_and_grad(unifocal.softmax_focal_loss)(x, y, sample_weight=w, alpha=alpha, reduction="none")
    expected = unifocal.value_and_grad(unifocal.softmax_focal_loss)(_X, _SOFT, sample_weight=_WEIGHT, alpha=alpha, reduction="none")
    for part, right in zip(cubed.compute(*lazy), expected, strict=True):
        np.testing.assert_allclose(part, right, rtol=1e-13, atol=1e-15)


def test_as_many_rows_as_classes() -> None:
    """Where Cubed's own take gives the vector of class weights as it is."""
    cubed: Any = pytest.importorskip("cubed")
    options: Any = {"class_weight": np.array([0.2, 0.5, 0.9]), "reduction": "weighted_mean"}
    expected = unifocal.cross_entropy(_X[:3], [2, 0, 0], **options)
    assert float(unifocal.cross_entropy(cubed.asarray(_X[:3]), [2, 0, 0], **options).compute()) == pytest.approx(expected, rel=1e-14)


def test_cubed_computes_nothing_before_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    cubed: Any = pytest.importorskip("cubed")
    x = cubed.from_array(np.zeros((4, 3)), chunks=(2, 3), spec=cubed.Spec(allowed_mem="10MB"))
    monkeypatch.setattr(cubed.Array, "compute", lambda *_, **__: pytest.fail("computed"))
    loss = unifocal.cross_entropy(x, [0, 2, 9, 1], reduction="none")
    assert isinstance(loss, cubed.Array)
    assert loss.spec == x.spec
    monkeypatch.undo()
    np.testing.assert_allclose(loss.compute(), [np.log(3), np.log(3), np.nan, np.log(3)])  # 9 could not be looked at


def test_ndonnx_is_looked_at_where_it_is_computed_at_once() -> None:
    ndx: Any = pytest.importorskip("ndonnx")
    x = ndx.asarray(np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match=r"Class indices must be in \[0, 2\]; received 9"):
        unifocal.cross_entropy(x, ndx.asarray(np.array([0, 9])))
    with pytest.raises(ValueError, match="targets must be in"):
        unifocal.binary_cross_entropy(x, ndx.asarray(np.full((2, 3), 2.0, np.float32)))


# --- ONNX -------------------------------------------------------------------------------------------------------------------------


def _model(inputs: dict[str, Any], outputs: dict[str, Any]) -> Any:
    """ONNX Runtime's session of a model of lazy arrays."""
    ndx, runtime = pytest.importorskip("ndonnx"), pytest.importorskip("onnxruntime")
    return runtime.InferenceSession(ndx.build(inputs, outputs).SerializeToString())


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("sigmoid_focal_loss", "soft"),
        ("cross_entropy", "index"),
        pytest.param("sigmoid_focal_loss", "index", marks=pytest.mark.full),
        pytest.param("cross_entropy", "soft", marks=pytest.mark.full),
        pytest.param("varifocal_loss", "soft", marks=pytest.mark.full),
    ],
)
def test_loss_is_an_onnx_model_of_any_batch(name: str, targets: str) -> None:
    ndx: Any = pytest.importorskip("ndonnx")
    loss: Any = getattr(unifocal, name)
    x = ndx.argument(shape=("N", 3), dtype=ndx.float32)
    y = ndx.argument(shape=("N",), dtype=ndx.int64) if targets == "index" else ndx.argument(shape=("N", 3), dtype=ndx.float32)
    w = ndx.argument(shape=("N",), dtype=ndx.float32)
    value, gradient = unifocal.value_and_grad(loss)(x, y, sample_weight=w)
    each = loss(x, y, sample_weight=w, reduction="none")
    total = loss(x, y, reduction="sum")
    session = _model({"x": x, "y": y, "w": w}, {"mean": value, "gradient": gradient, "none": each, "sum": total})
    rng = np.random.default_rng(2)
    for rows in (1, 5, 4099):
        given = {
            "x": 3 * rng.normal(size=(rows, 3)).astype(np.float32),
            "y": rng.integers(3, size=rows) if targets == "index" else rng.dirichlet(np.ones(3), rows).astype(np.float32),
            "w": rng.random(rows).astype(np.float32),
        }
        mean, slope, unreduced, summed = session.run(None, given)
        expected = unifocal.value_and_grad(loss)(given["x"], given["y"], sample_weight=given["w"])
        assert of_largest(mean, expected[0], "float32") <= tolerances.DIALECT
        assert of_largest(slope, expected[1], "float32") <= tolerances.DIALECT
        alone = loss(given["x"], given["y"], sample_weight=given["w"], reduction="none")
        assert of_largest(unreduced, alone, "float32") <= tolerances.DIALECT
        assert of_largest(summed, loss(given["x"], given["y"], reduction="sum"), "float32") <= tolerances.DIALECT


def test_bad_entries_of_an_onnx_model_are_nan() -> None:
    ndx: Any = pytest.importorskip("ndonnx")
    x, y = ndx.argument(shape=("N", 3), dtype=ndx.float32), ndx.argument(shape=("N",), dtype=ndx.int64)
    session = _model({"x": x, "y": y}, {"loss": unifocal.cross_entropy(x, y, reduction="none")})
    (found,) = session.run(None, {"x": np.zeros((3, 3), np.float32), "y": np.array([1, 3, -1])})
    assert np.isnan(found).tolist() == [False, True, True]


def test_classes_of_unknown_number_are_refused() -> None:
    ndx: Any = pytest.importorskip("ndonnx")
    x, y = ndx.argument(shape=("N", "C"), dtype=ndx.float32), ndx.argument(shape=("N",), dtype=ndx.int64)
    backend: Any = backend_of(x)
    assert backend.shape(x) == (None, None)
    with pytest.raises(ValueError, match="class axis must have a static size"):
        unifocal.cross_entropy(x, y)
