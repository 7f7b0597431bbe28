"""``unifocal parity --function`` and ``unifocal record``: somebody's function beside an original or a record, for people and machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from unifocal.dispatch import FRAMEWORKS as SHIMS

from .assertions import SHOWN, cells, told
from .calls import Case
from .frameworks import Framework
from .guesses import guesses
from .port import Comparison, Reference, backend_for, compare, like, recorded
from .records import Entry, Record
from .report import AGREES, DISAGREES, UNUSABLE, output, strict_json
from .subjects import Subject, SubjectError, UnusableError, subject_named


def check(
    function: str, like_name: str | None, against: Path | None, options: Mapping[str, Any], backend: str, dtype: str, as_json: bool
) -> int:
    """Whether the function is ``like_name``'s port, or gives a record's answers; prints it, and returns the exit status."""
    try:
        run = backend_for(backend)
        if (like_name is None) == (against is None):
            raise UnusableError("--function requires one of --like and --against.")
        subject = subject_named(function)
        reference = like(like_name, options, dtype) if like_name is not None else _read(against, options)
        comparison = _with_progress(subject, reference, run)
        causes = [] if comparison.agrees else guesses(subject, reference, run, comparison)
    except (UnusableError, ValueError) as error:
        return _refuse(error)
    if as_json:
        print(strict_json(document(comparison, causes)))
    else:
        _print(comparison, causes, output())
    return AGREES if comparison.agrees else DISAGREES


def record_function(
    function: str, like_name: str | None, inputs: Path | None, options: Mapping[str, Any], backend: str, dtype: str, path: Path
) -> int:
    """Write what a function answers to a file: to ``like_name``'s calls, or to arrays of a file of NumPy's."""
    try:
        run = backend_for(backend)
        if (like_name is None) == (inputs is None):
            raise UnusableError("--function requires one of --like and --inputs.")
        subject = subject_named(function)
        reference = (
            like(like_name, options, dtype) if like_name is not None else Reference("", _entries(subject, inputs, options, dtype), {})
        )
        record = recording(subject, reference, run)
        record.write(path)
    except (UnusableError, ValueError, OSError) as error:
        return _refuse(error)
    except SubjectError as error:
        _errors().print(f"{function} raised {error}; nothing was written.", markup=False, highlight=False, soft_wrap=True)
        return DISAGREES
    output().print(f"{path}: {len(record.entries)} calls of {subject.name} on {run.name}.", markup=False, highlight=False, soft_wrap=True)
    return AGREES


def recording(subject: Subject, reference: Reference, run: Framework) -> Record:
    """What a function answers to the reference's calls, those with options that it has not left out."""
    subject.check_arity(reference.entries[0].case, reference.optional)
    calls = [entry.case for entry in reference.entries if subject.left_out(entry.case, reference.optional) is None]
    if not calls:
        raise UnusableError(f"{subject.name} takes the options of none of {reference.name}'s calls.")
    packages = SHIMS[run.name].distributions if run.name in SHIMS else (run.name,)
    versions = {package: version(package) for package in ("unifocal", packages[0])}
    entries = tuple(Entry(case, subject.answer(run, case, reference.optional)) for case in calls)
    return Record(subject.name, run.name, versions, entries, {subject.name: str(signature(subject.function))})


def _entries(subject: Subject, inputs: Path | None, options: Mapping[str, Any], dtype: str) -> tuple[Entry, ...]:
    assert inputs is not None
    try:
        with np.load(inputs, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # whatever a foreign file leads to
        raise UnusableError(f"{inputs} must be an .npz file of arrays without pickles ({type(error).__name__}).") from error
    floating = [name for name, array in arrays.items() if array.dtype.kind == "f"]
    if len(arrays) < 2 or not floating or any(array.dtype.kind not in "fiub" for array in arrays.values()):
        raise UnusableError(
            f"{inputs} must hold the predictions and labels, in the order of the call; it has {', '.join(arrays) or 'nothing'}."
        )
    case = Case(subject.name, inputs.name, floating[0], {**arrays, **options}, None, dtype)
    return (Entry(case, None),)  # type: ignore[arg-type]


def _read(path: Path | None, options: Mapping[str, Any]) -> Reference:
    assert path is not None
    if options:
        raise UnusableError("--option goes with --like; a record has its own options.")
    return recorded(Record.read(path))


def _refuse(error: Exception) -> int:
    _errors().print(str(error), markup=False, highlight=False, soft_wrap=True)
    return UNUSABLE


def _errors() -> Console:
    return Console(stderr=True)


def _with_progress(subject: Subject, reference: Reference, run: Framework) -> Comparison:
    errors = _errors()
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bars:
        task = bars.add_task(f"{subject.name} on {run.name}", total=len(reference.entries))
        return compare(subject, reference, run, lambda done: bars.update(task, completed=done))


def document(comparison: Comparison, causes: Sequence[str]) -> dict[str, Any]:
    """A comparison for machines."""
    return {"agrees": comparison.agrees, **asdict(comparison), "likely": list(causes)}


def _print(comparison: Comparison, causes: Sequence[str], console: Console) -> None:
    first, *rest = told(comparison, causes)
    console.print(f"[{'green' if comparison.agrees else 'red'}]{escape(first)}[/]", highlight=False, soft_wrap=True)
    if comparison.mismatches:
        table = Table(
            "call", "", "farthest at", "here", "there", "ulp", box=SIMPLE_HEAD, title="The largest differences", title_justify="left"
        )
        for difference in comparison.mismatches[:SHOWN]:
            table.add_row(*map(escape, cells(difference)))
        console.print(table)
    for line in rest:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
