"""Focal loss with p_t = exp(−CE): the form of many ports, which for soft labels is another loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import Formula, exponent
from .derived import Elementwise, found
from .elements import Element
from .expressions import constant, exp, where
from .jets import Jet
from .sigmoid import SigmoidFocal


@dataclass(frozen=True)
class CrossEntropyFocal(Elementwise):
    """(1 − e^−CE)^γ·CE.

    reduced_threshold: θ > 0 of the reduced focal loss (Sergievskiy and Ponamarev 2019, arXiv:1903.01347), whose modulator is
        ((1 − p_t)/θ)^γ, and 1 where p_t < θ; 0 is off.
    """

    gamma: float = 2.0
    reduced_threshold: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)
        if self.reduced_threshold < 0:
            raise ValueError(f"reduced_threshold must be above 0, or 0 for off; received {self.reduced_threshold:g}.")

    @property
    def of_hard_labels(self) -> Formula:
        """The focal loss, which it is for them; the reduced one has no form of its own."""
        return self if self.reduced_threshold or self.smoothed else SigmoidFocal(self.gamma).of_hard_labels

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        return -self._modulator(t) * t.log_p_t

    def loss_held(self, t: Element) -> Jet:
        """See :class:`~.derived.Elementwise`."""
        return found(self, -constant(self._modulator(t)) * t.log_p_t)

    def _modulator(self, t: Element) -> Any:
        """Of hard labels p_t is the label's, whose complement keeps all digits."""
        hard = (t.y == 0) | (t.y == 1)
        p_t = where(hard, t.p_t, exp(t.log_p_t))
        modulator = where(hard, 1 - t.p_t, 1 - exp(t.log_p_t))
        if self.reduced_threshold:
            modulator = modulator / self.reduced_threshold
        modulator = modulator**self.gamma
        if self.reduced_threshold:
            modulator = where(p_t < self.reduced_threshold, 1.0, modulator)
        return modulator

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss, without what is done for accuracy."""
        said = [f"{'α_t·' if alpha else ''}(1 − p_t)^{self.gamma:g}·CE", "p_t = e^−CE", "CE = −y·log p − (1 − y)·log(1 − p)"]
        if self.reduced_threshold:
            said[0] = said[0].replace("(1 − p_t)", f"((1 − p_t)/{self.reduced_threshold:g})")
            said.append(f"without the power where p_t < {self.reduced_threshold:g}")
        return "; ".join(said)
