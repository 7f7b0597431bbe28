"""JAX: grad, jvp, jit, vmap and hessian, through custom_jvp."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from unifocal.native import native
from unifocal.protocol import Array, Inputs, Kernel, Namespace, NumPyArray
from unifocal.reduction import pairwise_total
from unifocal.spec import Spec

from .jax_blocks import value_slope

name = "jax"


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    # A comparison that XLA fuses away, since JAX cannot transpose a scatter.
    return jnp.where(indices == jax.lax.broadcasted_iota(indices.dtype, x.shape, x.ndim + axis), value, x)


def _arange(stop: int, *, dtype: Any, device: object) -> Array:
    # Left uncommitted, the result follows the arrays that it meets.
    return jnp.arange(stop, dtype=dtype)


def _log1p(x: Array) -> Array:
    # XLA's float64 log1p on CPU is up to 130 ulp off for x in (-0.42, -0.36); log(1 + x) is good there.
    return jnp.where(x < -0.25, jnp.log(1 + x), jnp.log1p(x)) if x.dtype == jnp.float64 else jnp.log1p(x)


def _take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    # JAX 0.4 gathers nothing from an empty array.
    return jnp.zeros(indices.shape, x.dtype) if 0 in indices.shape else jnp.take_along_axis(x, indices, axis=axis)


_xp = SimpleNamespace(**vars(jnp))
_xp.take_along_axis = _take_along_axis
_xp.scatter, _xp.arange, _xp.log1p = _scatter, _arange, _log1p
_xp.number = lambda value, dtype: value
_xp.fuses = lambda x: True
# Without jax_enable_x64 there is no int64, and asking for one warns.
_xp32 = SimpleNamespace(**vars(_xp))
_xp32.int64 = jnp.int32


def is_array(value: object) -> bool:
    return isinstance(value, jax.Array)


def unsuitable(value: object) -> str | None:
    return f"{type(value).__name__}: .todense() makes it dense" if hasattr(value, "todense") else None


def canonical(x: Array) -> Array:
    return x


def namespace(x: Array) -> Namespace:
    return _xp if jax.config.jax_enable_x64 else _xp32


def shape(x: Array) -> tuple[int | None, ...]:
    return tuple(x.shape)


def size(x: Array) -> int | Array:
    return math.prod(x.shape)


def device(x: Array) -> Hashable:
    # JAX itself brings an uncommitted array to the device of a committed one.
    # The public name is newer than the oldest JAX allowed.
    return None if is_traced(x) or not getattr(x, "committed", getattr(x, "_committed", True)) else frozenset(x.devices())


def is_traced(x: Array) -> bool:
    return isinstance(x, jax.core.Tracer)


def on_host(x: Array) -> bool:
    return all(place.platform == "cpu" for place in x.devices())


def is_constant(x: Array) -> bool:
    return True


def autocast(x: Array) -> bool:
    return False


def computing(x: Array) -> AbstractContextManager[None]:
    return nullcontext()


def of_sizes(what: str, x: Array, like: Array, axis: int, at_axis: list[int] | None) -> Array:
    return x


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


def in_blocks(x: Array, others: Iterable[Array]) -> bool:
    return False


def total(x: Array) -> Array:
    return pairwise_total(jnp, x, size(x))


@partial(jax.jit, static_argnums=(0, 1))
def run(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return _run(kernel, spec, False, x, inputs)


@partial(jax.jit, static_argnums=(0, 1, 4))
def attach(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
    return _loss(kernel, spec, summed, x, inputs)


def _run(kernel: Kernel, spec: Spec, summed: bool, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return value_slope(partial(kernel.value_slope, namespace(x), spec), spec, x, inputs, summed)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def _loss(kernel: Kernel, spec: Spec, summed: bool, x: Array, inputs: Inputs) -> Array:
    return _run(kernel, spec, summed, x, inputs)[0]


@partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def _loss_and_slope(kernel: Kernel, spec: Spec, summed: bool, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return _run(kernel, spec, summed, x, inputs)


def _along(kernel: Kernel, spec: Spec, summed: bool, primals: Any, tangents: Any) -> tuple[Array, Array, Array]:
    """The loss, its slope, and the loss's derivative along the tangents."""
    (x, inputs), (dx, dinputs) = primals, tangents
    value, slope = _loss_and_slope(kernel, spec, summed, x, inputs)
    tangent = jnp.zeros((), value.dtype) + _along_inputs(kernel, spec, 0, x, inputs, dinputs)
    if not isinstance(dx, SymbolicZero):
        along_x = slope * dx
        tangent = tangent + (jnp.sum(along_x, axis=spec.axis) if spec.categorical else along_x)
    return value, slope, jnp.sum(tangent) if summed else jnp.broadcast_to(tangent, value.shape)


def _loss_jvp(kernel: Kernel, spec: Spec, summed: bool, primals: Any, tangents: Any) -> tuple[Array, Array]:
    value, _, along = _along(kernel, spec, summed, primals, tangents)
    return value, along


def _loss_and_slope_jvp(kernel: Kernel, spec: Spec, summed: bool, primals: Any, tangents: Any) -> tuple[Any, Any]:
    (x, inputs), (dx, dinputs) = primals, tangents
    value, slope, along = _along(kernel, spec, summed, primals, tangents)
    tangent = jnp.zeros((), slope.dtype) + _along_inputs(kernel, spec, 1, x, inputs, dinputs)
    if not isinstance(dx, SymbolicZero):
        # The second derivative is symmetric: applied to the tangent, and linear in it.
        tangent = tangent + kernel.second(namespace(x), spec, x, inputs, dx)
    return (value, slope), (along, jnp.broadcast_to(tangent, slope.shape))


def _along_inputs(kernel: Kernel, spec: Spec, order: int, x: Array, inputs: Inputs, tangents: Inputs) -> Array | float:
    """The derivative of the value (order 0) or slope (1) along the tangents of the inputs, 0 if none of them moves."""
    moving = {name: t for name, t in tangents._asdict().items() if t is not None and not isinstance(t, SymbolicZero)}
    if not moving:
        return 0.0
    at = {name: getattr(inputs, name) for name in moving}

    def function(moved: dict[str, Array]) -> Array:
        return kernel.differentiable(namespace(x), spec, x, inputs._replace(**moved))[order]

    return jax.jvp(function, (at,), (moving,))[1]


_loss.defjvp(_loss_jvp, symbolic_zeros=True)
_loss_and_slope.defjvp(_loss_and_slope_jvp, symbolic_zeros=True)
