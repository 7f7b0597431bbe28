"""Tensors in host memory and NumPy's arrays, in the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from unifocal.arrays import Array

_ALIGNMENT = 64


def host(x: Array) -> Array:
    return np.asarray(x)  # in the tensor's memory; x.numpy() copies


def from_host(x: Array | float, like: Array, dtype: Any) -> Array:
    if isinstance(x, float) or x.ndim == 0 or x.size == 0:
        return tf.constant(x, dtype)
    memory = aligned(x)
    memory[...] = x
    return tf.cast(lent(memory), dtype)


def aligned(like: Array) -> Array:
    """An array of NumPy's, of this shape and dtype, in memory that TensorFlow can be lent."""
    # tf.constant of an array takes twice its memory.  Lent memory must be aligned, or TensorFlow ends the process (2.21).
    memory = np.empty(like.nbytes + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + like.nbytes].view(like.dtype).reshape(like.shape)


def lent(array: Array) -> Array:
    """NumPy's array, aligned, as a tensor in the same memory."""
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
