"""Varifocal loss as mmdet has it (Zhang et al. 2021, arXiv:2008.13367): of labels of any size, and with positives that are not weighted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element
from .expressions import where


@dataclass(frozen=True)
class QualityVarifocal(Elementwise):
    """Binary cross entropy, times y (or 1, unless ``weighted``) where y > 0, and times α·|p − y|^γ elsewhere."""

    alpha: float = 0.75
    gamma: float = 2.0
    weighted: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)
        if self.alpha < 0:
            raise ValueError(f"alpha of a varifocal loss must be ≥ 0; received {self.alpha}.")

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        return -where(t.y > 0, t.y if self.weighted else 1.0, self.alpha * abs(t.p - t.y) ** self.gamma) * t.log_p_t
