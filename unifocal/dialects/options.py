"""Options of originals, as a convention's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ..convention import Reduction
from ..scalars import balanced_by as balanced_by
from ..scalars import choice as choice
from ..scalars import share as share

P = ParamSpec("P")
T = TypeVar("T")

REDUCTIONS: Mapping[Any, Reduction] = {"none": "none", "sum": "sum", "mean": "mean"}


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


def required(name: str, value: Any) -> Any:
    """A value that the original requires although its signature does not."""
    if value is None:
        raise ValueError(f"{name} is required; received None.")
    return value
