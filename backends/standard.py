"""NumPy, Dask, array-api-strict and every other library with an Array API namespace; no automatic differentiation."""

from __future__ import annotations

import math
from collections.abc import Hashable
from functools import cache
from types import SimpleNamespace
from typing import Any

import array_api_compat
import numpy as np

from unifocal.protocol import Array, Inputs, Kernel, Namespace, NumPyArray
from unifocal.reduction import pairwise_total
from unifocal.spec import Spec

name = "standard"


def is_array(value: object) -> bool:
    return isinstance(value, np.ndarray) or array_api_compat.is_array_api_obj(value)


def canonical(x: Array) -> Array:
    # NumPy's scalars and subclasses (matrix, memmap) become plain arrays.
    return np.asarray(x) if array_api_compat.is_numpy_array(x) else x


def namespace(x: Array) -> Namespace:
    return _extended(array_api_compat.array_namespace(x))


@cache
def _extended(library: Any) -> Namespace:
    xp = SimpleNamespace(**vars(library))
    xp.scatter = _scatter_numpy if array_api_compat.is_numpy_namespace(library) else _scatter(library)
    if array_api_compat.is_dask_namespace(library):
        xp.take_along_axis = _take_along_axis(library)
    return xp


def _scatter_numpy(x: Array, indices: Array, value: Array, axis: int) -> Array:
    x = x.copy()
    np.put_along_axis(x, indices, value, axis)
    return x


def _at(library: Any, x: Array, indices: Array, axis: int) -> Array:
    """Where x's position along the axis is the index: the standard has no scatter, and Dask no take_along_axis."""
    positions = library.arange(x.shape[axis], dtype=indices.dtype)
    return indices == library.reshape(positions, tuple(-1 if i == x.ndim + axis else 1 for i in range(x.ndim)))


def _scatter(library: Any) -> Any:
    return lambda x, indices, value, axis: library.where(_at(library, x, indices, axis), value, x)


def _take_along_axis(library: Any) -> Any:
    def take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
        return library.sum(library.where(_at(library, x, indices, axis), x, 0.0), axis=axis, keepdims=True)

    return take_along_axis


def shape(x: Array) -> tuple[int | None, ...]:
    return tuple(None if n is None or math.isnan(n) else int(n) for n in x.shape)


def size(x: Array) -> int | Array:
    known = shape(x)
    if None in known:
        return namespace(x).count_nonzero(x == x) + namespace(x).count_nonzero(x != x)
    return math.prod(n for n in known if n is not None)


def device(x: Array) -> Hashable:
    found: Hashable = array_api_compat.device(x)
    return found


def is_traced(x: Array) -> bool:
    return array_api_compat.is_dask_array(x) or array_api_compat.is_lazy_array(x)


def on_host(x: Array) -> bool:
    return str(device(x)).lower() in ("cpu", "cpu_device", "array_api_strict.device('cpu')")


def autocast(x: Array) -> bool:
    return False


def from_numpy(array: NumPyArray, like: Array) -> Array:
    return namespace(like).asarray(array, device=device(like))


def to_numpy(x: Array) -> NumPyArray:
    return np.asarray(x)


def stop_gradient(x: Array) -> Array:
    return x


def total(x: Array) -> Array:
    xp = namespace(x)
    # NumPy adds up in pairs itself, Dask in a tree of NumPy's sums.
    if array_api_compat.is_numpy_array(x) or array_api_compat.is_dask_array(x):
        return xp.sum(x)
    return pairwise_total(xp, x, size(x))


def run(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):  # infinite logits and saturated probabilities have exact limits; NumPy need not mention them
        return kernel.value_slope(namespace(x), spec, x, inputs)


def attach(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
    value, _ = run(kernel, spec, x, inputs)
    return total(value) if summed else value
