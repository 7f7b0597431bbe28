"""Sigmoid focal loss whose labels are smoothed in the cross entropy alone: α_t and p_t go by the labels as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element


@dataclass(frozen=True)
class SoftenedFocal(Elementwise):
    """(1 − p_t)^γ·(−y_s·log p − (1 − y_s)·log(1 − p)), y_s = y·(1 − s) + s/2.  ``softening``: s."""

    gamma: float = 2.0
    softening: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        kept, share = 1 - self.softening, self.softening / 2
        cross_entropy = -(kept * t.y + share) * t.log_p - (kept * (1 - t.y) + share) * t.log_q
        return (1 - t.p_t) ** self.gamma * cross_entropy
