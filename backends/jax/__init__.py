"""JAX: grad, jvp, jit, vmap and hessian, through custom_jvp."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from unifocal.arrays import Array, Namespace, NumPyArray
from unifocal.formulas.base import Formula, Inputs
from unifocal.linear import Head
from unifocal.native import native
from unifocal.sums import pairwise_total

from ..defaults import as_eager as as_eager
from ..defaults import autocast as autocast
from ..defaults import canonical as canonical
from ..defaults import computing as computing
from ..defaults import is_constant as is_constant
from ..defaults import require_sizes as require_sizes
from ..defaults import shape as shape
from ..defaults import size as size
from .blocks import value_slope
from .linear import rows_by_rows
from .namespace import xp, xp32

name = "jax"


def is_array(value: object) -> bool:
    return isinstance(value, jax.Array)


def unsuitable(value: object) -> str | None:
    return f"{type(value).__name__}: .todense() makes it dense" if hasattr(value, "todense") else None


def namespace(x: Array) -> Namespace:
    return xp if jax.config.jax_enable_x64 else xp32


def device(x: Array) -> Hashable:
    # JAX itself brings an uncommitted array to the device of a committed one.
    # The public name is newer than the oldest JAX allowed.
    return None if is_traced(x) or not getattr(x, "committed", getattr(x, "_committed", True)) else frozenset(x.devices())


def is_traced(x: Array) -> bool:
    return isinstance(x, jax.core.Tracer)


def on_host(x: Array) -> bool:
    return all(place.platform == "cpu" for place in x.devices())


def from_numpy(array: NumPyArray, like: Array) -> Array:
    array = native(array)
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and not jax.config.jax_enable_x64:
        # JAX would wrap what int32 cannot hold; clipped, it is still out of range.
        least = 0 if array.dtype.kind == "u" else np.iinfo(np.int32).min  # NumPy 2.0 takes no bound that the dtype has not
        array = np.clip(array, least, np.iinfo(np.int32).max)
    return jnp.asarray(array)


def to_numpy(x: Array) -> NumPyArray:
    return np.asarray(x)


def stop_gradient(x: Array) -> Array:
    return jax.lax.stop_gradient(x)


def total(x: Array) -> Array:
    return pairwise_total(jnp, x, size(x))


@partial(jax.jit, static_argnums=(0,))
def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return _run(formula, False, x, inputs)


@partial(jax.jit, static_argnums=(0, 3))
def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    return _loss(formula, summed, x, inputs)


def as_layer(hidden: Array, weight: Array, bias: Array | None) -> tuple[Array, Array, Array | None]:
    return hidden, weight, bias


@partial(jax.jit, static_argnums=(0,))
def attach_linear(
    head: Head, hidden: Array, weight: Array, bias: Array | None, targets: Array, class_weight: Any, sample_weight: Any
) -> Array:
    value, divisor = rows_by_rows(head, attach, hidden, weight, bias, (targets, class_weight, sample_weight))
    return head.divided(namespace(value), total(value), divisor) if head.is_reduced else value


def _run(formula: Formula, summed: bool, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return value_slope(formula, namespace(x), x, inputs, summed)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _loss(formula: Formula, summed: bool, x: Array, inputs: Inputs) -> Array:
    return _run(formula, summed, x, inputs)[0]


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _loss_and_slope(formula: Formula, summed: bool, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return _run(formula, summed, x, inputs)


def _along(formula: Formula, summed: bool, primals: Any, tangents: Any) -> tuple[Array, Array, Array]:
    """The loss, its slope, and the loss's derivative along the tangents."""
    (x, inputs), (dx, dinputs) = primals, tangents
    value, slope = _loss_and_slope(formula, summed, x, inputs)
    tangent = jnp.zeros((), value.dtype) + _along_inputs(formula, 0, x, inputs, dinputs)
    if not isinstance(dx, SymbolicZero):
        along_x = slope * dx
        tangent = tangent + (along_x if formula.dropped_axis is None else jnp.sum(along_x, axis=formula.dropped_axis))
    return value, slope, jnp.sum(tangent) if summed else jnp.broadcast_to(tangent, value.shape)


def _loss_jvp(formula: Formula, summed: bool, primals: Any, tangents: Any) -> tuple[Array, Array]:
    value, _, along = _along(formula, summed, primals, tangents)
    return value, along


def _loss_and_slope_jvp(formula: Formula, summed: bool, primals: Any, tangents: Any) -> tuple[Any, Any]:
    (x, inputs), (dx, dinputs) = primals, tangents
    value, slope, along = _along(formula, summed, primals, tangents)
    tangent = jnp.zeros((), slope.dtype) + _along_inputs(formula, 1, x, inputs, dinputs)
    if not isinstance(dx, SymbolicZero):
        # The second derivative is symmetric: applied to the tangent, and linear in it.
        tangent = tangent + formula.second(namespace(x), x, inputs, dx)
    return (value, slope), (along, jnp.broadcast_to(tangent, slope.shape))


def _along_inputs(formula: Formula, order: int, x: Array, inputs: Inputs, tangents: Inputs) -> Array | float:
    """The derivative of the value (order 0) or slope (1) along the tangents of the inputs, 0 if none of them moves."""
    moving = {name: t for name, t in tangents._asdict().items() if t is not None and not isinstance(t, SymbolicZero)}
    if not moving:
        return 0.0
    at = {name: getattr(inputs, name) for name in moving}

    def function(moved: dict[str, Array]) -> Array:
        return formula.differentiable(namespace(x), x, inputs._replace(**moved))[order]

    return jax.jvp(function, (at,), (moving,))[1]


_loss.defjvp(_loss_jvp, symbolic_zeros=True)
_loss_and_slope.defjvp(_loss_and_slope_jvp, symbolic_zeros=True)
