"""Losses as ``keras.losses.Loss``, for ``model.compile`` on Keras's TensorFlow, JAX and PyTorch backends; saved with the model.

As Keras's own they are called with labels first, give one loss a sample, a mean over the class axis for binary losses, and leave sample
weights, masks and the reduction to Keras.  With an ``ignore_index`` for element-wise labels the loss stays element by element.

>>> import numpy as np
>>> from unifocal.nn.keras import SigmoidFocalLoss
>>> focal = SigmoidFocalLoss(gamma=1.5, alpha=0.25)
>>> round(float(focal(np.array([[1.0, 0.0]], "float32"), np.zeros((1, 2), "float32"))), 6)
0.122532
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import isclass, signature
from typing import Any, ClassVar

import keras

import unifocal

from ..dialects import dialect_names, full_name, function_named, functions_of
from ..dispatch import backend_of
from ..evaluate import evaluate
from ..explain import LABELS
from ..loss import Description
from ..operands import type_name
from ..protocol import Array
from ..spec import Spec
from .options import check_canonical, described, taken_apart

_Loss: Any = keras.losses.Loss
_registered: Callable[[type], type] = keras.saving.register_keras_serializable(package="unifocal")


class _PerSample(_Loss):
    """What gives Keras one loss a sample."""

    def __init__(self, reduction: str | None, name: str | None, dtype: Any, options: dict[str, Any]) -> None:
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self.options = {key: _plain(option) for key, option in options.items()}

    def described(self, y_true: Array, y_pred: Array) -> Description:
        """The spec and the operands of the loss."""
        raise NotImplementedError

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of each sample; of each element where element-wise labels are ignored."""
        spec, operands = self.described(y_true, y_pred)
        values = evaluate(replace(spec, reduction="none"), operands)
        by_element = _ignores(spec) and len(operands.targets.shape) == len(y_pred.shape)
        if len(values.shape) < len(y_pred.shape) or by_element:
            return values
        return keras.ops.mean(values, axis=spec.axis)

    def __call__(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> Array:
        """The weighted and reduced loss; what is ignored counts in no mean."""
        y_true, y_pred = (keras.ops.convert_to_tensor(tensor, dtype=self.dtype) for tensor in (y_true, y_pred))
        spec, operands = self.described(y_true, y_pred)
        if _ignores(spec):
            valid = keras.ops.cast(keras.ops.not_equal(operands.targets, spec.ignore_index), self.dtype)
            counted = keras.ops.maximum(keras.ops.sum(valid), 1)
            if sample_weight is not None:
                weight = keras.ops.convert_to_tensor(sample_weight, dtype=self.dtype)
                valid = valid * (keras.ops.expand_dims(weight, -1) if len(weight.shape) == len(valid.shape) - 1 else weight)
            averages = self.reduction in ("mean", "sum_over_batch_size")
            sample_weight = valid * (keras.ops.cast(keras.ops.size(valid), self.dtype) / counted) if averages else valid
        return super().__call__(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """What makes an equal loss."""
        return {**super().get_config(), **self.options}


def _ignores(spec: Spec) -> bool:
    return spec.ignore_index is not None and not spec.count_ignored


def _plain(option: Any) -> Any:
    """An option as what a configuration can hold: tensors as lists."""
    return keras.ops.convert_to_numpy(option).tolist() if backend_of(option) is not None else option


@_registered
class Loss(_PerSample):
    """A loss of a dialect with options: its function or class, or the name of one, such as ``"paddle.sigmoid_focal_loss"``.

    The reduction is Keras's, of one loss a sample: a mean is over the samples, whatever class weights are.  A loss that keeps the class
    axis is averaged over it.

    Raises
    ------
    TypeError, ValueError
        If there is no such function, or it has no such option.
    """

    def __init__(
        self,
        function: str | Callable[..., Any],
        *,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        self.function = full_name(function) if isinstance(function, str) else _name_of(function)
        found = function_named(self.function)
        self._loss, options = taken_apart(found, options)
        super().__init__(reduction, name, dtype, options)
        describe = found(**self.options).describe if isclass(found) else found.describe  # type: ignore[attr-defined]
        self._labels_first = next(iter(signature(describe).parameters)) in LABELS

    def described(self, y_true: Array, y_pred: Array) -> Description:
        """The spec and the operands of the loss."""
        y_true = _indices(y_true, y_pred, self.options.get("axis", -1))
        pair = (y_true, y_pred) if self._labels_first else (y_pred, y_true)
        return described(self._loss, self.options, pair)

    def get_config(self) -> dict[str, Any]:
        """What makes an equal loss."""
        return {"function": self.function, **super().get_config()}


def _name_of(function: Callable[..., Any]) -> str:
    dialect = getattr(function, "__module__", "").rpartition(".")[2]
    name = getattr(function, "__name__", "")
    if dialect not in dialect_names() or functions_of(dialect).get(name) is not function:
        raise TypeError(f"A loss is made of a dialect's function or class; received {type_name(function)}.")
    return f"{dialect}.{name}"


class _Canonical(_PerSample):
    loss: ClassVar[Any]

    def __init__(
        self, *, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: Any = None, **options: Any
    ) -> None:
        super().__init__(reduction, name, dtype, options)
        check_canonical(type(self).__name__, type(self).loss, self.options)

    def described(self, y_true: Array, y_pred: Array) -> Description:
        """The spec and the operands of the loss."""
        description: Description = type(self).loss.describe(y_pred, _indices(y_true, y_pred, self.options.get("axis", -1)), **self.options)
        return description


def _indices(y_true: Array, y_pred: Array, axis: int) -> Array:
    """Labels, as integers if they are class indices, which Keras has made floating."""
    rank = len(y_pred.shape)
    if len(y_true.shape) == rank and y_true.shape[axis] == 1 and y_pred.shape[axis] != 1:
        y_true = keras.ops.squeeze(y_true, axis=axis)
    if len(y_true.shape) != rank - 1:
        return y_true
    return keras.ops.cast(y_true, "int32" if keras.backend.backend() == "jax" else "int64")


@_registered
class SigmoidFocalLoss(_Canonical):
    """:func:`unifocal.sigmoid_focal_loss`, of Keras's ``reduction``, ``name`` and ``dtype``."""

    loss = staticmethod(unifocal.sigmoid_focal_loss)


@_registered
class SoftmaxFocalLoss(_Canonical):
    """:func:`unifocal.softmax_focal_loss`, of Keras's ``reduction``, ``name`` and ``dtype``."""

    loss = staticmethod(unifocal.softmax_focal_loss)


@_registered
class BinaryCrossEntropy(_Canonical):
    """:func:`unifocal.binary_cross_entropy`, of Keras's ``reduction``, ``name`` and ``dtype``."""

    loss = staticmethod(unifocal.binary_cross_entropy)


@_registered
class CrossEntropy(_Canonical):
    """:func:`unifocal.cross_entropy`, of Keras's ``reduction``, ``name`` and ``dtype``."""

    loss = staticmethod(unifocal.cross_entropy)
