"""Bad input gets a clear error, on every framework: what was required, and what was received."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dispatch import backend_named

from ...frameworks import Framework
from ..every_loss import LOSSES, SIGMOID, SOFTMAX, by_name

X = np.zeros((4, 3))
INDEX = np.array([0, 1, 2, 0])
LABELS = np.eye(3)[INDEX]


def fails(framework: Framework, loss: Any, error: type[Exception], match: str, x: Any = X, targets: Any = INDEX, **options: Any) -> None:
    predictions = framework.tensor(x, "float32") if type(x) is np.ndarray else x
    options = {key: framework.tensor(o) if type(o) is np.ndarray else o for key, o in options.items()}
    with pytest.raises(error, match=match):
        loss(predictions, framework.tensor(targets) if type(targets) is np.ndarray else targets, **options)


@by_name(LOSSES)
@pytest.mark.parametrize("predictions", [0.5, "a", None, [0.5], np.ma.masked_array([0.5]), object()], ids=lambda p: type(p).__name__)
def test_predictions_that_are_no_tensor(loss: Any, predictions: Any) -> None:
    with pytest.raises(TypeError, match=rf"predictions must be a dense tensor.*numpy.*received .*{type(predictions).__name__}"):
        loss(predictions, [1])


@by_name(LOSSES)
@pytest.mark.parametrize("kind", [np.int32, np.bool_], ids=lambda t: t.__name__)
def test_predictions_that_are_not_floating(framework: Framework, loss: Any, kind: Any) -> None:
    with pytest.raises(TypeError, match=r"predictions must be a floating tensor; received dtype .*(int32|bool)"):
        loss(framework.tensor(np.ones((2, 2), kind)), [1, 0])


@by_name(LOSSES)
def test_long_double(loss: Any) -> None:
    with pytest.raises(TypeError, match=r"float16, bfloat16, float32 or float64; received dtype (longdouble|float128)"):
        loss(np.zeros((2, 2), np.longdouble), [1, 0])


@by_name(SOFTMAX)
def test_softmax_needs_a_class_axis(framework: Framework, loss: Any) -> None:
    fails(framework, loss, ValueError, r"must have a class axis; received shape \(\)", x=np.array(0.5), targets=0)
    fails(
        framework,
        loss,
        ValueError,
        r"at least 1 class along axis -1; received shape \(2, 0\)",
        x=np.zeros((2, 0)),
        targets=np.zeros((2, 0)),
    )


@by_name(LOSSES)
def test_targets_that_are_no_numbers(framework: Framework, loss: Any) -> None:
    fails(framework, loss, TypeError, "targets must .*received .*(str|list|<U1)", targets=["a", "b", "c", "d"])
    fails(framework, loss, TypeError, "targets must .*received .*object", targets=object())
    fails(framework, loss, TypeError, "targets must .*received .*dtype (object|float128)?", targets=[2**70, 0, 0, 0])
    fails(framework, loss, TypeError, "targets must .*dtype complex", targets=[1j, 0, 0, 0])
    fails(framework, loss, TypeError, "targets must .*received .*list", targets=[[1], [1, 2]])
    fails(framework, loss, TypeError, "targets must .*received .*MaskedArray", targets=np.ma.masked_array([0, 1, 2, 0]))


@by_name(LOSSES)
@pytest.mark.parametrize("shape", [(3,), (4, 2), (1, 3), (4, 1), (4, 3, 1), (3, 4), ()], ids=str)
def test_shapes_never_broadcast(framework: Framework, loss: Any, shape: tuple[int, ...]) -> None:
    fails(framework, loss, ValueError, rf"\(4, 3\).*received \({', '.join(map(str, shape))}", targets=np.zeros(shape, np.int64))


@by_name(LOSSES)
def test_one_class_by_index_is_ambiguous(framework: Framework, loss: Any) -> None:
    match = r"at least 2 classes.*reshape the targets to \(4, 1\) or the predictions to \(4,\)"
    for kind in (np.int64, np.float32):
        fails(framework, loss, ValueError, match, x=np.zeros((4, 1)), targets=np.zeros(4, kind))


@by_name(LOSSES)
@pytest.mark.parametrize("kind", [np.bool_, np.float32], ids=lambda t: t.__name__)
def test_class_indices_must_be_integer(framework: Framework, loss: Any, kind: Any) -> None:
    fails(framework, loss, TypeError, "class indices and must be integer; received dtype .*(bool|float32)", targets=INDEX.astype(kind))


@by_name(SIGMOID)
@pytest.mark.frameworks("numpy", "array-api-strict", "torch", "tensorflow", "paddle", "jax", "mlx")
@pytest.mark.parametrize("index", [4, -1, 2**31 - 1])
def test_sigmoid_index_out_of_range(framework: Framework, loss: Any, index: int) -> None:
    fails(framework, loss, ValueError, rf"\[0, 3\]; received {index} at index \(1,\)", targets=np.array([3, index, 0, 0]))


@by_name(SOFTMAX)
@pytest.mark.frameworks("numpy", "array-api-strict", "torch", "tensorflow", "paddle", "jax", "mlx")
@pytest.mark.parametrize("index", [3, -100, -1])
def test_softmax_index_out_of_range(framework: Framework, loss: Any, index: int) -> None:
    fails(framework, loss, ValueError, rf"\[0, 2\]; received {index} at index \(1,\)", targets=np.array([2, index, 0, 0]))


@by_name(LOSSES)
@pytest.mark.frameworks("numpy", "array-api-strict", "torch", "tensorflow", "paddle", "jax", "mlx")
@pytest.mark.parametrize("label", [-0.1, 1.5, np.nan, 2])
def test_labels_out_of_range(framework: Framework, loss: Any, label: Any) -> None:
    labels = LABELS.astype(np.int64 if label == 2 else np.float32)
    labels[1, 0] = label
    fails(framework, loss, ValueError, r"targets must be in \[0, 1\]; received .* at index \(1, 0\) \(1 of 12", targets=labels)


@by_name(LOSSES)
@pytest.mark.frameworks("numpy", "array-api-strict", "torch", "tensorflow", "paddle", "jax", "mlx")
@pytest.mark.parametrize("probability", [-0.01, 1.01, np.inf])
def test_probabilities_out_of_range(framework: Framework, loss: Any, probability: float) -> None:
    x = np.full((4, 3), 0.3)
    x[2, 1] = probability
    fails(framework, loss, ValueError, r"from_logits=False must be in \[0, 1\]; received", x=x, from_logits=False)


@by_name(LOSSES)
@pytest.mark.parametrize("value", [-0.5, np.nan, np.inf])
def test_gamma_out_of_range(framework: Framework, loss: Any, value: float) -> None:
    if loss in (unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss):
        fails(framework, loss, ValueError, f"gamma must be a finite number ≥ 0; received {value}", gamma=value)


def test_gamma_must_be_static(framework: Framework) -> None:
    fails(framework, unifocal.sigmoid_focal_loss, TypeError, "gamma must be a Python number ≥ 0; received", gamma=np.array([2.0]))
    fails(framework, unifocal.sigmoid_focal_loss, TypeError, "gamma must be a Python number ≥ 0; received str", gamma="2")
    fails(framework, unifocal.sigmoid_focal_loss, TypeError, "gamma must be a Python number ≥ 0; received bool", gamma=True)


@by_name(LOSSES)
@pytest.mark.parametrize(
    ("error", "match", "options"),
    [
        (ValueError, r"label_smoothing must be in \[0, 1\]; received 1.5", {"label_smoothing": 1.5}),
        (ValueError, r"label_smoothing must be in \[0, 1\]; received nan", {"label_smoothing": float("nan")}),
        (ValueError, r"axis must be in \[-2, 1\].*received 2", {"axis": 2}),
        (TypeError, "axis must be an integer; received float", {"axis": 1.0}),
        (TypeError, "ignore_index must be an integer; received float", {"ignore_index": -1.0}),
        (ValueError, "reduction must be 'none', 'sum', 'mean' or 'weighted_mean'; received 'avg'", {"reduction": "avg"}),
        (ValueError, "reduction must be .*; received None", {"reduction": None}),
        (ValueError, "dtype must be None, for a loss of the predictions' dtype, or 'float32'; received 'float16'", {"dtype": "float16"}),
        (ValueError, "dtype must be .*; received <class 'numpy.float64'>", {"dtype": np.float64}),
        (ValueError, "dtype must be .*; received True", {"dtype": True}),
        (ValueError, "epsilon .* requires from_logits=False", {"epsilon": 1e-7}),
        (ValueError, r"epsilon must be in \[0, 0.5\); received 0.5", {"epsilon": 0.5, "from_logits": False}),
        (TypeError, "from_logits must be True or False; received int", {"from_logits": 1}),
        (ValueError, "normalizer must be in .*0, ∞.*received 0.0.*max.number of positives, 1", {"normalizer": 0}),
        (ValueError, "normalizer must be in .*received -2.0", {"normalizer": -2}),
        (TypeError, "normalizer must be .*received .*str", {"normalizer": "2"}),
        (TypeError, "sample_weight must be .*received .*bool", {"sample_weight": True}),
        (ValueError, r"sample_weight must have at most the dimensions .*\(4.*received shape \(3,\)", {"sample_weight": [1, 1, 1]}),
        (ValueError, r"sample_weight must have .*received shape \(1, 1, 1\)", {"sample_weight": [[[1]]]}),
        (ValueError, r"normalizer must be a number or broadcast.*received shape \(5,\)", {"normalizer": [1.0] * 5}),
    ],
    ids=lambda o: "-".join(map(str, o)) if isinstance(o, dict) else "",
)
def test_bad_options(framework: Framework, loss: Any, error: type[Exception], match: str, options: dict[str, Any]) -> None:
    fails(framework, loss, error, match, **{"x": np.full((4, 3), 0.5), **options})


@pytest.mark.frameworks("numpy", "array-api-strict", "torch", "tensorflow", "paddle", "jax", "mlx")
@pytest.mark.parametrize(
    ("loss", "match", "options"),
    [
        ("sigmoid_focal", r"alpha must be in \[0, 1\]; received 1.5", {"alpha": 1.5}),
        ("sigmoid_focal", r"alpha must be in \[0, 1\]; received nan", {"alpha": float("nan")}),
        ("sigmoid_focal", r"alpha must be in \[0, 1\]; received -0.5 at index \(1,\)", {"alpha": [0.5, -0.5, 0.5]}),
        ("sigmoid_focal", r"pos_weight must be in \[0, ∞\); received -1.0", {"pos_weight": -1}),
        ("softmax_focal", r"alpha must be in \[0, ∞\); received -1.0", {"alpha": -1}),
        ("cross_entropy", r"class_weight must be in \[0, ∞\); received -1.0 at index \(2,\)", {"class_weight": [1, 1, -1]}),
        ("softmax_focal", r"normalizer must be in \(0, ∞\); received 0.0 at index \(1,\)", {"normalizer": [1, 0, 1, 1]}),
    ],
)
def test_weights_out_of_range(framework: Framework, loss: str, match: str, options: dict[str, Any]) -> None:
    fails(framework, LOSSES[loss], ValueError, match, **options)


@pytest.mark.parametrize(
    ("loss", "option"),
    [("sigmoid_focal", "alpha"), ("sigmoid_focal", "pos_weight"), ("softmax_focal", "alpha"), ("cross_entropy", "class_weight")],
)
@pytest.mark.parametrize("shape", [(2,), (1,), (4,), (2, 3), (4, 3, 1)], ids=str)
def test_class_vectors_that_do_not_fit(framework: Framework, loss: str, option: str, shape: tuple[int, ...]) -> None:
    match = rf"{option} must be a number, have one value for each class.*\(4, 3\); received shape"
    fails(framework, LOSSES[loss], ValueError, match, **{option: np.full(shape, 0.5)})


@by_name(SOFTMAX)
def test_ignore_index_needs_class_indices_for_softmax(framework: Framework, loss: Any) -> None:
    fails(framework, loss, ValueError, "ignore_index requires class indices", targets=LABELS, ignore_index=0)


@pytest.mark.parametrize("option", ["alpha", "normalizer", "pos_weight", "sample_weight"])
@pytest.mark.parametrize("value", ["balanced", True], ids=repr)
def test_a_weight_may_be_a_number(option: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{option} must be a number, a dense tensor .*received {type(value).__name__}"):
        unifocal.sigmoid_focal_loss(X, LABELS, **{option: value})


def test_alpha_is_turned_off_by_none() -> None:
    with pytest.raises(ValueError, match=r"alpha must be in \[0, 1\]; received -1. To turn it off, pass alpha=None"):
        unifocal.sigmoid_focal_loss(X, LABELS, alpha=-1)


@by_name(SOFTMAX)
@pytest.mark.parametrize("index", [255, -100, -1])
def test_an_index_that_may_mark_what_is_ignored(loss: Any, index: int) -> None:
    with pytest.raises(ValueError, match=rf"received {index} at .* If {index} marks .*pass ignore_index={index}"):
        loss(X, [0, index, 1, 2])


@by_name(LOSSES)
@pytest.mark.parametrize(
    ("shape", "axis", "way_out"),
    [
        ((2, 8, 8), -1, r"without axis -1 \(class indices\); received \(2, 8, 8\)\. With axis=1 they fit"),
        ((2, 4, 8), 1, r"without axis 1 \(class indices\); received \(2, 4, 8\)\. With axis=2 they fit"),
        ((2, 1, 8, 8), 1, r"received \(2, 1, 8, 8\)\. Reshape them to \(2, 8, 8\), if they are class indices"),
        ((2, 1, 8, 8), -1, r"Reshape them to \(2, 8, 8\) and pass axis=1, if they are class indices"),
        ((2, 8, 4, 8), 1, r"received \(2, 8, 4, 8\)\. Reshape one of them"),
        ((2, 3, 8), 1, r"received \(2, 3, 8\)\.$"),
    ],
    ids=str,
)
def test_shapes_that_nearly_fit_have_a_way_out(loss: Any, shape: tuple[int, ...], axis: int, way_out: str) -> None:
    with pytest.raises(ValueError, match=way_out):
        loss(np.zeros((2, 4, 8, 8)), np.zeros(shape, np.int64), axis=axis)


@by_name(SOFTMAX)
def test_softmax_of_one_class_is_refused(framework: Framework, loss: Any) -> None:
    fails(framework, loss, ValueError, r"softmax over one class .*sigmoid losses", x=np.zeros((4, 1)), targets=np.zeros((4, 1)))


def test_backend_names() -> None:
    with pytest.raises(ValueError, match=r"backend must be one of numpy, torch.*received 'caffe'"):
        backend_named("caffe")


def test_missing_framework_is_named() -> None:
    code = """
import sys
sys.modules["torch"] = None  # an import of it fails
from unifocal.dispatch import backend_named
try:
    backend_named("torch")
except ValueError as error:
    print(error)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "The torch backend requires torch, which does not import" in answer
    assert "pip install 'unifocal[torch]'" in answer


class Pretender:
    describe = "a loss"


@pytest.mark.parametrize("function", [lambda x, t: x, np.mean, None, partial(np.mean), Pretender()], ids=lambda f: type(f).__name__)
def test_value_and_grad_takes_losses_only(function: Any) -> None:
    with pytest.raises(TypeError, match="value_and_grad takes one of unifocal's losses"):
        unifocal.value_and_grad(function)
