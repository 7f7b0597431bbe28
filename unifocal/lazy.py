"""Submodules that are imported when they are first used, as attributes of their package."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from types import ModuleType


def submodules(package: str, names: Collection[str]) -> Callable[[str], ModuleType]:
    """A ``__getattr__`` for a package, which imports these submodules of it."""

    def __getattr__(name: str) -> ModuleType:  # noqa: N807
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return import_module(f"{package}.{name}")

    return __getattr__
