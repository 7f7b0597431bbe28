"""What a backend's namespace has beyond the Array API standard, and how it comes by what it does not define itself.

Formulas call all of these on any namespace; none is looked for.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from .arrays import Array, Namespace

_OPTIONAL = ("put", "sigmoid", "softplus", "extent", "hard")
"""None where a framework has none, which the callers ask about:

put(x, indices, value, axis): write value into x itself.
sigmoid(x), softplus(x): the framework's own, if they are accurate; both or neither.
extent(x): the smallest and the largest number, NaN for both if there is one.
hard(x): whether all are 0 or 1, faster than by NumPy's comparisons; None if it cannot tell, some being outside [0, 1].
"""


class Names(SimpleNamespace):
    """Names as attributes; each is itself alone, so that caches may know it."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__  # type: ignore[assignment]  # SimpleNamespace has none


def complete(xp: Any, **own: Any) -> Namespace:
    """A namespace with the standard's functions, made complete: by its ``own``, or by what Array API functions can say.

    scatter(x, indices, value, axis): a copy of x with value at the indices; every namespace has its own.
    number(value, dtype): a Python number such that arithmetic in this dtype keeps all its digits.
    fuses(x): whether a compiler makes few passes of what is computed of x now.
    line(x, start, step): start + step·x.
    multiply_add(factor, a, b, c): factor·a·b + c.
    step(x): 1 where x > 0, else 0.
    signs(y): what ``signed`` takes, for labels y that are all 0 or 1.
    signed(signs, a, out): a·(1 − 2y), in ``out`` if there is one.
    """
    functions = {
        "number": _number,
        "fuses": _fuses_nothing,
        "line": _line,
        "multiply_add": _multiply_add,
        "step": lambda x: xp.astype(x > 0, x.dtype),
        "signs": lambda y: 1 - 2 * y,
        "signed": lambda signs, a, out: signs * a,
        **dict.fromkeys(_OPTIONAL),
        **own,
    }
    for name, function in functions.items():
        setattr(xp, name, function)
    return xp


def _number(value: float, dtype: Any) -> float:
    return value


def _fuses_nothing(x: Array) -> bool:
    return False


def _line(x: Array, start: float, step: float) -> Array:
    return x * step + start


def _multiply_add(factor: float, a: Array, b: Array, c: Array) -> Array:
    return factor * (a * b) + c
