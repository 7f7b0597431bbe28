"""What one framework answers, from a process of its own: ``python -m unifocal.conformance.parity.replies torch``.

It answers to the documented examples, and to the recorded calls of the dialects' originals.  Answers go to standard output, a line of JSON
each as it is there, after one line that says how many there will be; whatever the framework prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

import unifocal
from unifocal.arrays import NumPyArray

from ..calls.case import Answer
from ..dialects import dialect_answer
from ..frameworks import Framework, framework_named
from ..originals import functions
from ..originals.documented import EXAMPLES, Example
from ..originals.golden import Golden, asked_of

UNIFOCAL, DIALECTS = "unifocal", "unifocal.dialects"
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Reply:
    """Value and gradient (None where there is no way to it) of an example or recorded call, or the error that came instead."""

    example: str
    by: str
    """``unifocal``, the name of the original, or ``unifocal.dialects`` for recorded calls."""
    dtype: str
    value: Any = None
    gradient: Any = None
    error: str | None = None

    def to_json(self) -> str:
        """As one line of JSON; floats keep every bit."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Reply:
        """Read what :meth:`to_json` wrote."""
        return cls(**json.loads(line))

    def arrays(self) -> Answer:
        """Value and gradient as arrays."""
        return Answer(np.asarray(self.value, self.dtype), None if self.gradient is None else np.asarray(self.gradient, self.dtype))


@dataclass(frozen=True)
class Announcement:
    """What a process says first: the framework's version, and how many answers will follow."""

    version: str
    answers: int


def questions(name: str, thorough: bool) -> list[Callable[[], Reply]]:
    """All that a framework is asked, each waiting for its answer; ``thorough`` as in :func:`~..originals.golden.asked_of`."""
    run = framework_named(name)
    return [*_documented(run), *_originals(run), *(partial(_recorded, run, one) for one in asked_of(run, thorough))]


def _documented(run: Framework) -> Iterator[Callable[[], Reply]]:
    for example in EXAMPLES:
        for dtype in DTYPES:
            yield partial(_answer, example.name, UNIFOCAL, dtype, partial(_own, run, example, dtype))


def _originals(run: Framework) -> Iterator[Callable[[], Reply]]:
    named = {example.name: example for example in EXAMPLES}
    for original in functions.original_functions(run.name):
        for example in map(named.__getitem__, original.examples):
            yield partial(_answer, example.name, original.name, functions.DTYPE, partial(original_result, run, original, example))


def _recorded(run: Framework, one: Golden) -> Reply:
    def result() -> tuple[NumPyArray, NumPyArray | None]:
        answer = dialect_answer(run, one.dialect, one.entry.case)
        return answer.value, answer.gradient

    return _answer(str(one), DIALECTS, one.entry.case.dtype, result)


def _answer(example: str, by: str, dtype: str, result: Callable[[], tuple[NumPyArray, NumPyArray | None]]) -> Reply:
    try:
        value, gradient = result()
    except Exception as error:  # a framework can raise anything; it costs this one answer
        return Reply(example, by, dtype, error=f"{type(error).__name__}: {error}".splitlines()[0])
    return Reply(example, by, dtype, value.tolist(), None if gradient is None else gradient.tolist())


def _own(run: Framework, example: Example, dtype: str) -> tuple[NumPyArray, NumPyArray]:
    loss = getattr(unifocal, example.loss)
    return run.value_and_gradient(loss, example.predictions, example.targets, dtype=dtype, **example.options)


def original_result(run: Framework, original: functions.OriginalFunction, example: Example) -> tuple[NumPyArray, NumPyArray | None]:
    """Value and gradient of an original; no gradient from a framework without automatic differentiation."""
    function, x = original.bind(run, example), run.tensor(example.predictions, functions.DTYPE)
    try:
        value, gradient = run.gradient(function, x)
    except NotImplementedError:
        return run.numpy(function(x)), None
    return run.numpy(value), run.numpy(gradient)


def main() -> None:
    """Answer for the framework named on the command line; ``thorough`` may follow."""
    answer = os.dup(sys.stdout.fileno())
    # Frameworks print while they load, from native code too.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with os.fdopen(answer, "w", buffering=1) as stdout:
        asked = questions(sys.argv[1], "thorough" in sys.argv[2:])
        root = framework_named(sys.argv[1]).module.partition(".")[0]
        found = getattr(import_module(root), "__version__", None) or version(root)  # MLX's is known to its distribution alone
        print(json.dumps(asdict(Announcement(found, len(asked)))), file=stdout)
        for question in asked:
            print(question().to_json(), file=stdout)


if __name__ == "__main__":
    main()
