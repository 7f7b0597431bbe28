"""The recorded differences between originals and dialects: each is well formed, originals still show it, and dialects give the truth.

A test that fails because an original no longer differs says that its entry in ``differences.toml`` is out of date.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from unifocal.dialects import dialect_names, functions_of
from unifocal.dialects.differences import Difference, differences

from ...calls.case import Case, run_case
from ...dialects import shows
from ...frameworks import framework_named, installed
from .shown import SHOWN, Outcome, Shown
from .shown.keras import EXAMPLE

# Each dialect's framework, and where its original is; nothing where it does not run beside current frameworks.
_ORIGINALS = {
    "paddle": ("paddle", "paddle.nn.functional"),
    "paddledet": ("paddle", None),
    "torch": ("torch", "torch.nn.functional"),
    "torchvision": ("torch", None),
    "mmdet": ("torch", None),
    "keras": ("tensorflow", "keras.losses"),
    "keras2": ("tensorflow", "tf_keras.losses"),
    "tf": ("tensorflow", "tensorflow"),
    "tfa": ("tensorflow", None),
    "optax": ("jax", "optax"),
    "kornia": ("torch", "kornia.losses"),
    **dict.fromkeys(("monai", "mmseg", "mmpretrain", "effdet", "fastai"), ("torch", None)),
}


def _ids(shown: Shown) -> str:
    return str(shown)


def _original(dialect: str, name: str) -> Callable[..., Any]:
    framework, module = _ORIGINALS[dialect]
    assert module is not None
    if find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"{module.partition('.')[0]} is not installed")
    framework_named(framework)
    found = import_module(module)
    function: Callable[..., Any] = getattr(found.nn if dialect == "tf" else found, name)
    return function


def _hold(shown: Shown, function: Callable[..., Any], expected: Outcome) -> None:
    run = framework_named(_ORIGINALS[shown.function.partition(".")[0]][0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(expected, type):
            with pytest.raises(expected):
                run_case(run, function, shown.case)
            return
        answer = run_case(run, function, shown.case)
    for part, numbers in expected.items():
        np.testing.assert_allclose(getattr(answer, part), numbers, rtol=1e-9 if shown.dtype == "float64" else 2e-6, atol=0, err_msg=part)


def _told_apart(theirs: Outcome, ours: Outcome) -> bool:
    if isinstance(theirs, type) or isinstance(ours, type) or not theirs:
        return theirs is not ours
    return any(not np.array_equal(numbers, ours[part]) for part, numbers in theirs.items())


def _dialect(shown: Shown) -> tuple[str, str]:
    dialect, _, name = shown.function.partition(".")
    if _ORIGINALS[dialect][0] not in installed():
        pytest.skip(f"{_ORIGINALS[dialect][0]} is not installed")
    return dialect, name


@pytest.mark.parametrize("shown", [shown for shown in SHOWN if shown.theirs], ids=_ids)
def test_the_original_differs(shown: Shown) -> None:
    """But for versions that were seen not to."""
    dialect, name = _dialect(shown)
    original = _original(dialect, name)
    entry = next(entry for entry in differences() if entry.concerns(shown.function) and entry.condition == shown.condition)
    _hold(shown, original, shown.theirs if shows(dialect, entry) else shown.ours)


@pytest.mark.parametrize("shown", SHOWN, ids=_ids)
def test_the_dialect_gives_the_truth(shown: Shown) -> None:
    dialect, name = _dialect(shown)
    _hold(shown, functions_of(dialect)[name], shown.ours)


@pytest.mark.parametrize("entry", differences(), ids=lambda entry: f"{entry.function}: {entry.condition}")
def test_an_entry_is_of_a_function_and_says_all(entry: Difference) -> None:
    for function in entry.function.split():
        dialect, _, name = function.partition(".")
        assert dialect in dialect_names()
        assert name in functions_of(dialect)
    assert all(getattr(entry, field.name).strip() for field in fields(entry))
    assert entry.evidence.startswith(("run: ", "read: "))


def test_no_entry_is_there_twice() -> None:
    keys = [(function, entry.condition) for entry in differences() for function in entry.function.split()]
    assert len(set(keys)) == len(keys)


def test_no_entry_speaks_of_functions_yet_to_come() -> None:
    with pytest.raises(ValueError, match=r"must name each function that it is of; received torch\.\*: second derivatives"):
        Difference("torch.*", "2.13.0", "second derivatives", "none", "all", "run: loss(x)")


def test_what_is_shown_is_recorded_and_differs() -> None:
    for shown in SHOWN:
        assert _told_apart(shown.theirs, shown.ours), str(shown)
        assert any(entry.concerns(shown.function) and entry.condition == shown.condition for entry in differences()), str(shown)


def test_keras_traces_probabilities_back_to_logits() -> None:
    tf, keras, tf_keras = (pytest.importorskip(name) for name in ("tensorflow", "keras", "tf_keras"))
    labels, logits = tf.constant([[0.0]]), tf.constant([[50.0]])
    for original, dialect, clipped in ((keras, "keras", 15.942385), (tf_keras, "keras2", 15.333239)):
        probabilities = original.activations.sigmoid(logits)
        assert original.losses.binary_crossentropy(labels, probabilities).numpy() == pytest.approx([50.0])
        ours = functions_of(dialect)["binary_crossentropy"]
        assert ours(labels, probabilities).numpy() == pytest.approx([clipped], rel=1e-6)


def test_graphs_reassociate_the_second_epsilon() -> None:
    tf, tf_keras = pytest.importorskip("tensorflow"), pytest.importorskip("tf_keras")
    labels, probabilities = (tf.constant(EXAMPLE[name]) for name in ("y_true", "y_pred"))
    theirs, ours = tf_keras.losses.binary_crossentropy, functions_of("keras2")["binary_crossentropy"]
    assert theirs(labels, probabilities).numpy() == pytest.approx([11.522857], rel=1e-6)
    assert tf.function(theirs)(labels, probabilities).numpy() == pytest.approx([11.480856], rel=1e-6)
    assert ours(labels, probabilities).numpy() == pytest.approx([11.522857], rel=1e-6)


def test_keras_warns_of_one_class() -> None:
    _, keras = (pytest.importorskip(name) for name in ("tensorflow", "keras"))
    with pytest.warns(SyntaxWarning, match="num_classes > 1"):
        keras.losses.CategoricalCrossentropy()(np.ones((2, 1)), np.ones((2, 1)))
    assert functions_of("keras")["CategoricalCrossentropy"]()(np.ones((2, 1)), np.ones((2, 1))) == pytest.approx(1e-7)


def test_the_predictions_say_whose_tensors_a_call_is_of() -> None:
    jnp, optax = pytest.importorskip("jax.numpy"), pytest.importorskip("optax")
    logits, labels = np.array([0.3], np.float32), np.array([1.0], np.float32)
    assert optax.sigmoid_binary_cross_entropy(logits, jnp.asarray(labels)) == pytest.approx(0.5543552)
    ours = functions_of("optax")["sigmoid_binary_cross_entropy"]
    assert ours(jnp.asarray(logits), labels) == pytest.approx(0.5543552)
    with pytest.raises(TypeError, match="must be a dense tensor of the predictions' framework"):
        ours(logits, jnp.asarray(labels))


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("paddle.cross_entropy", "IndexError"),
        ("torch.cross_entropy", "IndexError"),
        ("tf.sparse_softmax_cross_entropy_with_logits", "Invalid"),
    ],
)
def test_exceptions_of_other_types(function: str, error: str) -> None:
    dialect, _, name = function.partition(".")
    predictions, labels = {"paddle": ("input", "label"), "torch": ("input", "target"), "tf": ("logits", "labels")}[dialect]
    case = Case(function, "", predictions, {predictions: np.zeros((1, 3)), labels: np.array([7])})
    original = _original(dialect, name)  # skips where it is not installed
    run = framework_named(_ORIGINALS[dialect][0])
    with pytest.raises(Exception, match="7") as theirs:
        run_case(run, original, case)
    assert type(theirs.value).__name__.startswith(error)
    with pytest.raises(ValueError, match="received 7"):
        run_case(run, functions_of(dialect)[name], case)


def test_paddle_drops_the_gradient_of_the_softmax() -> None:
    paddle = pytest.importorskip("paddle")
    gradients = []
    for function in (_original("paddle", "softmax_with_cross_entropy"), functions_of("paddle")["softmax_with_cross_entropy"]):
        x = paddle.to_tensor([[1.0, 0.0]], stop_gradient=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loss, softmax = function(x, paddle.to_tensor([[1]]), return_softmax=True)
        (loss.sum() + softmax[0, 0]).backward()
        gradients.append(x.grad.numpy())
    p = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(gradients[0], [[p, -p]], rtol=1e-6)
    np.testing.assert_allclose(gradients[1], [[p + p * (1 - p), -p - p * (1 - p)]], rtol=1e-6)


def test_paddle_has_no_second_derivatives() -> None:
    paddle = pytest.importorskip("paddle")

    def second(function: Callable[..., Any]) -> Any:
        x = paddle.to_tensor([0.3], stop_gradient=False)
        (gradient,) = paddle.grad(function(x, paddle.to_tensor([1.0]), reduction="sum"), x, create_graph=True)
        return paddle.grad(gradient, x)[0].numpy()

    with pytest.raises(RuntimeError):
        second(_original("paddle", "binary_cross_entropy_with_logits"))
    p = 1 / (1 + np.exp(-0.3))
    np.testing.assert_allclose(second(functions_of("paddle")["binary_cross_entropy_with_logits"]), [p * (1 - p)], rtol=1e-6)
