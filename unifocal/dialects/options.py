"""Options of originals, as the spec's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ..spec import Reduction

T = TypeVar("T")

REDUCTIONS: Mapping[Any, Reduction] = {"none": "none", "sum": "sum", "mean": "mean"}


def choice(name: str, value: Any, allowed: Mapping[Any, T]) -> T:
    """What a value of an option stands for; raises ValueError for any other."""
    try:
        return allowed[value]
    except (KeyError, TypeError):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}; received {value!r}.") from None


def required(name: str, value: Any) -> Any:
    """A value that the original requires although its signature does not."""
    if value is None:
        raise ValueError(f"{name} is required; received None.")
    return value
