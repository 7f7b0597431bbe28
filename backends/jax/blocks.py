"""JAX on CPU: the formula over blocks, in one loop of the compiled graph.

XLA there makes an array of every intermediate that value and slope share, four to seven as large as the logits, and touching fresh memory
is what costs: at 2²³ elements the loop takes a third of the time, and beyond the inputs needs one array and a little.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from unifocal.arrays import Array, Namespace
from unifocal.formulas.base import Formula, Inputs
from unifocal.sums import pairwise_total

BLOCK = 1 << 17
"""Elements: few enough for the cache, and enough for each of XLA's threads."""

ValueSlope = Callable[[Array, Inputs], tuple[Array, Array]]


def value_slope(formula: Formula, xp: Namespace, x: Array, inputs: Inputs, summed: bool) -> tuple[Array, Array]:
    """The formula's value (added up if ``summed``) and slope; in blocks where x is large enough to be cut."""
    shape, function = x.shape, partial(formula.value_slope, xp)
    if not formula.categorical:
        x, inputs = _flat(x, inputs)
    rows = BLOCK // max(1, math.prod(x.shape[1:]))
    cuttable = x.ndim > 0 and formula.dropped_axis != -x.ndim
    if cuttable and 0 < rows <= x.shape[0] // 2 and jax.default_backend() == "cpu":
        value, slope = _loop(function, x, inputs, rows, summed)
    else:
        value, slope = function(x, inputs)
    if summed:
        value = _total(value)
    elif not formula.categorical:
        value = value.reshape(shape)
    return value, slope.reshape(shape)


def _flat(x: Array, inputs: Inputs) -> tuple[Array, Inputs]:
    """x and inputs in one dimension, unless one of them is broadcast along some dimensions only."""
    parts: list[Array | None] = list(inputs)
    if not all(part is None or part.size == 1 or part.shape == x.shape for part in parts):
        return x, inputs
    return x.reshape(-1), Inputs(*(part if part is None else part.reshape(() if part.size == 1 else -1) for part in parts))


def _loop(function: ValueSlope, x: Array, inputs: Inputs, rows: int, summed: bool) -> tuple[Array, Array]:
    """The last block begins early enough to be as large as the others; what it shares with the one before is counted once."""
    size = x.shape[0]
    count = -(-size // rows)

    def block(i: Any) -> tuple[Array, Array, Array]:
        start = jnp.minimum(i * rows, size - rows)

        def cut(part: Array | None) -> Array | None:
            whole = part is None or part.ndim == 0 or part.shape[0] == 1
            return part if whole else jax.lax.dynamic_slice_in_dim(part, start, rows)

        value, slope = function(cut(x), Inputs(*map(cut, inputs)))
        if summed:
            fresh = jnp.arange(rows) >= i * rows - start
            value = _total(jnp.where(fresh.reshape(-1, *[1] * (value.ndim - 1)), value, 0.0))[None]
        return start, value, slope

    def step(i: Any, results: tuple[Array, Array]) -> tuple[Array, Array]:
        start, *parts = block(i)
        places = (i if summed else start, start)
        value, slope = (jax.lax.dynamic_update_slice_in_dim(*args, 0) for args in zip(results, parts, places, strict=True))
        return value, slope

    _, value, slope = jax.eval_shape(block, 0)
    shapes = ((count,) if summed else (size, *value.shape[1:]), (size, *slope.shape[1:]))
    results: tuple[Array, Array] = jax.lax.fori_loop(0, count, step, tuple(map(jnp.zeros, shapes, (value.dtype, slope.dtype))))
    return results


def _total(x: Array) -> Array:
    return pairwise_total(jnp, x, x.size)
