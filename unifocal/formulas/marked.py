"""Focal losses of logits whose modulator goes by whether a label counts as 1, whatever else the label is in the cross entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element
from .expressions import where


@dataclass(frozen=True)
class MarkedFocal(Elementwise):
    """(1 − p)^γ·CE where the label is 1, or anything but 0 (``marks_all``), and p^γ·CE elsewhere; CE's positive term times pos_weight."""

    gamma: float = 2.0
    pos_weight: float = 1.0
    marks_all: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        of_label = where(t.y != 0 if self.marks_all else t.y == 1, t.q, t.p)
        log_p_t = t.log_p_t if self.pos_weight == 1 else self.pos_weight * t.y * t.log_p + (1 - t.y) * t.log_q
        return -(of_label**self.gamma) * log_p_t
