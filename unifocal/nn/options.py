"""What the native modules share: which options the losses have, held and checked when a module is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Signature, signature
from typing import Any

import numpy as np

from ..dispatch import backend_of
from ..operands import type_name

_OF_A_CALL = ("predictions", "targets", "sample_weight", "normalizer")


def options_signature(loss: Callable[..., Any]) -> Signature:
    """The options of a canonical loss, which its modules take."""
    own = [parameter for parameter in signature(loss).parameters.values() if parameter.name not in _OF_A_CALL]
    return Signature(own)


def canonical_options(name: str, loss: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """All options of a canonical loss, those given and the defaults.

    Raises
    ------
    TypeError, ValueError
        If there is no such option, or one that needs no tensors to be checked is out of its range.
    """
    known = {parameter.name: parameter.default for parameter in options_signature(loss).parameters.values()}
    unknown = [option for option in options if option not in known]
    if unknown:
        raise TypeError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(known)}.")
    loss.describe(None, None, **options)
    return {**known, **options}


def function_options(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a loss of any dialect.

    Raises
    ------
    TypeError
        If function is no loss of unifocal's, or has no such option.
    """
    if not hasattr(function, "describe"):
        raise TypeError(f"A module is made of one of unifocal's losses, a dialect's too; received {type_name(function)}.")
    signature(function).bind_partial(**options)
    return dict(options)


def is_tensor_like(option: object) -> bool:
    """Whether an option moves with its module: a tensor, an array or a list of numbers."""
    return isinstance(option, (list, tuple, np.ndarray)) or backend_of(option) is not None


def shown(options: Mapping[str, Any]) -> str:
    """Options in a module's representation; tensors by their shape."""
    words = (f"tensor{tuple(option.shape)}" if hasattr(option, "shape") else repr(option) for option in options.values())
    return ", ".join(f"{name}={word}" for name, word in zip(options, words, strict=True))
