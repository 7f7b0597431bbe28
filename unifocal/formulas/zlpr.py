r"""ZLPR, a cross entropy of several labels at once (Su et al. 2022, arXiv:2208.02955): log(1 + Σ_neg e^x) + log(1 + Σ_pos e^−x).

Each of the two is −log of the probability of one more class, whose logit is 0: cross entropy of class indices computes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..arrays import Array, Namespace
from .base import Categorical, Inputs, finite
from .softmax_index import IndexSoftmaxFocal


@dataclass(frozen=True)
class Zlpr(Categorical):
    """log(1 + Σ e^x) of the classes whose label is at most ``threshold``, and log(1 + Σ e^−x) of the others."""

    threshold: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "threshold", finite("threshold", self.threshold))

    @property
    def takes_class_weight(self) -> bool:
        """Apart from labels, whose own number decides; and refuses them."""
        return True

    @property
    def temporaries(self) -> int:
        """Those of two cross entropies."""
        return 16

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return f"log(1 + Σ_c e^x_c) of classes with y_c ≤ {self.threshold:g}, + log(1 + Σ_c e^−x_c) of the others"

    def predictions_text(self, axis: int) -> str:
        """What predictions are; no softmax is taken of them."""
        return "logits x"

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        of_negatives, of_positives = (
            (value, sign * self._without_last(slope))
            for sign, logits, given in self._sides(xp, x, inputs)
            for value, slope in [self._cross_entropy.value_slope(xp, logits, given)]
        )
        return of_negatives[0] + of_positives[0], of_negatives[1] + of_positives[1]

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        of_negatives, of_positives = (
            sign * self._without_last(self._cross_entropy.second(xp, logits, given, self._with_last(xp, sign * h)))
            for sign, logits, given in self._sides(xp, x, inputs)
        )
        return of_negatives + of_positives

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        of_negatives, of_positives = (
            self._without_last(self._cross_entropy.curvature(xp, logits, given)) for _, logits, given in self._sides(xp, x, inputs)
        )
        return of_negatives + of_positives

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """It has no modulator."""
        return self.value_slope(xp, x, inputs)[1], self.curvature(xp, x, inputs)

    @property
    def _cross_entropy(self) -> IndexSoftmaxFocal:
        return IndexSoftmaxFocal(axis=self.axis)

    def _sides(self, xp: Namespace, x: Array, inputs: Inputs) -> Iterator[tuple[float, Array, Inputs]]:
        """Of negatives and of positives: their sign, logits with one more, and the index of that with the rows' weights."""
        if inputs.alpha is not None:
            raise TypeError("ZLPR is no sum of classes' terms: class weights and alpha have no meaning in it.")
        positive = inputs.labels > self.threshold
        for sign, other in ((1.0, positive), (-1.0, ~positive)):
            logits = self._with_last(xp, xp.where(other, float("-inf"), sign * x))
            last = xp.sum(xp.ones_like(x), axis=self.axis, keepdims=True)
            yield sign, logits, Inputs(xp.astype(last, xp.int64), weight=inputs.weight)

    def _with_last(self, xp: Namespace, x: Array) -> Array:
        """x with one more class, of 0."""
        return xp.concat([x, xp.zeros_like(xp.sum(x, axis=self.axis, keepdims=True))], axis=self.axis)

    def _without_last(self, x: Array) -> Array:
        return x[(..., slice(0, -1), *[slice(None)] * (-self.axis - 1))]
