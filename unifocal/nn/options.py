"""What the native modules share: which options the losses have, held and checked when a module is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from inspect import Parameter, Signature, isclass, signature
from typing import Any

import numpy as np

from ..dispatch import backend_of
from ..loss import Description, LossObject
from ..operands import type_name

_OF_A_CALL = ("predictions", "targets", "sample_weight", "normalizer")


def options_signature(loss: Callable[..., Any]) -> Signature:
    """The options of a canonical loss, which its modules take."""
    return Signature([parameter for parameter in signature(loss).parameters.values() if parameter.name not in _OF_A_CALL])


def check_canonical(name: str, loss: Any, options: Mapping[str, Any]) -> None:
    """Hold options to those of a canonical loss.

    Raises
    ------
    TypeError, ValueError
        If there is no such option, or one that needs no tensors to be checked is out of its range.
    """
    _check_names(name, options_signature(loss), options)
    loss.describe(None, None, **options)


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
    _check_names(function.__name__, signature(function), options)
    return function, dict(options)


def called(function: Any, options: Mapping[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The loss of a call, for a function or a class with options."""
    if isclass(function):
        made: Any = function(**options)
        return made(*args, **kwargs)
    given = {**options, **kwargs}
    by_position = [p for p in signature(function).parameters.values() if p.kind is Parameter.POSITIONAL_ONLY][len(args) :]
    return function(*args, *(given.pop(p.name, p.default) for p in by_position), **given)


def described(function: Any, options: Mapping[str, Any], args: Sequence[Any]) -> Description:
    """The spec and operands of a call, for a function or a class with options."""
    if isclass(function):
        made: Any = function(**options)
        function, options = made, {}
    description: Description = called(function.describe, options, args, {})
    return description


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
