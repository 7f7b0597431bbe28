"""Poly-1 focal loss (Leng et al. 2022, arXiv:2204.12511) that α balances whole, and not in the focal loss alone as :mod:`.poly`'s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element


@dataclass(frozen=True)
class BalancedPolyFocal(Elementwise):
    """α_t·[(1 − p_t)^γ·CE + ε·(1 − p_t)^(γ+1)]."""

    gamma: float = 0.0
    poly_epsilon: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        r = 1 - t.p_t
        return self.poly_epsilon * r ** (self.gamma + 1) - r**self.gamma * t.log_p_t
