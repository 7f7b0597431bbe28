"""Categorical cross entropy −Σ_c v_c·x_c of log-probabilities x, which nothing holds to be normalised (negative log likelihood)."""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Array, Namespace
from .arithmetic import product
from .base import Categorical, Formula, Inputs, Predictions, categorical_text


@dataclass(frozen=True)
class NegativeLogLikelihood(Categorical):
    """−Σ_c v_c·x_c of log-probabilities."""

    @property
    def separable(self) -> bool:
        """Yes."""
        return True

    @property
    def predictions(self) -> Predictions:
        """Log-probabilities."""
        return "log-probabilities"

    @property
    def takes_indices(self) -> bool:
        """Yes."""
        return True

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """For class indices a formula that makes no labels of them."""
        return IndexNegativeLogLikelihood(axis=axis) if by_index else super().for_labels(by_index, axis, smoothing)

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return categorical_text(0.0, alpha)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        v = inputs.labels if inputs.weight is None else inputs.labels * inputs.weight
        return xp.sum(product(xp, v, -x), axis=self.axis), -v * xp.ones_like(x)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """Zero."""
        return xp.zeros_like(x) * h

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """Zero."""
        return xp.zeros_like(x)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """It has no modulator."""
        return self.value_slope(xp, x, inputs)[1], xp.zeros_like(x)


@dataclass(frozen=True)
class IndexNegativeLogLikelihood(Categorical):
    """:class:`NegativeLogLikelihood` of class indices."""

    @property
    def separable(self) -> bool:
        """Yes."""
        return True

    @property
    def predictions(self) -> Predictions:
        """Log-probabilities."""
        return "log-probabilities"

    @property
    def takes_any_labels(self) -> bool:
        """No."""
        return False

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return categorical_text(0.0, alpha)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        at_target = xp.take_along_axis(x, inputs.labels, axis=self.axis)
        weight = xp.ones_like(at_target) if inputs.weight is None else inputs.weight * xp.ones_like(at_target)
        value = xp.squeeze(product(xp, weight, -at_target), axis=self.axis)
        return value, xp.scatter(xp.zeros_like(x), inputs.labels, -weight, self.axis)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """Zero."""
        return xp.zeros_like(x) * h

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """Zero."""
        return xp.zeros_like(x)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """It has no modulator."""
        return self.value_slope(xp, x, inputs)[1], xp.zeros_like(x)
