"""Importing unifocal is cheap: it loads no framework, and needs NumPy and array-api-compat only."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import unifocal
from unifocal.canonical import own_losses
from unifocal.dialects import dialect_names
from unifocal.dispatch import SHIMS

from ...frameworks import installed

FRAMEWORK_MODULES = sorted(set(SHIMS) - {"numpy"})


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
    # Counted, not timed: what unifocal adds to NumPy's modules, the small files of its own apart from others', which can be large.
    added = run("import sys, numpy; before = {*sys.modules}; import unifocal; print(*{*sys.modules} - before)").split()
    own = [name for name in added if name.partition(".")[0] == "unifocal"]
    assert len(added) - len(own) < 20
    assert len(own) < 60


def test_available_backends_reports_what_is_installed() -> None:
    # In a process of its own: it imports every framework.
    code = "import unifocal; print({n: (s.installed, s.version, s.loads, s.error) for n, s in unifocal.available_backends().items()})"
    report = eval(run(code).splitlines()[-1])
    for name in SHIMS:
        present, version, loads, error = report[name]
        assert present == loads == (name in installed())
        if present:
            assert error is None
            assert version[0].isdigit()
        else:
            assert error == f"{name} is not installed"


def test_dialects_and_modules_load_when_they_are_used() -> None:
    code = """
import sys, unifocal
print(*[name for name in sys.modules if name.startswith(("unifocal.dialects", "unifocal.nn"))])
print(unifocal.dialects.keras.binary_crossentropy.__name__, "unifocal.dialects.paddle" in sys.modules, unifocal.nn.__name__)"""
    assert run(code).split() == ["binary_crossentropy", "False", "unifocal.nn"]


@pytest.mark.parametrize("name", ["unifocal", "unifocal.dialects", "unifocal.nn"])
def test_packages_have_no_other_attributes(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'dialekt'"):
        _ = import_module(name).dialekt


def test_a_module_of_an_installed_framework_loads_when_it_is_used() -> None:
    pytest.importorskip("torch")
    assert unifocal.nn.torch.SigmoidFocalLoss().gamma == 2.0


@pytest.mark.parametrize(
    "name",
    ["unifocal", "unifocal.boosting", "unifocal.dialects", "unifocal.scoring", *(f"unifocal.dialects.{name}" for name in dialect_names())],
)
def test_only_public_names_are_listed(name: str) -> None:
    module = import_module(name)
    submodules = {"unifocal": ["__version__", "boosting", "dialects", "expressions", "nn", "scoring"], "unifocal.dialects": dialect_names()}
    assert set(dir(module)) == {*module.__all__, *submodules.get(name, ())}
    assert all(hasattr(module, listed) for listed in dir(module))


@pytest.mark.parametrize("name", ["torch", "paddle"])
def test_only_public_names_of_native_modules_are_listed(name: str) -> None:
    pytest.importorskip(name)
    assert name in dir(unifocal.nn)
    module = import_module(f"unifocal.nn.{name}")
    assert dir(module) == sorted(module.__all__)
    own = {"".join(word.capitalize() for word in loss.split("_")) for loss in own_losses()}
    assert set(module.__all__) == own | {"Loss"}


@pytest.mark.parametrize("name", unifocal.__all__)
def test_public_names_are_documented(name: str) -> None:
    assert len((getattr(unifocal, name).__doc__ or "").splitlines()) > 5
