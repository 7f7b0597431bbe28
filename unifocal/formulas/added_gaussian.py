"""The focal loss of heat maps (Law & Deng 2018, arXiv:1808.01244) with an ε in its logarithms, and a weight for either of its terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element
from .expressions import log, maximum, where


@dataclass(frozen=True)
class AddedGaussianFocal(Elementwise):
    """w₊·(1 − p)^α·(−log(p + ε)) where y = 1, and everywhere w₋·(1 − y)^γ·p^α·(−log(1 − p + ε)), which is 0 there unless γ is."""

    alpha: float = 2.0
    gamma: float = 4.0
    log_epsilon: float = 1e-12
    pos_weight: float = 1.0
    neg_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("alpha", self.alpha)
        exponent("gamma", self.gamma)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        # Compilers would turn (1 − p) + ε into (1 + ε) − p, which is 0 at p = 1; not with a choice between.
        of_positive = -self.pos_weight * t.q**self.alpha * log(maximum(t.p, 0.0) + self.log_epsilon)
        of_negative = -self.neg_weight * (1 - t.y) ** self.gamma * t.p**self.alpha * log(maximum(t.q, 0.0) + self.log_epsilon)
        return where(t.y == 1, of_positive, 0.0) + of_negative
