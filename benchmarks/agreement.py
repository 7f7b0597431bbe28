"""Contestants that do not compute the same are not compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .contestants import Duel

RELATIVE, ABSOLUTE = 1e-3, 1e-5
"""Peers subtract 1 − p_t, so where a gradient is small they have few digits: a thousandth of it, or 1e-5 of the largest."""


class DisagreementError(Exception):
    """The contestants' results differ."""


def require_agreement(duel: Duel) -> None:
    """Raise DisagreementError unless both contestants give the same value and gradient."""
    mine, theirs = duel.ours.step(), duel.theirs.step()
    for part, a, b in zip(("value", "gradient"), mine, theirs, strict=True):
        apart = difference(duel.numpy(a), duel.numpy(b) * duel.scale)
        if not apart <= 1:
            raise DisagreementError(f"the contestants disagree: the {part}s are {apart:.3g} times the tolerance apart")


def difference(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    """How far a is from b at most, as a multiple of the tolerance; NaN where either is."""
    if a.shape != b.shape:
        return float("inf")
    return float(np.max(np.abs(a - b) / (RELATIVE * np.abs(b) + ABSOLUTE * np.max(np.abs(b)))))
