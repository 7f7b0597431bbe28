"""Files of recorded answers: complete, small, the same bytes from the same answers; and damaged or foreign ones are refused."""

from __future__ import annotations

import pickle
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unifocal.dialects import dialect_names

from ... import dialects
from ...calls import records
from ...calls.case import Answer, Case
from ...calls.records import Entry, Record
from ...dialects import golden_record, module_of, original_answer, record_original
from ...truth import tolerances
from ...truth.ulp import of_largest

_PAIR = (np.array([0.5, 1.0]), np.array([2, 3]))
_CASE = Case(
    "f",
    "a=1",
    "x",
    {"x": np.array([[0.1, np.inf]]), "y": np.array([1, 0], np.int64), "pair": _PAIR, "alpha": 0.25, "reduction": None},
    {"s": "sum"},
)
_RECORD = Record("f", "numpy", {"numpy": "2"}, (Entry(_CASE, Answer(np.array(np.float32(3)), None)),), {"f": "(x, y)"})


def test_round_trip(tmp_path: Path) -> None:
    _RECORD.write(tmp_path / "a.npz")
    found = Record.read(tmp_path / "a.npz")
    assert (found.subject, found.framework, found.versions, found.signatures) == ("f", "numpy", {"numpy": "2"}, {"f": "(x, y)"})
    (entry,) = found.entries
    assert str(entry.case) == "f[a=1]"
    assert entry.case.options == {"s": "sum"}
    for name, value in _CASE.arguments.items():
        np.testing.assert_array_equal(entry.case.arguments[name], value)
    assert entry.answer.value.dtype == np.float32
    assert entry.answer.value == found.answer(_CASE).value == 3
    assert entry.answer.gradient is None


def test_same_answers_make_the_same_bytes(tmp_path: Path) -> None:
    """Recorded twice, with Torch where it is there."""
    subject = "torch" if not module_of("torch").ORIGINAL.missing() else None
    for name in ("a.npz", "b.npz"):
        (record_original(subject) if subject else _RECORD).write(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_golden_vectors_are_small_and_of_every_case() -> None:
    folder = files(dialects).joinpath("golden")
    assert sum(len(file.read_bytes()) for file in folder.iterdir()) < 2_000_000
    for dialect in dialect_names():
        assert [str(entry.case) for entry in golden_record(dialect).entries] == [str(case) for case in module_of(dialect).CASES]


@pytest.mark.parametrize("dialect", dialect_names())
def test_golden_vectors_are_what_the_original_gives(dialect: str) -> None:
    """Of every fifth case; where the original does not run here, that the inputs are those of the cases."""
    original = module_of(dialect).ORIGINAL
    for case, entry in list(zip(module_of(dialect).CASES, golden_record(dialect).entries, strict=True))[::5]:
        for given, kept in ((case.arguments, entry.case.arguments), (case.options or {}, entry.case.options or {})):
            assert list(given) == list(kept)
            for name, value in given.items():
                np.testing.assert_array_equal(kept[name], value)
        if not original.recorded and not original.missing():
            answer = original_answer(dialect, case)
            for part in ("value", "gradient"):
                assert of_largest(getattr(entry.answer, part), getattr(answer, part), case.dtype) <= tolerances.AGAIN, f"{case}: {part}"


def _pickled(path: Path) -> None:
    np.savez(path, manifest=np.array([{}], object))


def _foreign(path: Path) -> None:
    np.savez(path, weights=np.zeros(3))


def _text(path: Path) -> None:
    path.write_text("loss 0.25\n")


def _bare_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"x": 1}))


def _truncated(path: Path) -> None:
    _RECORD.write(path)
    path.write_bytes(path.read_bytes()[:-40])


def _rewritten(path: Path, edit: Any) -> None:
    _RECORD.write(path)
    with np.load(path) as archive:
        members = {name: archive[name] for name in archive.files}
    manifest = edit(members["manifest"].tobytes().decode())
    np.savez(path, **{**members, "manifest": np.frombuffer(manifest.encode(), np.uint8)})


def _later_format(path: Path) -> None:
    _rewritten(path, lambda text: text.replace("unifocal record 1", "unifocal record 2"))


def _out_of_range(path: Path) -> None:
    _rewritten(path, lambda text: text.replace("[1,2]", "[9,9]"))


def _huge_content(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.npy", b"\0" * 2**20)


def _mistyped(path: Path) -> None:
    _rewritten(path, lambda text: text.replace('"versions":{"numpy":"2"}', '"versions":"2"'))


def _empty(path: Path) -> None:
    Record("f", "numpy", {}, ()).write(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _missing(path: Path) -> None:
    """No file at all."""


def _no_predictions(path: Path) -> None:
    _rewritten(path, lambda text: text.replace('"predictions":"x"', '"predictions":"z"'))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(_missing, "cannot be read: No such file", id="missing"),
        pytest.param(_folder, "it is no file", id="folder"),
        pytest.param(_text, "is no .npz file of arrays without pickles, or is damaged", id="text"),
        pytest.param(_bare_pickle, "is no .npz file of arrays without pickles, or is damaged", id="pickle"),
        pytest.param(_pickled, "is no .npz file of arrays without pickles, or is damaged", id="npz of pickles"),
        pytest.param(_foreign, "it has no 'manifest'", id="foreign npz"),
        pytest.param(_truncated, "is no .npz file of arrays without pickles, or is damaged", id="truncated"),
        pytest.param(_mistyped, "is not a record of unifocal's, or is damaged (AttributeError)", id="mistyped"),
        pytest.param(_empty, "it has no calls", id="no calls"),
        pytest.param(
            _later_format, "its format is 'unifocal record 2', and 'unifocal record 1' is what this version reads", id="later format"
        ),
        pytest.param(_out_of_range, "an array in it is cut short", id="out of range"),
        pytest.param(_no_predictions, "a call in it has no predictions", id="no predictions"),
        pytest.param(_huge_content, "it unpacks to 1048576 bytes", id="bomb"),
    ],
)
def test_unusable_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Any, message: str) -> None:
    monkeypatch.setattr(records, "LARGEST_CONTENT", 2**19)
    path = tmp_path / "record.npz"
    damage(path)
    with pytest.raises(ValueError, match=r"record\.npz") as raised:
        Record.read(path)
    assert message in str(raised.value)


def test_large_files_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _RECORD.write(tmp_path / "a.npz")
    monkeypatch.setattr(records, "LARGEST_FILE", 100)
    with pytest.raises(ValueError, match="bytes, and 100 are read at most"):
        Record.read(tmp_path / "a.npz")


def test_what_would_not_be_read_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LARGEST_FILE", 100)
    with pytest.raises(ValueError, match=r"A record of \d+ bytes is too large"):
        _RECORD.write(tmp_path / "a.npz")
    assert not (tmp_path / "a.npz").exists()


def test_other_dtypes_are_not_recorded(tmp_path: Path) -> None:
    entry = Entry(_CASE, Answer(np.array(1j), None))
    with pytest.raises(ValueError, match="A record holds arrays of float64"):
        Record("f", "numpy", {}, (entry,)).write(tmp_path / "a.npz")
