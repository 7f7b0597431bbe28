r"""Categorical focal loss on logits of one class index t a row: :mod:`.softmax`'s formulas, all but the exponentials being one number.

Smoothed, cross entropy is (1−s)·(−log p_t) + s/C·Σ_j −log p_j, without the labels:

    slope_j = p_j − s/C,   slope_t = p_t·(s − s/C) − (1 − p_t)·(1 − s + s/C)

The second derivative is that of the hard label: the labels of a row add up to 1 in both.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Array, Namespace
from .arithmetic import product
from .base import Categorical, Inputs, categorical_text, exponent, finite
from .softmax_terms import (
    Parts,
    beside,
    dense_parts,
    f2_o,
    fast_beside,
    fast_focal,
    focal_terms,
    in_range,
    index_diagonal,
    log_total,
    multiply_over,
    parts_at,
    z_over_o,
)


@dataclass(frozen=True)
class IndexSoftmaxFocal(Categorical):
    """:class:`~.softmax.SoftmaxFocal` of class indices."""

    gamma: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))

    @property
    def takes_any_labels(self) -> bool:
        """No."""
        return False

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return categorical_text(self.gamma, alpha)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        target, weight = inputs.labels, 1.0 if inputs.weight is None else inputs.weight
        _, e, z_target, e_target, others = beside(xp, x, target, self.axis)
        total = others + e_target
        minus_log_p = log_total(xp, z_target, e_target, others, total) - z_target
        parts = Parts(e, total, others, e_target / total, others / total, minus_log_p)
        focal = focal_terms(xp, self.gamma, parts)
        value = product(xp, weight * focal.modulator, parts.minus_log_p)
        g = weight * focal.f1
        slope = xp.scatter(parts.e * (-g / parts.total), target, g * parts.o, self.axis)
        return xp.squeeze(value, axis=self.axis), slope

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        axis, target, weight = self.axis, inputs.labels, 1.0 if inputs.weight is None else inputs.weight
        # Every class has a z, which is accurate only as h_j less the mean of the others'; all else is one number a row.
        parts, top = dense_parts(xp, axis, x)
        over_o = z_over_o(xp, axis, parts, top, h)
        at = Parts(*(xp.take_along_axis(part, target, axis=axis) if part is not parts.total else part for part in parts))
        z_at = xp.take_along_axis(over_o, target, axis=axis)
        focal = focal_terms(xp, self.gamma, at)
        g, a = weight * focal.f1, weight * f2_o(xp, self.gamma, at, focal) * z_at
        elsewhere = -parts.p * (a + parts.o * over_o * g)
        return xp.scatter(elsewhere, target, at.o * (a - at.p * z_at * g), axis)

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        parts, at = parts_at(xp, self.axis, inputs.labels, x)
        weight = 1.0 if inputs.weight is None else inputs.weight
        focal = focal_terms(xp, self.gamma, at)
        return index_diagonal(xp, self.axis, inputs.labels, parts, at, weight * f2_o(xp, self.gamma, at, focal), weight * focal.f1)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        parts, at = parts_at(xp, self.axis, inputs.labels, x)
        m = (1.0 if inputs.weight is None else inputs.weight) * focal_terms(xp, self.gamma, at).modulator
        return xp.scatter(parts.p * m, inputs.labels, -m * at.o, self.axis), parts.p * parts.o * m

    def fast(self, xp: Namespace, x: Array, inputs: Inputs, out: Array | None) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        axis, target, weight = self.axis, inputs.labels, inputs.weight
        e, e_target, others = fast_beside(xp, x, target, axis, out)
        total = others + e_target
        if 0 < self.gamma < 1 or not in_range(xp, total):
            return None
        o = others / total
        value, minus_f1 = fast_focal(xp, self.gamma, e_target / total, o, xp.log1p(others / e_target))
        if weight is not None:
            value, minus_f1 = weight * value, weight if minus_f1 is None else weight * minus_f1
        if minus_f1 is None:
            e /= total
        else:
            multiply_over(xp, e, minus_f1, total)
            o = minus_f1 * o
        xp.put(e, target, -o, axis)
        return xp.squeeze(value, axis=axis), e


@dataclass(frozen=True)
class SmoothedIndexCrossEntropy(Categorical):
    """Cross entropy of class indices, their labels smoothed by s: y·(1 − s) + s/C."""

    smoothing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "smoothing", finite("smoothing", self.smoothing))

    @property
    def takes_any_labels(self) -> bool:
        """No."""
        return False

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return categorical_text(0.0, alpha)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        axis, target, weight = self.axis, inputs.labels, 1.0 if inputs.weight is None else inputs.weight
        own_label, label, other_labels = self._labels(xp, x)
        z, e, z_target, e_target, others = beside(xp, x, target, axis)
        total = others + e_target
        # −log p_j = log Σ e − z_j, and every term is ≥ 0.
        below = xp.sum(xp.scatter(-label * z, target, 0.0, axis), axis=axis, keepdims=True)
        value = product(xp, weight, log_total(xp, z_target, e_target, others, total) - own_label * z_target + below)
        slope = weight * (e / total - label)
        own_slope = weight * (e_target / total * other_labels - others / total * own_label)
        return xp.squeeze(value, axis=axis), xp.scatter(slope, target, own_slope, axis)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        return IndexSoftmaxFocal(axis=self.axis).second(xp, x, inputs, h)

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        return IndexSoftmaxFocal(axis=self.axis).curvature(xp, x, inputs)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Cross entropy has no modulator."""
        return self.value_slope(xp, x, inputs)[1], self.curvature(xp, x, inputs)

    def fast(self, xp: Namespace, x: Array, inputs: Inputs, out: Array | None) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`.  −log p_j = −log p_t + (x_t − x_j).

        Where −log p_t is large, that costs a factor of (1+s)/(1−s) in accuracy: 3 at s = 1/2, from where on the general form computes.
        """
        axis, target, weight = self.axis, inputs.labels, inputs.weight
        own_label, label, other_labels = self._labels(xp, x)
        e, e_target, others = fast_beside(xp, x, target, axis, out)
        total = others + e_target
        if self.smoothing > 0.5 or not in_range(xp, total):
            return None
        above = xp.sum(xp.take_along_axis(x, target, axis=axis) - x, axis=axis, keepdims=True)
        value = xp.log1p(others / e_target) + label * above
        own_slope = e_target / total * other_labels - others / total * own_label
        e /= total
        if weight is not None:
            value, own_slope, label = weight * value, weight * own_slope, weight * label
            e *= weight
        slope = xp.subtract(e, label, out=e)
        xp.put(slope, target, own_slope, axis)
        return xp.squeeze(value, axis=axis), slope

    def _labels(self, xp: Namespace, x: Array) -> tuple[float, float, float]:
        """The label of the target, that of any other class, and the sum of all others'."""
        s, share = self.smoothing, self.smoothing / x.shape[self.axis]
        own, each, others = (xp.number(n, x.dtype) for n in (1 - s + share, share, s - share))
        return own, each, others
