"""Losses by their names, which configurations hold: ``dialect.function``, or a canonical loss's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dialects, losses
from ..arrays import type_name
from ..dialects import registry
from ..loss import LossObject

_CANONICAL = ("sigmoid_focal_loss", "softmax_focal_loss", "binary_cross_entropy", "cross_entropy")


def name_of(function: Any) -> str:
    """The name of a loss: a function, a class or an object of one.

    Raises
    ------
    TypeError
        If it is no loss of unifocal's.
    """
    if isinstance(function, LossObject):
        function = type(function)
    name = getattr(function, "__name__", "")
    if name in _CANONICAL and getattr(losses, name) is function:
        return str(name)
    full = registry.name_of(function)
    if full is None:
        raise TypeError(f"A loss is made of one of unifocal's functions or a dialect's function or class; received {type_name(function)}.")
    return full


def full_name(name: str) -> str:
    """The one name of a loss that people know by several; see :func:`unifocal.dialects.full_name`.

    Raises
    ------
    ValueError
        If there is no such loss, or several have the name.
    """
    own = name.removeprefix("unifocal.")
    return own if own in _CANONICAL else dialects.full_name(name)


def loss_named(name: str) -> Callable[..., Any]:
    """The loss of a :func:`full_name`."""
    found: Callable[..., Any] = getattr(losses, name) if name in _CANONICAL else dialects.function_named(name)
    return found


def every_loss() -> dict[str, Callable[..., Any]]:
    """All losses by name."""
    others = {f"{dialect}.{name}": loss for dialect in dialects.dialect_names() for name, loss in dialects.functions_of(dialect).items()}
    return {**{name: getattr(losses, name) for name in _CANONICAL}, **others}
