"""The classes of formulas, found and not listed, so that a new one cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import isabstract

from unifocal.formulas import Formula


def _below(cls: type) -> Iterator[type]:
    children: list[type] = cls.__subclasses__()
    for child in children:
        yield child
        yield from _below(child)


def every_formula() -> set[type]:
    """All that ``unifocal.formulas`` has, those included that are for some labels alone."""
    return {cls for cls in _below(Formula) if cls.__module__.startswith("unifocal.formulas") and not isabstract(cls)}
