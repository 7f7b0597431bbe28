"""Files of packages that do not import whole, loaded with stand-ins for what they import."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import distribution
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any


def load(package: str, path: str, imports: Mapping[str, Mapping[str, Any]]) -> ModuleType:
    """The module at a path of an installed, or unpacked, distribution; ``imports`` has the names of the modules that it may import."""
    name = path.removesuffix(".py").replace("/", ".")
    spec = spec_from_file_location(name, str(distribution(package).locate_file(path)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    packages: dict[str, Mapping[str, Any]] = {parent: {"__path__": []} for known in (*imports, name) for parent in _parents(known)}
    with importable({**packages, **imports}):
        spec.loader.exec_module(module)
    return module


def _parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:i]) for i in range(1, len(parts)))


@contextmanager
def importable(contents: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Modules with these contents, importable in the block only."""
    before = {name: sys.modules.get(name) for name in contents}
    for name, values in contents.items():
        module = ModuleType(name)
        module.__dict__.update(values)
        sys.modules[name] = module
    try:
        yield
    finally:
        for name, earlier in before.items():
            if earlier is None:
                del sys.modules[name]
            else:
                sys.modules[name] = earlier
