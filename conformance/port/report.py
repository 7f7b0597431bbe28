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
from rich.console import Console
from rich.progress import Progress

from unifocal.dispatch import SHIMS
from unifocal.terminal import errors, output, say, strict_json

from ..calls.case import Case
from ..calls.records import Entry, Record
from ..frameworks import Framework
from ..statuses import AGREES, DISAGREES, UNUSABLE
from .assertions import told
from .comparison import Comparison, backend_for, compare
from .guesses import guesses
from .own_inputs import call_with
from .reference import Reference, reference_in, reference_like
from .signed import described
from .subjects import Subject, SubjectError, UnusableError, subject_named


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
            reference = reference_like(like_name, options, dtype) if like_name is not None else _read(against)
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
            if predictions is not None and inputs is None:
                raise UnusableError("--predictions goes with --inputs; the calls of an original have theirs.")
            subject = subject_named(function)
            if like_name is not None:
                reference = reference_like(like_name, options, dtype)
                cases, optional = [entry.case for entry in reference.entries], reference.optional
            else:
                assert inputs is not None
                cases, optional = [call_with(subject, inputs, predictions, options, dtype)], {}
            record = recording(subject, cases, optional, run)
        record.write(path)
    except (UnusableError, ValueError) as error:
        return _refuse(error)
    except OSError as error:
        return _refuse(UnusableError(f"{path} cannot be written: {error.strerror or error}."))
    except SubjectError as error:
        say(errors(), f"{function} {error}; nothing was written.")
        return DISAGREES
    count = len(record.entries)
    say(output(), f"{path}: {count} call{'s' * (count != 1)} of {subject.name} on {run.name}.")
    return AGREES


def recording(subject: Subject, cases: Sequence[Case], optional: Mapping[str, Any], run: Framework) -> Record:
    """What a function answers to calls, except those with options that it does not have; recorded is what it was given of them.

    Raises
    ------
    UnusableError
        If it cannot take the tensors, or the options of not one call.
    SubjectError
        If it gives no answer, or an answer is NaN.
    """
    subject.check_arity(cases[0], optional)
    lacking = [subject.left_out(case, optional) for case in cases]
    calls = [case for case, option in zip(cases, lacking, strict=True) if option is None]
    if not calls:
        raise UnusableError(f"{subject.name} does not take {', '.join(sorted(set(map(str, lacking))))}, which every call has.")
    packages = SHIMS[run.name].distributions if run.name in SHIMS else (run.name,)
    versions = {package: version(package) for package in ("unifocal", packages[0])}
    entries = []
    for case in calls:
        answer, given = subject.answer(run, case, optional), subject.given(case, optional)
        if any(part is not None and np.isnan(part).any() for part in (answer.value, answer.gradient)):
            raise SubjectError(f"returned NaN in {case}")
        arguments = {**given.tensors, **given.named}
        made = dict(given.constructor) if subject.signed.is_class else None
        entries.append(Entry(replace(case, function=subject.name, arguments=arguments, options=made, tolerance=None), answer))
    return Record(subject.name, run.name, versions, tuple(entries), {subject.name: described(subject.signed.call)})


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


def _read(path: Path | None) -> Reference:
    assert path is not None
    return reference_in(Record.read(path))


def _refuse(error: Exception) -> int:
    option = "--" if isinstance(error, UnusableError) and error.argument else ""
    say(errors(), f"{option}{error}")
    return UNUSABLE


def _with_progress(subject: Subject, reference: Reference, run: Framework) -> Comparison:
    console = errors()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(f"{subject.name} on {run.name}", total=len(reference.entries))
        return compare(subject, reference, run, lambda done: bars.update(task, completed=done))


def document(comparison: Comparison, causes: Sequence[str]) -> dict[str, Any]:
    """A comparison for machines."""
    return {"agrees": comparison.agrees, **asdict(comparison), "likely": list(causes)}


def _print(comparison: Comparison, causes: Sequence[str], console: Console) -> None:
    first, *rest = told(comparison, causes)
    console.print(first, style="green" if comparison.agrees else "red", markup=False, highlight=False, soft_wrap=True)
    for line in rest:
        say(console, line)
