"""Recorded answers: what a function gave for a set of calls, in one file that another machine can check against.

A file is NumPy's ``.npz`` without pickles: ``manifest``, JSON that names the calls, and one flat array a dtype that holds all of their
numbers.  The same answers make the same bytes.  Files may come from strangers, so their sizes are bounded and nothing in them is trusted.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from unifocal.arrays import NumPyArray

from .case import Answer, Case

FORMAT = "unifocal record 1"
LARGEST_FILE, LARGEST_CONTENT = 64 * 2**20, 512 * 2**20
"""Bytes of a file, and of what it unpacks to, beyond which it is refused."""

_MANIFEST = "manifest"
_DTYPES = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")


@dataclass(frozen=True)
class Entry:
    """A call and its answer."""

    case: Case
    answer: Answer


@dataclass(frozen=True)
class Record:
    """What one subject (a dialect's original, or somebody's function) answered.

    framework: whose tensors it took.  versions: of the distributions that matter.  signatures: by function.
    """

    subject: str
    framework: str
    versions: Mapping[str, str]
    entries: tuple[Entry, ...]
    signatures: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _answers(self) -> dict[str, Answer]:
        return {str(entry.case): entry.answer for entry in self.entries}

    def answer(self, case: Case) -> Answer:
        """The recorded answer for a case.

        Raises
        ------
        KeyError
            If there is none.
        """
        return self._answers[str(case)]

    def write(self, path: Path) -> None:
        """Write the record to a file.

        Raises
        ------
        ValueError
            If it is larger than what is read, or holds arrays of other dtypes.
        OSError
            If the file cannot be written.
        """
        packer = _Packer()
        document = {
            "format": FORMAT,
            "subject": self.subject,
            "framework": self.framework,
            "versions": dict(self.versions),
            "signatures": dict(self.signatures),
            "entries": [_packed(entry, packer) for entry in self.entries],
        }
        manifest = np.frombuffer(json.dumps(document | {"arrays": packer.index}, separators=(",", ":")).encode(), np.uint8)
        members = {_MANIFEST: manifest, **{name: np.concatenate(parts) for name, parts in sorted(packer.parts.items())}}
        file = BytesIO()
        np.savez_compressed(file, **members)  # type: ignore[arg-type]
        content = sum(member.nbytes for member in members.values())
        if file.tell() > LARGEST_FILE or content > LARGEST_CONTENT:
            raise ValueError(f"A record of {content} bytes is too large: {LARGEST_CONTENT} are read at most, and {LARGEST_FILE} in a file.")
        path.write_bytes(file.getvalue())

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read a record.

        Raises
        ------
        ValueError
            If the file is not there, is too large, or is no record; the message says which.
        """
        members = arrays_in(path)
        try:
            if _MANIFEST not in members:
                raise _RefusedError(f"it has no {_MANIFEST!r}")
            document = json.loads(members.pop(_MANIFEST).tobytes())
            if document["format"] != FORMAT:
                raise _RefusedError(f"its format is {document['format']!r}, and {FORMAT!r} is what this version reads")
            arrays = [_cut(members, *place) for place in document["arrays"]]
            if not document["entries"]:
                raise _RefusedError("it has no calls")
            return cls(
                str(document["subject"]),
                str(document["framework"]),
                _texts(document["versions"]),
                tuple(_unpacked(entry, arrays) for entry in document["entries"]),
                _texts(document["signatures"]),
            )
        except _RefusedError as error:
            raise ValueError(f"{path} is not a usable record: {error}.") from error
        except Exception as error:  # whatever a damaged or foreign file leads to
            raise ValueError(f"{path} is not a record of unifocal's, or is damaged ({type(error).__name__}).") from error


def arrays_in(path: Path) -> dict[str, NumPyArray]:
    """The arrays of an ``.npz`` file without pickles.

    Raises
    ------
    ValueError
        If it is not there, is too large, or is no such file; the message says which.
    """
    try:
        if not path.is_file():
            path.stat()
            raise _RefusedError("it is no file")
        if path.stat().st_size > LARGEST_FILE:
            raise _RefusedError(f"it has {path.stat().st_size} bytes, and {LARGEST_FILE} are read at most")
        with zipfile.ZipFile(path) as archive:
            content = sum(member.file_size for member in archive.infolist())
        if content > LARGEST_CONTENT:
            raise _RefusedError(f"it unpacks to {content} bytes, and {LARGEST_CONTENT} are read at most")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}.") from error
    except _RefusedError as error:
        raise ValueError(f"{path} is not usable: {error}.") from error
    except Exception as error:  # whatever a damaged or foreign file leads to
        raise ValueError(f"{path} is no .npz file of arrays without pickles, or is damaged ({type(error).__name__}).") from error


class _RefusedError(Exception):
    """A file that is refused, and why."""


class _Packer:
    """Arrays by content: ``parts`` are the flat ones of each dtype, ``index`` where each array lies in them."""

    def __init__(self) -> None:
        self.parts: dict[str, list[NumPyArray]] = {}
        self.index: list[tuple[str, list[int], int]] = []
        self._sizes: dict[str, int] = {}
        self._known: dict[tuple[str, tuple[int, ...], bytes], int] = {}

    def add(self, array: NumPyArray) -> int:
        """The place in the index of an array."""
        name = array.dtype.name
        if name not in _DTYPES:
            raise ValueError(f"A record holds arrays of {', '.join(_DTYPES)}; received {name}.")
        key = name, array.shape, array.tobytes()
        if key not in self._known:
            self._known[key] = len(self.index)
            start = self._sizes.get(name, 0)
            self.index.append((name, list(array.shape), start))
            self.parts.setdefault(name, []).append(np.ravel(array))
            self._sizes[name] = start + array.size
        return self._known[key]


def _packed(entry: Entry, packer: _Packer) -> dict[str, Any]:
    def operands(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        return {name: packed(value) for name, value in values.items()}

    def packed(value: Any) -> Any:
        if isinstance(value, tuple):
            return {"tuple": [packed(part) for part in value]}
        return {"array": packer.add(value)} if isinstance(value, np.ndarray) else value

    case, answer = entry.case, entry.answer
    return {
        "function": case.function,
        "name": case.name,
        "predictions": case.predictions,
        "dtype": case.dtype,
        "tolerance": case.tolerance,
        "arguments": operands(case.arguments),
        "options": operands(case.options),
        "value": packer.add(np.asarray(answer.value)),
        "gradient": None if answer.gradient is None else packer.add(np.asarray(answer.gradient)),
    }


def _unpacked(entry: Mapping[str, Any], arrays: list[NumPyArray]) -> Entry:
    def operands(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        return {name: unpacked(value) for name, value in values.items()}

    def unpacked(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return tuple(map(unpacked, value["tuple"])) if "tuple" in value else arrays[value["array"]]

    arguments = operands(entry["arguments"])
    if arguments is None or not isinstance(arguments.get(entry["predictions"]), np.ndarray) or entry["dtype"] not in _DTYPES[:3]:
        raise _RefusedError("a call in it has no predictions")
    tolerance = None if entry["tolerance"] is None else float(entry["tolerance"])
    case = Case(entry["function"], entry["name"], entry["predictions"], arguments, operands(entry["options"]), entry["dtype"], tolerance)
    gradient = None if entry["gradient"] is None else arrays[entry["gradient"]]
    return Entry(case, Answer(arrays[entry["value"]], gradient))


def _cut(members: Mapping[str, NumPyArray], name: str, shape: list[int], start: int) -> NumPyArray:
    size = math.prod(shape)
    flat = members[name]
    if flat.dtype.name != name or not 0 <= start <= start + size <= flat.size:
        raise _RefusedError("an array in it is cut short")
    array = flat[start : start + size].reshape(shape)
    array.setflags(write=False)
    return array


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(text) for name, text in values.items()}
