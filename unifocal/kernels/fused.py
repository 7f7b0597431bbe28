"""Arithmetic that some frameworks do in one pass, and others in two or three."""

from __future__ import annotations

from collections.abc import Callable

from ..protocol import Array, Namespace


def line(xp: Namespace, x: Array, start: float, step: float) -> Array:
    """start + step·x."""
    fused = getattr(xp, "line", None)
    return x * step + start if fused is None else fused(x, start, step)


def multiply_add(xp: Namespace, factor: Array | float, a: Array, b: Array, c: Array) -> Array:
    """factor·a·b + c."""
    fused = getattr(xp, "multiply_add", None)
    return factor * (a * b) + c if fused is None else fused(factor, a, b, c)


def step(xp: Namespace, x: Array) -> Array:
    """1 where x > 0, else 0."""
    fused = getattr(xp, "step", None)
    return xp.astype(x > 0, x.dtype) if fused is None else fused(x)


def signs(xp: Namespace, y: Array) -> Callable[..., Array]:
    """What multiplies an array (in ``out``, if given) by 1 − 2y, for labels y that are all 0 or 1."""
    if hasattr(xp, "signed"):
        return lambda a, out=None: xp.signed(y, a, out)
    sign = line(xp, y, 1.0, -2.0)
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
