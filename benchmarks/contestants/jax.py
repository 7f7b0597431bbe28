"""JAX: optax's sigmoid_focal_loss, under jit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import optax

from ..problem import Problem
from ..rows import ALPHA, Reduction, Row
from . import Array, Contestant, Duel, ours


def operands(problem: Problem) -> tuple[Array, Array]:
    return jnp.asarray(problem.logits), jnp.asarray(problem.labels)


def duel(row: Row, problem: Problem, reduction: Reduction) -> Duel:
    x, y = operands(problem)

    def theirs(x: Array, y: Array) -> Array:
        loss = optax.sigmoid_focal_loss(x, y.astype(x.dtype), alpha=ALPHA, gamma=row.gamma)
        return loss.sum() if reduction == "sum" else loss.mean()

    fused = jax.jit(_fused)
    limit = lambda: fused(x, y).block_until_ready()  # noqa: E731
    return Duel(_contestant(ours(row, reduction), x, y), _contestant(theirs, x, y), limit)


def _contestant(loss: Callable[[Array, Array], Array], x: Array, y: Array) -> Contestant:
    both, alone = jax.jit(jax.value_and_grad(loss)), jax.jit(loss)

    def forward() -> Callable[[], Array]:
        value, pullback = jax.vjp(lambda x: alone(x, y), x)
        jax.block_until_ready((value, pullback))
        return lambda: jax.block_until_ready(pullback(jnp.ones_like(value)))

    return Contestant(partial(_step, both, x, y), forward)


def _step(both: Callable[[Array, Array], tuple[Array, Array]], x: Array, y: Array) -> tuple[Array, Array]:
    result: tuple[Array, Array] = jax.block_until_ready(both(x, y))
    return result


def _fused(x: Array, y: Array) -> Array:
    return jnp.log1p(jnp.exp(x)) / (1.5 + y)
