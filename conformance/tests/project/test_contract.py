"""The type checker holds what the core asks of a shim, and what it makes of a choice: mypy, on a copy of the source with faults planted."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from unifocal.backend import Backend, EagerBackend
from unifocal.dispatch import SHIMS

pytest.importorskip("mypy")

ROOT = Path(__file__).parents[3]
CONTRACTS = dict.fromkeys(("array_api", "autograd", "cubed", "dask", "jax", "mlx", "ndonnx"), Backend) | dict.fromkeys(
    ("numpy", "paddle", "tensorflow", "torch"), EagerBackend
)


def members(protocol: Any) -> list[str]:
    """All that a protocol asks for."""
    return [name for base in reversed(protocol.__mro__[:-3]) for name in (*base.__annotations__, *vars(base)) if name[0] != "_"]


class Tree:
    """A copy of the source, in which faults are planted and taken back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("unifocal", "backends"):
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", root)

    def errors(self, *files: str, faults: dict[Path, str]) -> str:
        """What mypy says of these files, with the faults in place."""
        sound = {path: path.read_text() for path in faults}
        try:
            for path, text in faults.items():
                path.write_text(text)
            command = [sys.executable, "-m", "mypy", "--cache-dir", str(self.root / "cache"), *files]
            return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=300, check=False).stdout
        finally:
            for path, text in sound.items():
                path.write_text(text)

    def shim(self, name: str) -> Path:
        """The file of a shim."""
        folder = self.root / "backends" / name
        return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy that mypy has passed."""
    copy = Tree(tmp_path_factory.mktemp("contract"))
    found = copy.errors("backends/__init__.py", faults={})
    assert found.startswith("Success"), found
    return copy


def without(source: str, member: str, renamed: bool) -> str:
    """A shim's source without its function, import or constant of this name, or with another name for it."""
    lines = source.split("\n")
    for node in ast.parse(source).body:
        if member not in _bound(node):
            continue
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        if isinstance(node, ast.FunctionDef) and node.decorator_list and not renamed:
            first = node.decorator_list[0].lineno - 1
        if renamed:
            lines[first] = re.sub(rf"(def | as |^){member}\b", rf"\1{member}_", lines[first], count=1)
        else:
            lines[first:last] = [""] * (last - first)
        return "\n".join(lines)
    raise ValueError(f"There is no {member}.")


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a module binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ImportFrom(names=[ast.alias(name=name, asname=asname)]):
            yield asname or name
        case ast.Assign(targets=[ast.Name(id=name)]):
            yield name


def held(tree: Tree, lacking: dict[str, str], renamed: bool) -> None:
    """Plant the faults, and see mypy name each shim and what it lacks."""
    faults = {tree.shim(name): without(tree.shim(name).read_text(), member, renamed) for name, member in lacking.items()}
    found = tree.errors("backends/__init__.py", faults=faults)
    for shim, member in lacking.items():
        message = (
            rf'Argument "{shim}" to "satisfy" has incompatible type Module; expected "\w*Backend".*\n.*missing following.*\n.* {member}\n'
        )
        assert re.search(message, found), f"{shim} without {member}:\n{found}"


def test_each_shim_without_something(tree: Tree) -> None:
    lacking = {
        "array_api": "as_eager",  # a default's import
        "autograd": "total",
        "cubed": "size",
        "dask": "total",
        "jax": "is_traced",
        "mlx": "is_constant",
        "ndonnx": "run",
        "numpy": "name",
        "paddle": "from_host",
        "tensorflow": "attach_walk",
        "torch": "threads",
    }
    assert lacking.keys() == CONTRACTS.keys()
    held(tree, lacking, renamed=True)


@pytest.mark.full
@pytest.mark.parametrize("renamed", [False, True], ids=["dropped", "renamed"])
@pytest.mark.parametrize("member", members(EagerBackend))
def test_every_shim_without_a_member(tree: Tree, member: str, renamed: bool) -> None:
    held(tree, {shim: member for shim, protocol in CONTRACTS.items() if member in members(protocol)}, renamed)


def test_every_shim_is_held() -> None:
    folder = ROOT / "backends"
    shims = {path.stem for path in folder.glob("*.py") if "def is_array" in path.read_text()} | {
        path.parent.name for path in folder.glob("*/__init__.py")
    }
    assert shims == CONTRACTS.keys() == {shim.module for shim in SHIMS.values()} | {"array_api"}


CHOICES = {
    "unifocal/convention.py": ("Labels", "ClassWeight", "Alignment", "ClassAxis", "Held", "Reduction"),
    "unifocal/evaluation/hessian.py": ("Hessian",),
    "unifocal/formulas/base.py": ("Predictions",),
    "unifocal/formulas/probability.py": ("Clip",),
}


def test_a_new_value_of_a_closed_set_is_met_by_assert_never(tree: Tree) -> None:
    """Wherever it is chosen by: a value that no branch knows is an error of the type checker."""
    faults = {}
    for file, names in CHOICES.items():
        text = (tree.root / file).read_text()
        assert set(re.findall(r"^(\w+) = Literal\[", text, re.MULTILINE)) == set(names)
        for name in names:
            text = text.replace(f"\n{name} = Literal[", f'\n{name} = Literal["new {name}", ')
        faults[tree.root / file] = text
    found = tree.errors("unifocal/explain.py", faults=faults)
    for name in (name for names in CHOICES.values() for name in names):
        assert re.search(rf"Argument 1 to \"assert_never\" has incompatible type \"Literal\['new {name}'\]\"", found), f"{name}:\n{found}"
