"""Which dtype comes out, and which one is computed in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks import ALL_DTYPES, Framework
from ..every_loss import LOSSES, by_name
from .test_targets import needs

X = np.array([[0.5, -1.0], [2.0, 0.25]])


@by_name(LOSSES)
@pytest.mark.dtypes(*ALL_DTYPES)
@pytest.mark.parametrize("reduction", ["none", "weighted_mean"])
def test_result_has_the_predictions_dtype(framework: Framework, dtype: str, loss: Any, reduction: str) -> None:
    with framework.precision(dtype):
        x = framework.tensor(X, dtype)
        for targets in ([0, 1], X * 0, framework.tensor(X * 0)):
            value = loss(x, targets, reduction=reduction, sample_weight=[0.5, 1.0])
            assert value.dtype == x.dtype
            _, gradient = unifocal.value_and_grad(loss)(x, targets, reduction=reduction)
            assert gradient.dtype == x.dtype


@by_name(LOSSES)
@pytest.mark.dtypes("float16", "bfloat16")
def test_half_is_computed_in_float32_and_rounded_once(framework: Framework, dtype: str, loss: Any) -> None:
    x = framework.numpy(framework.tensor(np.linspace(-9, 9, 40).reshape(20, 2), dtype)).astype(np.float32)
    targets = np.arange(20) % 2
    for reduction in ("none", "mean"):
        half = framework.value_and_gradient(loss, x, targets, dtype=dtype, reduction=reduction)
        single = framework.value_and_gradient(loss, x, targets, dtype="float32", reduction=reduction)
        for a, b in zip(half, single, strict=True):
            np.testing.assert_array_equal(a, framework.numpy(framework.tensor(b, dtype)))


@pytest.mark.dtypes("bfloat16", "float16")
def test_class_indices_stay_integers(framework: Framework, dtype: str) -> None:
    # bfloat16 would turn 257 into 256.
    x = np.zeros((1, 300))
    x[0, 257] = 8.0
    assert framework.value(unifocal.cross_entropy, x, [257], dtype=dtype) < framework.value(unifocal.cross_entropy, x, [256], dtype=dtype)


def test_float64_labels_do_not_promote_float32(framework: Framework) -> None:
    x = framework.tensor(X, "float32")
    value = unifocal.sigmoid_focal_loss(x, np.full((2, 2), 0.3), alpha=np.array([0.3, 0.7]), normalizer=np.float64(3), reduction="sum")
    assert value.dtype == x.dtype


def test_float64_scalars_keep_their_digits(framework: Framework) -> None:
    # A Python number rounded to float32 on the way (as Paddle's pow does to its exponent) costs eight digits.
    with framework.precision("float64"):
        value = framework.value(
            unifocal.sigmoid_focal_loss, [0.3], [1], dtype="float64", alpha=0.1, gamma=2.3, sample_weight=0.7, normalizer=1.1
        )
    p = 1 / (1 + np.exp(-0.3))
    np.testing.assert_allclose(value, -0.1 * (1 - p) ** 2.3 * np.log(p) * 0.7 / 1.1, rtol=1e-14)


_ONE_EACH = {name: LOSSES[name] for name in ("sigmoid_focal", "cross_entropy")}
_LABELS = np.array([[1, 0], [0, 1]])
_DTYPES = [np.dtype(code) for code in ("?", "i1", "u1", ">i2", ">u2", "<i4", ">u4", ">i8", "<u8", ">f2", ">f4", "<f8", ">f16")]


@by_name(LOSSES)
@pytest.mark.frameworks("numpy", "dask")
@pytest.mark.parametrize("kind", [np.dtype(order + code) for code in ("f2", "f4", "f8") for order in "<>"], ids=str)
def test_predictions_of_either_byte_order(framework: Framework, loss: Any, kind: Any) -> None:
    for x, options in ((X * 100, {}), (X * 0.25 + 0.5, {"from_logits": False})):
        native = np.asarray(x, kind.newbyteorder("="))
        for reduction in ("none", "mean"):
            function = unifocal.value_and_grad(loss)
            found = function(framework.tensor(native.astype(kind)), _LABELS, reduction=reduction, **options)
            for part, expected in zip(found, function(native, _LABELS, reduction=reduction, **options), strict=True):
                assert np.dtype(part.dtype) == native.dtype
                np.testing.assert_array_equal(framework.numpy(part), expected)


@by_name(_ONE_EACH)
@pytest.mark.parametrize("kind", _DTYPES, ids=str)
def test_numpy_operands_of_every_dtype(framework: Framework, loss: Any, kind: Any) -> None:
    """As targets, and as weights: to whatever framework the predictions belong, and in either byte order."""
    if kind.itemsize < 4:  # of wider ones unifocal takes float64
        needs(framework, kind)
    x = framework.tensor(X, "float32")
    index = np.array([0, 1])
    for targets in (_LABELS, index) if kind.kind in "iu" else (_LABELS,):
        expected, weighed = (framework.numpy(loss(x, targets.tolist(), sample_weight=weight)) for weight in (None, [1, 0]))
        np.testing.assert_array_equal(framework.numpy(loss(x, targets.astype(kind))), expected)
        np.testing.assert_array_equal(framework.numpy(loss(x, targets.tolist(), sample_weight=np.array([1, 0], kind))), weighed)


@by_name(_ONE_EACH)
@pytest.mark.parametrize("kind", ["c8", "O", "M8[s]", "m8[s]", "U1", "S1"])
def test_operands_of_no_real_numbers(framework: Framework, loss: Any, kind: str) -> None:
    x = framework.tensor(X, "float32")
    with pytest.raises(TypeError, match=r"targets must .*received.*dtype"):
        loss(x, _LABELS.astype(kind))
    with pytest.raises(TypeError, match=r"predictions must .*received"):
        loss(np.zeros((2, 2)).astype(kind), _LABELS)
