"""Soft labels as mixtures, y·L(1) + (1 − y)·L(0): the soft-label family in which each of the two terms keeps its own modulator and α."""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Array, Namespace
from .arithmetic import product
from .base import Binary, Formula, Inputs, Predictions, required


@dataclass(frozen=True)
class Mixture(Binary):
    """A binary loss ``of`` hard labels, mixed for soft ones."""

    of: Formula

    def __post_init__(self) -> None:
        super().__post_init__()
        required(self.of, "A mixture")
        if self.of.categorical:
            raise TypeError(f"A mixture is one of a binary formula's losses; received {self.of}.")

    @property
    def predictions(self) -> Predictions:
        """Those of the formula."""
        return self.of.predictions

    @property
    def clipped(self) -> bool:
        """Whether the formula's are."""
        return self.of.clipped

    @property
    def takes_any_labels(self) -> bool:
        """As the formula."""
        return self.of.takes_any_labels

    @property
    def takes_pos_weight(self) -> bool:
        """As the formula."""
        return self.of.takes_pos_weight

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """The same formula, which smooths its labels."""
        of = self.of.for_labels(by_index, axis, 0.0)
        return self if of is self.of and smoothing == self.smoothed else Mixture(of, smoothed=smoothing)

    @property
    def of_hard_labels(self) -> Formula:
        """The formula's own form for them, which is mixed of nothing; if it has one."""
        unmixed = self.of.of_hard_labels
        return self if self.smoothed or unmixed is self.of else unmixed

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one element."""
        return self.of.text(alpha, pos_weight)

    def predictions_text(self, axis: int) -> str:
        """What predictions are."""
        return self.of.predictions_text(axis)

    def soft_labels_text(self, alpha: bool) -> str | None:
        """A mixture."""
        return "y·L(1) + (1 − y)·L(0), a mixture of the losses of hard labels"

    def clip_text(self) -> str:
        """As the formula clips."""
        return self.of.clip_text()

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        y, negative = self.smooth(xp, inputs.labels)
        of_positives, of_negatives = (self.of.differentiable(xp, x, case) for case in _cases(xp, inputs))
        value, slope = (product(xp, y, a) + product(xp, negative, b) for a, b in zip(of_positives, of_negatives, strict=True))
        return value, slope

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        y, negative = self.smooth(xp, inputs.labels)
        of_positives, of_negatives = (self.of.second(xp, x, case, h) for case in _cases(xp, inputs))
        return product(xp, y, of_positives) + product(xp, negative, of_negatives)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array] | None:
        """Each term's own modulator is held."""
        y, negative = self.smooth(xp, inputs.labels)
        of_positives, of_negatives = (self.of.held(xp, x, case) for case in _cases(xp, inputs))
        if of_positives is None or of_negatives is None:
            return None
        slope, curvature = (product(xp, y, a) + product(xp, negative, b) for a, b in zip(of_positives, of_negatives, strict=True))
        return slope, curvature


def _cases(xp: Namespace, inputs: Inputs) -> tuple[Inputs, Inputs]:
    return inputs._replace(labels=xp.ones_like(inputs.labels)), inputs._replace(labels=xp.zeros_like(inputs.labels))
