"""What the native modules share: which options the losses have, checked when they are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from inspect import Signature, cleandoc, isclass, signature
from typing import Any

import numpy as np

from ..arrays import type_name
from ..canonical import own_losses
from ..dispatch import backend_of
from ..loss import LossObject, call_with
from ..native import native

_OF_A_CALL = ("predictions", "targets", "sample_weight", "normalizer")


def options_signature(loss: Callable[..., Any]) -> Signature:
    """The options of a canonical loss, which its modules take."""
    return Signature([parameter for parameter in signature(loss).parameters.values() if parameter.name not in _OF_A_CALL])


def explained(loss: Any, summary: str) -> str:
    """A docstring for a canonical loss's module, which explains the options as the functions' docstrings do."""
    convention, _ = loss.describe(None, None)
    entries: dict[str, str] = {}
    losses = own_losses()
    sources = [losses["sigmoid_focal_loss"], loss]  # the parameters of each are those of the ones before, and its own
    if convention.formula.categorical:
        sources.insert(1, losses["softmax_focal_loss"])
    for source in dict.fromkeys(sources):
        for name, entry in _parameter_entries(source).items():
            first, _, body = entry.partition("\n")
            earlier = entries.get(name, "").partition("\n")[2]
            entries[name] = first + "\n" + body.replace("    As above.  ", earlier + "\n    ", 1)
    options = "\n".join(entries[name] for name in options_signature(loss).parameters if name in entries)
    return f"""{summary}

{cleandoc(loss.__doc__).partition(chr(10))[0]}

It is called with ``(predictions, targets, *, sample_weight=None, normalizer=None)``.  Each option is an attribute, which can be read
and set; what is set counts from the next call.  Tensors, arrays and lists become buffers, and the framework's parameters parameters.

Parameters
----------
{options}

Raises
------
TypeError, ValueError
    When it is made or an attribute is set: if there is no such option, or it is out of its range.  When it is called: as the function.
"""


def _parameter_entries(function: Any) -> dict[str, str]:
    """The parameters' entries in a docstring of NumPy's style."""
    _, _, section = cleandoc(function.__doc__).partition("\nParameters\n----------\n")
    section = re.split(r"\n\n\w+\n-+\n", section)[0]
    return {entry.partition(" :")[0]: entry.rstrip() for entry in re.split(r"\n(?=\w+ : )", section) if " :" in entry}


def check_canonical(name: str, loss: Any, options: Mapping[str, Any]) -> None:
    """Hold options to those of a canonical loss.

    Raises
    ------
    TypeError, ValueError
        If there is no such option, or one is out of its range.  Tensors, and axes, are held to the predictions when the loss is called.
    """
    _check_names(name, options_signature(loss), options)
    loss.describe(None, None, **options)
    # The ranges of numbers are the operands' own, so a small loss is computed with them.
    loss(np.full((1, 2), 0.5), [0], **{key: option for key, option in options.items() if key != "axis" and not is_tensor_like(option)})


def check(function: Any, options: Mapping[str, Any]) -> None:
    """Hold options to those of a loss of any dialect.

    Raises
    ------
    TypeError, ValueError
        If there is no such option, or a class refuses its value; functions look at values when they are called.
    """
    _check_names(function.__name__, signature(function), options)
    if isclass(function):
        function(**options)


def taken_apart(function: Any, options: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """A loss of any dialect, a function or a class, and its options; an object of a class is its class and what it was made with.

    Raises
    ------
    TypeError
        If function is no loss of unifocal's, or has no such option.
    """
    if isinstance(function, LossObject):
        made: Any = function
        options = {field.name: getattr(made, field.name) for field in fields(made) if getattr(made, field.name) is not field.default} | {
            **options
        }
        function = type(function)
    if not hasattr(function, "describe"):
        raise TypeError(f"A module is made of one of unifocal's losses, a dialect's too; received {type_name(function)}.")
    check(function, options)
    return function, dict(options)


def called(function: Any, options: Mapping[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The loss of a call, for a function or a class with options."""
    if isclass(function):
        made: Any = function(**options)
        return made(*args, **kwargs)
    return call_with(function, args, {**options, **kwargs})


def title(function: Any) -> str:
    """The name of a loss after that of its library: ``paddle.sigmoid_focal_loss``, ``unifocal.cross_entropy``."""
    package, _, module = function.__module__.rpartition(".")
    return f"{module if package.endswith('.dialects') else package}.{function.__name__}"


def numbers(name: str, option: Any) -> np.ndarray[Any, Any]:
    """A list or an array as NumPy's floating array, with all digits: a list's are float64.

    Raises
    ------
    TypeError
        If it holds anything but numbers, or is ragged.
    """
    try:
        array = native(np.asarray(option))
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must hold numbers in a rectangular shape; received {type_name(option)}: {error}") from error
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _check_names(name: str, known: Signature, options: Mapping[str, Any]) -> None:
    unknown = [option for option in options if option not in known.parameters]
    if unknown:
        raise TypeError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(known.parameters)}.")


def is_tensor_like(option: object) -> bool:
    """Whether an option moves with its module: a tensor, an array or a list of numbers."""
    return isinstance(option, (list, tuple, np.ndarray)) or backend_of(option) is not None


def shown(options: Mapping[str, Any]) -> str:
    """Options in a module's representation; tensors by their shape."""
    words = (f"tensor{tuple(option.shape)}" if hasattr(option, "shape") else repr(option) for option in options.values())
    return ", ".join(f"{name}={word}" for name, word in zip(options, words, strict=True))
