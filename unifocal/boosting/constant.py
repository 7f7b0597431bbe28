"""The best constant: the margins, the same for every row, with which a loss is least."""

from __future__ import annotations

import numpy as np

from .row_loss import RowLoss
from .rows import Floats, Numbers

_STEPS, _HALVINGS = 100, 60
_SMALL = 1e-10
"""A slope's sum that counts as 0, beside the sum of its terms' magnitudes."""


def best_constant(loss: RowLoss, labels: Numbers, weights: Floats | None, classes: int) -> Floats:
    """The K margins, by Newton's method on the loss itself; raises ValueError where there are no best ones.

    Rows of equal labels are taken together.  The start is cross entropy's best constant, log p or log p/(1 − p).
    """
    kinds, counts = _counted(labels, weights)
    margins = np.array(_start(kinds, counts, classes))
    value = _value(loss, margins, kinds, counts)
    for _ in range(_STEPS):
        table = np.tile(margins, (len(kinds), 1))
        slopes = loss.gradient(table, kinds, counts)
        slope = slopes.sum(axis=0)
        if (np.abs(slope) <= _SMALL * np.abs(slopes).sum(axis=0)).all():
            return margins - margins.mean() if loss.categorical else margins
        step = _newton(slope, loss.matrices(table, kinds, counts, "exact").sum(axis=0))
        for _ in range(_HALVINGS):
            tried = _value(loss, margins + step, kinds, counts)
            # Near the end a step changes the value by its rounding error alone.
            if tried <= value + 1e-14 * abs(value):
                break
            step = step / 2
        margins, value = margins + step, tried
    raise ValueError(f"{loss} has no best constant for these labels: it is least at infinity, or flat. Start from another, such as 0.")


def _counted(labels: Numbers, weights: Floats | None) -> tuple[Numbers, Floats]:
    """Each kind of label (M,) or (M, K), and the weight of its rows."""
    kinds, places = np.unique(labels, axis=0, return_inverse=True)
    counts = np.bincount(np.reshape(places, -1), weights=weights, minlength=len(kinds))
    kept = counts > 0
    if not kept.any():
        raise ValueError("A best constant requires rows of positive weight; received none.")
    return kinds[kept], counts[kept].astype(np.float64)


def _start(kinds: Numbers, counts: Floats, classes: int) -> Floats:
    """Cross entropy's best constant; raises ValueError where it is infinite, and with it every loss's."""
    if kinds.ndim == 1 and classes > 1:
        shares = np.bincount(kinds.astype(np.int64), weights=counts, minlength=classes) / counts.sum()
    else:
        shares = np.reshape((counts @ np.reshape(kinds, (len(kinds), -1))) / counts.sum(), (classes,))
    never = np.flatnonzero(shares <= 0)
    if never.size:
        which = "class " + ", ".join(map(str, never)) if classes > 1 else "1, the positive"
        raise ValueError(f"A best constant requires rows of every class; there are none of {which}: its margin would be −∞.")
    if classes == 1 and shares[0] >= 1:
        raise ValueError("A best constant requires rows of every class; there are none of 0, the negative: the margin would be ∞.")
    return np.asarray(np.log(shares) - np.log1p(-np.minimum(shares, 1 - 1e-16)))


def _value(loss: RowLoss, margins: Floats, kinds: Numbers, counts: Floats) -> float:
    return loss.value(np.tile(margins, (len(kinds), 1)), kinds, counts)


def _newton(slope: Floats, hessian: Floats) -> Floats:
    """Downhill, the Hessian's eigenvalues taken for positive; not along those that are 0, as all margins together are to a softmax."""
    sizes, axes = np.linalg.eigh((hessian + hessian.T) / 2)
    sizes = np.abs(sizes)
    kept = sizes > 1e-12 * sizes.max(initial=0)
    along = axes[:, kept]
    step = -(along / sizes[kept]) @ (along.T @ slope)
    return np.asarray(step * min(1, 4 / np.abs(step).max(initial=1)))
