"""Which dialects there are, and what they mirror."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_NAMES = ("paddle", "paddledet", "torch", "torchvision", "keras", "keras2", "tf", "tfa", "optax", "kornia", "mmdet")


def dialect_names() -> tuple[str, ...]:
    """The names of the dialects' modules."""
    return _NAMES


def functions_of(dialect: str) -> dict[str, Callable[..., Any]]:
    """A dialect's functions and classes, by their originals' names.

    Raises
    ------
    ValueError
        If there is no such dialect.
    """
    if dialect not in _NAMES:
        raise ValueError(f"There is no dialect {dialect!r}; there are {', '.join(_NAMES)}.")
    module = import_module(f"{__package__}.{dialect}")
    return {name: getattr(module, name) for name in module.__all__}
