"""FL*, the focal loss that the paper's appendix gives beside its own (Lin et al. 2017, arXiv:1708.02002)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element
from .expressions import log, sigmoid


@dataclass(frozen=True)
class FocalStar(Elementwise):
    """−log σ(γ·x·(2y − 1))/γ, γ > 0: cross entropy of logits times γ, over γ.  Of soft labels 2y − 1 scales the logit once more."""

    gamma: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not exponent("gamma", self.gamma):
            raise ValueError(f"gamma divides FL* and must be above 0; received {self.gamma:g}.")

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        loss = -log(sigmoid(self.gamma * (2 * t.y - 1) * t.logit))
        return loss if self.gamma == 1 else loss / self.gamma
