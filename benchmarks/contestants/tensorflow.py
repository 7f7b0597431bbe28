"""TensorFlow: Keras's BinaryFocalCrossentropy, eager, in tf.function and compiled by XLA."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import tensorflow as tf

from ..problem import Problem
from ..rows import ALPHA, Reduction, Row
from . import Array, Contestant, Duel, ours


def operands(problem: Problem) -> tuple[Array, Array]:
    return tf.constant(problem.logits), tf.constant(problem.labels)


def duel(row: Row, problem: Problem, reduction: Reduction) -> Duel:
    x, y = operands(problem)
    theirs = keras.losses.BinaryFocalCrossentropy(
        apply_class_balancing=True,
        alpha=ALPHA,
        gamma=row.gamma,
        from_logits=True,
        reduction="sum" if reduction == "sum" else "sum_over_batch_size",
    )
    fused = tf.function(_fused, jit_compile=True, autograph=False)
    return Duel(
        _contestant(row, ours(row, reduction), x, y),
        _contestant(row, lambda x, y: theirs(y, x), x, y),
        partial(fused, x, y),
        # Keras takes the mean over the last axis before it sums.
        scale=float(row.classes) if reduction == "sum" else 1.0,
    )


def _contestant(row: Row, loss: Callable[[Array, Array], Array], x: Array, y: Array) -> Contestant:
    def forward() -> Callable[[], Array]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x, y)
        return lambda: tape.gradient(value, x)

    if row.mode == "eager":
        return Contestant(partial(_step, loss, x, y), forward)
    compiled = tf.function(partial(_step, loss), autograph=False, jit_compile=row.mode == "XLA")
    return Contestant(lambda: compiled(x, y))


def _step(loss: Callable[[Array, Array], Array], x: Array, y: Array) -> tuple[Array, Array]:
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x, y)
    return value, tape.gradient(value, x)


def _fused(x: Array, y: Array) -> Array:
    return tf.math.log1p(tf.exp(x)) / (1.5 + tf.cast(y, x.dtype))
