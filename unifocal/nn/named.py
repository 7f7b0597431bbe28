"""Losses by their names, which configurations hold: ``dialect.function``, a loss of unifocal's by its own, ``package.module:function``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .. import dialects
from ..arrays import type_name
from ..canonical import own_losses
from ..dialects import registry
from ..loss import LossObject


def name_of(function: Any) -> str:
    """The name of a loss: a function, a class or an object of one.

    Raises
    ------
    TypeError
        If it is no loss of unifocal's.
    """
    if isinstance(function, LossObject):
        function = type(function)
    name, module = getattr(function, "__name__", ""), getattr(function, "__module__", "")
    if own_losses().get(name) is function:
        return str(name)
    if (full := registry.name_of(function)) is not None:
        return full
    if not hasattr(function, "describe"):
        raise TypeError(f"A loss is made of one of unifocal's functions or a dialect's function or class; received {type_name(function)}.")
    own = f"{module}:{getattr(function, '__qualname__', name)}"
    if _loaded(own) is not function:
        raise TypeError(f"A loss of one's own must be found by its name, at the top of its module; received {own}.")
    return own


def _loaded(name: str) -> Any:
    """What ``package.module:function`` names; None if it is not there, or the module was not imported: no configuration imports one."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for attribute in path.split("."):
        found = getattr(found, attribute, None)
    return found


def full_name(name: str) -> str:
    """The one name of a loss that people know by several; see :func:`unifocal.dialects.full_name`.

    Raises
    ------
    ValueError
        If there is no such loss, or several have the name.
    """
    if ":" in name:
        if not hasattr(_loaded(name), "describe"):
            raise ValueError(f"There is no loss {name}; import {name.partition(':')[0]} first, if it is there.")
        return name
    own = name.removeprefix("unifocal.")
    return own if own in own_losses() else dialects.full_name(name)


def loss_named(name: str) -> Callable[..., Any]:
    """The loss of a :func:`full_name`."""
    found: Callable[..., Any] = _loaded(name) if ":" in name else (own_losses().get(name) or dialects.function_named(name))
    return found


def every_loss() -> dict[str, Callable[..., Any]]:
    """All losses by name."""
    others = {f"{dialect}.{name}": loss for dialect in dialects.dialect_names() for name, loss in dialects.functions_of(dialect).items()}
    return {**own_losses(), **others}
