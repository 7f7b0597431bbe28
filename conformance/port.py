"""Is somebody's function the port of an original that it means to be?  Value and gradient, call by call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from inspect import Parameter, isclass, signature
from typing import Any

import numpy as np

from unifocal.dialects import dialect_names, functions_of

from . import tolerances
from .calls import Answer, Case, run_case
from .dialects import golden_record
from .documented import PARTS, Part
from .frameworks import FRAMEWORKS, Framework, installed
from .frameworks import framework as framework_named
from .records import Entry, Record
from .subjects import Subject, SubjectError, UnusableError
from .ulp import Floats, of_largest

_Parameters = Mapping[str, Parameter]


@dataclass(frozen=True)
class Reference:
    """What a function is held to: calls with their answers.

    optional: options that a function need not have, with the value that they then must have.  variant: the same calls with some options
    changed, for guesses at what is wrong; None where there are recorded answers only.
    """

    name: str
    entries: tuple[Entry, ...]
    optional: Mapping[str, Any]
    variant: Callable[[Mapping[str, Any]], tuple[Entry, ...]] | None = None


def like(name: str, options: Mapping[str, Any], dtype: str = "float64") -> Reference:
    """The recorded calls of ``dialect.function``, with some options set, and one that leaves all of them at the original's defaults.

    Where this changes a call, and in another dtype, the answer is the dialect's own on NumPy: the suite holds it to the original's.

    Raises
    ------
    UnusableError
        If there is no such function, or it has no such option, or takes none of its calls with these options.
    """
    if dtype not in tolerances.PORT:
        raise UnusableError(f"--dtype must be {' or '.join(tolerances.PORT)}; received {dtype}.")
    dialect, _, function = name.rpartition(".")
    if dialect not in dialect_names():
        raise UnusableError(f"--like must be dialect.function, with a dialect of {', '.join(dialect_names())}; received {name}.")
    recorded = [entry for entry in golden_record(dialect).entries if entry.case.function == function]
    if not recorded:
        known = dict.fromkeys(entry.case.function for entry in golden_record(dialect).entries)
        raise UnusableError(f"{dialect} has no {function!r}; it has {', '.join(known)}.")
    original = _Signed(functions_of(dialect)[function])
    if unknown := [option for option in options if option not in original.options]:
        raise UnusableError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(original.options)}.")

    entries = [replace(entry, case=original.ordered(entry.case)) for entry in recorded]
    variant = partial(_variant, original, [*entries, _bare(original, entries[0])], dtype)
    found = variant(options)
    if not found:
        raise UnusableError(
            f"{name} takes none of its recorded calls with {', '.join(f'{key}={value!r}' for key, value in options.items())}."
        )
    optional = {option: parameter.default for option, parameter in original.options.items() if parameter.default is not Parameter.empty}
    return Reference(name, found, {**optional, **options}, lambda changed: variant({**options, **changed}))


def recorded(record: Record) -> Reference:
    """The calls of a record."""
    return Reference(record.subject, record.entries, {})


@dataclass(frozen=True)
class _Signed:
    """A dialect's function or class, and what its constructor and its call take."""

    function: Callable[..., Any]

    @property
    def constructor(self) -> _Parameters:
        return signature(self.function).parameters if isclass(self.function) else {}

    @property
    def call(self) -> _Parameters:
        function: Any = self.function
        return dict(list(signature(function.__call__).parameters.items())[1:]) if isclass(function) else signature(function).parameters

    @property
    def options(self) -> _Parameters:
        """All but the two tensors."""
        return {**self.constructor, **dict(list(self.call.items())[2:])}

    def ordered(self, case: Case) -> Case:
        """The case with its arguments in the order of the signature."""
        return replace(case, arguments={name: case.arguments[name] for name in self.call if name in case.arguments})

    def with_options(self, case: Case, options: Mapping[str, Any]) -> Case:
        """The case with some options set."""
        made = {name: value for name, value in options.items() if name in self.constructor}
        called = {name: value for name, value in options.items() if name not in self.constructor}
        constructor = {**(case.options or {}), **made} if isclass(self.function) else None
        return replace(case, arguments={**case.arguments, **called}, options=constructor)


def _bare(original: _Signed, entry: Entry) -> Entry:
    """A call with the tensors, the options that must be given, and the precision, alone."""

    def needed(values: Mapping[str, Any], parameters: _Parameters) -> dict[str, Any]:
        return {name: value for name, value in values.items() if parameters[name].default is Parameter.empty or name == "dtype"}

    case = entry.case
    options = None if case.options is None else needed(case.options, original.constructor)
    return Entry(replace(case, name="defaults", arguments=needed(case.arguments, original.call), options=options), entry.answer)


def _variant(original: _Signed, entries: list[Entry], dtype: str, options: Mapping[str, Any]) -> tuple[Entry, ...]:
    """The calls, each once, with options changed and in this dtype, as far as the function takes them; the last has no recorded answer."""
    found: dict[Any, Entry] = {}
    for entry in entries:
        case = original.with_options(entry.case, options)
        if entry is not entries[-1] and case.dtype == dtype and _key(case) == _key(entry.case):
            found.setdefault(_key(case), entry)
            continue
        exact = replace(case, arguments=_rounded(case.arguments, dtype), options=_rounded(case.options, dtype), dtype="float64")
        try:
            answer = run_case(framework_named("numpy"), original.function, exact)
        except (TypeError, ValueError):  # an option that does not go with the call
            continue
        found.setdefault(_key(case), Entry(replace(case, dtype=dtype, tolerance=None), answer))
    return tuple(found.values())


def _rounded(values: Any, dtype: str) -> Any:
    """Floating arrays with numbers of the dtype, as float64."""
    return values and {
        name: value.astype(dtype).astype(np.float64) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value
        for name, value in values.items()
    }


def _key(case: Case) -> Any:
    def hashable(value: Any) -> Any:
        return (value.shape, value.dtype.name, value.tobytes()) if isinstance(value, np.ndarray) else repr(value)

    parts = sorted({**(case.options or {}), **case.arguments}.items())
    return tuple((name, hashable(value)) for name, value in parts)


@dataclass(frozen=True)
class Difference:
    """How far one part of one call's answer is from the reference's, in ulp of the largest number, and where it is farthest.

    inputs: the numbers at that place of those arguments that have the shape.  note: why there is no such place.
    """

    call: str
    part: Part
    distance: float
    bar: float
    at: tuple[int, ...] | None = None
    ours: float | None = None
    theirs: float | None = None
    inputs: Mapping[str, float] | None = None
    note: str = ""

    @property
    def agrees(self) -> bool:
        """Whether it is within the bar."""
        return self.distance <= self.bar


@dataclass(frozen=True)
class Comparison:
    """What came of comparing a function: over how many ``calls``; ``left_out`` counts calls by the option that the function has not."""

    subject: str
    reference: str
    backend: str
    calls: int
    differences: tuple[Difference, ...]
    failures: tuple[tuple[str, str], ...]
    left_out: Mapping[str, int]
    without_gradient: bool

    @property
    def mismatches(self) -> list[Difference]:
        """Those beyond their bar, the farthest first."""
        return sorted((d for d in self.differences if not d.agrees), key=lambda d: -d.distance)

    @property
    def agrees(self) -> bool:
        """Whether every call agrees."""
        return not (self.failures or self.mismatches)


def backend_for(name: str) -> Framework:
    """The framework of this name, for a function that takes its tensors.

    Raises
    ------
    UnusableError
        If it is not one of the frameworks, or not installed.
    """
    if name not in FRAMEWORKS or name not in installed():
        raise UnusableError(f"--backend must be one that is installed: {', '.join(installed())}; received {name}.")
    return framework_named(name)


def compare(subject: Subject, reference: Reference, run: Framework, progress: Callable[[int], None] = lambda done: None) -> Comparison:
    """Call a function with the reference's arguments, and hold its answers to the reference's.

    Raises
    ------
    UnusableError
        If the function cannot take the tensors, or not the options of a single call.
    """
    subject.check_arity(reference.entries[0].case, reference.optional)
    left_out: Counter[str] = Counter()
    differences: list[Difference] = []
    failures: list[tuple[str, str]] = []
    calls, without_gradient = 0, False
    for done, entry in enumerate(reference.entries, 1):
        progress(done)
        if (option := subject.left_out(entry.case, reference.optional)) is not None:
            left_out[option] += 1
            continue
        calls += 1
        try:
            answer = subject.answer(run, entry.case, reference.optional)
        except SubjectError as error:
            failures.append((str(entry.case), str(error)))
            continue
        without_gradient |= answer.gradient is None or entry.answer.gradient is None
        differences += _differences(entry, answer)
    if not calls:
        raise UnusableError(f"{subject.name} takes no {', '.join(left_out)}, which every call of {reference.name} has.")
    return Comparison(subject.name, reference.name, run.name, calls, tuple(differences), tuple(failures), left_out, without_gradient)


def bar(case: Case) -> float:
    """How far from the reference's a port's result may be, in ulp of the largest number."""
    return max(tolerances.PORT[case.dtype], case.bar)


def _differences(entry: Entry, answer: Answer) -> Iterator[Difference]:
    for part in PARTS:
        ours, theirs = getattr(answer, part), getattr(entry.answer, part)
        if ours is None or theirs is None:
            continue
        distance = of_largest(ours, theirs, entry.case.dtype)
        if np.shape(ours) != np.shape(theirs):
            note = f"shape {np.shape(ours)} for {np.shape(theirs)}"
            yield Difference(str(entry.case), part, distance, bar(entry.case), note=note)
        elif not np.size(theirs):
            yield Difference(str(entry.case), part, distance, bar(entry.case), note="empty")
        else:
            at = _farthest(np.asarray(ours, np.float64), np.asarray(theirs, np.float64))
            inputs = {
                name: float(value[at])
                for name, value in entry.case.arguments.items()
                if isinstance(value, np.ndarray) and value.shape == np.shape(theirs)
            }
            yield Difference(str(entry.case), part, distance, bar(entry.case), at, float(ours[at]), float(theirs[at]), inputs)


def _farthest(ours: Floats, theirs: Floats) -> tuple[int, ...]:
    with np.errstate(invalid="ignore"):
        apart = np.where(ours == theirs, 0.0, np.abs(ours - theirs))
    flat = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
    return tuple(int(i) for i in np.unravel_index(flat, theirs.shape))
