"""The Keras dialects as Keras meets them: wrapped by Keras 2's own losses and metrics, configured, and given what they cannot take."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dialects import functions_of, keras, keras2, paddle
from unifocal.keras_caller import keras_wrapper

X, Y, WEIGHT = np.array([[-1.0], [0.0], [2.0], [1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]]), np.array([1.0, 0.0, 0.0, 0.0])
_CLASSES = [(dialect, name) for dialect in ("keras", "keras2", "tfa") for name in functions_of(dialect) if name[0].isupper()]


@pytest.fixture(scope="module")
def tf_keras() -> Any:
    pytest.importorskip("tf_keras")
    return import_module("tf_keras")


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize(
    "loss",
    [
        keras2.BinaryCrossentropy(from_logits=True),
        unifocal.binary_cross_entropy,
        keras.BinaryCrossentropy(from_logits=True),
        paddle.binary_cross_entropy_with_logits,
    ],
    ids=["object", "canonical", "object of Keras 3's", "predictions first"],
)
def test_wrapped_by_keras_2(tf_keras: Any, loss: Any, graph: bool) -> None:
    """Sample weights weigh each sample, and labels are the first argument, also where AutoGraph stands between."""
    tf = import_module("tensorflow")
    wrapper = import_module("tf_keras.src.losses").LossFunctionWrapper(loss, reduction="sum_over_batch_size")
    own = tf_keras.losses.BinaryCrossentropy(from_logits=True)
    arguments = [tf.constant(array, tf.float32) for array in (Y, X, WEIGHT)]
    called = tf.function(wrapper) if graph else wrapper
    assert float(called(*arguments)) == pytest.approx(float(own(*arguments)), rel=1e-6)


def test_metric_of_keras_2(tf_keras: Any) -> None:
    metric = tf_keras.metrics.MeanMetricWrapper(unifocal.binary_cross_entropy)
    metric.update_state(Y, X, WEIGHT)
    assert float(metric.result()) == pytest.approx(np.log1p(np.exp(-1)), rel=1e-6)


def test_mask_of_ignored_targets_reaches_keras_2(tf_keras: Any) -> None:
    tf = import_module("tensorflow")
    scores = tf.constant([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
    options: dict[str, Any] = {"from_logits": True, "ignore_class": 0}
    wrapper = import_module("tf_keras.src.losses").LossFunctionWrapper(keras2.SparseCategoricalCrossentropy(**options))
    own = tf_keras.losses.SparseCategoricalCrossentropy(**options)
    labels = tf.constant([[0.0], [1.0], [2.0]])
    assert float(wrapper(labels, scores)) == pytest.approx(float(own(labels, scores)), rel=1e-6)


def test_other_callers_are_none() -> None:
    assert keras_wrapper() is None

    def call(y: Any, x: Any) -> Any:  # of the name alone
        return unifocal.binary_cross_entropy(x, y)

    assert call(Y, X) == pytest.approx(float(unifocal.binary_cross_entropy(X, Y)))


@pytest.mark.parametrize(("dialect", "name"), _CLASSES, ids=[f"{dialect}.{name}" for dialect, name in _CLASSES])
def test_configuration(dialect: str, name: str) -> None:
    made: Any = functions_of(dialect)[name]
    loss = made(from_logits=True, reduction="sum", name="mine")
    config = loss.get_config()
    assert {"from_logits": True, "reduction": "sum", "name": "mine"}.items() <= config.items()
    again = made.from_config(config)
    assert again == loss or again.get_config() == config


@pytest.mark.parametrize(("dialect", "name"), [pair for pair in _CLASSES if pair[0] != "tfa"])
def test_configuration_has_the_originals_names(dialect: str, name: str) -> None:
    original = pytest.importorskip("keras" if dialect == "keras" else "tf_keras").losses
    theirs = getattr(original, name)().get_config()
    ours = functions_of(dialect)[name]().get_config()
    assert {key: ours[key] for key in ours if key in theirs and key != "fn"} == {key: theirs[key] for key in theirs if key != "fn"}


def test_configuration_holds_no_tensors() -> None:
    loss = keras.CategoricalFocalCrossentropy(alpha=np.array([0.25, 0.5]), dtype="float64")
    assert loss.get_config()["alpha"] == [0.25, 0.5]
    assert loss.get_config()["dtype"] == "float64"
    assert keras.CategoricalFocalCrossentropy.from_config(loss.get_config()).get_config() == loss.get_config()


def _ragged() -> Any:
    return import_module("tensorflow").ragged.constant([[1.0], [0.0, 1.0]])


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (
            TypeError,
            r"numbers in a rectangular shape are required; received .*RaggedTensor",
            lambda: keras.BinaryCrossentropy()(_ragged(), X),
        ),
        (TypeError, r"numbers in a rectangular shape are required; received list", lambda: keras2.BinaryCrossentropy()([[1], [0, 1]], X)),
        (
            ValueError,
            r"dtype must be one that numpy.ndarray has; received 'bfloat16'",
            lambda: keras.BinaryCrossentropy(dtype="bfloat16")(Y, Y),
        ),
    ],
    ids=["ragged", "lists", "bfloat16"],
)
def test_errors(error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    if "Ragged" in message:
        pytest.importorskip("tensorflow")
    with pytest.raises(error, match=message):
        call()
