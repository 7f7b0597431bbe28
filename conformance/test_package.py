"""What is installed: the suite's commands with all that they import, and none of its tests."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_PYPROJECT = _HERE.parent / "pyproject.toml"
# What unifocal.cli and others reach by name, and the package itself for assert_parity.
_ENTRIES = ("__init__", "report", "port_report", "recording", "answers", "dialects")


def _imported(module: str) -> Iterator[str]:
    """The modules of the suite that one of them imports, which from a folder are a level further up."""
    level = 1 + module.count("/")
    for node in ast.walk(ast.parse((_HERE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == level:
            yield from [node.module] if node.module else [alias.name for alias in node.names]


def _needed() -> set[str]:
    """What the commands import, however far; of dialects' folders, all."""
    found: set[str] = set()
    waiting = [*_ENTRIES, *(name for path in (_HERE / "dialects").glob("*.py") for name in _imported(f"dialects/{path.stem}"))]
    while waiting:
        module = waiting.pop().partition(".")[0]
        if module not in found and (_HERE / f"{module}.py").exists():
            found.add(module)
            waiting += _imported(module)
    return found


@pytest.mark.skipif(not _PYPROJECT.exists(), reason="the tests run outside a checkout")
def test_wheel_has_what_the_commands_import_and_no_tests() -> None:
    left_out = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8"))["tool"]["unifocal"]["not-in-wheel"]
    modules = {path.stem for path in _HERE.glob("*.py")}
    shipped = {module for module in modules if not any(fnmatch(f"unifocal.conformance.{module}", pattern) for pattern in left_out)}
    assert shipped == _needed()


@pytest.mark.skipif(not _PYPROJECT.exists(), reason="the tests run outside a checkout")
def test_links_of_the_readme_work_on_a_package_index() -> None:
    """They are absolute, and those to the project's own files lead to files."""
    project = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8"))["project"]["urls"]["Homepage"]
    raw = project.replace("//github.com/", "//raw.githubusercontent.com/")
    links = re.findall(r"\]\(([^)\s]+)\)", (_HERE.parent / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    own = [link.partition("/main/")[2] for link in links if link.startswith((f"{project}/blob/main/", f"{raw}/main/"))]
    assert own
    assert [path for path in own if not (_HERE.parent / path.partition("#")[0]).exists()] == []
