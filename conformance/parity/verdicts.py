"""Whether frameworks give the documented examples' results, by the figures, the truth and the original functions, and the dialects'
originals' recorded answers (:mod:`~..originals.golden`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from ..calls.case import PARTS, Part
from ..frameworks import usual
from ..originals import functions, golden
from ..originals.documented import EXAMPLES, Example, Figures
from ..originals.example_truth import truth_of_example
from ..truth import tolerances
from ..truth.ulp import Exact, Floats, distance
from .columns import Column, Progress, columns_of
from .replies import DIALECTS, DTYPES, UNIFOCAL, Reply


@dataclass(frozen=True)
class Verdict:
    """One comparison: how far value or gradient of an example is from what the judge says, and the bar."""

    framework: str
    example: str
    dtype: str
    part: Part
    judge: str
    """``figures``, ``truth``, another example's name, or an original's name."""
    distance: float
    bar: float
    unit: str = "ulp"

    @property
    def agrees(self) -> bool:
        """Whether the distance is within the bar."""
        return self.distance <= self.bar


@dataclass(frozen=True)
class Report:
    """All that a run found."""

    examples: tuple[Example, ...]
    columns: tuple[Column, ...]
    verdicts: tuple[Verdict, ...]
    distances: tuple[golden.Distances, ...] = ()
    """Of the dialects' answers to the recorded calls."""
    thorough: bool = False

    def original_distances(self) -> Iterator[tuple[functions.OriginalFunction, Part, float]]:
        """How far the originals themselves are from the truth, in ulp, example by example; they are held to no bar."""
        examples = {example.name: example for example in self.examples}
        for column in self.columns:
            for original, answer in column.originals():
                for part in PARTS:
                    if answer.example in examples and original.comparable(part) and getattr(answer, part) is not None:
                        truth = truth_of_example(examples[answer.example], answer.dtype)
                        yield original, part, float(np.max(truth.distance(part, _array(answer, part))))

    @property
    def errors(self) -> tuple[tuple[Column, Reply], ...]:
        """Exceptions that came instead of answers."""
        return tuple((column, answer) for column in self.columns for answer in column.answers if answer.error is not None)

    @property
    def mismatches(self) -> tuple[Verdict, ...]:
        """Comparisons beyond their bar."""
        return tuple(verdict for verdict in self.verdicts if not verdict.agrees)

    @property
    def strays(self) -> tuple[golden.Distances, ...]:
        """Answers of dialects beyond their bar from the original's."""
        return tuple(distances for distances in self.distances if not distances.agrees)

    @property
    def agrees(self) -> bool:
        """Whether every framework that is installed answered everything within the bars."""
        failed = any(column.state == "failed" for column in self.columns)
        return not (failed or self.errors or self.mismatches or self.strays)


def parity_of(
    frameworks: Sequence[str] = usual(),
    *,
    examples: Sequence[Example] = EXAMPLES,
    timeout: float = 600.0,
    thorough: bool = False,
    progress: Progress = lambda framework, done, total: None,
) -> Report:
    """Ask the frameworks, and judge their answers.

    Parameters
    ----------
    frameworks : names of :data:`~..frameworks.FRAMEWORKS`
    examples : what is documented, for the judges; the frameworks answer to :data:`~..originals.documented.EXAMPLES`
    timeout : seconds that one framework may take
    thorough : whether JAX and Dask, which compile every call, answer to all recorded calls too
    progress : see :data:`~.columns.Progress`
    """
    return judged(columns_of(frameworks, timeout, thorough, progress), examples, thorough)


def judged(columns: Sequence[Column], examples: Sequence[Example] = EXAMPLES, thorough: bool = False) -> Report:
    """The report on what frameworks answered."""
    return Report(tuple(examples), tuple(columns), tuple(verdicts_on(columns, examples)), tuple(_recorded(columns)), thorough)


def _recorded(columns: Iterable[Column]) -> Iterator[golden.Distances]:
    for column in columns:
        if column.state == "answered":
            found = {answer.example: answer.arrays() for answer in column.answers if answer.by == DIALECTS and answer.error is None}
            yield from golden.distances_from_originals(column.framework, found)


class _Judgement(NamedTuple):
    judge: str
    distance: Floats
    bar: float
    unit: str = "ulp"


_Own = Mapping[tuple[str, str], Reply]
_Others = Sequence[tuple[functions.OriginalFunction, Reply]]


def verdicts_on(columns: Iterable[Column], examples: Sequence[Example]) -> Iterator[Verdict]:
    """Every answer of unifocal's before every judge."""
    answered = [column for column in columns if column.state == "answered"]
    others = [pair for column in answered for pair in column.originals()]
    for column in answered:
        own = {(answer.example, answer.dtype): answer for answer in column.answers if answer.by == UNIFOCAL and answer.error is None}
        for example, dtype, part in product(examples, DTYPES, PARTS):
            if (example.name, dtype) in own:
                computed = _array(own[example.name, dtype], part)
                for judge, far, bar, unit in _judgements(example, dtype, part, computed, own, others):
                    yield Verdict(column.framework, example.name, dtype, part, judge, float(np.max(far)), bar, unit)


def _judgements(example: Example, dtype: str, part: Part, computed: Floats, own: _Own, others: _Others) -> Iterator[_Judgement]:
    truth = truth_of_example(example, dtype)
    yield _Judgement("truth", truth.distance(part, computed), truth.bar)
    if example.multiple is not None and (example.multiple.example, dtype) in own:
        same = example.multiple.factor * _array(own[example.multiple.example, dtype], part)
        yield _Judgement(example.multiple.example, distance(computed, _exactly(same), dtype), 0.0)
    if dtype != functions.DTYPE:
        return
    figures: Figures | None = getattr(example, part)
    if figures is not None:
        yield _Judgement("figures", figures.distance(computed), tolerances.FIGURES, "last digits")
    for original, answer in others:
        if answer.example == example.name and original.comparable(part) and getattr(answer, part) is not None:
            scale: Exact = getattr(truth, f"{part}_terms")
            yield _Judgement(original.name, distance(computed, _exactly(_array(answer, part)), dtype, scale), tolerances.EXAMPLE)


def _array(answer: Reply, part: Part) -> Floats:
    return np.asarray(getattr(answer, part), np.float64)


def _exactly(numbers: Floats) -> Exact:
    """Computed numbers, taken for the truth."""
    return Exact(numbers, np.zeros_like(numbers))
