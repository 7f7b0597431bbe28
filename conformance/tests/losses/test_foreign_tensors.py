"""What is no dense tensor of the predictions' framework and device is refused, and told the way to become one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks import framework_named, installed
from ..every_loss import LOSSES, by_name
from .test_errors import INDEX, X


@by_name(LOSSES)
def test_tensors_of_two_frameworks(loss: Any) -> None:
    names = [name for name in installed() if name not in ("numpy", "dask", "autograd")]  # whose tensors are NumPy's, or take them
    for mine, theirs in pairwise(names):
        x, targets = framework_named(mine).tensor(X, "float32"), framework_named(theirs).tensor(INDEX)
        with pytest.raises(TypeError, match=r"targets must be a dense tensor of the predictions' framework .*received"):
            loss(x, targets)
        with pytest.raises(TypeError, match="sample_weight must be a number, a dense tensor of the predictions' framework"):
            loss(x, INDEX, sample_weight=framework_named(theirs).tensor(np.ones(4)))
    for name in names:
        with pytest.raises(TypeError, match="targets must be a dense tensor of the predictions' framework"):
            loss(X, framework_named(name).tensor(INDEX))


def test_tensors_of_two_devices() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="targets must be on the device of the predictions, cpu; received meta"):
        unifocal.cross_entropy(torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64, device="meta"))


class Column:
    """What pandas and others call a series."""

    def to_numpy(self) -> Any:
        return np.ones(4)


class Rows:
    """What SciPy calls a sparse array."""

    def toarray(self) -> Any:
        return np.ones((4, 3))


@pytest.mark.parametrize(
    ("value", "way_out"),
    [
        (Column(), r"Column: \.to_numpy\(\) makes an array of it"),
        (Rows(), r"Rows: \.toarray\(\) makes an array of it"),
        (np.ma.masked_array([0.5]), r"MaskedArray: fill it with \.filled"),
        (object(), r"object\.$"),
    ],
    ids=["column", "sparse", "masked", "object"],
)
def test_what_is_no_tensor_has_a_way_out(value: Any, way_out: str) -> None:
    for name, call in (
        ("predictions", lambda: unifocal.cross_entropy(value, INDEX)),
        ("targets", lambda: unifocal.cross_entropy(X, value)),
        ("sample_weight", lambda: unifocal.cross_entropy(X, INDEX, sample_weight=value)),
    ):
        with pytest.raises(TypeError, match=f"{name} must be .*received .*{way_out}"):
            call()


def test_lists_of_predictions_have_a_way_out() -> None:
    with pytest.raises(TypeError, match=r"received list: numpy\.asarray"):
        unifocal.cross_entropy([[0.5, 1.0]], [0])


def _sparse_torch() -> Any:
    torch = pytest.importorskip("torch")
    return torch.eye(2).to_sparse(), torch.eye(2), r"layout torch\.sparse_coo: \.to_dense\(\)"


def _nested_torch() -> Any:
    torch = pytest.importorskip("torch")
    return torch.nested.nested_tensor([torch.ones(1), torch.ones(2)], layout=torch.jagged), torch.eye(2), "a nested tensor: .*padded"


def _sparse_paddle() -> Any:
    paddle = pytest.importorskip("paddle")
    return paddle.sparse.sparse_coo_tensor([[0, 1], [0, 1]], [1.0, 1.0], [2, 2]), paddle.eye(2), r"a sparse tensor: \.to_dense\(\)"


def _ragged_tensorflow() -> Any:
    tf = pytest.importorskip("tensorflow")
    return tf.ragged.constant([[1.0], [1.0, 2.0]]), tf.eye(2), r"a tf\.RaggedTensor: \.to_tensor\(\)"


def _sparse_tensorflow() -> Any:
    tf = pytest.importorskip("tensorflow")
    return tf.sparse.eye(2), tf.eye(2), r"a tf\.SparseTensor: tf\.sparse\.to_dense"


def _sparse_jax() -> Any:
    pytest.importorskip("jax")
    from jax.experimental.sparse import BCOO

    x = framework_named("jax").tensor(np.eye(2), "float32")
    return BCOO.fromdense(x), x, r"BCOO: \.todense\(\)"


@pytest.mark.parametrize(
    "make",
    [_sparse_torch, _nested_torch, _sparse_paddle, _ragged_tensorflow, _sparse_tensorflow, _sparse_jax],
    ids=lambda f: f.__name__[1:],
)
def test_tensors_that_are_not_dense_have_a_way_out(make: Any) -> None:
    value, dense, way_out = make()
    for name, call in (
        ("predictions", lambda: unifocal.binary_cross_entropy(value, dense)),
        ("targets", lambda: unifocal.binary_cross_entropy(dense, value)),
        ("sample_weight", lambda: unifocal.binary_cross_entropy(dense, dense, sample_weight=value)),
    ):
        with pytest.raises(TypeError, match=f"{name} must be .*received .*{way_out}"):
            call()
