r"""Focal loss of a row's whole cross entropy, class weights among it: (1 − e^−u)^γ·u with u = Σ_c v_c·(−log p_c), p = softmax(x).

With r = 1 − e^−u and ρ = u/r, which tends to 1 as u → 0, g(u) = r^γ·u has the derivatives

    g′ = r^γ·(1 + γ·e^−u·ρ),      g″ = γ·r^(γ−1)·e^−u·(2 − u + (γ − 1)·e^−u·ρ)
    slope = g′·u′,      second = g″·u′·Σ u′·h + g′·u″h
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..arrays import Array, Namespace
from .arithmetic import power, product
from .base import Categorical, Inputs, exponent, power_text
from .softmax import SoftmaxFocal


class _Parts(NamedTuple):
    r: Array
    e: Array  # e^−u
    share: Array  # e^−u·ρ
    modulator: Array | float  # r^γ


@dataclass(frozen=True)
class RowFocal(Categorical):
    """(1 − e^−u)^γ·u of a row's cross entropy u; for hard labels without class weights it is focal loss."""

    gamma: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        modulator = power_text(self.gamma, "(1 − e^−CE)")
        return f"{modulator}CE; CE = Σ_c y_c·{'α_c·' if alpha else ''}(−log p_c)"

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        u, slope = self._cross_entropy.value_slope(xp, x, Inputs(inputs.labels))
        return self._of_row(xp, u, slope, inputs)

    def differentiable(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        u, slope = self._cross_entropy.differentiable(xp, x, Inputs(inputs.labels))
        return self._of_row(xp, u, slope, inputs)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        row = Inputs(inputs.labels)
        u, slope = self._cross_entropy.value_slope(xp, x, row)
        along = slope * xp.sum(slope * h, axis=self.axis, keepdims=True)
        return self._bent(xp, u, along, self._cross_entropy.second(xp, x, row, h), inputs)

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        row = Inputs(inputs.labels)
        u, slope = self._cross_entropy.value_slope(xp, x, row)
        return self._bent(xp, u, slope * slope, self._cross_entropy.curvature(xp, x, row), inputs)

    def _bent(self, xp: Namespace, u: Array, along: Array, bend: Array, inputs: Inputs) -> Array:
        """g″·along + g′·bend."""
        u = xp.expand_dims(u, axis=self.axis)
        parts = self._parts(xp, u)
        weight = 1.0 if inputs.weight is None else inputs.weight
        found = self._rate(xp, parts) * bend
        if self.gamma:
            gamma = xp.number(self.gamma, u.dtype)
            bracket = parts.e * 2 - product(xp, parts.e, u) + (gamma - 1) * parts.e * parts.share
            found = found + product(xp, gamma * along * bracket, power(xp, parts.r, self.gamma - 1))
        return weight * found

    @property
    def _cross_entropy(self) -> SoftmaxFocal:
        return SoftmaxFocal(axis=self.axis)

    def _of_row(self, xp: Namespace, u: Array, slope: Array, inputs: Inputs) -> tuple[Array, Array]:
        u = xp.expand_dims(u, axis=self.axis)
        parts, weight = self._parts(xp, u), 1.0 if inputs.weight is None else inputs.weight
        value = product(xp, weight * parts.modulator, u)
        return xp.squeeze(value, axis=self.axis), product(xp, weight, self._rate(xp, parts) * slope)

    def _rate(self, xp: Namespace, parts: _Parts) -> Array | float:
        """g′."""
        return parts.modulator * (1 + xp.number(self.gamma, parts.e.dtype) * parts.share) if self.gamma else 1.0

    def _parts(self, xp: Namespace, u: Array) -> _Parts:
        e = xp.exp(-u)
        # 1 − e^−u = (1 − e)·u/(−log e), in which the rounding of e cancels (Kahan).
        rounded = xp.equal(e, 1) | xp.equal(e, 0)
        r = xp.where(rounded, xp.where(xp.equal(e, 0), 1.0, u), (1 - e) * (u / -xp.log(xp.where(rounded, 0.5, e))))
        zero = xp.equal(r, 0)
        share = product(xp, e, xp.where(zero, 1.0, u / xp.where(zero, 1.0, r)))
        return _Parts(r, e, share, power(xp, r, self.gamma) if self.gamma else 1.0)
