"""Python's numbers, as options have them."""

from __future__ import annotations

from numbers import Integral, Real


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
