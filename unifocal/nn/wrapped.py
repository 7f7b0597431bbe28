"""What a wrapper of Keras's gets from a function or an object that is no ``keras.losses.Loss``: one loss a sample, labels first."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

from ..arrays import Array
from ..compilers import called_while_traced
from ..convention import Convention
from ..keras_caller import Wrapper
from ..loss import LossObject
from ..operands import Operands
from .named import name_of
from .samples import description, samples


def losses(function: Any, args: tuple[Any, ...], options: Mapping[str, Any], wrapper: Wrapper) -> Array:
    """The losses of the wrapper's labels and predictions, for it to weigh and average.

    Raises
    ------
    TypeError
        If the loss is another than the wrapper would make of them.
    """
    _register()
    y_true, y_pred = args
    convention, operands = description(function, options, y_true, y_pred)
    if not _is_averaged(convention, operands, isinstance(function, LossObject) and wrapper == "loss"):
        raise TypeError(
            f"Keras averages what it wraps, and this loss has reduction={convention.reduction!r}. "
            f"{_instead(function, {**options, 'reduction': 'sum'} if convention.reduction == 'sum' else options, wrapper)}"
        )
    values, kept, _, _ = samples(convention, operands)
    if kept is not None and (wrapper == "metric" or not _has_mask(values, kept)):
        raise TypeError(f"Keras would count ignored targets in its mean. {_instead(function, options, wrapper)}")
    return values


def _is_averaged(convention: Convention, operands: Operands, to_the_end: bool) -> bool:
    """Whether Keras's mean of the losses is the loss; an unreduced one is for Keras to average, unless it is so by its own option."""
    weighed = operands.class_weight is not None or operands.sample_weight is not None
    return (
        convention.reduction == "mean"
        or (convention.reduction == "weighted_mean" and not weighed)
        or (convention.reduction == "none" and not to_the_end)
    )


def _has_mask(values: Array, kept: Array) -> bool:
    """Give losses the mask by which Keras leaves some out; False if they can have none, as JAX's arrays."""
    try:
        values._keras_mask = kept
    except AttributeError:
        return False
    return True


def _instead(function: Any, options: Mapping[str, Any], wrapper: Wrapper) -> str:
    name = name_of(function)
    if isinstance(function, LossObject) and is_dataclass(function):
        own = {field.name: (getattr(function, field.name), field.default) for field in fields(function) if field.name != "name"}
        options = {**options} | {key: value for key, (value, default) in own.items() if repr(value) != repr(default)}
    given = [f"{key}={option!r}" for key, option in options.items()]
    loss = f"Loss({', '.join([repr(name), *given])})" if "." in name else f"{name.title().replace('_', '')}({', '.join(given)})"
    return f"Use unifocal.nn.keras.{loss if wrapper == 'loss' else f'Metric(unifocal.nn.keras.{loss})'}."


@called_while_traced
def _register() -> None:
    """Have Keras 3 know the loss by its name when it saves the model."""
    if "keras.src.losses.losses" in sys.modules:
        import_module("unifocal.nn.keras")
