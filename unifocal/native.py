"""NumPy arrays in the one form that every framework takes."""

from __future__ import annotations

from typing import Any

import numpy as np


def native(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array, or a copy: contiguous, writable (torch warns of others), in the machine's byte order, of at most 64 bits.

    Raises
    ------
    TypeError
        If it holds anything but booleans and real numbers.
    """
    dtype = array.dtype
    if dtype.kind not in "biuf":
        raise TypeError(f"an array of dtype {dtype}")
    if dtype.itemsize > 8:
        dtype = np.dtype(np.float64)
    dtype = dtype.newbyteorder("=")
    flags = array.flags
    if dtype == array.dtype and array.dtype.isnative and flags.c_contiguous and flags.writeable:
        return array
    return np.array(array, dtype=dtype, order="C")
