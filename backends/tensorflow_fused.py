"""Eager kernels on accelerators: compiled by XLA, because there each operation is a launch and a pass over memory of its own.

Where XLA cannot, or ``UNIFOCAL_FUSE=0`` is set when unifocal is imported, the operations run one by one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import tensorflow as tf

from unifocal.protocol import Array, Inputs, Kernel
from unifocal.spec import Spec

from .tensorflow_namespace import WORTH_COMPILING, xp

_enabled = os.environ.get("UNIFOCAL_FUSE", "1") != "0"


def value_slope(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    """The kernel's value and slope."""
    if _is_worth_fusing(x):
        try:
            # Numbers become tensors: XLA would compile for each number.
            return _fused(kernel, spec)(x, Inputs(*(tf.constant(part, x.dtype) if isinstance(part, float) else part for part in inputs)))
        except tf.errors.ResourceExhaustedError:
            raise
        except Exception:  # a compiler can raise anything; what is wrong with the call itself is raised again
            _give_up()
    value, slope = kernel.value_slope(xp, spec, x, inputs)
    return value, slope


def _is_worth_fusing(x: Array) -> bool:
    return _enabled and tf.executing_eagerly() and "device:CPU" not in x.device and x.shape.num_elements() >= WORTH_COMPILING


def _give_up() -> None:
    global _enabled
    _enabled = False


@lru_cache(256)
def _fused(kernel: Kernel, spec: Spec) -> Callable[[Array, Inputs], tuple[Array, Array]]:
    def value_slope(x: Array, inputs: Inputs) -> tuple[Array, Array]:
        return kernel.value_slope(xp, spec, x, inputs)

    compiled: Any = tf.function(value_slope, autograph=False, jit_compile=True)
    return compiled  # type: ignore[no-any-return]
