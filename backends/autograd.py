"""HIPS autograd: NumPy's numbers in boxes while they are differentiated; by predictions alone, backward and forward, to second order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import autograd.numpy
import numpy as np
from autograd.extend import defjvp, defvjp, primitive
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.tracer import getval, isbox

from unifocal.arrays import Array, Namespace, NumPyArray
from unifocal.formulas.base import Formula, Inputs
from unifocal.namespace import Names, complete
from unifocal.native import native

from . import numpy
from .defaults import as_eager as as_eager
from .defaults import autocast as autocast
from .defaults import require_sizes as require_sizes
from .defaults import shape as shape
from .defaults import size as size
from .defaults import unsuitable as unsuitable
from .numpy import computing as computing
from .numpy import device as device
from .numpy import is_traced as is_traced
from .numpy import on_host as on_host
from .numpy.namespace import xp as plain

name = "autograd"


def _where(condition: Array, x: Array | float, y: Array | float) -> Array:
    """Broadcast before, since autograd's own derivative (1.9) leaves a broadcast array's its result's shape."""
    whole = np.broadcast_shapes(*map(np.shape, (condition, x, y)))
    x, y = (part if np.shape(part) in ((), whole) else autograd.numpy.broadcast_to(part, whole) for part in (x, y))
    return autograd.numpy.where(condition, x, y)


# Its functions for predictions, which may be in boxes, and NumPy's own for what the standard has in excess, where there are none.
xp = Names(**vars(plain) | {key: value for key, value in vars(autograd.numpy).items() if key != "isdtype" and not key.startswith("_")})
xp.astype = lambda x, dtype: x.astype(dtype)
xp.where, xp.concat = _where, autograd.numpy.concatenate
complete(xp, scatter=plain.scatter)


def is_array(value: object) -> bool:
    return isinstance(value, ArrayBox)


def canonical(x: Array) -> Array:
    return x if hasattr(_value(x), "dtype") else autograd.numpy.add(x, np.float64(0))  # a Python number in its box


def namespace(x: Array) -> Namespace:
    return xp


def is_constant(x: Array) -> bool:
    return not isbox(x)


def from_numpy(array: NumPyArray, like: Array) -> Array:
    return native(array)


def to_numpy(x: Array) -> NumPyArray:
    return np.asarray(_value(x))


def _value(x: Array) -> Any:
    while isbox(x):  # one in another, where a gradient is differentiated
        x = getval(x)
    return x


def stop_gradient(x: Array) -> Array:
    return to_numpy(x)


def total(x: Array) -> Array:
    return numpy.total(to_numpy(x))


def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return formula.value_slope(plain, to_numpy(x), inputs)


def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    if differentiated := [name for name, part in inputs._asdict().items() if isbox(part)]:
        raise TypeError(
            f"HIPS autograd differentiates these losses by their predictions alone; received {', '.join(differentiated)} that are "
            "differentiated by. autograd.tracer.getval makes constants of them."
        )
    value, slope = run(formula, x, inputs)
    return _loss(x, _Call(formula, inputs, numpy.total(value) if summed else value, slope, None if summed else formula.dropped_axis))


@dataclass(frozen=True, eq=False)
class _Call:
    formula: Formula
    inputs: Inputs
    value: Array
    slope: Array
    dropped: int | None
    """The axis that the loss lacks, unless it is one number."""


@primitive
def _loss(x: Array, call: _Call) -> Array:
    return call.value


@primitive
def _slope(x: Array, call: _Call) -> Array:
    return call.slope


@primitive
def _second(x: Array, h: Array, call: _Call) -> Array:
    with numpy.computing(x):
        return call.formula.second(plain, x, call.inputs, h)


def _onto_x(g: Array, call: _Call) -> Array:
    return g if call.dropped is None else autograd.numpy.expand_dims(g, call.dropped)


def _over_x(along: Array, call: _Call) -> Array:
    if np.ndim(call.value) == 0:
        return autograd.numpy.sum(along)
    return along if call.dropped is None else autograd.numpy.sum(along, axis=call.dropped)


# The second derivative is symmetric, and linear in h.
defvjp(_loss, lambda ans, x, call: lambda g: _onto_x(g, call) * _slope(x, call), None)
defjvp(_loss, lambda g, ans, x, call: _over_x(g * _slope(x, call), call), None)
defvjp(_slope, lambda ans, x, call: lambda h: _second(x, h, call), None)
defjvp(_slope, lambda g, ans, x, call: _second(x, g, call), None)
defvjp(_second, lambda ans, x, h, call: lambda g: _second(x, g, call), argnums=(1,))
