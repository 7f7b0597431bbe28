"""``unifocal parity --function`` and ``unifocal record``: somebody's function beside an original or a record, for people and machines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, replace
from importlib.metadata import version
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
from .records import Entry, Record, arrays_in
from .report import AGREES, DISAGREES, UNUSABLE, output, strict_json
from .signed import described
from .subjects import Subject, SubjectError, UnusableError, subject_named, tensors_of


def check(
    function: str, like_name: str | None, against: Path | None, options: Mapping[str, Any], backend: str, dtype: str, as_json: bool
) -> int:
    """Whether the function is ``like_name``'s port, or gives a record's answers; prints it, and returns the exit status."""
    try:
        with _stdout_to_stderr():
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
    function: str,
    like_name: str | None,
    inputs: Path | None,
    predictions: str | None,
    options: Mapping[str, Any],
    backend: str,
    dtype: str,
    path: Path,
) -> int:
    """Write what a function answers to a file: to ``like_name``'s calls, or to arrays of a file of NumPy's."""
    try:
        with _stdout_to_stderr():
            run = backend_for(backend)
            if (like_name is None) == (inputs is None):
                raise UnusableError("--function requires one of --like and --inputs.")
            subject = subject_named(function)
            if like_name is not None:
                reference = like(like_name, options, dtype)
                cases, optional = [entry.case for entry in reference.entries], reference.optional
            else:
                cases, optional = [_own_case(subject, inputs, predictions, options, dtype)], {}
            record = recording(subject, cases, optional, run)
        record.write(path)
    except (UnusableError, ValueError) as error:
        return _refuse(error)
    except OSError as error:
        return _refuse(UnusableError(f"{path} cannot be written: {error.strerror or error}."))
    except SubjectError as error:
        _errors().print(f"{function}: {error}; nothing was written.", markup=False, highlight=False, soft_wrap=True)
        return DISAGREES
    output().print(f"{path}: {len(record.entries)} calls of {subject.name} on {run.name}.", markup=False, highlight=False, soft_wrap=True)
    return AGREES


def recording(subject: Subject, cases: Sequence[Case], optional: Mapping[str, Any], run: Framework) -> Record:
    """What a function answers to calls, those with options that it has not left out; recorded is what it was given of them.

    Raises
    ------
    UnusableError
        If it cannot take the tensors, or the options of not one call.
    SubjectError
        If it raises, or an answer is NaN.
    """
    subject.check_arity(cases[0], optional)
    left_out = {str(case): subject.left_out(case, optional) for case in cases}
    calls = [case for case in cases if left_out[str(case)] is None]
    if not calls:
        raise UnusableError(f"{subject.name} takes no {', '.join(sorted(set(map(str, left_out.values()))))}, which every call has.")
    packages = SHIMS[run.name].distributions if run.name in SHIMS else (run.name,)
    versions = {package: version(package) for package in ("unifocal", packages[0])}
    entries = []
    for case in calls:
        answer, given = subject.answer(run, case, optional), subject.given(case, optional)
        if any(part is not None and np.isnan(part).any() for part in (answer.value, answer.gradient)):
            raise SubjectError(f"NaN in {case}")
        arguments = {**dict(zip(tensors_of(case), given.tensors, strict=True)), **given.named}
        made = dict(given.constructor) if subject.signed.is_class else None
        entries.append(Entry(replace(case, function=subject.name, arguments=arguments, options=made, tolerance=None), answer))
    return Record(subject.name, run.name, versions, tuple(entries), {subject.name: described(subject.signed.call)})


def _own_case(subject: Subject, inputs: Path | None, predictions: str | None, options: Mapping[str, Any], dtype: str) -> Case:
    """The call of a file's arrays, in the file's order."""
    assert inputs is not None
    arrays = arrays_in(inputs)
    if any(array.dtype.kind not in "fiub" for array in arrays.values()) or len(arrays) < 2:
        raise UnusableError(
            f"{inputs} must hold the predictions and labels, in the order of the call; it has {', '.join(arrays) or 'nothing'}."
        )
    floating = [name for name in list(arrays)[:2] if arrays[name].dtype.kind == "f"]
    if predictions is None and len(floating) == 1:
        (predictions,) = floating
    if predictions not in floating:
        raise UnusableError(f"--predictions must name the predictions, one of {', '.join(floating)}; received {predictions}.")
    return Case(subject.name, inputs.name, predictions, {**arrays, **options}, {} if subject.signed.is_class else None, dtype)


@contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """What functions and frameworks print, from native code too, goes to standard error: standard output is for the answer."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is none
        kept = None
    else:
        os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


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
