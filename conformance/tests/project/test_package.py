"""What is installed: the suite's commands with all that they import, and none of its tests."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

_SUITE = Path(__file__).parents[2]
_ROOT = _SUITE.parent
_PYPROJECT = _ROOT / "pyproject.toml"
# What unifocal.cli and others reach by name, the package itself for assert_parity, and all dialects' cases.
_ENTRIES = ("__init__.py", "parity/report.py", "parity/replies.py", "port/report.py", "originals/recording.py")


def _imported(file: Path) -> Iterator[Path]:
    """The files of the suite that one of them imports; with a module, its packages."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            found = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for path in (found, *(found / alias.name for alias in node.names)):
                candidates = [path.with_suffix(".py"), path / "__init__.py", *(parent / "__init__.py" for parent in path.parents)]
                yield from (one for one in candidates if one.is_relative_to(_SUITE) and one.exists())


def _needed() -> set[Path]:
    """What the commands import, however far."""
    found: set[Path] = set()
    waiting = [*(_SUITE / entry for entry in _ENTRIES), *(_SUITE / "dialects").glob("*.py")]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imported(file)
    return found


@pytest.mark.skipif(not _PYPROJECT.exists(), reason="the tests run outside a checkout")
def test_wheel_has_what_the_commands_import_and_no_tests() -> None:
    packages = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = [_ROOT.joinpath(*package.split(".")[1:]) for package in packages if package.startswith("unifocal.conformance")]
    assert {file for folder in folders for file in folder.glob("*.py")} == _needed()


# Each room imports those before it alone.
_ROOMS = ("truth", "frameworks", "calls", "dialects", "originals", "parity", "port", "tests")


def test_imports_between_rooms_go_one_way() -> None:
    rooms = {file: file.relative_to(_SUITE).parts[0] for file in _SUITE.rglob("*.py") if file.parent != _SUITE}
    assert set(rooms.values()) == set(_ROOMS)
    backwards = [
        f"{file.relative_to(_SUITE)} imports {imported.relative_to(_SUITE)}"
        for file, room in rooms.items()
        for imported in _imported(file)
        if imported in rooms and _ROOMS.index(rooms[imported]) > _ROOMS.index(room)
    ]
    assert backwards == []


@pytest.mark.skipif(not _PYPROJECT.exists(), reason="the tests run outside a checkout")
def test_links_of_the_readme_work_on_a_package_index() -> None:
    """They are absolute, and those to the project's own files lead to files."""
    project = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8"))["project"]["urls"]["Homepage"]
    raw = project.replace("//github.com/", "//raw.githubusercontent.com/")
    links = re.findall(r"\]\(([^)\s]+)\)", (_ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    own = [link.partition("/main/")[2] for link in links if link.startswith((f"{project}/blob/main/", f"{raw}/main/"))]
    assert own
    assert [path for path in own if not (_ROOT / path.partition("#")[0]).exists()] == []
