"""NumPy: no automatic differentiation.  Its namespace is :mod:`.namespace`; eager frameworks compute their blocks with it too."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import AbstractContextManager
from sys import modules
from typing import Any

import numpy as np

from unifocal.arrays import Array, Namespace, NumPyArray, Shape
from unifocal.backend import Walk
from unifocal.formulas.base import Formula, Inputs
from unifocal.native import native

from ..defaults import autocast as autocast
from ..defaults import is_constant as is_constant
from ..defaults import require_sizes as require_sizes
from ..defaults import size as size
from ..defaults import unsuitable as unsuitable
from .namespace import xp

name = "numpy"


def is_array(value: object) -> bool:
    return isinstance(value, (np.ndarray, np.generic))


def canonical(x: Array) -> Array:
    if type(x) is not np.ndarray:
        x = np.asarray(x)  # NumPy's scalars and subclasses (matrix, memmap) become plain arrays
    # Files have other byte orders, whose dtypes equal no native one.
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))


def namespace(x: Array) -> Namespace:
    return xp


def shape(x: Array) -> Shape:
    return tuple(x.shape)


def device(x: Array) -> Hashable:
    return "cpu"


def is_traced(x: Array) -> bool:
    return False


def on_host(x: Array) -> bool:
    return True


def computing(x: Array) -> AbstractContextManager[None]:
    return np.errstate(all="ignore")  # infinite logits and saturated probabilities have exact limits; NumPy need not mention them


def from_numpy(array: NumPyArray, like: Array) -> Array:
    return native(array)


def to_numpy(x: Array) -> NumPyArray:
    return np.asarray(x)


def stop_gradient(x: Array) -> Array:
    return x


def as_eager(tensors: list[Any], place: int) -> list[Array] | None:
    for i, tensor in enumerate(tensors):
        if type(tensor) is not np.ndarray or not tensor.dtype.isnative:
            if not isinstance(tensor, np.ndarray) or isinstance(tensor, np.ma.MaskedArray):
                return None
            tensors[i] = canonical(tensor)
    return tensors


def total(x: Array) -> Array:
    return x.sum()  # NumPy adds up in pairs itself


def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return formula.value_slope(xp, x, inputs)


def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    value, _ = run(formula, x, inputs)
    return total(value) if summed else value


def host_backend(dtype: Any, others: Iterable[Any], elements: int) -> Any:
    return modules[__name__]


def threads(x: Array) -> int:
    return 1


def host(x: Array) -> Array:
    return x


def from_host(x: Array | float, like: Array, dtype: Any) -> Array:
    return np.dtype(dtype).type(x) if isinstance(x, float) else np.asarray(x, dtype)


def attach_walk(x: Array, walk: Walk, dtype: Any) -> Array:
    return from_host(walk.run(False)[0], x, dtype)


def product(slope: Array, cotangent: Array, scale: float, out: Array | None = None) -> Array:
    """slope·cotangent/scale of NumPy's arrays, in slope's half precision: computed in float32, some numbers at a time, rounded once."""
    with np.errstate(all="ignore"):
        factor = cotangent.astype(np.float32) / scale
        out = np.empty_like(slope) if out is None else out
        result: Array = np.multiply(slope, factor, out=out, dtype=np.float32, casting="same_kind")
        return result
