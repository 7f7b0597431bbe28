"""Options held to what they must be: Python's numbers, and choices among a few values."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, TypeVar

T = TypeVar("T")


def is_number(value: object) -> bool:
    """Whether value is a real Python or NumPy scalar; bool is not a number here."""
    # The first test is quick; those of abstract classes are slow.
    return type(value) in (float, int) or (isinstance(value, Real) and not isinstance(value, bool))


def static(name: str, value: object, requirement: str) -> float:
    """value as a Python float, a constant of compiled code, or the error that says what was required."""
    if not is_number(value):
        raise TypeError(f"{name} must be a Python number {requirement}; received {type(value).__name__}.")
    (constant,) = {value}  # torch.compile makes a variable of a number that changes between calls, but what a set holds is constant
    return float(constant)  # type: ignore[arg-type]


def static_int(name: str, value: object) -> int:
    """value as a Python int, or the error that says what was required."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer; received {type(value).__name__}.")
    return int(value)


def finite(name: str, value: object) -> float:
    """A finite number; raises TypeError or ValueError if it is none."""
    number = static(name, value, "that is finite")
    if not -float("inf") < number < float("inf"):
        raise ValueError(f"{name} must be finite; received {value}.")
    return number


def exponent(name: str, value: object) -> float:
    """A modulator's exponent, such as γ; raises as :func:`non_negative` does."""
    return non_negative(name, value)


def non_negative(name: str, value: object) -> float:
    """A finite number ≥ 0; raises TypeError or ValueError if it is none."""
    number = static(name, value, "≥ 0")
    if not 0 <= number < float("inf"):
        raise ValueError(f"{name} must be a finite number ≥ 0; received {value}.")
    return number


def negative_axis(value: object) -> int:
    """A class axis, counted from the end; raises TypeError or ValueError if it is none."""
    axis = static_int("axis", value)
    if axis >= 0:
        raise ValueError(f"axis of a formula must be negative, counted from the end; received {axis}.")
    return axis


def share(name: str, value: float) -> float:
    """A Python number in [0, 1]; raises TypeError or ValueError for anything else."""
    number = static(name, value, "in [0, 1]")
    if not 0 <= number <= 1:
        raise ValueError(f"{name} must be in [0, 1]; received {value}.")
    return number


def choice(name: str, value: Any, allowed: Mapping[Any, T]) -> T:
    """What a value of an option stands for; raises ValueError for any other."""
    try:
        return allowed[value]
    except (KeyError, TypeError):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}; received {value!r}.") from None


def balanced_by(alpha: Any) -> Any:
    """α where the original cannot turn it off; raises ValueError for None."""
    if alpha is None:
        raise ValueError("alpha must be a number or a tensor here, where it cannot be off; received None.")
    return alpha
