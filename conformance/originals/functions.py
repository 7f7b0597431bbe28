"""The frameworks' own functions that the documented examples call, for value and gradient by the framework's own autodiff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from unifocal.arrays import Array

from ..calls.case import Part
from ..frameworks import Framework, Function
from .documented import Example

DTYPE = "float32"
"""What originals run in: the format that documents print."""


@dataclass(frozen=True)
class OriginalFunction:
    """A function of a framework, and the examples that it is the original of.

    ``bind`` gives the function of an example's predictions.  ``differs`` says why the gradient is another one by convention, if it is.
    """

    name: str
    framework: str
    examples: tuple[str, ...]
    bind: Callable[[Framework, Example], Function]
    differs: str = ""

    def comparable(self, part: Part) -> bool:
        """Whether this part of the result is meant to be unifocal's."""
        return part == "value" or not self.differs


def original_functions(framework: str) -> tuple[OriginalFunction, ...]:
    """The originals that run in this framework."""
    return tuple(original for original in ORIGINAL_FUNCTIONS if original.framework == framework)


def _floats(framework: Framework, values: Any) -> Array | None:
    return None if values is None else framework.tensor(values, DTYPE)


def _stable_form(framework: Framework, example: Example) -> Function:
    z = _floats(framework, example.targets)
    return lambda x: np.maximum(x, 0) - x * z + np.log1p(np.exp(-np.abs(x)))


def _paddle_focal(framework: Framework, example: Example) -> Function:
    focal = import_module("paddle.nn.functional").sigmoid_focal_loss
    labels, normalizer = _floats(framework, example.targets), _floats(framework, example.options.get("normalizer"))
    return lambda logit: focal(logit, labels, normalizer=normalizer, reduction=example.options["reduction"])


def _paddledet(framework: Framework, example: Example) -> Function:
    # ppdet's FocalLoss.forward, line for line; the package itself does not install beside current frameworks.
    functional = import_module("paddle.nn.functional")
    target = functional.one_hot(framework.tensor(example.targets), example.predictions.shape[1] + 1).cast(DTYPE)
    target = target[:, :-1].detach()
    return lambda pred: functional.sigmoid_focal_loss(pred, target, alpha=0.25, gamma=2.0, reduction="none")


def _paddle_binary(framework: Framework, example: Example) -> Function:
    loss = import_module("paddle.nn.functional").binary_cross_entropy_with_logits
    labels = _floats(framework, example.targets)
    return lambda logit: loss(logit, labels, reduction=example.options["reduction"])


def _torch_binary(framework: Framework, example: Example) -> Function:
    loss = import_module("torch.nn.functional").binary_cross_entropy_with_logits
    target = _floats(framework, example.targets)
    return lambda input: loss(input, target, reduction=example.options["reduction"])


def _torch_categorical(framework: Framework, example: Example) -> Function:
    loss = import_module("torch.nn.functional").cross_entropy
    target = framework.tensor(example.targets) if example.targets.ndim == 1 else _floats(framework, example.targets)
    smoothing = example.options.get("label_smoothing", 0.0)
    return lambda input: loss(input, target, reduction=example.options["reduction"], label_smoothing=smoothing)


def _tf_sigmoid(framework: Framework, example: Example) -> Function:
    loss = import_module("tensorflow").nn.sigmoid_cross_entropy_with_logits
    labels = _floats(framework, example.targets)
    return lambda logits: loss(labels=labels, logits=logits)


_KERAS_REDUCTIONS = {"none": None, "sum": "sum", "mean": "sum_over_batch_size", "weighted_mean": "mean_with_sample_weight"}


def _keras(name: str, *own: str, **fixed: Any) -> Callable[[Framework, Example], Function]:
    """A class of keras.losses; it takes these of the example's options, under the same names."""

    def bind(framework: Framework, example: Example) -> Function:
        options = {key: example.options[key] for key in own if key in example.options}
        reduction = _KERAS_REDUCTIONS[example.options["reduction"]]
        loss = getattr(import_module("keras").losses, name)(reduction=reduction, **options, **fixed)
        weight = _floats(framework, example.options.get("sample_weight"))
        target = framework.tensor(example.targets)
        return lambda y_pred: loss(target, y_pred, sample_weight=weight)

    return bind


_RENORMALISED = "Keras divides probabilities by their sum, and its gradient goes through that"

ORIGINAL_FUNCTIONS = (
    OriginalFunction("max(x, 0) - x·z + log1p(exp(-|x|))", "numpy", ("sigmoid CE", "sigmoid CE, stable form"), _stable_form),
    OriginalFunction(
        "torch.nn.functional.binary_cross_entropy_with_logits",
        "torch",
        ("binary CE, logits", "sigmoid CE", "sigmoid CE, stable form"),
        _torch_binary,
    ),
    OriginalFunction(
        "torch.nn.functional.cross_entropy",
        "torch",
        ("categorical smoothing 0.1", "smoothing's optimum", "gradient is p - y"),
        _torch_categorical,
    ),
    OriginalFunction(
        "paddle.nn.functional.sigmoid_focal_loss",
        "paddle",
        ("paddle focal", "paddle focal / [12]", "paddle focal / [12, 12, 12]", "paddle focal / positives", "paddledet one-hot"),
        _paddle_focal,
    ),
    OriginalFunction("ppdet FocalLoss", "paddle", ("paddledet background index",), _paddledet),
    OriginalFunction(
        "paddle.nn.functional.binary_cross_entropy_with_logits",
        "paddle",
        ("sigmoid CE, stable form",),
        _paddle_binary,
    ),
    OriginalFunction(
        "keras.losses.CategoricalFocalCrossentropy",
        "tensorflow",
        ("categorical focal", "categorical focal, mean"),
        _keras("CategoricalFocalCrossentropy", "alpha", "gamma"),
        _RENORMALISED,
    ),
    OriginalFunction("keras.losses.BinaryCrossentropy", "tensorflow", ("binary CE, clipped",), _keras("BinaryCrossentropy")),
    OriginalFunction(
        "keras.losses.BinaryCrossentropy(from_logits)",
        "tensorflow",
        ("binary CE, logits", "binary smoothing 0.2"),
        _keras("BinaryCrossentropy", "label_smoothing", from_logits=True),
    ),
    OriginalFunction(
        "keras.losses.CategoricalCrossentropy",
        "tensorflow",
        ("categorical CE", "categorical CE, mean", "categorical CE, weighted", "categorical CE, weighted mean"),
        _keras("CategoricalCrossentropy"),
        _RENORMALISED,
    ),
    OriginalFunction(
        "keras.losses.SparseCategoricalCrossentropy",
        "tensorflow",
        ("sparse CE", "sparse CE, weighted"),
        _keras("SparseCategoricalCrossentropy"),
        "Keras on TensorFlow takes the softmax of the probabilities' logarithms, and its gradient goes through that",
    ),
    OriginalFunction(
        "keras.losses.CategoricalCrossentropy(from_logits)",
        "tensorflow",
        ("categorical smoothing 0.1", "smoothing's optimum"),
        _keras("CategoricalCrossentropy", "label_smoothing", from_logits=True),
    ),
    OriginalFunction(
        "keras.losses.SparseCategoricalCrossentropy(from_logits)",
        "tensorflow",
        ("gradient is p - y",),
        _keras("SparseCategoricalCrossentropy", from_logits=True),
    ),
    OriginalFunction("tf.nn.sigmoid_cross_entropy_with_logits", "tensorflow", ("sigmoid CE", "sigmoid CE, stable form"), _tf_sigmoid),
)
