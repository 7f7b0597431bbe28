"""Importing unifocal is cheap: it loads no framework, and needs NumPy and array-api-compat only."""

from __future__ import annotations

import subprocess
import sys

import pytest

import unifocal
from unifocal.dispatch import FRAMEWORKS

from .frameworks import installed

FRAMEWORK_MODULES = sorted(set(FRAMEWORKS) - {"numpy"})


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_loads_no_framework() -> None:
    loaded = run(f"import sys, unifocal; print(*sorted(sys.modules.keys() & set({FRAMEWORK_MODULES!r})))")
    assert loaded == ""


def test_a_call_loads_only_its_own_framework() -> None:
    code = f"""
import sys, numpy, unifocal
unifocal.cross_entropy(numpy.zeros((2, 3)), [0, 1])
print(*sorted(sys.modules.keys() & set({FRAMEWORK_MODULES!r})))"""
    assert run(code) == ""


def test_works_with_numpy_alone() -> None:
    hidden = sorted({*FRAMEWORK_MODULES, "jaxlib", "mpmath", "typer", "rich", "hypothesis", "matplotlib", "sklearn", "scipy"})
    # A meta path finder that hides everything but what the core requires.
    code = f"""
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
import numpy, unifocal
print(float(unifocal.value_and_grad(unifocal.binary_cross_entropy)(numpy.zeros(1), [1])[1][0]))
"""
    assert run(code) == "-0.5"


def test_import_is_light() -> None:
    # Counted, not timed: what unifocal adds to NumPy's modules.
    added = int(run("import sys, numpy; before = len(sys.modules); import unifocal; print(len(sys.modules) - before)"))
    assert added < 60


def test_available_backends_reports_what_is_installed() -> None:
    # In a process of its own: it imports every framework.
    code = "import unifocal; print({n: (s.installed, s.version, s.loads, s.error) for n, s in unifocal.available_backends().items()})"
    report = eval(run(code).splitlines()[-1])
    for name in FRAMEWORKS:
        present, version, loads, error = report[name]
        assert present == loads == (name in installed())
        if present:
            assert error is None
            assert version[0].isdigit()
        else:
            assert error == f"{name} is not installed"


@pytest.mark.parametrize("name", unifocal.__all__)
def test_public_names_are_documented(name: str) -> None:
    assert len((getattr(unifocal, name).__doc__ or "").splitlines()) > 5
