"""``unifocal record --inputs``: arrays go to the parameters whose names they have, and what does not fit is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ...calls.records import Record

testing = pytest.importorskip("typer.testing")

_SOURCE = """
import numpy as np

def entropy(pred, true, weight=1.0):
    return np.mean(-weight * (true * np.log(pred) + (1 - true) * np.log1p(-pred)))

def anything(*tensors): return entropy(*tensors)
def optional(pred, true=None, weight=1.0): return entropy(pred, true, weight)

class Weighted:
    def __init__(self, weight): self.weight = weight
    def __call__(self, pred, true): return entropy(pred, true, self.weight)
"""
_PRED, _TRUE, _WEIGHT = np.array([0.9, 0.2, 0.7]), np.array([1.0, 0.0, 0.5]), np.array([1.0, 2.0, 0.5])


@pytest.fixture(autouse=True)
def losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "named_losses", raising=False)
    (tmp_path / "named_losses.py").write_text(_SOURCE)


def _record(function: str, *arguments: str, predictions: str | None = "pred") -> Any:
    from unifocal.cli import app

    named = [] if predictions is None else ["--predictions", predictions]
    command = ["record", "--function", f"named_losses:{function}", "--inputs", "in.npz", *named, "-o", "ref.npz", *arguments]
    return testing.CliRunner().invoke(app, command)


def _entropy(weight: Any = 1.0) -> float:
    return float(np.mean(-weight * (_TRUE * np.log(_PRED) + (1 - _TRUE) * np.log1p(-_PRED))))


@pytest.mark.parametrize(
    ("function", "arrays", "right"),
    [
        ("entropy", {"true": _TRUE, "pred": _PRED}, _entropy()),
        ("entropy", {"weight": _WEIGHT, "true": _TRUE, "pred": _PRED}, _entropy(_WEIGHT)),
        ("Weighted", {"weight": _WEIGHT, "true": _TRUE, "pred": _PRED}, _entropy(_WEIGHT)),
    ],
    ids=["labels first", "weight first", "class"],
)
def test_arrays_are_bound_by_name(function: str, arrays: dict[str, Any], right: float) -> None:
    np.savez("in.npz", **arrays)
    done = _record(function)
    assert done.exit_code == 0, done.output
    assert "ref.npz: 1 call of" in done.stdout
    (entry,) = Record.read(Path("ref.npz")).entries
    assert entry.case.predictions == "pred"
    assert float(entry.answer.value) == right


@pytest.mark.parametrize("predictions", ["pred", "arr_0"])
@pytest.mark.parametrize("arrays", [(_PRED, _TRUE), (_PRED, _TRUE, _WEIGHT)], ids=["two", "three"])
def test_arrays_without_names_come_in_order(arrays: Any, predictions: str) -> None:
    np.savez("in.npz", *arrays)
    assert _record("entropy", predictions=predictions).exit_code == 0
    (entry,) = Record.read(Path("ref.npz")).entries
    assert float(entry.answer.value) == _entropy(*arrays[2:])


def test_function_without_names() -> None:
    np.savez("in.npz", _PRED, _TRUE)
    assert _record("anything", predictions="arr_0").exit_code == 0
    assert float(Record.read(Path("ref.npz")).entries[0].answer.value) == _entropy()


@pytest.mark.parametrize(
    ("function", "arrays", "message"),
    [
        (
            "entropy",
            {"y_pred": _PRED, "y_true": _TRUE},
            "they are named y_pred, y_true, and named_losses:entropy is called with (",
        ),
        ("entropy", {"pred": _PRED, "y_true": _TRUE}, "must have the names of the parameters, pred and true among them, or none"),
        ("entropy", {"pred": _PRED, "true": _TRUE, "mask": _TRUE}, "they are named pred, true, mask,"),
        ("optional", {"pred": _PRED, "weight": _WEIGHT}, "pred and true among them"),
        ("entropy", {"pred": _PRED, "arr_0": _TRUE}, "they are named pred, arr_0"),
        ("anything", {"pred": _PRED, "true": _TRUE}, "or none, as numpy.savez(file, first, second) saves them"),
        ("Weighted", {"arr_0": _PRED, "arr_1": _TRUE, "arr_2": _WEIGHT}, "must hold at most 2 arrays if they have no names; it holds 3"),
        ("entropy", {"pred": _PRED > 0.5, "true": _TRUE > 0.5}, "--predictions must name the predictions, which must be floating-point"),
        ("entropy", {"pred": _PRED, "true": np.array(["a", "b", "c"])}, "it holds pred of float64, true of <U1."),
    ],
    ids=["other names", "one name", "one too many", "labels missing", "mixed", "no parameters", "class in order", "bool", "text"],
)
def test_arrays_that_do_not_fit_are_refused(function: str, arrays: dict[str, Any], message: str) -> None:
    np.savez("in.npz", **arrays)
    done = _record(function)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert not Path("ref.npz").exists()


def test_option_that_is_an_array_too_is_refused() -> None:
    np.savez("in.npz", pred=_PRED, true=_TRUE, weight=_WEIGHT)
    done = _record("entropy", "--option", "weight=2")
    assert (done.exit_code, done.stderr) == (2, "--option weight is in in.npz too; give it once.\n")
    np.savez("in.npz", pred=_PRED, true=_TRUE)
    assert _record("entropy", "--option", "weight=2").exit_code == 0
    assert float(Record.read(Path("ref.npz")).entries[0].answer.value) == pytest.approx(2 * _entropy(), rel=1e-15)
