"""How a call runs through the library, and how the library stands: figures of structure, not of time.  ``python -m benchmarks.structure``.

The first three are counted by ``sys.setprofile``: calls of Python functions in files of ``unifocal/`` and ``backends/``, which files they
are in, and how often one is come back to that was left.  The others are read from the source.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from inspect import getmembers, isfunction
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

import unifocal
from unifocal.backend import Backend, EagerBackend
from unifocal.dialects import paddle
from unifocal.terminal import output

ROOT = Path(__file__).parent.parent
_FOLDERS = tuple(f"{ROOT / folder}/" for folder in ("unifocal", "backends"))
KI = 1024


class Way(NamedTuple):
    """The way of a call: how many Python calls, in how many files, and how many moves back to a file that was left."""

    calls: int
    files: int
    moves_back: int


def way(call: Callable[[], Any]) -> Way:
    """The way of a call."""
    entered: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(_FOLDERS):
            entered.append(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    moves = [file for file, before in zip(entered, [None, *entered], strict=False) if file != before]
    left: set[str] = set()
    back = 0
    for file in moves:
        back += file in left
        left.add(file)
    return Way(len(entered), len(left), back)


def first_and_like(call: Callable[[], Any]) -> tuple[Way, Way]:
    """The ways of a call that is the first of its kind, and of one like an earlier one."""
    _forget()
    return way(call), way(call)


def _forget() -> None:
    from unifocal.evaluation.cache import clear

    clear()


def focal_of_numpy() -> Callable[[], Any]:
    """Paddle's focal loss on NumPy arrays."""
    x, y = np.linspace(-3, 3, KI).astype(np.float32), (np.arange(KI) % 5 == 0).astype(np.float32)
    paddle.sigmoid_focal_loss(x[:7], y[:7])  # what is imported when it is first used has been
    return lambda: paddle.sigmoid_focal_loss(x, y)


def focal_of_torch() -> Callable[[], Any]:
    """The focal loss on torch tensors, forward and backward."""
    import torch

    x, y = torch.linspace(-3, 3, KI, requires_grad=True), (torch.arange(KI) % 5 == 0).float()
    unifocal.sigmoid_focal_loss(x[:7], y[:7]).backward()
    return lambda: unifocal.sigmoid_focal_loss(x, y).backward()


# --- the library -------------------------------------------------------------------------------------------------------------------


def imports() -> dict[str, set[str]]:
    """What each module of the package imports when it is loaded itself, of the package's; no imports for type checkers."""
    files = dict(_modules("unifocal", ROOT / "unifocal")) | dict(_modules("unifocal.backends", ROOT / "backends"))
    return {
        name: {found for taken, home in _imported(name, path) if (found := taken if taken in files else home) in files and found != name}
        for name, path in files.items()
    }


def _modules(package: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        yield ".".join((package, *(part for part in parts if part != "__init__"))), path


def _imported(name: str, path: Path) -> Iterator[tuple[str, str]]:
    """What may be modules among the imports of one: the module named, or what is taken of it."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in _loaded(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (home, node.module)))
            yield from ((f"{module}.{alias.name}", module) for alias in node.names)


def _loaded(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is loaded, not those of functions, nor those for type checkers."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _loaded(node.orelse)
            continue
        yield node
        for part in ("body", "orelse", "finalbody"):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _loaded(getattr(node, part, []))


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The sets of modules that import each other, in whatever many steps."""

    @cache
    def reached(module: str) -> frozenset[str]:
        found: set[str] = set()
        queue = list(graph[module])
        while queue:
            each = queue.pop()
            if each not in found:
                found.add(each)
                queue += graph[each]
        return frozenset(found)

    return [set(group) for group in {frozenset(b for b in reached(a) if a in reached(b)) for a in graph} if group]


def floors(graph: dict[str, set[str]]) -> int:
    """The longest chain of imports of a graph without circles, in modules."""

    @cache
    def floor(module: str) -> int:
        return 1 + max((floor(other) for other in graph[module]), default=0)

    return max(floor(module) for module in graph)


def required_of_a_backend() -> list[str]:
    """What a shim has to write: the contract's functions without a default."""
    defaults = import_module("unifocal.backends.defaults")
    return [name for name, _ in getmembers(Backend, isfunction) if not name.startswith("_") and not hasattr(defaults, name)]


def main() -> None:
    """Print the table."""
    table = Table("figure", "value")
    numpy_first, numpy_like = first_and_like(focal_of_numpy())
    torch_first, torch_like = first_and_like(focal_of_torch())
    graph = imports()
    groups = circles(graph)
    own = {
        name: {other for other in others if other.startswith("unifocal.") and ".backends" not in other} for name, others in graph.items()
    }
    own = {name: others for name, others in own.items() if ".backends" not in name}
    rows = {
        "Paddle's focal loss, NumPy: files, first / like an earlier call": f"{numpy_first.files} / {numpy_like.files}",
        "the same: moves back to a file that was left": f"{numpy_first.moves_back} / {numpy_like.moves_back}",
        "the same: Python calls": f"{numpy_first.calls} / {numpy_like.calls}",
        "torch eager, 1 Ki, forward and backward: Python calls": f"{torch_first.calls} / {torch_like.calls}",
        "functions that a backend must write": str(len(required_of_a_backend())),
        "more for an eager one": str(
            len({n for n, _ in getmembers(EagerBackend, isfunction)} - {n for n, _ in getmembers(Backend, isfunction)})
        ),
        "import circles, and modules in them": f"{len(groups)}, {sum(map(len, groups))}",
        "floors of unifocal/": "–" if groups else str(floors(own)),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    output().print(table)


if __name__ == "__main__":
    main()
