"""Asymmetric loss of the label's probability, which soft labels mix before its logarithm is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element
from .expressions import constant, exp, log, maximum, where


@dataclass(frozen=True)
class LabelProbabilityAsymmetric(Elementwise):
    """r^(y·γ₊ + (1 − y)·γ₋)·(−log max(p_t, least)), p_t = y·p + (1 − y)·(1 − max(p − m, 0)), r = 1 − p_t.

    Of hard labels it is :class:`~.asymmetric.AsymmetricFocal`, but for what p_t is at least.
    """

    gamma_pos: float = 1.0
    gamma_neg: float = 4.0
    margin: float = 0.05
    least: float = 1e-8
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
        p_t, r = t.y * t.p + (1 - t.y) * (1 - shifted), t.y * t.q + (1 - t.y) * shifted
        mixed = exp((self.gamma_pos * t.y + self.gamma_neg * (1 - t.y)) * log(r))
        modulator = where(t.y == 1, t.q**self.gamma_pos, where(t.y == 0, shifted**self.gamma_neg, mixed))
        return -(constant(modulator) if self.detach_modulator else modulator) * log(maximum(p_t, self.least))
