"""MLX: grad, vjp, jvp, compile and vmap, through custom functions.  Its arrays have no device, operations have one."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import mlx.core as mx
import numpy as np

from unifocal.arrays import Array, Namespace, NumPyArray
from unifocal.formulas.base import Formula, Inputs
from unifocal.native import native

from ..defaults import as_eager as as_eager
from ..defaults import autocast as autocast
from ..defaults import canonical as canonical
from ..defaults import computing as computing
from ..defaults import require_sizes as require_sizes
from ..defaults import shape as shape
from ..defaults import size as size
from ..defaults import unsuitable as unsuitable
from .autograd import attached
from .autograd import total as total
from .namespace import on_cpu, xp

name = "mlx"


def is_array(value: object) -> bool:
    return isinstance(value, mx.array)


def namespace(x: Array) -> Namespace:
    return xp


def device(x: Array) -> Hashable:
    return None


def is_traced(x: Array) -> bool:
    # There is no question for it, but what a compiled or vectorised function is given cannot be computed.  Where operations have a device
    # to wait for, values are not looked at, and asking does not wait either.
    return not _succeeds(mx.eval if on_cpu() else mx.async_eval, x)


def _succeeds(compute: Callable[[Array], object], x: Array) -> bool:
    try:
        compute(x)
    except (ValueError, RuntimeError):  # MLX raises both
        return False
    return True


def on_host(x: Array) -> bool:
    return on_cpu()


def is_constant(x: Array) -> bool:
    # What is computed of an array that is differentiated by can be computed at last, though not without waiting.
    return _succeeds(mx.async_eval, mx.expand_dims(x, 0))


def from_numpy(array: NumPyArray, like: Array) -> Array:
    array = native(array)
    # MLX makes float32 of it unless told not to; only the CPU has float64.
    return mx.array(array, mx.float64) if array.dtype == np.float64 and on_cpu() else mx.array(array)


def to_numpy(x: Array) -> NumPyArray:
    return np.asarray(x)


def stop_gradient(x: Array) -> Array:
    return mx.stop_gradient(x)


def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    value, slope = formula.value_slope(xp, x, inputs)
    return mx.stop_gradient(value), mx.stop_gradient(slope)


def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    return attached(formula, x, inputs, summed)
