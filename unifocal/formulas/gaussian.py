"""The focal loss of heat maps, whose labels are Gaussian bumps around the positives (Law & Deng 2018, arXiv:1808.01244)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise, held_if
from .elements import Element
from .expressions import where


@dataclass(frozen=True)
class GaussianFocal(Elementwise):
    """(1 − p)^α·(−log p) where y = 1, (1 − y)^γ·p^α·(−log(1 − p)) elsewhere."""

    alpha: float = 2.0
    gamma: float = 4.0
    detach_modulator: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("alpha", self.alpha)
        exponent("gamma", self.gamma)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        of_positive, of_negative = held_if(self.detach_modulator, t.q**self.alpha, t.p**self.alpha)
        return where(t.y == 1, -of_positive * t.log_p, -((1 - t.y) ** self.gamma) * of_negative * t.log_q)
