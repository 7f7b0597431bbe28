"""Distances between computed arrays and exact numbers, in units in the last place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]


class Format(NamedTuple):
    """A floating-point format: significant bits, exponent of the smallest normal, largest number."""

    bits: int
    smallest: int
    largest: float
    flushes: bool  # whether arithmetic in it, as some frameworks do it, turns numbers below the smallest normal into 0

    @property
    def threshold(self) -> float:
        """64 × smallest normal: from here on ulp are counted."""
        return float(np.ldexp(64.0, self.smallest))


# Half precision is computed in float32 and rounded: float16 has its subnormals, which float32 does not flush, and is counted all the way.
FORMATS = {
    "float16": Format(11, -14, 65504.0, False),
    "bfloat16": Format(8, -126, float.fromhex("0x1.fep127"), True),
    "float32": Format(24, -126, float(np.finfo(np.float32).max), True),
    "float64": Format(53, -1022, float(np.finfo(np.float64).max), True),
}


class Exact(NamedTuple):
    """Exact numbers as unevaluated sums of two float64: 106 bits, enough to measure float64 results without rounding the truth."""

    high: Floats
    low: Floats

    @classmethod
    def of(cls, numbers: Iterable[Any], shape: tuple[int, ...]) -> Exact:
        """The mpmath numbers in an array of this shape, rounded to 106 bits."""
        exact = list(numbers)
        high = [float(a) for a in exact]
        low = [float(a - b) if np.isfinite(b) else 0.0 for a, b in zip(exact, high, strict=True)]
        return cls(np.array(high, np.float64).reshape(shape), np.array(low, np.float64).reshape(shape))

    def error(self, computed: npt.ArrayLike) -> Floats:
        """|computed − truth|; 0 where both are the same infinity."""
        x = np.asarray(computed, np.float64)
        with np.errstate(invalid="ignore"):
            return np.where(x == self.high, np.abs(self.low), np.abs((x - self.high) - self.low))


def distance(computed: npt.ArrayLike, true: Exact, dtype: str, scale: Exact | None = None) -> Floats:
    """How far computed is from true, in ulp of dtype.

    Parameters
    ----------
    computed : array of any dtype that holds the results exactly (bfloat16 as float32)
    true : the exact results, of the same shape
    dtype : the format whose ulp count
    scale : take the ulp of these magnitudes instead of those of true: a sum's terms, where they cancel

    Returns
    -------
    array of float64
        Below 64 × the smallest normal, where flushing to zero reigns, the absolute error is given in units of that threshold: at most 1
        for a result that was flushed.  A NaN, or an infinity that should not be, is infinitely far.
    """
    fmt = FORMATS[dtype]
    x = np.asarray(computed, np.float64)
    error = true.error(x)
    size = np.abs(true.high if scale is None else scale.high)
    exponent = np.frexp(np.where(np.isfinite(size), size, 1.0))[1] - 1
    unit = np.ldexp(1.0, np.maximum(exponent, fmt.smallest) - fmt.bits + 1)
    if fmt.flushes:
        unit = np.where(size >= fmt.threshold, unit, fmt.threshold)
    with np.errstate(invalid="ignore"):
        far = np.where(np.isfinite(error), error / unit, np.inf)
    # What rounds to an infinity must be one.
    overflows = np.abs(true.high) > fmt.largest * (1 + 2.0 ** -(fmt.bits + 1))
    return np.where(overflows, np.where(x == np.copysign(np.inf, true.high), 0.0, np.inf), far)


def relative(computed: npt.ArrayLike, true: Exact, scale: Exact) -> Floats:
    """|computed − true| / scale, for second derivatives in float64.

    An absolute error up to 2^16 × the smallest normal counts as 0: a framework that flushes e^−x to zero loses its product with γ² and
    −log p, which are below 2^5 and 2^10 here.
    """
    x = np.asarray(computed, np.float64)
    error = true.error(x)
    flushed = error <= np.ldexp(1.0, FORMATS["float64"].smallest + 16)
    far = np.where(flushed, 0.0, error / np.where(flushed, 1.0, scale.high))
    return np.where(np.isfinite(x), far, np.where(x == true.high, 0.0, np.inf))


def of_largest(computed: npt.ArrayLike, reference: npt.ArrayLike, dtype: str) -> float:
    """The largest difference of two results in ulp of the reference's largest finite number; infinite where shapes or infinities differ."""
    theirs = np.asarray(reference, np.float64)
    if np.shape(computed) != theirs.shape:
        return float("inf")
    ours = np.asarray(computed, np.float64)
    with np.errstate(invalid="ignore"):
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        apart = np.where(same, 0.0, np.abs(ours - theirs))
    largest = float(np.max(np.abs(theirs), initial=0.0, where=np.isfinite(theirs))) or 1.0
    return float(np.max(np.where(np.isnan(apart), np.inf, apart), initial=0.0)) / _unit(largest, FORMATS[dtype])


def _unit(size: float, fmt: Format) -> float:
    return float(np.ldexp(1.0, max(int(np.frexp(size)[1]) - 1, fmt.smallest) - fmt.bits + 1))
