r"""Categorical focal loss on logits: Σ_c v_c · f(p_c), f(p) = (1−p)^γ·(−log p), p = softmax(x), v_c = w·α_c·y_c.

With o = 1−p, ρ = −log p/o (→ 1 as p → 1), F1 = ∂f/∂(log p) and ∂p_i/∂x_j = p_i(δ_ij − p_j):

    F1       = −o^γ·(1 + γ·p·ρ)
    slope_j  = v_j·F1_j − p_j·Σ v·F1
    second_j = a_j − p_j·Σ a − p_j·z_j·Σ v·F1,      z = h − Σ p·h
    a        = v·γ·o^γ·p·(2 − ρ + γ·p·ρ)·(z/o)

With γ = 0 this is cross entropy.  :mod:`.softmax_terms` says what accuracy rests on; z_i/o_i = h_i − Σ_{j≠i} e_j·h_j / Σ_{j≠i} e_j.

:class:`IndexSoftmaxFocal` is for one class index a row, where all but the exponentials is one number a row.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Array, Namespace
from .arithmetic import product
from .base import Categorical, Formula, Inputs, categorical_text, exponent
from .softmax_index import IndexSoftmaxFocal, SmoothedIndexCrossEntropy
from .softmax_terms import (
    dense_parts,
    f2_o,
    fast_beside,
    fast_focal,
    focal_terms,
    hessian_diagonal,
    in_range,
    less_share,
    z_over_o,
)


@dataclass(frozen=True)
class SoftmaxFocal(Categorical):
    """Categorical focal loss of logits.  ``gamma`` = 0 is cross entropy."""

    gamma: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))

    @property
    def takes_indices(self) -> bool:
        """Yes."""
        return True

    @property
    def smooths_indices(self) -> bool:
        """For cross entropy."""
        return not self.gamma

    @property
    def temporaries(self) -> int:
        """Fewer for cross entropy."""
        return 8 if self.gamma else 6

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """For class indices a formula that makes no labels of them."""
        if by_index:
            return SmoothedIndexCrossEntropy(smoothing, axis=axis) if smoothing else IndexSoftmaxFocal(self.gamma, axis=axis)
        return super().for_labels(by_index, axis, smoothing)

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return categorical_text(self.gamma, alpha)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        v = _weights(inputs)
        parts, _ = dense_parts(xp, self.axis, x)
        focal = focal_terms(xp, self.gamma, parts)
        value = xp.sum(product(xp, v * focal.modulator, parts.minus_log_p), axis=self.axis)
        g = v * focal.f1
        return value, less_share(xp, self.axis, parts, g, g)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        v = _weights(inputs)
        parts, top = dense_parts(xp, self.axis, x)
        focal = focal_terms(xp, self.gamma, parts)
        over_o = z_over_o(xp, self.axis, parts, top, h)
        total_g = xp.sum(v * focal.f1, axis=self.axis, keepdims=True)
        weight = v * f2_o(xp, self.gamma, parts, focal)
        return less_share(xp, self.axis, parts, weight, weight * over_o) - parts.p * parts.o * over_o * total_g

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        v = _weights(inputs)
        parts, top = dense_parts(xp, self.axis, x)
        focal = focal_terms(xp, self.gamma, parts)
        total = xp.sum(v * focal.f1, axis=self.axis, keepdims=True)
        if not self.gamma:
            return -parts.p * parts.o * total
        return hessian_diagonal(xp, self.axis, parts, top, v * f2_o(xp, self.gamma, parts, focal), total)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        parts, _ = dense_parts(xp, self.axis, x)
        m = _weights(inputs) * focal_terms(xp, self.gamma, parts).modulator
        curvature = parts.p * parts.o * xp.sum(m, axis=self.axis, keepdims=True)
        return -less_share(xp, self.axis, parts, m, m), curvature

    def fast(self, xp: Namespace, x: Array, inputs: Inputs, out: Array | None) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        axis, v = self.axis, _weights(inputs)
        # Only at the largest logit can 1 − p, −log p and the slope be less than what they are differences of.
        top = xp.argmax(x, axis=axis, keepdims=True)
        e, e_top, others = fast_beside(xp, x, top, axis, out)
        total = others + e_top
        if 0 < self.gamma < 1 or not in_range(xp, total):
            return None
        p_top, o_top = e_top / total, others / total
        minus_log_p = xp.take_along_axis(x, top, axis=axis) - x
        minus_log_p += xp.log1p(others / e_top)
        e /= total
        if self.gamma:
            xp.put(e, top, p_top, axis)
            o = xp.line(e, 1.0, -1.0)
            xp.put(o, top, o_top, axis)
            value, minus_f1 = fast_focal(xp, self.gamma, e, o, minus_log_p)
            g = v * minus_f1
        else:
            value, g = minus_log_p, v + 0.0
        g_top = xp.take_along_axis(g, top, axis=axis)
        xp.put(g, top, 0.0, axis)
        g_others = xp.sum(g, axis=axis, keepdims=True)
        e *= g_others + g_top
        slope = xp.subtract(e, g, out=e)
        xp.put(slope, top, p_top * g_others - o_top * g_top, axis)
        return xp.sum(v * value, axis=axis), slope


def _weights(inputs: Inputs) -> Array:
    return inputs.labels if inputs.weight is None else inputs.labels * inputs.weight
