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
from inspect import signature
from typing import Any, ClassVar

import keras
import numpy as np

import unifocal

from ..dialects import dialect_names, functions_of
from ..explain import LABELS
from ..operands import type_name
from ..protocol import Array
from .options import canonical_options, function_options

_Loss: Any = keras.losses.Loss
_registered: Callable[[type], type] = keras.saving.register_keras_serializable(package="unifocal")


class _PerSample(_Loss):
    """What gives Keras one loss a sample, with a mask where labels are ignored."""

    def __init__(self, reduction: str | None, name: str | None, dtype: Any, options: dict[str, Any]) -> None:
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self.options = {key: option.tolist() if isinstance(option, np.ndarray) else option for key, option in options.items()}

    def get_config(self) -> dict[str, Any]:
        """What makes an equal loss."""
        return {**super().get_config(), **self.options}


@_registered
class Loss(_PerSample):
    """A loss of a dialect, by its function or its name, such as ``"paddle.sigmoid_focal_loss"``, with options; unreduced.

    A loss that keeps the class axis is averaged over it.

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
        self.function = function if isinstance(function, str) else _name_of(function)
        dialect, _, loss = self.function.rpartition(".")
        found = functions_of(dialect).get(loss)
        if found is None:
            raise ValueError(f"{dialect} has no {loss!r}; it has {', '.join(functions_of(dialect))}.")
        super().__init__(reduction, name, dtype, function_options(found, options))
        self._call, parameters = found, signature(found).parameters
        self._unreduced = {"reduction": "none"} if "reduction" in parameters else {}
        self._labels_first = next(iter(parameters)) in LABELS

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of each sample."""
        y_true, _ = _indices(y_true, y_pred, -1)
        pair = (y_true, y_pred) if self._labels_first else (y_pred, y_true)
        values = self._call(*pair, **self.options, **self._unreduced)
        return keras.ops.mean(values, axis=-1) if len(values.shape) == len(y_pred.shape) else values

    def get_config(self) -> dict[str, Any]:
        """What makes an equal loss."""
        return {"function": self.function, **super().get_config()}


def _name_of(function: Callable[..., Any]) -> str:
    dialect = getattr(function, "__module__", "").rpartition(".")[2]
    name = getattr(function, "__name__", "")
    if dialect not in dialect_names() or functions_of(dialect).get(name) is not function:
        raise TypeError(f"A loss is made of a dialect's function; received {type_name(function)}.")
    return f"{dialect}.{name}"


class _Canonical(_PerSample):
    loss: ClassVar[Any]

    def __init__(
        self, *, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: Any = None, **options: Any
    ) -> None:
        super().__init__(reduction, name, dtype, options)
        canonical_options(type(self).__name__, type(self).loss, self.options)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of each sample."""
        axis, ignored = self.options.get("axis", -1), self.options.get("ignore_index")
        y_true, by_index = _indices(y_true, y_pred, axis)
        values = type(self).loss(y_pred, y_true, reduction="none", **self.options)
        keeps_axis = len(values.shape) == len(y_pred.shape)
        if keeps_axis and (ignored is None or by_index):
            values = keras.ops.mean(values, axis=axis)
        if ignored is not None:
            values._keras_mask = keras.ops.not_equal(y_true, ignored)  # Keras then leaves these out of means
        return values


def _indices(y_true: Array, y_pred: Array, axis: int) -> tuple[Array, bool]:
    """Labels as integers if they are class indices, which Keras has made floating; and whether they are."""
    rank = len(y_pred.shape)
    if len(y_true.shape) == rank and y_true.shape[axis] == 1 and y_pred.shape[axis] != 1:
        y_true = keras.ops.squeeze(y_true, axis=axis)
    if len(y_true.shape) != rank - 1:
        return y_true, False
    return keras.ops.cast(y_true, "int32" if keras.backend.backend() == "jax" else "int64"), True


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
