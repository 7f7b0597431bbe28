"""Asymmetric losses with logarithms of probabilities that are at least an ε (Ridnik et al. 2021, arXiv:2009.14119)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .classwise import Classwise
from .derived import Elementwise, held_if
from .elements import Element
from .expressions import exp, log, maximum, minimum, where
from .probability import clip_bound


@dataclass(frozen=True)
class ClampedAsymmetric(Elementwise):
    """−(1 − p_t)^γ·(y·log max(p, ε) + (1 − y)·log max(q_m, ε)), q_m = min(q + m, 1), p_t = y·p + (1 − y)·q_m, γ = y·γ₊ + (1 − y)·γ₋.

    pos_weight multiplies y in the logarithms' sum.  detach_modulator: whether the power is held constant.
    """

    gamma_pos: float = 1.0
    gamma_neg: float = 4.0
    margin: float = 0.05
    epsilon: float = 1e-8
    detach_modulator: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma_pos", self.gamma_pos)
        exponent("gamma_neg", self.gamma_neg)
        clip_bound(self.epsilon)
        if not 0 <= self.margin < 1:
            raise ValueError(f"margin must be in [0, 1), as probabilities are; received {self.margin}.")

    @property
    def takes_pos_weight(self) -> bool:
        """Yes."""
        return True

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        q = minimum(t.q + self.margin, 1.0) if self.margin > 0 else t.q
        loss = t.positive * log(maximum(t.p, self.epsilon)) + (1 - t.y) * log(maximum(q, self.epsilon))
        if self.gamma_pos == 0 and self.gamma_neg == 0:
            return -loss
        p_t = t.y * t.p + (1 - t.y) * q
        # A power whose exponent depends on the label; of hard labels it is one of two, which are exact and bounded where 1 − p_t is 0.
        soft = exp((self.gamma_pos * t.y + self.gamma_neg * (1 - t.y)) * log(1 - p_t))
        modulator = where(t.y == 1, t.q**self.gamma_pos, where(t.y == 0, (1 - q) ** self.gamma_neg, soft))
        (modulator,) = held_if(self.detach_modulator, modulator)
        return -modulator * loss

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss, without what is done for accuracy."""
        gamma = f"γ = {self.gamma_pos:g}·y + {self.gamma_neg:g}·(1 − y)"
        power = "[(1 − p_t)^γ]·" if self.detach_modulator else "(1 − p_t)^γ·"
        focuses = self.gamma_pos != 0 or self.gamma_neg != 0
        positive = "y·pos_weight" if pos_weight else "y"
        logarithms = f"(−{positive}·log max(p, {self.epsilon:g}) − (1 − y)·log max(q, {self.epsilon:g}))"
        said = [
            f"{'α_t·' if alpha else ''}{power if focuses else ''}{logarithms}",
            f"q = min(1 − p + {self.margin:g}, 1)" if self.margin > 0 else "q = 1 − p",
        ]
        return "; ".join([*said, "p_t = y·p + (1 − y)·q", gamma] if focuses else said)

    def clip_text(self) -> str:
        """How logarithms are clipped."""
        return f"p and q to at least {self.epsilon:g} in logarithms; no derivative below"


@dataclass(frozen=True)
class SoftmaxAsymmetric(Classwise):
    """−Σ_c s_c·w_c·log p_c of a softmax: w is (1 − p)^γ₊ at the target and p^γ₋ elsewhere, s the label, smoothed to ``on`` and ``off``."""

    gamma_pos: float = 1.0
    gamma_neg: float = 4.0
    on: float = 1.0
    off: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma_pos", self.gamma_pos)
        exponent("gamma_neg", self.gamma_neg)

    def element(self, t: Element) -> Any:
        """The term of one class."""
        return -where(t.y == 1, self.on * t.q**self.gamma_pos, self.off * t.p**self.gamma_neg) * t.log_p
