"""Options of originals, as a convention's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ..convention import Reduction
from ..scalars import static

P = ParamSpec("P")
T = TypeVar("T")

REDUCTIONS: Mapping[Any, Reduction] = {"none": "none", "sum": "sum", "mean": "mean"}


def choice(name: str, value: Any, allowed: Mapping[Any, T]) -> T:
    """What a value of an option stands for; raises ValueError for any other."""
    try:
        return allowed[value]
    except (KeyError, TypeError):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}; received {value!r}.") from None


def renamed(**names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let arguments be given by other names too: ``target="label"`` takes the label as ``target``."""

    def decorate(describe: Callable[P, T]) -> Callable[P, T]:
        @wraps(describe)
        def described(*args: P.args, **kwargs: P.kwargs) -> T:
            for alias, name in names.items():
                if alias in kwargs:
                    if name in kwargs:
                        raise ValueError(f"{alias} is another name of {name}: only one of them can be given; received both.")
                    kwargs[name] = kwargs.pop(alias)
            return describe(*args, **kwargs)

        return described

    return decorate


def share(name: str, value: float) -> float:
    """A Python number in [0, 1]; raises TypeError or ValueError for anything else."""
    number = static(name, value, "in [0, 1]")
    if not 0 <= number <= 1:
        raise ValueError(f"{name} must be in [0, 1]; received {value}.")
    return number


def balanced_by(alpha: Any) -> Any:
    """α where the original cannot turn it off; raises ValueError for None."""
    if alpha is None:
        raise ValueError("alpha must be a number or a tensor here, where it cannot be off; received None.")
    return alpha


def required(name: str, value: Any) -> Any:
    """A value that the original requires although its signature does not."""
    if value is None:
        raise ValueError(f"{name} is required; received None.")
    return value
