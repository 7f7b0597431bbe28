"""Is somebody's function the port that it means to be?  Value and gradient, call by call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..calls.case import PARTS, Answer, Case, Part
from ..calls.records import Entry
from ..frameworks import FRAMEWORKS, Framework, framework_named, installed
from ..truth import tolerances
from ..truth.ulp import Floats, of_largest
from .reference import Reference
from .subjects import Subject, SubjectError, UnusableError, tensors_of


@dataclass(frozen=True)
class Deviation:
    """How far one part of one call's answer is from the reference's, in ulp of the largest number, and where it is farthest.

    inputs: what the arguments hold at that place, class indices and rows of predictions too.  note: why there is no such place.
    """

    call: str
    part: Part
    distance: float
    bar: float
    at: tuple[int, ...] | None = None
    ours: float | None = None
    theirs: float | None = None
    inputs: Mapping[str, Any] | None = None
    note: str = ""

    @property
    def agrees(self) -> bool:
        """Whether it is within the bar."""
        return self.distance <= self.bar


@dataclass(frozen=True)
class Comparison:
    """What came of comparing a function: over how many ``calls``; ``left_out`` counts calls by the option that the function lacks."""

    subject: str
    reference: str
    backend: str
    calls: int
    differences: tuple[Deviation, ...]
    failures: tuple[tuple[str, str], ...]
    left_out: Mapping[str, int]
    without_gradient: bool

    @property
    def mismatches(self) -> list[Deviation]:
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
        raise UnusableError(f"must be one that is installed: {', '.join(installed())}; received {name}.", "backend")
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
    differences: list[Deviation] = []
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
        raise UnusableError(f"{subject.name} does not take {', '.join(left_out)}, which every call of {reference.name} has.")
    return Comparison(subject.name, reference.name, run.name, calls, tuple(differences), tuple(failures), dict(left_out), without_gradient)


def port_bar(case: Case) -> float:
    """How far from the reference's a port's result may be, in ulp of the largest number."""
    return max(tolerances.PORT[case.dtype], case.bar)


def _differences(entry: Entry, answer: Answer) -> Iterator[Deviation]:
    for part in PARTS:
        ours, theirs = getattr(answer, part), getattr(entry.answer, part)
        if ours is None or theirs is None:
            continue
        distance = of_largest(ours, theirs, entry.case.dtype)
        if np.shape(ours) != np.shape(theirs):
            note = f"shape {np.shape(ours)} for {np.shape(theirs)}"
            yield Deviation(str(entry.case), part, distance, port_bar(entry.case), note=note)
        elif not np.size(theirs):
            yield Deviation(str(entry.case), part, distance, port_bar(entry.case), note="empty")
        else:
            at = _farthest(np.asarray(ours, np.float64), np.asarray(theirs, np.float64))
            inputs = _inputs(entry.case, np.shape(theirs), at)
            yield Deviation(str(entry.case), part, distance, port_bar(entry.case), at, float(ours[at]), float(theirs[at]), inputs)


_LONGEST = 8  # numbers of a row of predictions that are told


def _inputs(case: Case, shape: tuple[int, ...], at: tuple[int, ...]) -> dict[str, Any]:
    """What each array has at a place of an answer of this shape."""
    found: dict[str, Any] = {}
    for name, value in case.arguments.items():
        if not isinstance(value, np.ndarray):
            continue
        place = at if value.shape == shape else _place(value.shape, shape, at) if name in tensors_of(case) else None
        if place is not None and value[place].size <= _LONGEST:
            found[name] = value[place].tolist()
    return found


def _place(own: tuple[int, ...], shape: tuple[int, ...], at: tuple[int, ...]) -> tuple[int | slice, ...] | None:
    """The part of a tensor that belongs to a place, if it lacks the class axis, has it with size 1, or alone has it; None if unsure."""
    if not own:
        return ()
    if len(own) == len(shape):
        return tuple(0 if size == 1 else place for size, place in zip(own, at, strict=True)) if _broadcasts(own, shape) else None
    longer, shorter = (shape, own) if len(shape) > len(own) else (own, shape)
    axes = [axis for axis in range(1, len(longer)) if longer[:axis] + longer[axis + 1 :] == shorter]
    if len(longer) != len(shorter) + 1 or len(axes) != 1:
        return None
    (axis,) = axes
    return at[:axis] + at[axis + 1 :] if longer == shape else (*at[:axis], slice(None), *at[axis:])


def _broadcasts(own: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return all(size in (1, whole) for size, whole in zip(own, shape, strict=True))


def _farthest(ours: Floats, theirs: Floats) -> tuple[int, ...]:
    with np.errstate(invalid="ignore"):
        apart = np.where(ours == theirs, 0.0, np.abs(ours - theirs))
    flat = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
    return tuple(int(i) for i in np.unravel_index(flat, theirs.shape))
