"""PyTorch: its own losses, and the formulas that its users take for focal loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F

from ..problem import Problem
from ..rows import ALPHA, SMOOTHING, Z_LOSS, Reduction, Row
from . import Array, Contestant, Duel, blocks, ours


def operands(problem: Problem) -> tuple[Array, Array]:
    return torch.tensor(problem.logits, requires_grad=True), torch.tensor(problem.labels)


def duel(row: Row, problem: Problem, reduction: Reduction) -> Duel:
    x, y = operands(problem)
    mine, theirs = ours(row, reduction), _theirs(row, reduction)
    limit = partial(_limit, x.detach(), y, torch.empty_like(x.detach()), row.categorical)
    if row.mode == "compiled":
        torch.compiler.reset()
        mine, theirs = (torch.compile(function, fullgraph=True, dynamic=False) for function in (mine, theirs))
        fused = torch.compile(_fused, fullgraph=True, dynamic=False)
        limit = partial(fused, x.detach(), y)
    return Duel(_contestant(mine, x, y), _contestant(theirs, x, y), limit, lambda tensor: tensor.detach().numpy())


def _contestant(loss: Callable[[Array, Array], Array], x: Array, y: Array) -> Contestant:
    def step() -> tuple[Array, Array]:
        value = loss(x, y)
        return value, torch.autograd.grad(value, x)[0]

    def forward() -> Callable[[], Array]:
        value = loss(x, y)
        return lambda: torch.autograd.grad(value, x)[0]

    return Contestant(step, forward)


def _theirs(row: Row, reduction: Reduction) -> Callable[[Array, Array], Array]:
    if row.loss == "binary cross entropy":
        return partial(F.binary_cross_entropy_with_logits, reduction=reduction)
    if row.loss == "cross entropy":
        return partial(F.cross_entropy, label_smoothing=SMOOTHING if row.labels == "smoothed" else 0.0, reduction=reduction)
    if row.loss == "cross entropy with z-loss":
        return partial(cross_entropy_with_z_loss, reduction=reduction)
    return partial({"sigmoid focal": sigmoid_focal, "softmax focal": softmax_focal}[row.loss], gamma=row.gamma, reduction=reduction)


def sigmoid_focal(x: Array, y: Array, gamma: float, reduction: Reduction) -> Array:
    """The computation of torchvision 0.28's sigmoid_focal_loss, which wants floating labels."""
    y = y.to(x.dtype)
    p = torch.sigmoid(x)
    cross_entropy = F.binary_cross_entropy_with_logits(x, y, reduction="none")
    p_t = p * y + (1 - p) * (1 - y)
    loss = cross_entropy * ((1 - p_t) ** gamma)
    loss = (ALPHA * y + (1 - ALPHA) * (1 - y)) * loss
    return loss.sum() if reduction == "sum" else loss.mean()


def softmax_focal(x: Array, y: Array, gamma: float, reduction: Reduction) -> Array:
    """What is written for want of a softmax focal loss."""
    log_p = F.log_softmax(x, dim=-1)
    if y.dtype == torch.int64:
        log_p = log_p.gather(-1, y[:, None])[:, 0]
    loss = -((1 - log_p.exp()) ** gamma) * log_p
    if y.dtype != torch.int64:
        loss = (y * loss).sum(-1)
    return loss.sum() if reduction == "sum" else loss.mean()


def cross_entropy_with_z_loss(x: Array, y: Array, reduction: Reduction) -> Array:
    """What is written for want of one."""
    squares = Z_LOSS * torch.logsumexp(x, dim=-1) ** 2
    return F.cross_entropy(x, y, reduction=reduction) + (squares.sum() if reduction == "sum" else squares.mean())


def _limit(x: Array, y: Array, out: Array, categorical: bool) -> None:
    torch.add(x, y if x.shape == y.shape else 1.0, out=out)
    sizes = list(blocks(x.numel()))
    block, result = torch.full(sizes[:1], 0.5), torch.empty(sizes[:1])
    for size in sizes:
        a, b = block[:size], result[:size]
        torch.exp(a, out=b)
        if not categorical:
            torch.log1p(a, out=b)
        torch.div(a, a, out=b)


def _fused(x: Array, y: Array) -> Array:
    return torch.log1p(torch.exp(x)) / (1.5 + y)
