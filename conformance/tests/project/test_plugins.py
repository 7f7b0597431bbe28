"""What other packages add by entry points: the example in ``examples/plugin``, installed and used, and packages with faults."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal import dialects, dispatch
from unifocal.dialects import registry
from unifocal.nn.named import name_of
from unifocal.plugins import PluginError

from ...frameworks import Framework
from ...port.assertions import assert_parity
from ...truth import tolerances
from ...truth.contract import assert_formula
from ...truth.ulp import of_largest

_EXAMPLE = Path(__file__).parents[3] / "examples" / "plugin"
_PORT = "def brier(y, p): return ((p - y) ** 2).mean(), 2 * (p - y) / p.size\n"
_Plant = Callable[..., Path]

pytestmark = pytest.mark.skipif(not _EXAMPLE.exists(), reason="the examples come with the source, not with the package")


def _forget() -> None:
    registry.PLUGINS.forget()
    dispatch.PLUGINS.forget()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the example is installed, from a copy, since building leaves files in the source."""
    root = tmp_path_factory.mktemp("plugin")
    shutil.copytree(_EXAMPLE, root / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    options = ["--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--disable-pip-version-check", "--no-compile"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(root / "site"), str(root / "source")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "site"


@pytest.fixture
def example(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example, installed for one test."""
    monkeypatch.syspath_prepend(folder)
    _forget()
    yield folder
    _forget()


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Plant]:
    """``plant(group, name, value, source, package)``: install a package of one module with one entry point."""
    planted: list[str] = []

    def plant(group: str, name: str, value: str, source: str = "", package: str = "acme") -> Path:
        information = tmp_path / f"{package}-2.1.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.1\n")
        (information / "entry_points.txt").write_text(f"[unifocal.{group}]\n{name} = {value}\n")
        planted.append(value.partition(":")[0])
        (tmp_path / f"{planted[-1]}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        _forget()
        return tmp_path

    yield plant
    _forget()
    for module in planted:
        sys.modules.pop(module, None)


def _command(*arguments: str) -> Any:
    testing = pytest.importorskip("typer.testing")
    return testing.CliRunner().invoke(import_module("unifocal.cli").app, [*arguments])


# --- the example ------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("example")
def test_dialect_is_listed_with_its_package() -> None:
    listed = {one["dialect"]: one for one in json.loads(_command("dialects", "--json").stdout)}
    assert listed["sklearn"]["functions"] == ["brier_score_loss"]
    assert listed["sklearn"]["package"] == "unifocal-example 1.0"
    assert listed["torch"]["package"] is None
    assert "sklearn: scikit-learn (1.9): sklearn.metrics.brier_score_loss" in " ".join(_command("dialects").stdout.split())
    assert "sklearn" in dir(dialects)


@pytest.mark.usefixtures("example")
def test_dialect_is_explained() -> None:
    for name in ("sklearn.brier_score_loss", "brier_score_loss"):
        told = _command("explain", name).stdout
        assert "y·(1 − p)² + (1 − y)·p²" in told
        assert "mix the hard labels' losses" in told


@pytest.mark.usefixtures("example")
def test_function_is_held_to_a_dialect_of_which_nothing_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_port.py").write_text(_PORT)
    monkeypatch.syspath_prepend(tmp_path)
    wrong = _command("parity", "--function", "own_port:brier", "--like", "sklearn.brier_score_loss")
    assert wrong.exit_code == 1
    assert "1 of 2 calls differ" in wrong.stdout
    assert "labels=soft" in wrong.stdout  # whose losses the dialect mixes

    def right(y: Any, p: Any) -> tuple[Any, Any]:
        return ((p - y) ** 2 + y * (1 - y)).mean(), 2 * (p - y) / p.size

    for dtype in tolerances.PORT:
        assert_parity(right, like="sklearn.brier_score_loss", dtype=dtype)


@pytest.mark.frameworks("numpy", "array-api-strict", "torch", "mlx")
@pytest.mark.usefixtures("example")
def test_dialect_is_the_original(framework: Framework, dtype: str) -> None:
    original = pytest.importorskip("sklearn.metrics").brier_score_loss
    rng = np.random.default_rng(8)
    y, p, w = (rng.random(9) < 0.4).astype(dtype), rng.random(9).astype(dtype), rng.random(9).astype(dtype)
    ours = dialects.functions_of("sklearn")["brier_score_loss"]
    with framework.precision(dtype):
        for weights in ({}, {"sample_weight": w}):
            given = {name: framework.tensor(value, dtype) for name, value in weights.items()}
            value = framework.numpy(ours(framework.tensor(y, dtype), framework.tensor(p, dtype), **given))
            assert of_largest(value, np.asarray(original(y, p, **weights), dtype), dtype) <= tolerances.DIALECT


@pytest.mark.usefixtures("example")
def test_formula_keeps_its_contract() -> None:
    assert_formula(import_module("unifocal_example.brier").BrierScore())


@pytest.mark.usefixtures("example")
def test_names_of_its_functions() -> None:
    function = dialects.function_named(dialects.full_name("unifocal.dialects.sklearn.brier_score_loss"))
    assert name_of(function) == registry.name_of(function) == "sklearn.brier_score_loss"
    with pytest.raises(ValueError, match="sklearn has no 'log_loss'; it has brier_score_loss"):
        dialects.full_name("sklearn.log_loss")
    with pytest.raises(ValueError, match=r"There is no dialect 'pandas'.*, sklearn"):
        dialects.functions_of("pandas")


@pytest.mark.usefixtures("example")
def test_backend_is_used_for_its_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    library = import_module("unifocal_example.counted")
    x, y = np.array([[0.3, -2.0], [4.0, 0.1]]), np.array([[1.0, 0.0], [0.5, 1.0]])
    before = library.Counted.passes
    value, gradient = unifocal.value_and_grad(unifocal.sigmoid_focal_loss)(library.counted(x), y, reduction="sum")
    assert library.Counted.passes > before + 8
    assert isinstance(gradient, library.Counted)
    expected = unifocal.value_and_grad(unifocal.sigmoid_focal_loss)(x, y, reduction="sum")
    np.testing.assert_allclose(np.asarray(value), expected[0], rtol=1e-14)
    np.testing.assert_allclose(np.asarray(gradient), expected[1], rtol=1e-14)
    assert dispatch.backend_named("unifocal_example").name == "unifocal_example"
    assert "unifocal_example" in dispatch.installed_frameworks()
    monkeypatch.setattr(dispatch, "SHIMS", {"numpy": dispatch.SHIMS["numpy"]})  # others take seconds to load
    assert unifocal.available_backends()["unifocal_example"] == (True, "1.0", True, None)


_LAZY = """
import sys, unifocal
imported = "importlib.metadata" in sys.modules
import importlib.metadata, numpy
read, entry_points = [], importlib.metadata.entry_points
def recorded(**asked):
    read.append(asked["group"])
    return entry_points(**asked)
importlib.metadata.entry_points = recorded
def loaded(): return "unifocal_example" in sys.modules
unifocal.cross_entropy(numpy.zeros((2, 3)), [0, 1])
unifocal.dialects.keras.binary_crossentropy([[1]], numpy.full((1, 1), 0.5))
print(imported, read, loaded())
print("sklearn" in unifocal.dialects.dialect_names(), read, loaded())
print(unifocal.dialects.full_name("sigmoid_focal_crossentropy"), loaded())
print(unifocal.dialects.sklearn.__name__, read, loaded())
"""


def test_nothing_is_read_or_loaded_before_it_is_needed(folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", _LAZY], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines() == [
        "False [] False",
        "True ['unifocal.dialects'] False",
        "tfa.sigmoid_focal_crossentropy False",
        "unifocal_example.dialect ['unifocal.dialects'] True",
    ]


# --- faults -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "name", "reason"),
    [
        ("dialects", "torch", "is the name of a dialect of unifocal's own"),
        ("dialects", "tensorflow", "is the name of a library that a dialect of unifocal's own mirrors"),
        ("dialects", "ppdet", "is the name of a library that a dialect of unifocal's own mirrors"),
        ("dialects", "ranks", "is the name of something else in unifocal.dialects"),
        ("dialects", "full_name", "is the name of something else in unifocal.dialects"),
        ("dialects", "a-b", "must be a Python identifier"),
        ("backends", "torch", "is the name of a backend of unifocal's own"),
        ("backends", "jaxlib", "is the name of a backend of unifocal's own"),
        ("backends", "array_api", "is the name of a backend of unifocal's own"),
    ],
)
def test_name_that_is_taken(plant: _Plant, group: str, name: str, reason: str) -> None:
    plant(group, name, "acme_module")
    kind = group.removesuffix("s")
    told = rf"^acme 2\.1 adds a {kind} named '{name}' \(entry point of unifocal\.{group}\), which {reason}\. Rename it there, or uninstall"
    plugins = registry.PLUGINS if group == "dialects" else dispatch.PLUGINS
    with pytest.raises(PluginError, match=told):
        plugins.names()
    # The library's own is what the name means all the same.
    assert dialects.torch.__name__ == "unifocal.dialects.torch"
    assert float(unifocal.binary_cross_entropy(np.zeros(1), np.ones(1))) == pytest.approx(np.log(2))


def test_name_of_two_packages(plant: _Plant) -> None:
    plant("dialects", "acme", "acme_module")
    plant("dialects", "acme", "other_module", package="emca")
    told = r"^emca 2\.1 adds a dialect named 'acme' \(entry point of unifocal.dialects\), and so does acme 2\.1\. Uninstall one of them\.$"
    with pytest.raises(PluginError, match=told):
        dialects.dialect_names()


def test_commands_say_whose_name_is_taken(plant: _Plant) -> None:
    plant("dialects", "torch", "acme_module")
    for arguments in (["dialects", "--json"], ["explain", "nothing.at_all"]):
        done = _command(*arguments)
        assert (done.exit_code, "acme 2.1 adds a dialect named 'torch'" in " ".join(done.stderr.split())) == (2, True)
    assert [one["dialect"] for one in json.loads(_command("dialects", "--json").stdout)] == list(registry.own_dialects())
    assert _command("explain", "torch.cross_entropy").exit_code == 0


@pytest.mark.parametrize(
    ("value", "source", "reason"),
    [
        ("acme_module", "import no_such_module", "cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"),
        ("acme_module", "1 / 0", "cannot be loaded: ZeroDivisionError: division by zero"),
        ("acme_module:missing", "", "cannot be loaded: AttributeError: .*has no attribute 'missing'"),
        ("acme_module:loss", "def loss(): pass", "must be a module with loss functions; it is a function"),
        ("acme_module", '"""Acme."""', "must be a module that says what it mirrors and lists its functions; it has no __all__"),
        ("acme_module", '__all__ = ["f"]', "must be a module that says what it mirrors .*; it has no __doc__"),
        (
            "acme_module",
            '"""Acme."""\n__all__ = ["f", "g"]\ng = 1',
            "must be a module with all the functions that its __all__ lists; it has no f, g",
        ),
    ],
    ids=["lacks a module", "raises", "names nothing", "is no module", "lists nothing", "says nothing", "lists too much"],
)
def test_broken_dialect(plant: _Plant, value: str, source: str, reason: str) -> None:
    plant("dialects", "acme", value, source)
    told = rf"^The dialect 'acme' of acme 2\.1 \({value}\) {reason}\. Mend that package, or uninstall it\.$"
    for ask in (lambda: dialects.functions_of("acme"), lambda: dialects.full_name("acme.f"), lambda: vars(dialects)["__getattr__"]("acme")):
        with pytest.raises(PluginError, match=told):
            ask()
    assert dialects.full_name("optax.sigmoid_focal_loss") == "optax.sigmoid_focal_loss"
    listed = _command("dialects", "--json")
    assert listed.exit_code == 2
    assert "The dialect 'acme' of acme 2.1" in " ".join(listed.stderr.split())
    assert [one["dialect"] for one in json.loads(listed.stdout)] == list(registry.own_dialects())
    explained = _command("explain", "acme.f")
    assert (explained.exit_code, "The dialect 'acme' of acme 2.1" in " ".join(explained.stderr.split())) == (2, True)


_NO_LOSS = '"""Acme."""\n__all__ = ["f"]\ndef f(y, x): return x'
_REQUIRING = '''"""Acme."""
from unifocal.convention import Convention
from unifocal.formulas import SigmoidFocal
from unifocal.loss import loss
from unifocal.operands import Operands
__all__ = ["f"]
@loss
def f(x, y, gamma):
    return Convention(SigmoidFocal(gamma)), Operands(x, y)
'''


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (_NO_LOSS, "must name a loss; acme.f is none"),
        (_REQUIRING, r"must name a function that can be called with predictions and labels alone; acme.f takes \(x, y, gamma\)"),
    ],
    ids=["no loss", "an option required"],
)
def test_function_that_nothing_can_be_held_to(plant: _Plant, source: str, reason: str) -> None:
    plant("dialects", "acme", "acme_module", source)
    with pytest.raises(ValueError, match=reason):
        assert_parity(lambda x, y: x, like="acme.f")


_BACKEND = "from unifocal.backends.numpy import *\nfrom unifocal.backends.numpy import name\n"


@pytest.mark.parametrize(
    ("value", "source", "reason"),
    [
        ("acme_module", "import no_such_module", "cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"),
        ("acme_module", _BACKEND + "del total, attach", "must be a unifocal.backend.Backend; it has no total, attach"),
        (
            "acme_module",
            _BACKEND + "del threads",
            "must be a unifocal.backend.EagerBackend, some of whose functions it has, or none; it has no threads",
        ),
    ],
    ids=["lacks a module", "is not whole", "is eager in part"],
)
def test_broken_backend(plant: _Plant, monkeypatch: pytest.MonkeyPatch, value: str, source: str, reason: str) -> None:
    plant("backends", "acme_tensors", value, source)
    told = rf"^The backend 'acme_tensors' of acme 2\.1 \({value}\) {reason}\. Mend that package, or uninstall it\.$"
    tensor: Any = type("Tensor", (), {"__module__": "acme_tensors.arrays"})()
    with pytest.raises(PluginError, match=told):
        unifocal.cross_entropy(tensor, [0])
    monkeypatch.setattr(dispatch, "SHIMS", {"numpy": dispatch.SHIMS["numpy"]})  # others take seconds to load
    status = unifocal.available_backends()["acme_tensors"]
    assert (status.installed, status.version, status.loads) == (True, "2.1", False)
    assert status.error is not None
    assert "Mend that package" in status.error
    assert unifocal.available_backends()["numpy"].loads


def test_unknown_backend_is_refused_with_all_names(plant: _Plant) -> None:
    plant("backends", "acme_tensors", "acme_module", _BACKEND)
    with pytest.raises(ValueError, match=r"backend must be one of numpy, .*, acme_tensors; received 'pandas'"):
        dispatch.backend_named("pandas")
