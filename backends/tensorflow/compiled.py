"""Eager formulas on accelerators: compiled by XLA, because there each operation is a launch and a pass over memory of its own.

Where XLA cannot, or ``UNIFOCAL_FUSE=0`` is set when unifocal is imported, the operations run one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import tensorflow as tf

from unifocal.arrays import Array
from unifocal.formulas.base import Formula, Inputs

from ..fusing import Fusing
from .namespace import WORTH_COMPILING, xp

FUSING = Fusing(tf.errors.ResourceExhaustedError)


def value_slope(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    """The formula's value and slope."""
    if _is_worth_fusing(x):
        # Numbers become tensors: XLA would compile for each number.
        tensors = Inputs(*(tf.constant(part, x.dtype) if isinstance(part, float) else part for part in inputs))
        found: tuple[Array, Array] | None = FUSING.attempt(lambda: _fused(formula)(x, tensors))
        if found is not None:
            return found
    return formula.value_slope(xp, x, inputs)


def _is_worth_fusing(x: Array) -> bool:
    return FUSING.enabled and tf.executing_eagerly() and "device:CPU" not in x.device and x.shape.num_elements() >= WORTH_COMPILING


@lru_cache(256)
def _fused(formula: Formula) -> Callable[[Array, Inputs], tuple[Array, Array]]:
    def value_slope(x: Array, inputs: Inputs) -> tuple[Array, Array]:
        return formula.value_slope(xp, x, inputs)

    compiled: Any = tf.function(value_slope, autograph=False, jit_compile=True)
    return compiled  # type: ignore[no-any-return]
