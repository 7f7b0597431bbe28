"""The Array API names that the core uses, on JAX's arrays."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from unifocal.arrays import Array
from unifocal.namespace import Names, complete


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


xp = Names(**vars(jnp))
xp.take_along_axis = _take_along_axis
xp.arange, xp.log1p = _arange, _log1p
complete(xp, scatter=_scatter, fuses=lambda x: True)
# Without jax_enable_x64 there is no int64, and asking for one warns.
xp32 = Names(**vars(xp))
xp32.int64 = jnp.int32
