"""What type checkers know of results: they have the predictions' type.

mypy checks these lines, of this file as of all; and once more for the built wheel, where it looks into PyTorch too.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import isclass, signature
from typing import TYPE_CHECKING, Any, TypeVar, assert_type

import numpy as np
import numpy.typing as npt
import pytest

import unifocal
from unifocal.dialects import (
    dialect_names,
    functions_of,
    keras,
    keras2,
    kornia,
    mmdet,
    optax,
    paddle,
    paddledet,
    tf,
    tfa,
    torch,
    torchvision,
)

if TYPE_CHECKING:
    from torch import Tensor

Floats = npt.NDArray[np.float64]


class Own:
    """Of a library that nobody knows."""


T = TypeVar("T", Floats, "Tensor", Own)  # mypy checks a function of such a variable once for each
Labels = npt.NDArray[Any]


def canonical_results(x: T, labels: Labels, indices: Labels) -> None:
    assert_type(unifocal.sigmoid_focal_loss(x, [0], reduction="none"), T)
    assert_type(unifocal.softmax_focal_loss(predictions=x, targets=[0], reduction="none"), T)
    assert_type(unifocal.binary_cross_entropy(x, labels, reduction="none"), T)
    assert_type(unifocal.cross_entropy(x, indices, class_weight=[1, 2], reduction="none"), T)
    assert_type(unifocal.value_and_grad(unifocal.cross_entropy)(x, [0], reduction="none"), tuple[T, T])
    assert_type(unifocal.value_grad_and_hessian(unifocal.cross_entropy, hessian="held")(x, [0], reduction="none"), tuple[T, T, T])


def dialects_results(x: T, labels: Labels, indices: Labels) -> None:
    assert_type(keras.binary_crossentropy(labels, x, True), T)
    assert_type(keras2.sparse_categorical_crossentropy(indices, y_pred=x, from_logits=True), T)
    assert_type(kornia.binary_focal_loss_with_logits(x, labels, pos_weight=None), T)
    assert_type(mmdet.sigmoid_focal_loss(x, indices, 2.0, 0.25, None, "none"), T)
    assert_type(optax.sigmoid_focal_loss(x, labels=labels, alpha=0.25), T)
    assert_type(optax.smooth_labels(x, 0.1), T)
    assert_type(paddle.cross_entropy(input=x, label=indices, reduction="none"), T)
    assert_type(paddle.label_smooth(x), T)
    assert_type(paddle.softmax_with_cross_entropy(x, label=indices[:, None]), T | Any)  # with return_softmax it is a pair
    assert_type(paddledet.FocalLoss()(x, indices), T)
    assert_type(tf.sigmoid_cross_entropy_with_logits(logits=x, labels=labels), T)
    assert_type(tfa.sigmoid_focal_crossentropy(y_pred=x, y_true=labels, from_logits=True), T)
    assert_type(torch.cross_entropy(x, indices, reduction="none"), T)
    assert_type(torchvision.sigmoid_focal_loss(x, labels), T)


def objects_results(x: T, labels: Labels, indices: Labels) -> None:
    assert_type(keras.BinaryFocalCrossentropy(from_logits=True, reduction=None)(labels, x), T)
    assert_type(keras.SparseCategoricalCrossentropy(from_logits=True)(y_pred=x, y_true=indices, sample_weight=None), T)
    assert_type(keras2.CategoricalCrossentropy(from_logits=True, reduction="none")(labels, y_pred=x), T)
    assert_type(kornia.FocalLoss(alpha=0.25)(pred=x, target=indices), T)
    assert_type(mmdet.FocalLoss()(x, indices, avg_factor=1.0), T)
    assert_type(tfa.SigmoidFocalCrossEntropy(from_logits=True)(labels, x), T)


def values_and_gradients(x: T, labels: Labels, indices: Labels) -> None:
    assert_type(unifocal.value_and_grad(tf.softmax_cross_entropy_with_logits)(labels, logits=x), tuple[T, T])
    assert_type(unifocal.value_and_grad(torch.nll_loss)(x, target=indices, reduction="none"), tuple[T, T])
    assert_type(unifocal.value_and_grad(keras.CategoricalCrossentropy(from_logits=True))(labels, y_pred=x), tuple[T, T])


@pytest.mark.parametrize("calls", [canonical_results, dialects_results, objects_results, values_and_gradients])
def test_results_have_the_type_of_the_predictions(calls: Callable[[Floats, Labels, Labels], None]) -> None:
    calls(np.zeros((1, 2)), np.array([[1.0, 0.0]]), np.array([0]))


def test_wrong_names_of_arguments_are_errors() -> None:
    """Of mypy too, which says so of an ignored error that is none."""
    x, labels = np.zeros((1, 2)), np.array([[1.0, 0.0]])
    with pytest.raises(TypeError):
        unifocal.cross_entropy(x, [0], weight=None)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        keras.binary_crossentropy(labels, y_prediction=x)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        mmdet.sigmoid_focal_loss(x, target=labels)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        keras.BinaryCrossentropy()(labels, x, weight=None)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        unifocal.value_and_grad(torch.cross_entropy)(x, labels, weights=None)  # type: ignore[call-arg]


@pytest.mark.parametrize("dialect", dialect_names())
def test_every_signature_says_so(dialect: str) -> None:
    for name, function in functions_of(dialect).items():
        shown = signature(function.__call__ if isclass(function) else function)
        carrying = [parameter.name for parameter in shown.parameters.values() if parameter.annotation in ("Tensor", "Tensor | None")]
        describe = getattr(function, "describe", None)
        assert carrying == (["labels" if dialect == "optax" else "label"] if describe is None else [describe.predictions_at[1]]), name
        expected = "Tensor | tuple[Tensor, Tensor]" if name == "softmax_with_cross_entropy" else "Tensor"
        assert shown.return_annotation == expected, name
