"""What other packages add by entry points: read when a name is none of the library's own, loaded when it is used.

A package names its dialect in its ``pyproject.toml``, ``[project.entry-points."unifocal.dialects"]``, and its backend in
``[project.entry-points."unifocal.backends"]``; ``examples/plugin`` has both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class PluginError(ValueError):
    """What is wrong with another package's entry point; the message names it, the package, and the way out."""


class Plugins:
    """The entry points of one group, by name.

    kind: what they are, for messages.  taken: whose a name is that no plugin may have, in words; None where it is free.
    accept: what is made of a loaded object; it raises PluginError, given what to call it, where that is not what was asked for.
    """

    def __init__(self, group: str, kind: str, taken: Callable[[str], str | None], accept: Callable[[str, Any], Any]) -> None:
        self.group, self.kind = group, kind
        self._taken, self._accept = taken, accept
        self._found: dict[str, EntryPoint] | None = None
        self._loaded: dict[str, Any] = {}

    def names(self) -> tuple[str, ...]:
        """The names of all that are installed, in order; nothing is loaded.

        Raises
        ------
        PluginError
            If a name is the library's own, or no name, or two packages have it.
        """
        return tuple(self._entries())

    def load(self, name: str) -> Any:
        """What the plugin of this name adds.

        Raises
        ------
        PluginError
            If it cannot be imported, or is not what it says.
        """
        if name not in self._loaded:
            entry = self._entries()[name]
            whose = f"The {self.kind} {name!r} of {package_of(entry)} ({entry.value})"
            try:
                made = entry.load()
            except Exception as error:  # a plugin can raise anything
                lacking = f"{type(error).__name__}: {error}"
                raise PluginError(f"{whose} cannot be loaded: {lacking}. Mend that package, or uninstall it.") from error
            self._loaded[name] = self._accept(whose, made)
        return self._loaded[name]

    def package(self, name: str) -> str:
        """The distribution that adds it, with its version."""
        return package_of(self._entries()[name])

    def of_package(self, module: str) -> tuple[str, ...]:
        """The names of those whose module is in the same package as this one."""
        return tuple(name for name, entry in self._entries().items() if entry.module.partition(".")[0] == module.partition(".")[0])

    def forget(self) -> None:
        """Read the entry points again when they are next needed: packages were installed or uninstalled."""
        self._found = None
        self._loaded.clear()

    def _entries(self) -> dict[str, EntryPoint]:
        if self._found is None:
            from importlib.metadata import entry_points  # half of unifocal's own import time, and seldom needed

            found: dict[str, EntryPoint] = {}
            for entry in sorted(entry_points(group=self.group), key=lambda entry: (entry.name, package_of(entry))):
                self._hold(entry, found.get(entry.name))
                found[entry.name] = entry
            self._found = found
        return self._found

    def _hold(self, entry: EntryPoint, other: EntryPoint | None) -> None:
        """Raise PluginError where an entry point cannot have its name."""
        named = f"{package_of(entry)} adds a {self.kind} named {entry.name!r} (entry point of {self.group})"
        if not entry.name.isidentifier():
            raise PluginError(f"{named}, which must be a Python identifier. Rename it there, or uninstall that package.")
        if (owner := self._taken(entry.name)) is not None:
            raise PluginError(f"{named}, which is the name of {owner}. Rename it there, or uninstall that package.")
        if other is not None:
            raise PluginError(f"{named}, and so does {package_of(other)}. Uninstall one of them.")


def package_of(entry: EntryPoint) -> str:
    """The distribution of an entry point, with its version."""
    return "an unnamed package" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"


def lacks(whose: str, missing: list[str], required: str) -> PluginError:
    """The error of a plugin without something that is required."""
    return PluginError(f"{whose} must be {required}; it has no {', '.join(missing)}. Mend that package, or uninstall it.")
