"""The Brier score, a formula of this package's own (G. W. Brier, "Verification of forecasts expressed in terms of probability", 1950).

With w the weight, p the probability of the positive class and q = 1 − p, the loss of a label y, hard or the probability of a hard one, is

    L = w · [y·q² + (1 − y)·p²],      dL/dp = 2w · [(1 − y)·p − y·q],      d²L/dp² = 2w
"""

from __future__ import annotations

from dataclasses import dataclass

from unifocal.arrays import Array, Namespace
from unifocal.formulas import Binary, Inputs
from unifocal.formulas.base import Predictions


@dataclass(frozen=True)
class BrierScore(Binary):
    """The squared error of a probability, as a loss of hard labels; soft labels mix theirs."""

    @property
    def predictions(self) -> Predictions:
        """Probabilities."""
        return "probabilities"

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one element."""
        squared = "y·(1 − p)² + (1 − y)·p²"
        return f"α_t·({squared})" if alpha else squared

    def soft_labels_text(self, alpha: bool) -> str:
        """Probabilities of the hard ones."""
        return "mix the hard labels' losses, and α_t with them" if alpha else "mix the hard labels' losses"

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`unifocal.formulas.Formula`."""
        positive, negative, q = *self._labels(xp, inputs), 1 - x
        return positive * q * q + negative * x * x, 2 * (negative * x - positive * q)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`unifocal.formulas.Formula`."""
        positive, negative = self._labels(xp, inputs)
        return 2 * (positive + negative) * h

    def _labels(self, xp: Namespace, inputs: Inputs) -> tuple[Array, Array]:
        """The weights of the two terms: y and 1 − y, smoothed, times w·α_t."""
        positive, negative = self.smooth(xp, inputs.labels)
        coefficient = self.coefficient(inputs, positive, negative)
        return (positive, negative) if coefficient is None else (coefficient * positive, coefficient * negative)
