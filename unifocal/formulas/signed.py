"""Sigmoid focal loss whose modulator is σ of the logit with the label's sign: the soft-label family of MONAI's.

    L = σ((1 − 2y)·x)^γ · CE

For the labels 0 and 1 that is 1 − p_t; a label of 1/2 has the modulator 2^−γ whatever x is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import Formula, exponent
from .derived import Elementwise
from .elements import Element
from .expressions import sigmoid
from .sigmoid import SigmoidFocal


@dataclass(frozen=True)
class SignedFocal(Elementwise):
    """σ((1 − 2y)·x)^γ·CE."""

    gamma: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))

    @property
    def of_hard_labels(self) -> Formula:
        """Sigmoid focal loss, unless the labels are smoothed."""
        return self if self.smoothed else SigmoidFocal(self.gamma).of_hard_labels

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        return -(sigmoid((1 - 2 * t.y) * t.logit) ** self.gamma) * t.log_p_t
