"""What few frameworks do differently: a shim imports by name what it does not define, ``from ..defaults import autocast as autocast``."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from unifocal.arrays import Array, Shape


def unsuitable(value: object) -> str | None:
    """The framework has no tensors that are not dense."""
    return None


def canonical(x: Array) -> Array:
    """The framework has one type of tensor."""
    return x


def shape(x: Array) -> Shape:
    """All sizes are known."""
    return tuple(x.shape)


def size(x: Array) -> int | Array:
    """All sizes are known."""
    return math.prod(x.shape)


def is_constant(x: Array) -> bool:
    """Nothing differentiates, or a tensor does not know what does."""
    return True


def autocast(x: Array) -> bool:
    """There is no automatic mixed precision."""
    return False


def computing(x: Array) -> AbstractContextManager[None]:
    """There is nothing to be switched off."""
    return nullcontext()


def require_sizes(what: str, x: Array, like: Array, axis: int, size_at_axis: list[int] | None) -> Array:
    """All sizes are known."""
    return x


def as_eager(tensors: list[Any], place: int) -> list[Array] | None:
    """No call is evaluated in blocks."""
    return None
