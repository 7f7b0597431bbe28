"""Asymmetric loss of each class's probability in a softmax, summed over the classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import exponent
from .classwise import Classwise
from .elements import Element
from .label_probability import LabelProbabilityAsymmetric


@dataclass(frozen=True)
class SoftmaxLabelProbabilityAsymmetric(Classwise):
    """Σ_c of :class:`~.label_probability.LabelProbabilityAsymmetric`, p being a softmax."""

    gamma_pos: float = 1.0
    gamma_neg: float = 4.0
    margin: float = 0.05
    least: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma_pos", self.gamma_pos)
        exponent("gamma_neg", self.gamma_neg)
        _ = self._of_class  # holds the margin to its range

    @property
    def _of_class(self) -> LabelProbabilityAsymmetric:
        return LabelProbabilityAsymmetric(self.gamma_pos, self.gamma_neg, self.margin, self.least)

    def element(self, t: Element) -> Any:
        """The term of one class."""
        return self._of_class.element(t)
