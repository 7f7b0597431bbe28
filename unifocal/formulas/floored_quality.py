"""Quality focal loss |y − p|^β·CE (Li et al. 2020, arXiv:2006.04388) of probabilities whose logarithms have a floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element
from .expressions import maximum


@dataclass(frozen=True)
class FlooredQualityFocal(Elementwise):
    """|y − p|^β·CE, the logarithms in CE being at least ``floor``."""

    beta: float = 2.0
    floor: float = -100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("beta", self.beta)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        cross_entropy = -t.y * maximum(t.log_p, self.floor) - (1 - t.y) * maximum(t.log_q, self.floor)
        return abs(t.y - t.p) ** self.beta * cross_entropy
