"""Asymmetric loss (Ridnik et al. 2021, arXiv:2009.14119): an exponent for positives, and one and a margin for negatives.

L = y·(1 − p)^γ₊·(−log p) + (1 − y)·p_m^γ₋·(−log(1 − p_m)),      p_m = max(p − m, 0)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise, held_if
from .elements import Element
from .expressions import log, maximum


@dataclass(frozen=True)
class AsymmetricFocal(Elementwise):
    """Asymmetric loss; a soft label mixes the losses of hard ones."""

    gamma_pos: float = 0.0
    gamma_neg: float = 4.0
    margin: float = 0.05
    detach_modulator: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma_pos", self.gamma_pos)
        exponent("gamma_neg", self.gamma_neg)
        if not 0 <= self.margin < 1:
            raise ValueError(f"margin must be in [0, 1), as probabilities are; received {self.margin}.")

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        shifted = maximum(t.p - self.margin, 0.0)
        of_positive, of_negative = held_if(self.detach_modulator, t.q**self.gamma_pos, shifted**self.gamma_neg)
        return -t.y * of_positive * t.log_p - (1 - t.y) * of_negative * log(1 - shifted)
