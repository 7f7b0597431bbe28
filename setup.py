"""What pyproject.toml cannot tell setuptools: a wheel has the suite's commands, and not its tests."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

_PYPROJECT = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))
_LEFT_OUT = _PYPROJECT["tool"]["unifocal"]["not-in-wheel"]


class _WithoutTests(build_py):
    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        found: list[tuple[str, str, str]] = super().find_package_modules(package, package_dir)
        return [module for module in found if not any(fnmatch(f"{package}.{module[1]}", pattern) for pattern in _LEFT_OUT)]


setup(cmdclass={"build_py": _WithoutTests})
