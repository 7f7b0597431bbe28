"""NumPy, array-api-strict and every other library with an Array API namespace; no automatic differentiation."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from contextlib import AbstractContextManager
from functools import cache
from sys import modules
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np

from unifocal.native import native
from unifocal.protocol import Array, Inputs, Kernel, Namespace, NumPyArray
from unifocal.reduction import pairwise_total
from unifocal.spec import Spec

from .numpy_namespace import xp as numpy_namespace

if TYPE_CHECKING:
    from unifocal.blocks import Walk

name = "standard"


def is_array(value: object) -> bool:
    return isinstance(value, np.ndarray) or array_api_compat.is_array_api_obj(value)


def canonical(x: Array) -> Array:
    if type(x) is not np.ndarray:
        if not isinstance(x, (np.ndarray, np.generic)):
            return x
        x = np.asarray(x)  # NumPy's scalars and subclasses (matrix, memmap) become plain arrays
    # Files have other byte orders, whose dtypes equal no native one.
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))


def namespace(x: Array) -> Namespace:
    return numpy_namespace if isinstance(x, (np.ndarray, np.generic)) else _extended(array_api_compat.array_namespace(x))


@cache
def _extended(library: Any) -> Namespace:
    """The library's namespace with the two functions that the standard does not have."""
    xp = SimpleNamespace(**vars(library))
    xp.scatter = _scatter(library)
    xp.number = lambda value, dtype: value
    return xp


def _scatter(library: Any) -> Callable[..., Array]:
    def scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
        positions = library.arange(x.shape[axis], dtype=indices.dtype, device=device(x))
        positions = library.reshape(positions, tuple(-1 if i == x.ndim + axis else 1 for i in range(x.ndim)))
        return library.where(indices == positions, value, x)

    return scatter


def shape(x: Array) -> tuple[int | None, ...]:
    return tuple(x.shape)


def size(x: Array) -> int | Array:
    return math.prod(x.shape)


def device(x: Array) -> Hashable:
    found: Hashable = "cpu" if isinstance(x, np.ndarray) else array_api_compat.device(x)
    return found


def is_traced(x: Array) -> bool:
    return not isinstance(x, np.ndarray) and bool(array_api_compat.is_lazy_array(x))


def on_host(x: Array) -> bool:
    return "cpu" in str(device(x)).lower()


def is_constant(x: Array) -> bool:
    return True


def autocast(x: Array) -> bool:
    return False


def computing(x: Array) -> AbstractContextManager[None]:
    return np.errstate(all="ignore")  # infinite logits and saturated probabilities have exact limits; NumPy need not mention them


def of_sizes(what: str, x: Array, like: Array, axis: int, at_axis: list[int] | None) -> Array:
    return x


def from_numpy(array: NumPyArray, like: Array) -> Array:
    return namespace(like).asarray(native(array), device=device(like))


def to_numpy(x: Array) -> NumPyArray:
    return np.asarray(x)


def stop_gradient(x: Array) -> Array:
    return x


def in_blocks(x: Array, others: Iterable[Array]) -> bool:
    return isinstance(x, np.ndarray)


def host_backend(x: Array, others: Iterable[Array], elements: int) -> Any:
    return modules[__name__]


def threads(x: Array) -> int:
    return 1


def host(x: Array) -> Array:
    return x


def from_host(x: Array | float, like: Array, dtype: Any) -> Array:
    return np.dtype(dtype).type(x) if isinstance(x, float) else np.asarray(x, dtype)


def product(slope: Array, cotangent: Array, scale: float, out: Array | None = None) -> Array:
    """slope·cotangent/scale of NumPy's arrays, in slope's half precision: computed in float32, some numbers at a time, rounded once."""
    with np.errstate(all="ignore"):
        factor = cotangent.astype(np.float32) / scale
        out = np.empty_like(slope) if out is None else out
        result: Array = np.multiply(slope, factor, out=out, dtype=np.float32, casting="same_kind")
        return result


def total(x: Array) -> Array:
    # NumPy adds up in pairs itself.
    return x.sum() if isinstance(x, (np.ndarray, np.generic)) else pairwise_total(namespace(x), x, size(x))


def run(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return kernel.value_slope(namespace(x), spec, x, inputs)


def attach(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
    value, _ = run(kernel, spec, x, inputs)
    return total(value) if summed else value


def attach_walk(x: Array, walk: Walk, dtype: Any) -> Array:
    return from_host(walk.run(False).value, x, dtype)
