"""Fixtures of the suite: ``framework`` and ``dtype`` run a test on every framework, in every floating-point format it has.

With ``mode`` and ``dtype`` a test runs in every way in which a framework compiles.

Some frameworks are asked by tests that name them alone, and of some ``@pytest.mark.costly`` makes tests a part of the full run.

``@pytest.mark.dtypes(...)`` names other formats than float32 and float64, ``@pytest.mark.frameworks(...)`` some frameworks only.
``--measured`` prints the largest distances that tests measured.  ``--device=cuda`` puts the tensors of these tests there, in the frameworks
that have it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import chain
from typing import Any

import numpy as np
import pytest

from ..frameworks import DEVICES, FRAMEWORKS, DeviceAbsentError, Framework, framework_named, installed, usual
from ..truth.ulp import Floats
from . import noise

# Whatever a test file imports first: importing paddle 3.3.1 after tensorflow 2.21 crashes the interpreter.
if "paddle" in installed():
    framework_named("paddle")

_MEASURED = "measured "


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--measured`` and ``--device``."""
    parser.addoption("--measured", action="store_true", help="print the largest distance of each measurement from the truth")
    parser.addoption("--device", default="cpu", help=f"where tensors live, one of {', '.join(DEVICES)}; frameworks without it are skipped")


def pytest_configure(config: pytest.Config) -> None:
    """Make warnings errors, declare the markers, and refuse a device that nothing here has."""
    require_device(config.getoption("--device"), installed())
    config.addinivalue_line("filterwarnings", "error")
    for line in noise.filters():
        config.addinivalue_line("filterwarnings", line)
    config.addinivalue_line("markers", "dtypes(*names): the floating-point formats that the dtype fixture takes")
    config.addinivalue_line("markers", "costly: what takes long; on frameworks that are asked seldom it is of the full run")
    config.addinivalue_line("markers", "full: what takes long and fails with its like in the suite; -m full runs it")
    config.addinivalue_line("markers", "frameworks(*names): the frameworks that the framework fixture takes")


def require_device(device: str, names: Sequence[str]) -> None:
    """Raise a UsageError unless one of these frameworks has the device: a run in which every test is skipped proves nothing."""

    def has(name: str) -> bool:
        try:
            framework_named(name, device)
        except DeviceAbsentError:
            return False
        return True

    if device not in DEVICES:
        raise pytest.UsageError(f"--device must be one of {', '.join(DEVICES)}; received {device}.")
    if device != "cpu" and not any(map(has, names)):
        raise pytest.UsageError(f"--device {device}: none of the installed frameworks ({', '.join(names)}) has it here.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that takes them each framework, and each of the framework's formats."""

    def marked(name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        marker = metafunc.definition.get_closest_marker(name)
        return marker.args if marker else default

    frameworks, dtypes = marked("frameworks", usual()), marked("dtypes", ("float32", "float64"))
    if "framework" in metafunc.fixturenames:
        present = installed()
        costly = metafunc.definition.get_closest_marker("costly") is not None
        marks = {
            name: [
                *([] if name in present else [pytest.mark.skip(reason=f"{name} is not installed")]),
                *([pytest.mark.full] if costly and FRAMEWORKS[name].seldom else []),
            ]
            for name in frameworks
        }
        if "mode" in metafunc.fixturenames:
            ways = [(name, mode, dtype) for name in frameworks for mode, has in FRAMEWORKS[name].modes.items() for dtype in has]
            cells = [pytest.param(*way, marks=marks[way[0]]) for way in ways]
            metafunc.parametrize(("framework", "mode", "dtype"), cells, indirect=["framework"], scope="session")
        elif "dtype" in metafunc.fixturenames:
            pairs = [(name, dtype) for name in frameworks for dtype in dtypes if dtype in FRAMEWORKS[name].dtypes]
            cells = [pytest.param(name, dtype, marks=marks[name]) for name, dtype in pairs]
            metafunc.parametrize(("framework", "dtype"), cells, indirect=["framework"], scope="session")
        else:
            cells = [pytest.param(name, marks=marks[name]) for name in frameworks]
            metafunc.parametrize("framework", cells, indirect=True, scope="session")
    elif "dtype" in metafunc.fixturenames:
        metafunc.parametrize("dtype", dtypes, scope="session")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker whole frameworks of a file: what one test of them compiled or loaded serves the others."""
    scheduling: Any = import_module("xdist.scheduler").LoadScopeScheduling

    class ByFramework(scheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            parameters = test.partition("[")[2]
            return " ".join([file, *(name for name in FRAMEWORKS if parameters.startswith(name))])

    return ByFramework(config, log)


@pytest.fixture(scope="session")
def framework(request: pytest.FixtureRequest) -> Framework:
    """Every framework in turn, imported when its first test runs."""
    try:
        return framework_named(request.param, request.config.getoption("--device"))
    except DeviceAbsentError as absent:
        pytest.skip(str(absent))


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``measure(distances, bar, *what)``: note the largest distance, under the words of ``what``, and hold it to the bar."""

    def measure(distances: Floats, bar: float, *what: object) -> None:
        largest = float(np.max(distances, initial=0.0))
        words = "  ".join(map(str, what))
        # A property of the test, so that it comes back from pytest-xdist's workers too.
        request.node.user_properties.append((_MEASURED + words, largest))
        if not largest <= bar:
            at = np.unravel_index(int(np.argmax(distances)), distances.shape)
            pytest.fail(f"{words} is {largest:.4g} from the truth at {tuple(map(int, at))}; the bar is {bar:g}")

    return measure


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what was measured, if asked to."""
    if config.getoption("--measured"):
        largest: dict[str, float] = {}
        reports = (report for reports in terminalreporter.stats.values() for report in reports)
        for name, value in chain.from_iterable(getattr(report, "user_properties", ()) for report in reports):
            if name.startswith(_MEASURED):
                words = name.removeprefix(_MEASURED)
                largest[words] = max(value, largest.get(words, 0.0))
        terminalreporter.section("largest distances from the truth")
        for words, value in sorted(largest.items()):
            terminalreporter.write_line(f"{value:12.4g}  {words}")
