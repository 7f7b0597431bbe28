"""Losses by their names, which configurations hold: ``dialect.function``, or a canonical loss's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import unifocal

from ..dialects import dialect_names, functions_of
from ..loss import LossObject
from ..operands import type_name

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
    name, module = getattr(function, "__name__", ""), getattr(function, "__module__", "")
    if name in _CANONICAL and getattr(unifocal, name) is function:
        return str(name)
    dialect = module.rpartition(".")[2]
    if dialect not in dialect_names() or functions_of(dialect).get(name) is not function:
        raise TypeError(f"A loss is made of one of unifocal's functions or a dialect's function or class; received {type_name(function)}.")
    return f"{dialect}.{name}"


def loss_named(name: str) -> Callable[..., Any]:
    """The loss of a name.

    Raises
    ------
    ValueError
        If there is none.
    """
    dialect, _, own = name.rpartition(".")
    if dialect in ("", "unifocal"):
        if own in _CANONICAL:
            found: Callable[..., Any] = getattr(unifocal, own)
            return found
        raise ValueError(
            f"There is no loss {name!r}; there are {', '.join(_CANONICAL)}, and those of dialects, 'torch.cross_entropy' for one."
        )
    losses = functions_of(dialect)
    if own not in losses:
        raise ValueError(f"{dialect} has no {own!r}; it has {', '.join(losses)}.")
    return losses[own]


def every_loss() -> dict[str, Callable[..., Any]]:
    """All losses by name."""
    dialects = {f"{dialect}.{name}": loss for dialect in dialect_names() for name, loss in functions_of(dialect).items()}
    return {**{name: getattr(unifocal, name) for name in _CANONICAL}, **dialects}
