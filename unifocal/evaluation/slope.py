"""What a walk keeps of the slope, written block by block.

Of half-precision predictions it is kept in their own dtype, as large as they are, and rounded once: after it was divided by what the loss
is divided by.  bfloat16 has float32's range, and its slope is then the gradient for a cotangent of 1.  In float16 most of a large
vocabulary's p/N would underflow, and a loss scale could not bring it back; it is kept times a power of two, the largest with which the
largest entry is finite.  Whatever cotangent leaves all of the gradient finite then costs no digits.
"""

from __future__ import annotations

import math
from typing import Any

from ..arrays import Array, Namespace

_MOST = 64
"""The largest exponent of a scale: beyond it, float32 might overflow."""

Index = tuple[slice, ...]


class Slope:
    """The formula's slope in the compute dtype."""

    def __init__(self, xp: Namespace, like: Array, dtype: Any) -> None:
        self.xp = xp
        self.array: Array = xp.empty_like(like, dtype=dtype)

    def out(self, index: Index) -> Array | None:
        """Where a formula may write the slope of a block."""
        return self.array[index]

    def put(self, index: Index, block: Array, out: Array | None) -> None:
        """Keep the slope of a block, that the formula was given ``out`` for."""
        if block is not out:
            self.array[index] = block

    def scale(self, divisor: float) -> float:
        """What the slope is that of, once it is whole: so many times the loss, which is a total over the divisor."""
        return divisor


class HalfSlope(Slope):
    """The formula's slope over the divisor, in the predictions' half precision, times a power of two if ``scaled``."""

    def __init__(self, xp: Namespace, like: Array, dtype: Any, divisor: float, scaled: bool) -> None:
        super().__init__(xp, like, like.dtype)
        self.dtype = dtype
        self.divisor = divisor or 1.0
        self.limit = float(xp.finfo(like.dtype).max) if scaled else None
        self.exponents: list[tuple[Index, int]] = []

    def out(self, index: Index) -> Array | None:
        """Nowhere: the formula computes in another dtype."""
        return None

    def put(self, index: Index, block: Array, out: Array | None) -> None:
        """Keep the slope of a block, times the power of two that suits it."""
        exponent = self._exponent(block)
        if exponent is not None:
            self.exponents.append((index, exponent))
        self.array[index] = block * (2.0 ** (exponent or 0) / self.divisor)

    def scale(self, divisor: float) -> float:
        """The power of two that all blocks have in the end: the least of theirs."""
        least = min((exponent for _, exponent in self.exponents), default=0)
        for index, exponent in self.exponents:
            if exponent != least:
                self.array[index] = self.xp.astype(self.array[index], self.dtype) * 2.0 ** (least - exponent)
        return 2.0**least

    def _exponent(self, block: Array) -> int | None:
        """Of the power of two that a block is kept times; None where any will do."""
        if self.limit is None:
            return None
        largest = max(map(abs, self.xp.extent(block)))
        if not math.isfinite(largest):
            largest = max(map(abs, self.xp.extent(self.xp.where(self.xp.isfinite(block), block, 0.0))))
        return min(math.frexp(self.limit * self.divisor / largest)[1] - 1, _MOST) if largest else None
