"""Predictions and targets that were given in each other's place, where that can be told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks import Framework
from ..every_loss import LOSSES, SIGMOID, by_name
from .test_errors import INDEX, LABELS, X, fails


@by_name(LOSSES)
def test_exchanged_arguments_are_suggested(framework: Framework, loss: Any) -> None:
    exchanged = "the predictions and the targets exchanged"
    with pytest.raises(TypeError, match=f"floating tensor; received dtype .*{exchanged}"):
        loss(framework.tensor(INDEX), framework.tensor(X, "float32"))
    fails(framework, loss, ValueError, exchanged, x=np.zeros(4), targets=X)
    if framework.name != "dask":  # whose values are not looked at
        fails(framework, loss, ValueError, rf"targets must be in \[0, 1\].*{exchanged}", x=LABELS, targets=np.add(X, [-3.5, 2, 0.25]))


@by_name(LOSSES)
@pytest.mark.parametrize("outside", [255, -1, np.nan, 2.5])
def test_labels_that_are_no_sign_of_an_exchange(loss: Any, outside: float) -> None:
    """Beside a fresh head's zeros; a whole number may mark what is ignored, which softmax losses do by class indices alone."""
    labels = LABELS.copy()
    labels[1, 0] = outside
    with pytest.raises(ValueError, match=r"targets must be in \[0, 1\]") as refused:
        loss(X, labels)
    assert "exchanged" not in str(refused.value)
    assert ("ignore_index" in str(refused.value)) == (outside in (255, -1) and loss in SIGMOID.values())


@pytest.mark.frameworks("torch", "paddle", "tensorflow")
def test_gradients_by_targets_alone_warn_once_of_the_callers_line(framework: Framework) -> None:
    x = framework.tensor(X, "float32")
    with pytest.warns(UserWarning, match=r"Gradients by the targets are wanted.*exchanged.*filterwarnings") as caught:
        value, _ = framework.gradient(lambda labels: unifocal.binary_cross_entropy(x, labels), framework.tensor(LABELS, "float32"))
    assert np.isfinite(framework.numpy(value))
    assert [warning.filename for warning in caught] == [__file__]
