"""The table of the frameworks' warnings: an entry holds for the versions it names, and goes when none of them is allowed any longer."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

import pytest

from ..noise import NOISE, Noise, filters, numbers

each_entry = pytest.mark.parametrize("noise", NOISE, ids=lambda noise: f"{noise.package}-{noise.first}-{noise.message[:30]}")


def _after(release: str) -> str:
    *before, last = numbers(release)
    return ".".join(map(str, [*before, last + 1]))


@each_entry
def test_entry_expires(noise: Noise) -> None:
    """After the last version that was seen to warn, the warning is an error again."""
    python = noise.python or "3.12.1"
    assert noise.heard(noise.first, python)
    assert noise.heard(f"{noise.last}.9+cpu", python)
    assert not noise.heard(_after(noise.last), python)
    assert not noise.heard(f"{_after(noise.last)}.0rc1", python)


@each_entry
def test_entry_is_for_an_allowed_version(noise: Noise) -> None:
    floors = dict(re.findall(r"^([\w-]+).*?>=([\d.]+)", "\n".join(requires("unifocal") or ()), re.MULTILINE))
    assert numbers(noise.last) >= numbers(floors[noise.package]), "pyproject.toml allows none of these versions: delete the entry"


@each_entry
def test_entry_says_why(noise: Noise) -> None:
    assert noise.reason
    assert re.compile(noise.message)
    assert ":" not in noise.message, "pytest would take what follows for the warning's class: write a dot"
    assert issubclass(getattr(__import__("builtins"), noise.category), Warning)


def test_only_what_is_installed_is_let_pass() -> None:
    def one(package: str) -> str:
        if package != "torch":
            raise PackageNotFoundError(package)
        return "2.14.1"

    lines = list(filters(one))
    assert "ignore:.torch.jit.script(_method)?. is deprecated:FutureWarning" in lines
    assert not any("DeprecationWarning" in line and "jit" in line for line in lines)
    assert not list(filters(lambda package: "99.0"))


def test_noise_of_one_python_is_let_pass_there_alone() -> None:
    def slower(python: str) -> list[str]:
        return [line for line in filters(lambda package: "2.14.1", python) if "Guards may run slower" in line]

    assert slower("3.13.0") == ["ignore:Guards may run slower on Python 3.13.0:RuntimeWarning"]
    assert slower("3.13.1") == slower("3.12.1") == []
