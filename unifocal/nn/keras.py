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

from collections.abc import Callable
from inspect import isclass, signature
from re import sub
from typing import Any, ClassVar

import keras

import unifocal

from ..arrays import Array
from ..loss import LossObject
from .named import every_loss, full_name, loss_named, name_of
from .options import check_canonical, options_signature, taken_apart
from .per_sample import OF_KERAS, PerSample, plain

_KerasMean: Any = keras.metrics.Mean
_registered: Callable[[type], type] = keras.saving.register_keras_serializable(package="unifocal")


@_registered
class Loss(PerSample):
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
            given = {key: options.pop(key) for key in OF_KERAS if key in options}
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


class _Canonical(PerSample):
    loss: ClassVar[Any]

    def __init__(
        self, *, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: Any = None, **options: Any
    ) -> None:
        loss = type(self).loss
        options = {key: plain(option) for key, option in options.items()}
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
class AsymmetricLoss(_Canonical):
    """:func:`unifocal.asymmetric_loss` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Parameters as in :class:`SigmoidFocalLoss`.
    """

    loss = staticmethod(unifocal.asymmetric_loss)


@_registered
class QualityFocalLoss(_Canonical):
    """:func:`unifocal.quality_focal_loss` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Parameters as in :class:`SigmoidFocalLoss`.
    """

    loss = staticmethod(unifocal.quality_focal_loss)


@_registered
class VarifocalLoss(_Canonical):
    """:func:`unifocal.varifocal_loss` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Parameters as in :class:`SigmoidFocalLoss`.
    """

    loss = staticmethod(unifocal.varifocal_loss)


@_registered
class GaussianFocalLoss(_Canonical):
    """:func:`unifocal.gaussian_focal_loss` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Parameters as in :class:`SigmoidFocalLoss`.
    """

    loss = staticmethod(unifocal.gaussian_focal_loss)


@_registered
class PolyFocalLoss(_Canonical):
    """:func:`unifocal.poly_focal_loss` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Parameters as in :class:`SigmoidFocalLoss`.
    """

    loss = staticmethod(unifocal.poly_focal_loss)


@_registered
class SoftmaxPolyFocalLoss(_Canonical):
    """:func:`unifocal.softmax_poly_focal_loss` of logits, or of probabilities with ``from_logits=False``; and Keras's options.

    Labels are class indices, or one-hot or soft.  Parameters as in :class:`SigmoidFocalLoss`.
    """

    loss = staticmethod(unifocal.softmax_poly_focal_loss)


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
        if isinstance(loss, PerSample) and options:
            raise TypeError(f"{', '.join(options)}: options are those of the loss, {loss!r}, already.")
        loss = loss if isinstance(loss, PerSample) else Loss(loss, **options)
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
