"""What one framework answers to the documented examples, from a process of its own: ``python -m unifocal.conformance.answers torch``.

The answers go to standard output as one JSON document; whatever the framework prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from typing import Any

import unifocal
from unifocal.protocol import NumPyArray

from . import originals
from .documented import EXAMPLES, Example
from .frameworks import Framework, framework

UNIFOCAL = "unifocal"
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Answer:
    """Value and gradient (None where there is no way to it) of an example, or the error that came instead."""

    example: str
    by: str
    """``unifocal``, or the name of the original."""
    dtype: str
    value: Any = None
    gradient: Any = None
    error: str | None = None


@dataclass(frozen=True)
class Answers:
    """All of a framework's answers, and its version."""

    version: str
    answers: tuple[Answer, ...]

    def to_json(self) -> str:
        """As JSON; floats keep every bit."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Answers:
        """Read what :meth:`to_json` wrote."""
        document = json.loads(text)
        return cls(document["version"], tuple(Answer(**answer) for answer in document["answers"]))


def answers_of(name: str) -> Answers:
    """Run every example, and every original that lives there, on this framework."""
    run = framework(name)
    version: str = import_module(run.module.partition(".")[0]).__version__
    return Answers(version, tuple(_all(run)))


def _all(run: Framework) -> Iterable[Answer]:
    for example in EXAMPLES:
        for dtype in DTYPES:
            yield _answer(example, UNIFOCAL, dtype, partial(_own, run, example, dtype))
    named = {example.name: example for example in EXAMPLES}
    for original in originals.originals_of(run.name):
        for example in map(named.__getitem__, original.examples):
            yield _answer(example, original.name, originals.DTYPE, partial(original_result, run, original, example))


def _answer(example: Example, by: str, dtype: str, result: Callable[[], tuple[NumPyArray, NumPyArray | None]]) -> Answer:
    try:
        value, gradient = result()
    except Exception as error:  # a framework can raise anything; it costs this one answer
        return Answer(example.name, by, dtype, error=f"{type(error).__name__}: {error}".splitlines()[0])
    return Answer(example.name, by, dtype, value.tolist(), None if gradient is None else gradient.tolist())


def _own(run: Framework, example: Example, dtype: str) -> tuple[NumPyArray, NumPyArray]:
    loss = getattr(unifocal, example.loss)
    return run.value_and_gradient(loss, example.predictions, example.targets, dtype=dtype, **example.options)


def original_result(run: Framework, original: originals.Original, example: Example) -> tuple[NumPyArray, NumPyArray | None]:
    """Value and gradient of an original; no gradient from a framework without automatic differentiation."""
    function, x = original.bind(run, example), run.tensor(example.predictions, originals.DTYPE)
    try:
        value, gradient = run.gradient(function, x)
    except NotImplementedError:
        return run.numpy(function(x)), None
    return run.numpy(value), run.numpy(gradient)


def main() -> None:
    """Answer for the framework named on the command line."""
    answer = os.dup(sys.stdout.fileno())
    # Frameworks print while they load, from native code too.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    text = answers_of(sys.argv[1]).to_json()
    with os.fdopen(answer, "w") as stdout:
        stdout.write(text)


if __name__ == "__main__":
    main()
