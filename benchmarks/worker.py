"""One framework's process: takes a :class:`Job` as JSON, and says what it finds on standard output, a line of JSON each."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

from . import memory
from .agreement import DisagreementError, require_agreement
from .busy import occupied
from .contestants import module
from .layer import layer
from .problem import problem
from .results import Layer, Memory, Note, Timing, message
from .rows import BY_NAME, Reduction, Row
from .timing import interleaved, ratio, spread


class Job(NamedTuple):
    """What to measure, by the names of rows: (row, size), (row, size, reduction) and (row, size); seconds for each figure."""

    timings: Sequence[tuple[str, int]] = ()
    memory: Sequence[tuple[str, int, Reduction]] = ()
    layers: Sequence[tuple[str, int]] = ()
    seconds: float = 1.0

    @property
    def figures(self) -> int:
        """How many results there will be, at the least."""
        return len(self.timings) + len(self.memory) + len(self.layers)


def answers(job: Job) -> Iterator[Timing | Memory | Layer | Note]:
    """Measure, one figure after another; what fails costs its own figure."""
    for name, size in job.timings:
        yield from _guarded(BY_NAME[name], size, lambda row, size: [_timing(row, size, job.seconds)])
    for name, size, reduction in job.memory:
        yield from _guarded(BY_NAME[name], size, lambda row, size, reduction=reduction: _memory(row, size, reduction))  # type: ignore[misc]
    for name, size in job.layers:
        yield from _guarded(BY_NAME[name], size, lambda row, size: [layer(row, size, job.seconds)])


def _guarded(row: Row, size: int, measure: Callable[[Row, int], list[Any]]) -> list[Any]:
    if not memory.fits(size):
        return [Note("skipped", row.framework, "does not fit in the memory that is free", row.name, size)]
    try:
        return measure(row, size)
    except DisagreementError as disagreement:
        return [Note("refused", row.framework, str(disagreement), row.name, size)]
    except Exception as error:  # a framework can raise anything
        return [Note("failed", row.framework, f"{type(error).__name__}: {error}", row.name, size)]


def _timing(row: Row, size: int, seconds: float) -> Timing:
    duel = module(row.framework).duel(row, problem(row, size), "sum")
    require_agreement(duel)
    with occupied() if row.busy else nullcontext():
        ours, theirs, limit = interleaved([duel.ours.step, duel.theirs.step, duel.limit], seconds)
    return Timing(row.name, size, spread(ours), spread(theirs), spread(limit), ratio(theirs, ours))


def _memory(row: Row, size: int, reduction: Reduction) -> list[Memory]:
    numbers = problem(row, size)
    duel = module(row.framework).duel(row, numbers, reduction)
    require_agreement(duel)
    footprints = (memory.footprint(contestant, numbers.logits.nbytes) for contestant in (duel.ours, duel.theirs))
    return [Memory(row.name, size, reduction, who, *found) for who, found in zip(("ours", "theirs"), footprints, strict=True)]  # type: ignore[arg-type]


def main() -> None:
    """Answer.  Frameworks print what they like, so standard output is theirs only as far as standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = Job(**json.loads(sys.argv[1]))
    for answer in answers(job):
        print(json.dumps(message(answer), ensure_ascii=False), file=out, flush=True)


if __name__ == "__main__":
    main()
