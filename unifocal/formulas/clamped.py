"""Binary focal loss of probabilities p and 1 − p that are kept from 0 apart from each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element
from .expressions import log, maximum, where


@dataclass(frozen=True)
class ClampedFocal(Elementwise):
    """Binary focal loss in which p and 1 − p are each at least ``least``, and need not add up to 1.

    ``hard``: whether a label counts as 0 or, being anything else, as 1; otherwise soft labels mix the losses of hard ones.
    """

    gamma: float = 2.0
    pos_weight: float = 1.0
    least: float = 1e-7
    hard: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        p, q = maximum(t.p, self.least), maximum(t.q, self.least)
        of_positive = -self.pos_weight * q**self.gamma * log(p)
        of_negative = -(p**self.gamma) * log(q)
        return where(t.y != 0, of_positive, of_negative) if self.hard else t.y * of_positive + (1 - t.y) * of_negative
