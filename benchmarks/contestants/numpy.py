"""NumPy: the textbook formulas, with gradients written out as people write them."""

from __future__ import annotations

from functools import partial

import numpy as np

import unifocal

from ..problem import Problem
from ..rows import ALPHA, Reduction, Row
from . import Array, Contestant, Duel, blocks, ours


def operands(problem: Problem) -> tuple[Array, Array]:
    return problem


def duel(row: Row, problem: Problem, reduction: Reduction) -> Duel:
    x, y = operands(problem)
    mine = unifocal.value_and_grad(ours(row, reduction))
    formula = soft if row.labels == "soft" else hard
    return Duel(
        Contestant(lambda: mine(x, y)), Contestant(lambda: formula(x, y, row.gamma, reduction)), partial(_limit, x, y, np.empty_like(x))
    )


def hard(x: Array, y: Array, gamma: float, reduction: Reduction) -> tuple[Array, Array]:
    """Lin et al. 2017, equation 5 and its derivative from appendix B."""
    p = 1 / (1 + np.exp(-x))
    p_t = np.where(y == 1, p, 1 - p)
    alpha_t = np.where(y == 1, np.float32(ALPHA), np.float32(1 - ALPHA))
    log_p_t = np.log(p_t)
    loss = -alpha_t * (1 - p_t) ** gamma * log_p_t
    gradient = alpha_t * (2 * y - 1) * (1 - p_t) ** gamma * (gamma * p_t * log_p_t + p_t - 1)
    return _reduced(loss, gradient, reduction)


def soft(x: Array, y: Array, gamma: float, reduction: Reduction) -> tuple[Array, Array]:
    """The same with p_t, α_t and cross entropy extended to labels in [0, 1]."""
    p = 1 / (1 + np.exp(-x))
    cross_entropy = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    p_t = y * p + (1 - y) * (1 - p)
    alpha_t = y * ALPHA + (1 - y) * (1 - ALPHA)
    loss = alpha_t * (1 - p_t) ** gamma * cross_entropy
    slope = (2 * y - 1) * p * (1 - p)
    gradient = alpha_t * ((1 - p_t) ** gamma * (p - y) - gamma * (1 - p_t) ** (gamma - 1) * slope * cross_entropy)
    return _reduced(loss, gradient, reduction)


def _reduced(loss: Array, gradient: Array, reduction: Reduction) -> tuple[Array, Array]:
    return (loss.sum(), gradient) if reduction == "sum" else (loss.mean(), gradient / loss.size)


def _limit(x: Array, y: Array, out: Array) -> None:
    np.add(x, y, out=out)
    block, result = np.full(min(x.size, max(blocks(x.size))), 0.5, np.float32), np.empty(max(blocks(x.size)), np.float32)
    for size in blocks(x.size):
        for function in (np.exp, np.log1p):
            function(block[:size], out=result[:size])
        np.divide(block[:size], block[:size], out=result[:size])
