"""What each framework answers, from a process of its own (:mod:`.replies`): a crash, a hang or a missing package costs one column."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from threading import Timer
from time import perf_counter
from typing import Literal

from ..frameworks import installed
from ..originals import functions
from .replies import Announcement, Reply

State = Literal["answered", "absent", "failed"]

# Answers come from the CPU, and Keras runs on TensorFlow.
_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "tensorflow"}


@dataclass(frozen=True)
class Column:
    """A framework in a run: what it answered, or why it did not."""

    framework: str
    state: State
    reason: str = ""
    version: str = ""
    seconds: float = 0.0
    answers: tuple[Reply, ...] = ()

    def originals(self) -> Iterator[tuple[functions.OriginalFunction, Reply]]:
        """The answers of the framework's own functions."""
        named = {original.name: original for original in functions.original_functions(self.framework)}
        return ((named[answer.by], answer) for answer in self.answers if answer.by in named and answer.error is None)


Progress = Callable[[str, int, int], None]
"""Told a framework, how many answers it has given, and how many there will be; from another thread."""


def columns_of(frameworks: Sequence[str], timeout: float, thorough: bool, progress: Progress) -> tuple[Column, ...]:
    """Ask the frameworks, as many at a time as there are processors."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        # Those named last load slowest, so they start first.
        return tuple(pool.map(lambda framework: _ask(framework, timeout, thorough, progress), reversed(frameworks)))[::-1]


def _ask(framework: str, timeout: float, thorough: bool, progress: Progress) -> Column:
    if framework not in installed():
        return Column(framework, "absent", "not installed")
    start = perf_counter()
    # -P: whatever lies in the current directory is not imported instead of a framework.
    command = [sys.executable, "-P", "-m", "unifocal.conformance.parity.replies", framework, *["thorough"] * thorough]
    with TemporaryFile("w+") as said, Popen(command, stdout=PIPE, stderr=said, text=True, env=os.environ | _ENVIRONMENT) as process:
        late = Timer(timeout, process.kill)
        late.start()
        assert process.stdout is not None
        announced, *lines = [*_lines(process.stdout, framework, progress)] or [""]
        status = process.wait()
        if not late.is_alive():
            return Column(framework, "failed", f"no answer in {timeout:g} s")
        late.cancel()
        said.seek(0)
        reason = _reason(status, said.read())
    seconds = perf_counter() - start
    if status:
        return Column(framework, "failed", reason, seconds=seconds)
    version = Announcement(**json.loads(announced)).version
    return Column(framework, "answered", version=version, seconds=seconds, answers=tuple(map(Reply.from_json, lines)))


def _lines(stream: Iterable[str], framework: str, progress: Progress) -> Iterator[str]:
    """The lines of a process, each told of as it comes."""
    total = 0
    for done, line in enumerate(stream):
        if not done:
            total = Announcement(**json.loads(line)).answers
        progress(framework, done, total)
        yield line


def _reason(status: int, said: str) -> str:
    """Why a process ended badly: the signal, or the last thing it said."""
    if status < 0:
        return f"its process was ended by {signal.Signals(-status).name}"
    return f"its process ended with status {status}: {(said.strip().splitlines() or ['nothing'])[-1]}"
