"""A run, in processes: one for each row's timings, because what others left in the heap changes them; one for each framework's memory.

What is missing or crashes costs its own rows and no others.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from . import memory
from .machine import machine, versions
from .results import Note, Report
from .rows import CURVE_SIZES, FRAMEWORKS, KI, Row
from .worker import Job

_ROOT = Path(__file__).parents[1]
_NEEDS = {"tensorflow": ("tensorflow", "keras"), "jax": ("jax", "optax")}
_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}


class Choice(NamedTuple):
    """What to run; memory is measured at the largest of the sizes."""

    rows: Sequence[Row]
    sizes: tuple[int, ...]
    seconds: float
    memory: bool
    curve: bool


class Process(NamedTuple):
    """One process to come."""

    framework: str
    what: str
    job: Job
    environment: dict[str, str]


def processes(choice: Choice) -> Iterator[Process]:
    """All processes of a run, in order."""
    for framework in FRAMEWORKS:
        rows = [row for row in choice.rows if row.framework == framework]
        curves = [row for row in rows if row.curve and choice.curve]
        for row in rows:
            sizes = dict.fromkeys(row.sizes(choice.sizes + (CURVE_SIZES if row in curves else ())))
            layered = row.main and row.classes < KI and row.mode in ("eager", "jit", "value and gradient")
            job = Job([(row.name, size) for size in sizes], layers=[(row.name, KI)] * layered, seconds=choice.seconds)
            if job.figures:
                yield Process(framework, row.name, job, {})
        if choice.memory and memory.MEASURABLE:
            at = max(choice.sizes)
            heaps = [(row.name, at, reduction) for row in rows if row.main and row.sizes((at,)) for reduction in ("sum", "mean")]
            heaps += [(row.name, size, "sum") for row in curves for size in CURVE_SIZES if size >= memory.SMALLEST and size != at]
            if heaps:
                yield Process(framework, f"{framework} memory", Job(memory=heaps), memory.ENVIRONMENT)  # type: ignore[arg-type]


def run(planned: Sequence[Process], on_start: Callable[[Process], None], on_answer: Callable[[Process], None]) -> Report:
    """Run the processes one after another, and gather what they find."""
    report = Report(machine(), versions())
    lost: set[str] = set()
    for process in planned:
        missing = [name for name in _NEEDS.get(process.framework, (process.framework,)) if find_spec(name) is None]
        if process.framework in lost:
            continue
        if missing:
            lost.add(process.framework)
            report.notes.append(Note("absent", process.framework, f"{' and '.join(missing)} not installed"))
            continue
        on_start(process)
        reason = _run(process, report, on_answer)
        if reason:
            report.notes.append(Note("crashed", process.framework, f"while measuring {process.what}, {reason}"))
    return report


def _run(process: Process, report: Report, on_answer: Callable[[Process], None]) -> str | None:
    """Add the answers to the report; returns why the process ended badly, if it did."""
    environment = os.environ | _ENVIRONMENT | process.environment
    command = [sys.executable, "-m", f"{__package__}.worker", json.dumps(process.job._asdict())]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, encoding="utf-8", cwd=_ROOT, env=environment)
        assert worker.stdout is not None
        try:
            for line in worker.stdout:
                report.add(json.loads(line))
                on_answer(process)
            status = worker.wait()
        finally:
            worker.kill()
            worker.wait()
        if status < 0:
            return f"the process was ended by {signal.Signals(-status).name}"
        if status:
            said.seek(0)
            return f"the process ended with status {status}: {(said.read().strip().splitlines() or ['nothing'])[-1]}"
    return None
