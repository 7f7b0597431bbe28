"""Paddle: its own sigmoid_focal_loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import paddle
import paddle.nn.functional as F

from ..problem import Problem
from ..rows import ALPHA, Reduction, Row
from . import Array, Contestant, Duel, blocks, ours


def operands(problem: Problem) -> tuple[Array, Array]:
    return paddle.to_tensor(problem.logits, stop_gradient=False), paddle.to_tensor(problem.labels)


def duel(row: Row, problem: Problem, reduction: Reduction) -> Duel:
    x, y = operands(problem)
    theirs = partial(F.sigmoid_focal_loss, alpha=ALPHA, gamma=row.gamma, reduction=reduction)
    limit = partial(_limit, x.detach(), y)
    return Duel(_contestant(ours(row, reduction), x, y), _contestant(theirs, x, y), limit, lambda tensor: tensor.numpy())


def _contestant(loss: Callable[[Array, Array], Array], x: Array, y: Array) -> Contestant:
    def step() -> tuple[Array, Array]:
        value = loss(x, y)
        return value, paddle.grad([value], [x])[0]

    def forward() -> Callable[[], Array]:
        value = loss(x, y)
        return lambda: paddle.grad([value], [x])[0]

    return Contestant(step, forward)


def _limit(x: Array, y: Array) -> None:
    paddle.add(x, y)
    sizes = list(blocks(x.size))
    block = paddle.full(sizes[:1], 0.5)
    for size in sizes:
        a = block if size == sizes[0] else block[:size]
        paddle.exp(a)
        paddle.log1p(a)
        paddle.divide(a, a)
