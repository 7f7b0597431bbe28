"""The dialects on every framework against golden vectors: what their originals answered, as it ships with the package.

Distances are in ulp of the result's largest number.  What decides is the distance from the original; how far each is from the truth (the
dialect itself in 50 digits, :mod:`~..truth.exact`) says whose rounding it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array, NumPyArray
from unifocal.dialects.registry import functions_of, own_dialects

from ..calls.case import PARTS, Answer, Case, Part, run_case
from ..calls.records import Entry
from ..dialects import golden_record
from ..frameworks import Analytic, Framework
from ..truth import exact
from ..truth.ulp import of_largest


@dataclass(frozen=True, eq=False)
class Golden:
    """A recorded call of a dialect's original."""

    dialect: str
    entry: Entry

    @property
    def function(self) -> str:
        """The function, ``dialect.function``."""
        return f"{self.dialect}.{self.entry.case.function}"

    def __str__(self) -> str:
        return f"{self.dialect}.{self.entry.case}"


_SAMPLED = 4  # of so many calls of a function one, where each has to be compiled


@cache
def goldens() -> tuple[Golden, ...]:
    """All recorded calls."""
    return tuple(Golden(dialect, entry) for dialect in own_dialects() for entry in golden_record(dialect).entries)


def asked_of(framework: Framework, thorough: bool) -> list[Golden]:
    """The recorded calls that a framework is asked to repeat; where it compiles each of them, a sample of each function's."""
    asked, seen = [], dict[str, int]()
    for one in goldens():
        nth = seen[one.function] = seen.get(one.function, -1) + 1
        if one.entry.case.dtype in framework.dtypes and (thorough or not framework.compiles_each_call or nth % _SAMPLED == 0):
            asked.append(one)
    return asked


class ExactNumbers(Analytic):
    """The 50-digit library behind the frameworks' interface; results come back rounded to float64."""

    name, module = "50 digits", "mpmath"

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        """The array's numbers, exactly, as numbers of this dtype."""
        return exact.asarray(np.asarray(array, dtype))

    def numpy(self, tensor: Array) -> NumPyArray:
        """The values, rounded to float64."""
        return np.asarray(tensor.values.astype(np.float64))


@cache
def _exact() -> Framework:
    framework: Any = ExactNumbers
    return cast("Framework", framework())


def truth_of_case(dialect: str, case: Case) -> Answer:
    """What a dialect's function means for a case, in 50 digits."""
    return run_case(_exact(), functions_of(dialect)[case.function], case)


@dataclass(frozen=True)
class Distances:
    """How far one part of a framework's answer is from the original's and from the truth, and the original from the truth."""

    framework: str
    function: str
    call: str
    part: Part
    from_original: float
    from_truth: float
    original_from_truth: float
    bar: float

    @property
    def agrees(self) -> bool:
        """Whether the answer is within the bar of the original's."""
        return self.from_original <= self.bar


def distances_from_originals(framework: str, answers: Mapping[str, Answer]) -> Iterator[Distances]:
    """A framework's answers, by the names of the recorded calls."""
    for one in goldens():
        if str(one) in answers:
            yield from _distances(framework, one, answers[str(one)])


def _distances(framework: str, one: Golden, answer: Answer) -> Iterable[Distances]:
    case = one.entry.case
    for part in PARTS:
        ours, theirs = getattr(answer, part), getattr(one.entry.answer, part)
        true, original = _truth(one)[part]
        far, away = of_largest(ours, theirs, case.dtype), of_largest(ours, true, case.dtype)
        yield Distances(framework, one.function, str(one), part, far, away, original, case.bar)


@cache
def _truth(one: Golden) -> dict[Part, tuple[NumPyArray, float]]:
    """Of each part the truth, and how far the original is from it."""
    case, true = one.entry.case, truth_of_case(one.dialect, one.entry.case)
    pairs = {part: (getattr(true, part), getattr(one.entry.answer, part)) for part in PARTS}
    return {part: (values, of_largest(theirs, values, case.dtype)) for part, (values, theirs) in pairs.items()}
