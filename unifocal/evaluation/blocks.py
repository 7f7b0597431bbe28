"""Eager evaluation in blocks that stay in the cache: value and slope of one block at a time, from operands in their own dtypes.

Memory traffic is what eager arithmetic costs.  Each block's labels and weights are cast, checked and folded, its losses summed and its
slope written while it is hot; beyond the inputs only the slope is as large as the predictions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

import numpy as np

from ..arrays import Array
from ..operands import Operands
from .block import Result, fold, reduce_total, value_slope
from .cutting import cut, cuts
from .heap import keep_heap
from .hessian import Hessian, diagonal
from .slope import HalfSlope, Index, Slope
from .threads import share

if TYPE_CHECKING:
    from .reading import Reading

_MOST_KEPT = 1 << 19  # elements


def evaluate_blocks(reading: Reading, operands: Operands, sloped: bool, final: bool, threads: int) -> Result:
    """A call of many blocks; ``final``: whether the slope will meet no cotangent but 1."""
    xp, x, convention = reading.xp, operands.predictions, reading.convention
    whole = reading.axis + x.ndim if convention.drops_axis or reading.categorical or reading.by_index else None
    elements = reading.block
    indices = list(cuts(x.shape, whole, elements))
    value = xp.empty(reading.loss_shape, dtype=reading.result_dtype) if convention.reduction == "none" else None
    slope = _slope_of(reading, operands, indices, final) if sloped else None
    temporaries = convention.formula.temporaries
    totals = np.zeros(len(indices))
    divisors = np.zeros(len(indices))

    def work(blocks: Iterator[tuple[int, Index]]) -> None:
        keep_heap(xp, temporaries, min(elements, _MOST_KEPT), reading.dtype)
        for number, index in blocks:
            formula, block, inputs, divisor = fold(reading, _part(operands, index))
            out = None if slope is None else slope.out(index)
            block_value, block_slope, total = value_slope(reading.backend, xp, formula, block, inputs, out)
            if slope is not None:
                slope.put(index, block_slope, out)
            if value is not None:
                value[index[:whole] + index[whole + 1 :] if whole is not None and reading.categorical else index] = block_value
            else:
                totals[number], divisors[number] = total, float(cast("float", divisor))

    # So few threads that the temporaries of all are no more than the whole.
    share(work, enumerate(indices), min(threads, len(indices) // temporaries))
    if value is not None:
        return value, None if slope is None else slope.array, 1.0 if slope is None else slope.scale(1.0), 1.0
    # Added up in pairs, in float64: block by block, whichever thread computed it.
    by = float(np.sum(divisors)) if reading.divisor is None else reading.divisor
    array, scale = (None, 1.0) if slope is None else (slope.array, slope.scale(by))
    return reduce_total(xp, float(np.sum(totals)), array, scale, by)


def evaluate_hessian(reading: Reading, operands: Operands, hessian: Hessian) -> Array:
    """The diagonal of the Hessian of a call's loss, in the compute dtype; its operands were looked at before."""
    xp, x = reading.xp, operands.predictions
    whole = reading.axis + x.ndim if reading.convention.drops_axis or reading.categorical or reading.by_index else None
    if 0 in x.shape:
        return xp.zeros_like(x, dtype=reading.dtype)
    found = xp.empty_like(x, dtype=reading.dtype)
    divisors: list[float] = []
    for index in cuts(x.shape, whole, reading.block // 2):  # of second derivatives more arrays are at work at once
        formula, block, inputs, divisor = fold(reading, _part(operands, index))
        found[index] = diagonal(xp, formula, block, inputs, hessian)
        if reading.is_reduced:
            divisors.append(float(cast("float", divisor)))
    if not reading.is_reduced:
        return found
    by = sum(divisors) if reading.divisor is None else reading.divisor
    return found / by if by else xp.zeros_like(found)


def _part(operands: Operands, index: Index) -> Operands:
    """A block of the operands; the loss weight is a number, and what was given is not looked at."""
    return Operands._make((*(cut(part, index) for part in operands[:7]), operands.loss_weight, None))


def _slope_of(reading: Reading, operands: Operands, indices: Iterable[Index], final: bool) -> Slope:
    """What the slope is written to."""
    xp, x = reading.xp, operands.predictions
    if x.dtype == reading.dtype:
        return Slope(xp, x, reading.dtype)
    divisor = reading.divisor
    if divisor is None:  # found in a look at the targets and weights before all else
        divisor = float(np.sum([float(cast("float", fold(reading, _part(operands, index))[3])) for index in indices]))
    narrow = float(xp.finfo(x.dtype).max) < float(xp.finfo(reading.dtype).max) / 2
    return HalfSlope(xp, x, reading.dtype, divisor, scaled=narrow and not final)
