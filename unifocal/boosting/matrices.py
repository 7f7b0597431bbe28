"""The whole Hessian of each row, which CatBoost takes of several classes and Newton's method for the best constant."""

from __future__ import annotations

import numpy as np

from ..evaluation.block import fold
from ..evaluation.hessian import Hessian
from .row_loss import RowLoss
from .rows import Floats, Numbers


def matrices(loss: RowLoss, margins: Floats, labels: Numbers, weights: Floats | None, hessian: Hessian) -> Floats:
    """(N, K, K): of a softmax loss in K passes.

    clipped: its eigenvalues are not below 0.  Raises TypeError where a formula has none of this kind.
    """
    call = loss.call(margins, labels, weights)
    count, classes = margins.shape
    if not loss.categorical or hessian == "held":
        diagonal = np.reshape(call.hessian(hessian, call.operands.given), margins.shape)
        return _of_cross_entropy(loss, margins, diagonal) if loss.categorical else diagonal[:, :, np.newaxis] * np.eye(classes)
    formula, x, inputs, _ = fold(call.reading, call.operands)
    full = np.empty((count, classes, classes), margins.dtype)
    for j in range(classes):
        unit = np.zeros_like(x)
        unit[:, j] = 1
        full[:, :, j] = np.reshape(formula.second(call.reading.xp, x, inputs, unit), margins.shape)
    if hessian == "clipped":
        sizes, axes = np.linalg.eigh((full + np.swapaxes(full, 1, 2)) / 2)
        full = (axes * np.maximum(sizes, 0)[:, np.newaxis, :]) @ np.swapaxes(axes, 1, 2)
    return full


def _of_cross_entropy(loss: RowLoss, margins: Floats, diagonal: Floats) -> Floats:
    """m·(diag p − p·pᵀ), which a softmax loss of modulators that are held is, from its diagonal m·p·(1 − p)."""
    p, classes = loss.probabilities(margins), margins.shape[1]
    products = p[:, :, np.newaxis] * p[:, np.newaxis, :] * (1 - np.eye(classes))
    spread = products.sum(axis=2)
    total = spread.sum(axis=1)
    m = diagonal.sum(axis=1) / np.where(total == 0, 1, total)
    if not np.allclose(diagonal, m[:, np.newaxis] * spread, rtol=1e-6, atol=1e-300):
        raise TypeError(
            f"hessian='held' of several classes requires a loss that is a cross entropy where its modulator is held; {loss} is not."
        )
    full = -m[:, np.newaxis, np.newaxis] * products
    full[:, np.arange(classes), np.arange(classes)] = diagonal
    return np.asarray(full)
