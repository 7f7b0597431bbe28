"""Varifocal loss of scores and labels apart (Zhang et al. 2021, arXiv:2008.13367)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element
from .expressions import where


@dataclass(frozen=True)
class ScoredVarifocal(Elementwise):
    """Binary cross entropy of a score |y| in [0, 1], times the score where y > 0 and times α·p^γ elsewhere.

    So a label below 0 is a negative with a score, which no other label can say.
    """

    gamma: float = 2.0
    alpha: float = 0.75

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)
        if self.alpha < 0:
            raise ValueError(f"alpha of a varifocal loss must be ≥ 0; received {self.alpha}.")

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        score = abs(t.y)
        weight = where(t.y > 0, score, self.alpha * t.p**self.gamma)
        return -weight * (score * t.log_p + (1 - score) * t.log_q)
