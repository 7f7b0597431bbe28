"""Eager formulas on accelerators: compiled, because there each operation is a launch and a pass over memory of its own.

torch.compile fuses a formula and its sum.  Where it cannot (no Triton, no compiler, a bug of its own), or ``UNIFOCAL_FUSE=0`` is set when
unifocal is imported, the operations run one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import count
from types import FunctionType
from typing import Any

import torch

from unifocal.arrays import Array
from unifocal.formulas.base import Formula, Inputs

from ..fusing import Fusing
from .namespace import is_eager, total, xp

ValueSlope = Callable[[Array, Inputs], tuple[Array, Array]]
_DEVICES = {"cuda", "xpu"}
_SMALLEST = 1 << 14  # elements: below, launches are all the time there is, and compiling for a new size takes seconds
_serial = count()
FUSING = Fusing(torch.OutOfMemoryError)


def value_slope(formula: Formula, summed: bool, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    """The formula's value (its total if summed) and slope."""
    found = FUSING.attempt(lambda: _fused(formula, summed)(x, inputs)) if _is_worth_fusing(x) else None
    return _one_by_one(formula, summed)(x, inputs) if found is None else found


def _is_worth_fusing(x: Array) -> bool:
    return FUSING.enabled and is_eager(x) and x.device.type in _DEVICES and x.numel() >= _SMALLEST


def _one_by_one(formula: Formula, summed: bool) -> ValueSlope:
    def value_slope(x: Array, inputs: Inputs) -> tuple[Array, Array]:
        value, slope = formula.value_slope(xp, x, inputs)
        return total(value) if summed else value, slope

    return value_slope


@lru_cache(256)
def _fused(formula: Formula, summed: bool) -> ValueSlope:
    function: Any = _one_by_one(formula, summed)
    # torch counts recompilations by code, stops at eight, and takes a number that changes for a variable: each formula has its own.
    code = function.__code__.replace(co_name=f"value_slope_{next(_serial)}")
    own = FunctionType(code, function.__globals__, closure=function.__closure__)
    compiled: ValueSlope = torch.compile(own, fullgraph=True)
    return compiled
