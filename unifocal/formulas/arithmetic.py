"""Arithmetic that writes its result to an array, where there is one to write to."""

from __future__ import annotations

from collections.abc import Callable

from ..arrays import Array, Namespace


def signs(xp: Namespace, y: Array) -> Callable[..., Array]:
    """What multiplies an array (in ``out``, if given) by 1 − 2y, for labels y that are all 0 or 1."""
    if xp.signed is not None:
        return lambda a, out=None: xp.signed(y, a, out)
    sign = xp.line(y, 1.0, -2.0)
    return lambda a, out=None: multiply(xp, sign, a, out)


def multiply(xp: Namespace, a: Array, b: Array, out: Array | None) -> Array:
    """a·b, in ``out`` if there is one."""
    return a * b if out is None else xp.multiply(a, b, out=out)


def subtract(xp: Namespace, a: Array, b: Array, out: Array | None) -> Array:
    """a − b, in ``out`` if there is one."""
    return a - b if out is None else xp.subtract(a, b, out=out)


def exp(xp: Namespace, x: Array, out: Array | None) -> Array:
    """e^x, in ``out`` if there is one."""
    return xp.exp(x) if out is None else xp.exp(x, out=out)
