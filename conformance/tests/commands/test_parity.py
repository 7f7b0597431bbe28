"""``unifocal parity``: what it prints, when it fails, and what one broken framework costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dialects import dialect_names, functions_of

from ...frameworks import FRAMEWORKS, installed, usual
from ...parity import columns
from ...parity.columns import Column
from ...parity.replies import DIALECTS, UNIFOCAL, Reply
from ...parity.verdicts import Report, judged, parity_of, verdicts_on

pytest.importorskip("typer")


def _unifocal(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a new interpreter, after the statements of ``before``."""
    code = f"import sys\n{before}\nfrom unifocal.__main__ import main\nsys.argv[1:] = {list(arguments)}\nsys.exit(main())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)


def _hide(*modules: str) -> str:
    """Statements that make modules look as if they were not installed."""
    return f"""
import importlib.machinery
hidden, find = {set(modules)}, importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = lambda name, *rest: None if name.partition(".")[0] in hidden else find(name, *rest)
"""


_ALONE = _hide(*(cls.module.partition(".")[0] for cls in FRAMEWORKS.values() if cls.name != "numpy"))


def test_numpy_alone() -> None:
    done = _unifocal("parity", before=_ALONE)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in set(usual()) - {"numpy"}:
        assert f"absent: {name} (not installed; pip install" in done.stdout
    assert "absent: jax (not installed; pip install 'unifocal[jax]')" in done.stdout
    assert "All agree" in done.stdout
    assert done.stderr == ""


@pytest.mark.skipif("torch" not in installed(), reason="torch is not installed")
def test_chosen_backends_by_module() -> None:
    command = [sys.executable, "-m", "unifocal", "parity", "--backend", "torch", "--backend", "numpy"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recorded calls, on torch, numpy" in done.stdout
    assert "torch.nn.functional.cross_entropy" in done.stdout
    assert "absent" not in done.stdout
    assert done.stderr == ""


def test_wrong_figure_is_a_mismatch() -> None:
    plant = """
from dataclasses import replace
from unifocal.conformance.originals import documented
first, *others = documented.EXAMPLES
wrong = documented.Figures(first.value.numbers + [[0, 0, 1e-7], [0, 0, 0]], first.value.unit)
documented.EXAMPLES = (replace(first, value=wrong), *others)
"""
    done = _unifocal("parity", "--backend", "numpy", before=plant)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "mismatch: paddle focal on numpy, float32: the value is" in done.stdout
    assert "from the documented figures; at most 4 are allowed." in done.stdout
    assert "1 does not agree" in done.stdout


@pytest.mark.parametrize("missing", ["typer", "rich", "mpmath"])
def test_without_the_extra(missing: str) -> None:
    done = _unifocal("parity", before=_hide(missing))
    assert done.returncode == 2
    assert done.stderr == f"The unifocal command requires {missing}; try: pip install 'unifocal[cli]'\n"
    assert done.stdout == ""


def test_missing_backend() -> None:
    done = _unifocal("parity", "--backend", "jax", before=_ALONE)
    assert done.returncode == 2
    assert done.stderr == "jax is not installed; try: pip install 'unifocal[jax]'. Installed: numpy.\n"


def test_unknown_backend() -> None:
    done = _unifocal("parity", "--backend", "nump")
    assert done.returncode == 2
    assert done.stderr == f"--backend must be one of {', '.join(FRAMEWORKS)}; received nump.\n"


def test_version() -> None:
    done = _unifocal("--version")
    assert (done.returncode, done.stdout) == (0, f"unifocal {unifocal.__version__}\n")


@cache
def _numpy_report() -> Report:
    return parity_of(["numpy"])


def _scaled(part: str, factor: float) -> Callable[[Reply], Reply]:
    return lambda answer: replace(answer, **{part: (factor * np.asarray(getattr(answer, part))).tolist()})


def _in_single_precision(answer: Reply) -> Reply:
    return replace(answer, value=np.float32(answer.value).tolist())


def _with_one_dimension_more(answer: Reply) -> Reply:
    return replace(answer, value=[answer.value])


def _undefined(answer: Reply) -> Reply:
    return replace(answer, gradient=np.full(np.shape(answer.gradient), np.nan).tolist())


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(_scaled("value", 1 + 1e-5), {("value", "truth"), ("value", "figures")}, id="value scaled"),
        pytest.param(_scaled("gradient", -1.0), {("gradient", "truth")}, id="gradient sign"),
        pytest.param(_undefined, {("gradient", "truth")}, id="gradient NaN"),
        pytest.param(_in_single_precision, {("value", "truth")}, id="float32 for float64"),
        pytest.param(_with_one_dimension_more, {("value", "truth")}, id="shape"),
    ],
)
def test_faults_are_seen(fault: Callable[[Reply], Reply], expected: set[Any]) -> None:
    sound = _numpy_report()
    assert sound.agrees
    (column,) = sound.columns
    answers = [fault(answer) if (answer.example, answer.by) == ("paddle focal", UNIFOCAL) else answer for answer in column.answers]
    mismatches = list(verdicts_on([replace(column, answers=tuple(answers))], sound.examples))
    assert {(v.part, v.judge) for v in mismatches if not v.agrees} >= expected
    assert {v.example for v in mismatches if not v.agrees} == {"paddle focal"}


def test_answers_keep_every_bit() -> None:
    for answer in (Reply("e", UNIFOCAL, "float64", [0.1, 5e-324, float("inf")], None), Reply("f", "g", "float32", error="no")):
        assert Reply.from_json(answer.to_json()) == answer
        assert answer.to_json().count("\n") == 0


def test_slow_framework_costs_its_column() -> None:
    report = parity_of(["numpy"], timeout=0.01)
    assert report.columns == (Column("numpy", "failed", "no answer in 0.01 s"),)
    assert not report.agrees


def test_crash_costs_one_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "installed", lambda: ("numpy", "broken"))
    report = parity_of(["numpy", "broken"])
    assert [column.state for column in report.columns] == ["answered", "failed"]
    assert report.columns[1].reason == "its process ended with status 1: KeyError: 'broken'"
    assert not report.mismatches
    assert not report.agrees


def test_an_exception_costs_one_cell() -> None:
    sound = _numpy_report()
    (column,) = sound.columns
    first = replace(column.answers[0], value=None, gradient=None, error="ValueError: no")
    column = replace(column, answers=(first, *column.answers[1:]))
    report = judged([column])
    assert report.errors == ((column, first),)
    assert not report.mismatches
    assert not report.agrees


def test_dialects_are_held_to_the_recorded_answers() -> None:
    """On NumPy alone: a difference of a millionth in one number of one of them is told, with whose rounding it is not."""
    sound = _numpy_report()
    assert {distances.function for distances in sound.distances} == {
        f"{dialect}.{name}"
        for dialect in dialect_names()
        for name in functions_of(dialect)
        if hasattr(_described(dialect, name), "describe")
    }
    (column,) = sound.columns
    one = next(answer for answer in column.answers if answer.by == DIALECTS)
    answers = [_scaled("gradient", 1 + 1e-6)(answer) if answer is one else answer for answer in column.answers]
    report = judged([replace(column, answers=tuple(answers))])
    (stray,) = report.strays
    assert (stray.call, stray.part) == (one.example, "gradient")
    assert stray.from_truth > 1e6 > stray.original_from_truth
    assert not report.agrees


def _described(dialect: str, name: str) -> Any:
    return functions_of(dialect)[name]


def test_json() -> None:
    done = _unifocal("parity", "--backend", "numpy", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["agrees"] is True
    assert {verdict["judge"] for verdict in document["examples"]} >= {"truth", "figures"}
    assert all(distances["agrees"] for distances in document["dialects"])
