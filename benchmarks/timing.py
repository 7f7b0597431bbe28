"""Interleaved timing: what disturbs the machine disturbs all contestants alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np

from .results import Spread

_SAMPLE = 1e-3  # seconds that one sample lasts at least: calls of microseconds are repeated within it
_FEWEST, _MOST = 5, 500

Call = Callable[[], object]


def interleaved(calls: Sequence[Call], seconds: float) -> list[list[float]]:
    """Seconds a call, one list of samples for each of the calls, taken in turns for about so many seconds in all."""
    repeats = [_repeats(call) for call in calls]
    samples: list[list[float]] = [[] for _ in calls]
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        end = perf_counter() + seconds
        while len(samples[0]) < _FEWEST or (perf_counter() < end and len(samples[0]) < _MOST):
            for call, repeat, own in zip(calls, repeats, samples, strict=True):
                own.append(_time(call, repeat))
    finally:
        if was_enabled:
            gc.enable()
    return samples


def spread(samples: Sequence[float]) -> Spread:
    """The median, and the quartiles around it."""
    low, median, high = np.percentile(samples, (25, 50, 75))
    return Spread(float(median), float(low), float(high))


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> Spread:
    """theirs ÷ ours: of the medians; around it the quartiles of the ratios of neighbouring samples."""
    paired = spread([a / b for a, b in zip(theirs, ours, strict=True)])
    return paired._replace(median=float(np.median(theirs) / np.median(ours)))


def _repeats(call: Call) -> int:
    """How often to call within one sample; calling it so often is the warm-up."""
    call()
    once = min(_time(call, 1) for _ in range(2))
    return max(1, round(_SAMPLE / once))


def _time(call: Call, repeat: int) -> float:
    start = perf_counter()
    for _ in range(repeat):
        call()
    return (perf_counter() - start) / repeat
