"""PyTorch's own arithmetic.  NumPy computes its small tensors, such as tests have: here some of their tests run again without NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.evaluation import cache

from ...frameworks import Framework
from ..evaluation import test_blocks
from ..evaluation.test_blocks import small as small
from ..every_loss import LOSSES, by_name
from . import test_accuracy
from .grids import SIGMOID_CASES, SOFTMAX_CASES, Options

pytestmark = [pytest.mark.frameworks("torch"), pytest.mark.usefixtures("without_numpy")]


@pytest.fixture
def without_numpy(framework: Framework, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have all tensors of any size computed by torch; calls known to be NumPy's are forgotten."""
    monkeypatch.setattr(import_module("unifocal.backends.torch"), "_LARGE", 0)
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("case", SIGMOID_CASES, ids=str)
def test_sigmoid(framework: Framework, dtype: str, case: Options, measure: Callable[..., None]) -> None:
    test_accuracy.test_sigmoid(framework, dtype, case, measure)


@pytest.mark.parametrize(("classes", "kind", "gamma"), SOFTMAX_CASES)
def test_softmax(framework: Framework, dtype: str, classes: int, kind: str, gamma: float, measure: Callable[..., None]) -> None:
    test_accuracy.test_softmax(framework, dtype, classes, kind, gamma, measure)


@by_name(LOSSES)
def test_blocks_of_which_one_is_not_finite(framework: Framework, small: Any, loss: Any) -> None:
    test_blocks.test_infinite_and_wide_logits_in_one_block_only(framework, small, loss)


@by_name(LOSSES)
def test_second_derivatives(framework: Framework, small: Any, loss: Any) -> None:
    test_blocks.test_second_derivatives_are_those_of_the_whole(framework, small, loss)


@by_name(LOSSES)
def test_messages(framework: Framework, small: Any, loss: Any) -> None:
    test_blocks.test_messages_tell_where_in_the_whole_a_fault_is(framework, small, loss)


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "bool"])
@by_name(LOSSES)
def test_is_what_numpy_gives(framework: Framework, loss: Any, kind: str) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(50, 6)), (rng.random((50, 6)) < 0.2).astype(kind)
    ours, numpys = unifocal.value_and_grad(loss)(framework.tensor(x), framework.tensor(y)), unifocal.value_and_grad(loss)(x, y)
    for one, other in zip(ours, numpys, strict=True):
        np.testing.assert_allclose(framework.numpy(one), other, rtol=1e-13, atol=1e-15)
