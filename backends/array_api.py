"""array-api-strict and every other library with an Array API namespace; no automatic differentiation.

A size that a lazy array does not know is None, as the standard has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import array_api_compat
import numpy as np

from unifocal.arrays import Array, Namespace, NumPyArray
from unifocal.formulas.base import Formula, Inputs
from unifocal.namespace import Names, complete
from unifocal.native import native
from unifocal.sums import pairwise_total

from .defaults import as_eager as as_eager
from .defaults import autocast as autocast
from .defaults import canonical as canonical
from .defaults import is_constant as is_constant
from .defaults import require_sizes as require_sizes
from .defaults import shape as shape
from .defaults import unsuitable as unsuitable

name = "array_api"


def is_array(value: object) -> bool:
    return bool(array_api_compat.is_array_api_obj(value))


def namespace(x: Array) -> Namespace:
    return _completed(array_api_compat.array_namespace(x))


@cache
def _completed(library: Any) -> Namespace:
    """The library's namespace with what the standard does not have."""
    return complete(Names(**vars(library)), scatter=_scatter(library))


def _scatter(library: Any) -> Callable[..., Array]:
    def scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
        positions = library.arange(x.shape[axis], dtype=indices.dtype, device=device(x))
        positions = library.reshape(positions, tuple(-1 if i == x.ndim + axis else 1 for i in range(x.ndim)))
        return library.where(indices == positions, value, x)

    return scatter


def size(x: Array) -> int | Array:
    known = [n for n in x.shape if n is not None]
    if len(known) == len(x.shape):
        return math.prod(known)
    xp = namespace(x)
    return xp.sum(xp.astype(xp.ones_like(x), xp.int64))


def device(x: Array) -> Hashable:
    found: Hashable = array_api_compat.device(x)
    return found


def is_traced(x: Array) -> bool:
    return bool(array_api_compat.is_lazy_array(x))


def on_host(x: Array) -> bool:
    return "cpu" in str(device(x)).lower()


def computing(x: Array) -> AbstractContextManager[None]:
    return np.errstate(all="ignore")  # array-api-strict computes with NumPy, which need not mention infinities


def from_numpy(array: NumPyArray, like: Array) -> Array:
    return namespace(like).asarray(native(array), device=array_api_compat.device(like))


def to_numpy(x: Array) -> NumPyArray:
    return np.asarray(x)


def stop_gradient(x: Array) -> Array:
    return x


def total(x: Array) -> Array:
    return pairwise_total(namespace(x), x, size(x))


def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return formula.value_slope(namespace(x), x, inputs)


def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    value, _ = run(formula, x, inputs)
    return total(value) if summed else value
