"""Blocks of arrays: the indices that cut a shape, and what they cut of operands that broadcast to it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

from .slope import Index


def cut(part: Any, index: Index) -> Any:
    """A block of an operand: where it has size 1 it has that in every block."""
    if part is None or isinstance(part, float) or part.ndim == 0:
        return part
    return part[tuple(along if n != 1 else slice(None) for along, n in zip(index, part.shape, strict=True))]


def cuts(shape: tuple[int, ...], whole: int | None, elements: int) -> Iterator[Index]:
    """Indices of blocks that cover the shape, of about so many elements; dimension ``whole`` stays whole, and first ones are cut first."""
    steps, size = list(shape), math.prod(shape)
    for i, n in enumerate(shape):
        if size <= elements:
            break
        if i != whole:
            others = size // n
            parts = -(-n // max(1, elements // others))
            steps[i] = -(-n // parts)
            size = others * steps[i]
    ranges = ([slice(start, min(start + step, n)) for start in range(0, n, step)] for n, step in zip(shape, steps, strict=True))
    return product(*ranges)
