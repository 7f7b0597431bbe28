"""Eager kernels on accelerators: compiled by XLA, because there each operation is a launch and a pass over memory of its own.

Where XLA cannot, or ``UNIFOCAL_FUSE=0`` is set when unifocal is imported, the operations run one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import tensorflow as tf

from unifocal.protocol import Array, Inputs, Kernel
from unifocal.spec import Spec

from .fusing import Fusing
from .tensorflow_namespace import WORTH_COMPILING, xp

FUSING = Fusing(tf.errors.ResourceExhaustedError)


def value_slope(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    """The kernel's value and slope."""
    if _is_worth_fusing(x):
        # Numbers become tensors: XLA would compile for each number.
        tensors = Inputs(*(tf.constant(part, x.dtype) if isinstance(part, float) else part for part in inputs))
        found: tuple[Array, Array] | None = FUSING.attempt(lambda: _fused(kernel, spec)(x, tensors))
        if found is not None:
            return found
    return kernel.value_slope(xp, spec, x, inputs)


def _is_worth_fusing(x: Array) -> bool:
    return FUSING.enabled and tf.executing_eagerly() and "device:CPU" not in x.device and x.shape.num_elements() >= WORTH_COMPILING


@lru_cache(256)
def _fused(kernel: Kernel, spec: Spec) -> Callable[[Array, Inputs], tuple[Array, Array]]:
    def value_slope(x: Array, inputs: Inputs) -> tuple[Array, Array]:
        return kernel.value_slope(xp, spec, x, inputs)

    compiled: Any = tf.function(value_slope, autograph=False, jit_compile=True)
    return compiled  # type: ignore[no-any-return]
