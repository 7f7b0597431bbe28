"""The negative-tolerant focal loss of the distribution-balanced loss (Wu et al. 2020, arXiv:2007.09654)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .derived import Elementwise
from .elements import Element
from .expressions import log, sigmoid


@dataclass(frozen=True)
class NegativeTolerant(Elementwise):
    """b·(y·σ(−x)^γ·softplus(−x) + (1 − y)·σ(λx)^γ·softplus(λx)/λ): λ, ``scale``, flattens negatives; b, ``balance``, with γ > 0 alone."""

    gamma: float = 2.0
    scale: float = 2.0
    balance: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)
        if not self.scale > 0:
            raise ValueError(f"scale divides the loss of negatives and must be above 0; received {self.scale:g}.")

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        p = sigmoid(self.scale * t.logit)
        loss = t.y * t.q**self.gamma * -t.log_p + (1 - t.y) * p**self.gamma * -log(1 - p) / self.scale
        return self.balance * loss if self.gamma else loss
