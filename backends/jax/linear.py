"""A linear layer and its cross entropy on JAX: a scan over rows, whose logits the derivatives make anew.

Nothing of a chunk is kept for them but what it was made of, so that JAX's own differentiation, of any order and either direction, needs
the logits of one chunk at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from unifocal.arrays import Array
from unifocal.formulas.base import Formula, Inputs
from unifocal.linear import Head

Loss = Callable[[Formula, Array, Inputs, bool], Array]
Operands = tuple[Array, Any, Any]
"""Targets, class weight and sample weight, all of the rows'."""


def rows_by_rows(head: Head, loss: Loss, hidden: Array, weight: Array, bias: Array | None, operands: Operands) -> tuple[Array, Array]:
    """The loss of each row, and what their total is divided by; ``loss`` attaches a formula's derivatives."""
    dtype, size = hidden.dtype, hidden.shape[0]
    # The gradients of a scan's constants add up in their dtype: of half precision too, in float32.
    wide = [part if part is None or dtype in (jnp.float32, jnp.float64) else part.astype(jnp.float32) for part in (weight, bias)]

    def of_rows(layer: list[Any], hidden: Array, operands: Operands) -> tuple[Array, Array]:
        weight, bias = layer
        logits = hidden @ weight.astype(dtype).T
        logits = logits if bias is None else logits + bias.astype(dtype)
        formula, x, inputs, divisor = head.fold(logits, *operands)
        return loss(formula, x, inputs, False), jnp.asarray(0.0 if divisor is None else divisor, x.dtype)

    if size <= head.rows:
        return of_rows(wide, hidden, operands)
    targets, class_weight, sample_weight = operands
    weighs_rows = sample_weight is not None and sample_weight.ndim > 0
    parts = (hidden, targets, sample_weight) if weighs_rows else (hidden, targets)

    def of_parts(layer: list[Any], class_weight: Any, hidden: Array, targets: Array, sample_weight: Any = sample_weight) -> Any:
        return of_rows(layer, hidden, (targets, class_weight, sample_weight))

    again = jax.checkpoint(of_parts, prevent_cse=False)
    whole = size - size % head.rows
    stacked = tuple(part[:whole].reshape(-1, head.rows, part.shape[1]) for part in parts)
    _, (value, divisors) = jax.lax.scan(lambda _, some: (None, again(wide, class_weight, *some)), None, stacked)
    value, divisor = value.reshape(-1), jnp.sum(divisors)
    if whole == size:
        return value, divisor
    last, by = again(wide, class_weight, *(part[whole:] for part in parts))
    return jnp.concatenate([value, last]), divisor + by
