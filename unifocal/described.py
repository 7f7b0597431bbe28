"""Losses that are given to something: the loss that a partial is of, and whether it is one."""

from __future__ import annotations

from functools import partial
from types import FunctionType, MethodType
from typing import Any

from .arrays import type_name


def unwrapped(loss: Any, args: tuple[Any, ...] = (), options: dict[str, Any] | None = None) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The loss that a partial is of, and its own arguments before and beside these."""
    options = options or {}
    while isinstance(loss, partial):
        loss, args, options = loss.func, (*loss.args, *args), {**loss.keywords, **options}
    return loss, args, options


def require_described(loss: object, what: str) -> None:
    """Raise a TypeError, in the name of ``what``, unless this is a loss or a partial of one."""
    if not isinstance(getattr(unwrapped(loss)[0], "describe", None), (FunctionType, MethodType)):
        raise TypeError(f"{what} takes one of unifocal's losses or a functools.partial of one; received {type_name(loss)}.")
