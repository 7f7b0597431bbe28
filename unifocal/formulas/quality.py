"""Losses of labels that say how good a detection is: quality focal loss and varifocal loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise, held_if
from .elements import Element
from .expressions import where


@dataclass(frozen=True)
class QualityFocal(Elementwise):
    """Quality focal loss |y − p|^β·CE (Li et al. 2020, arXiv:2006.04388)."""

    beta: float = 2.0
    detach_modulator: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("beta", self.beta)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        (modulator,) = held_if(self.detach_modulator, abs(t.y - t.p) ** self.beta)
        return -modulator * t.log_p_t


@dataclass(frozen=True)
class Varifocal(Elementwise):
    """Varifocal loss (Zhang et al. 2021, arXiv:2008.13367): y·CE of positives, whose label is their quality; α·p^γ·CE of negatives."""

    alpha: float = 0.75
    gamma: float = 2.0
    detach_modulator: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)
        if self.alpha < 0:
            raise ValueError(f"alpha of a varifocal loss must be ≥ 0; received {self.alpha}.")

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        (modulator,) = held_if(self.detach_modulator, t.p**self.gamma)
        return where(t.y > 0, -t.y * t.log_p_t, -self.alpha * modulator * t.log_q)
