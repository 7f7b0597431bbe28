"""What gives Keras one loss a sample, and leaves weights, masks and the reduction to Keras."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import Parameter
from typing import Any

import keras
import numpy as np

try:
    from keras.src.backend.common.masking import get_keras_mask  # JAX's arrays take no attribute, and Keras keeps their masks
except ImportError:

    def get_keras_mask(x: Any) -> Any:
        """The mask of a tensor, in a Keras that keeps it there."""
        return getattr(x, "_keras_mask", None)


from ..arrays import Array, type_name
from ..dialects.ranks import same_rank
from ..dispatch import backend_of
from ..keras_caller import keras_wrapper
from ..loss import Description
from .options import shown
from .samples import Samples, description, samples

KerasLoss: Any = keras.losses.Loss
_AVERAGES = ("mean", "sum_over_batch_size")
OF_KERAS = ("name", "reduction", "dtype")


class _Reduced(KerasLoss):
    """Keras's own weighting and reduction of losses that are given."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The losses."""
        return y_pred


class PerSample(KerasLoss):
    """What gives Keras one loss a sample."""

    def __init__(
        self, function: Any, known: Iterable[Parameter], reduction: str | None, name: str, dtype: Any, options: Mapping[str, Any]
    ) -> None:
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self._function, self._own_dtype = function, None if dtype is None else self.dtype
        self.options = {key: plain(option) for key, option in options.items()}
        self._known = {option.name: option.default for option in known if option.name not in OF_KERAS}

    def described(self, y_true: Array, y_pred: Array) -> Description:
        """The convention and the operands of the loss."""
        return description(self._function, self.options, y_true, y_pred)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of each sample; of each element where element-wise labels are ignored."""
        return self._samples(y_true, y_pred).values

    def __call__(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> Array:
        """The weighted and reduced loss; what is ignored or masked counts in no mean."""
        if keras_wrapper() == "metric":  # which weighs and averages
            y_pred = keras.ops.convert_to_tensor(y_pred, dtype=self.dtype)
            values, counted, _, _ = samples(*self.described(_labels(y_true), y_pred))
            if counted is not None:
                raise TypeError(f"Keras would count ignored targets in its mean. Use unifocal.nn.keras.Metric({self!r}).")
            return values
        values, weight = self.weighted(y_true, y_pred, sample_weight, self.reduction in _AVERAGES)
        return _Reduced(name=self.name, reduction=self.reduction, dtype=self.dtype)(values, values, weight)

    def weighted(self, y_true: Array, y_pred: Array, sample_weight: Array | None, averaged: bool) -> tuple[Array, Array | None]:
        """The losses and their weights: 0 for those that do not count; the others are scaled if a mean is over all of them."""
        values, counted, by_element, axis = self._samples(y_true, y_pred)
        weight = None if sample_weight is None else keras.ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        if weight is not None and by_element and len(weight.shape) == len(values.shape) - 1:
            weight = keras.ops.expand_dims(weight, axis)
        if counted is None:
            return values, weight
        kept = keras.ops.cast(counted, "float32")
        if averaged:
            kept = kept * (keras.ops.cast(keras.ops.size(kept), "float32") / keras.ops.maximum(keras.ops.sum(kept), 1))
        kept = keras.ops.cast(kept, self.dtype)
        if weight is None:
            return values, kept
        kept, weight = same_rank(kept, weight)
        return values, kept * weight

    def _samples(self, y_true: Array, y_pred: Array) -> Samples:
        mask = get_keras_mask(y_pred)  # before a cast, which would drop it
        y_pred = keras.ops.convert_to_tensor(y_pred, dtype=self.dtype)
        return samples(*self.described(_labels(y_true), y_pred), None if mask is None else keras.ops.cast(mask, "bool"))

    def __getattr__(self, name: str) -> Any:
        """An option of the loss, given or by default."""
        known = self.__dict__.get("_known", {})
        if name in known:
            return self.__dict__["options"].get(name, known[name])
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to change an option, which a compiled training step would not notice."""
        if name in self.__dict__.get("_known", {}):
            raise AttributeError(
                f"{name} of a {type(self).__name__} is fixed when it is made; make another one, and compile the model with it."
            )
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        """The options that were given, and those in which Keras differs."""
        options = {**self.options}
        if "from_logits" in self._known:
            options.setdefault("from_logits", self._known["from_logits"])
        return f"{type(self).__name__}({', '.join([*self._shown_first(), shown({**options, 'reduction': self.reduction})])})"

    def _shown_first(self) -> list[str]:
        return []

    def get_config(self) -> dict[str, Any]:
        """What makes an equal loss."""
        return {**super().get_config(), "dtype": self._own_dtype, **self.options}


def _labels(y_true: Any) -> Array:
    """Labels as a tensor in their own dtype: that of the loss may not hold class indices."""
    if not hasattr(y_true, "dtype"):
        try:
            y_true = np.asarray(y_true)
        except ValueError as error:
            raise TypeError(
                f"y_true must be a tensor, an array or lists of a rectangular shape; received {type_name(y_true)}: {error}"
            ) from error
    y_true = keras.ops.convert_to_tensor(y_true)
    if backend_of(y_true) is None:
        raise TypeError(f"y_true must be a dense tensor; received {type_name(y_true)}.")
    return y_true


def plain(option: Any) -> Any:
    """An option as what a configuration can hold: tensors as lists."""
    return keras.ops.convert_to_numpy(option).tolist() if backend_of(option) is not None else option
