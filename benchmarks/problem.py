"""The numbers that a row is measured on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .rows import Row

POSITIVES = 0.01


class Problem(NamedTuple):
    """Logits (rows, classes) in float32, and labels of their shape or class indices (rows,)."""

    logits: npt.NDArray[np.float32]
    labels: npt.NDArray[Any]


def problem(row: Row, size: int) -> Problem:
    """About so many logits, normal with standard deviation 2: no peer saturates, so that all can agree.

    None is 0, where Paddle's derivative of max and abs is another than the loss's.
    """
    rng = np.random.default_rng(0)
    shape = (size // row.classes, row.classes)
    logits = rng.standard_normal(shape, np.float32) * 2
    logits[logits == 0] = 1
    return Problem(logits, _labels(row, shape, rng))


def _labels(row: Row, shape: tuple[int, int], rng: np.random.Generator) -> npt.NDArray[Any]:
    if row.labels in ("index", "smoothed"):
        return rng.integers(row.classes, size=shape[0])
    uniform = rng.random(shape, np.float32)
    if row.labels == "soft":
        return uniform / uniform.sum(-1, keepdims=True) if row.categorical else uniform
    positive = uniform < POSITIVES
    return positive if row.labels == "bool" else positive.astype(np.float32)
