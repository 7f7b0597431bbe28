"""Losses as ``keras.losses.Loss``, for ``model.compile`` on Keras's TensorFlow, JAX and PyTorch backends; saved with the model.

As Keras's own they are called with labels first, give one loss a sample, a mean over the class axis for binary losses, and leave sample
weights, masks and the reduction to Keras.  Labels may have the shapes that Keras's own losses take, (N,) beside outputs (N, 1) for one.

Predictions are **logits** unless ``from_logits=False``; Keras's own losses take probabilities unless ``from_logits=True``.  After
``Dense(1, activation="sigmoid")`` write ``from_logits=False``, or drop the activation.

What is ignored (``ignore_index``) or masked counts in no mean; where element-wise labels are ignored the loss stays element by element.
:class:`Metric` is the mean of such a loss over batches.

``keras.saving.load_model`` finds these losses after ``import unifocal.nn.keras``, which the process that loads a model has to do itself;
without it Keras says "Could not locate class".

>>> import numpy as np
>>> from unifocal.nn.keras import SigmoidFocalLoss
>>> focal = SigmoidFocalLoss(gamma=1.5, alpha=0.25)
>>> focal
SigmoidFocalLoss(gamma=1.5, alpha=0.25, from_logits=True, reduction='sum_over_batch_size')
>>> round(float(focal(np.array([[1.0, 0.0]], "float32"), np.zeros((1, 2), "float32"))), 6)
0.122532
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, isclass, signature
from re import sub
from typing import Any, ClassVar

import keras
import numpy as np

import unifocal

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
from ..loss import Description, LossObject
from .named import every_loss, full_name, loss_named, name_of
from .options import check_canonical, options_signature, shown, taken_apart
from .samples import Samples, description, samples

_KerasLoss: Any = keras.losses.Loss
_KerasMean: Any = keras.metrics.Mean
_registered: Callable[[type], type] = keras.saving.register_keras_serializable(package="unifocal")
_AVERAGES = ("mean", "sum_over_batch_size")
_OF_KERAS = ("name", "reduction", "dtype")


class _Reduced(_KerasLoss):
    """Keras's own weighting and reduction of losses that are given."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The losses."""
        return y_pred


class _PerSample(_KerasLoss):
    """What gives Keras one loss a sample."""

    def __init__(
        self, function: Any, known: Iterable[Parameter], reduction: str | None, name: str, dtype: Any, options: Mapping[str, Any]
    ) -> None:
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self._function, self._own_dtype = function, None if dtype is None else self.dtype
        self.options = {key: _plain(option) for key, option in options.items()}
        self._known = {option.name: option.default for option in known if option.name not in _OF_KERAS}

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


def _plain(option: Any) -> Any:
    """An option as what a configuration can hold: tensors as lists."""
    return keras.ops.convert_to_numpy(option).tolist() if backend_of(option) is not None else option


@_registered
class Loss(_PerSample):
    """A loss of unifocal's with options: a function or class of a dialect, or the name of one, such as ``"paddle.sigmoid_focal_loss"``.

    Options are those of the function, with its defaults: whether predictions are logits (``from_logits``), for one.  The reduction is
    Keras's, of one loss a sample: a mean is over the samples, whatever class weights are.  A loss that keeps the class axis is averaged
    over it.  An object of a dialect's class gives its options, its reduction and its name too.

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
        self.function = full_name(function) if isinstance(function, str) else name_of(function)
        found = loss_named(self.function)
        _, options = taken_apart(function if isinstance(function, LossObject) else found, options)
        if isinstance(function, LossObject):
            given = {key: options.pop(key) for key in _OF_KERAS if key in options}
            name, dtype, reduction = name or given.get("name"), dtype or given.get("dtype"), given.get("reduction", reduction)
            reduction = "sum_over_batch_size" if reduction == "auto" else reduction
        known = list(signature(found).parameters.values())[0 if isclass(found) else 2 :]
        if isclass(found):
            found(**options)  # what is wrong with the options shows now
        super().__init__(found, known, reduction, name or _snake_case(found.__name__), dtype, options)

    def _shown_first(self) -> list[str]:
        return [repr(self.function)]

    def get_config(self) -> dict[str, Any]:
        """What makes an equal loss."""
        return {"function": self.function, **super().get_config()}


class _Canonical(_PerSample):
    loss: ClassVar[Any]

    def __init__(
        self, *, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: Any = None, **options: Any
    ) -> None:
        loss = type(self).loss
        options = {key: _plain(option) for key, option in options.items()}
        check_canonical(type(self).__name__, loss, options)
        known = options_signature(loss).parameters.values()
        super().__init__(loss, known, reduction, name or loss.__name__, dtype, options)


@_registered
class SigmoidFocalLoss(_Canonical):
    """:func:`unifocal.sigmoid_focal_loss` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Parameters
    ----------
    reduction, name, dtype : of every loss of Keras's
    **options : of the function; ``from_logits`` is True unless given, unlike Keras's
    """

    loss = staticmethod(unifocal.sigmoid_focal_loss)


@_registered
class SoftmaxFocalLoss(_Canonical):
    """:func:`unifocal.softmax_focal_loss` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Labels are class indices, or one-hot or soft.  Parameters as in :class:`SigmoidFocalLoss`.
    """

    loss = staticmethod(unifocal.softmax_focal_loss)


@_registered
class BinaryCrossEntropy(_Canonical):
    """:func:`unifocal.binary_cross_entropy` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Parameters as in :class:`SigmoidFocalLoss`.
    """

    loss = staticmethod(unifocal.binary_cross_entropy)


@_registered
class CrossEntropy(_Canonical):
    """:func:`unifocal.cross_entropy` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Labels are class indices, or one-hot or soft.  Parameters as in :class:`SigmoidFocalLoss`.
    """

    loss = staticmethod(unifocal.cross_entropy)


@_registered
class Metric(_KerasMean):
    """The mean of a loss over all samples seen, by their weights; what is masked or ignored does not count.

    Parameters
    ----------
    loss : a loss of this module, or what :class:`Loss` is made of
    name : str, by default the loss's
    dtype : the metric's, as of every metric of Keras's
    **options : of the loss, if it is a function or a class

    Examples
    --------
    >>> metric = Metric(CrossEntropy(ignore_index=-1))
    >>> metric.update_state([1, -1], [[0.0, 0.0], [9.0, 0.0]])
    >>> round(float(metric.result()), 6)
    0.693147
    """

    def __init__(self, loss: Any, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        if isinstance(loss, _PerSample) and options:
            raise TypeError(f"{', '.join(options)}: options are those of the loss, {loss!r}, already.")
        loss = loss if isinstance(loss, _PerSample) else Loss(loss, **options)
        super().__init__(name=name or loss.name, dtype=dtype)
        self.loss = loss
        self._direction = "down"

    def update_state(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Add a batch."""
        super().update_state(*self.loss.weighted(y_true, y_pred, sample_weight, averaged=False))

    def __repr__(self) -> str:
        """Of which loss."""
        return f"Metric({self.loss!r}, name={self.name!r})"

    def get_config(self) -> dict[str, Any]:
        """What makes an equal metric."""
        return {**super().get_config(), "loss": keras.saving.serialize_keras_object(self.loss)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """The metric of a configuration."""
        return cls(**{**config, "loss": keras.saving.deserialize_keras_object(config["loss"])})


def _snake_case(name: str) -> str:
    return sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


for _name, _loss in every_loss().items():
    if not isclass(_loss) or hasattr(_loss, "get_config"):
        _package, _, _own = f"unifocal.{_name}".rpartition(".")
        keras.saving.register_keras_serializable(_package, _own)(_loss)
