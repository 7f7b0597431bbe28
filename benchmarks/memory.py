"""Resident memory, as Linux counts it: what a pass keeps and what it needs at the most, beyond its inputs.

The high-water mark of the process (VmHWM) is reset before a pass, so it is that pass's own.  It is exact where freed arrays go back to the
system at once: :data:`ENVIRONMENT` makes the C library and TensorFlow's oneDNN do so (without it TensorFlow keeps 18 freed arrays).
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from .contestants import Contestant

ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536", "TF_ONEDNN_USE_SYSTEM_ALLOCATOR": "1"}
MEASURABLE = sys.platform == "linux"
SMALLEST = 1 << 18
"""Elements below which pages and buffers of the process itself would be most of what is seen."""

_ARRAYS = 32  # that the hungriest contestant holds at once, with its inputs and some room
_REPEATS = 3


def footprint(contestant: Contestant, array_bytes: int) -> tuple[float | None, float]:
    """(retained between forward and backward, peak), in arrays of so many bytes; retained is None where one call does both."""
    passes = [_one_pass(contestant) for _ in range(_REPEATS + 1)][1:]  # the first one compiles and fills caches
    retained = [kept / array_bytes for kept, _ in passes if kept is not None]
    return (median(retained) if retained else None), median(peak / array_bytes for _, peak in passes)


def _one_pass(contestant: Contestant) -> tuple[int | None, int]:
    gc.collect()
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    kept: int | None = None
    if contestant.forward is None:
        result: object = contestant.step()
    else:
        backward: Callable[[], object] = contestant.forward()
        kept = _status("VmRSS") - before
        result = backward()
    peak = _status("VmHWM") - before
    del result
    return kept, peak


def fits(size: int) -> bool:
    """Whether the hungriest contestant's arrays of so many float32 elements fit in the memory that is free."""
    if not MEASURABLE:
        return True
    return size * 4 * _ARRAYS < _number(Path("/proc/meminfo"), "MemAvailable")


def _status(key: str) -> int:
    return _number(Path("/proc/self/status"), key)


def _number(file: Path, key: str) -> int:
    """A line of kilobytes, in bytes."""
    line = next(line for line in file.read_text(encoding="ascii").splitlines() if line.startswith(key + ":"))
    return int(line.split()[1]) * 1024
