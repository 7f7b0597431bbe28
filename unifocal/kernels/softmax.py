r"""Categorical focal loss on logits: Σ_c v_c · f(p_c), f(p) = (1−p)^γ·(−log p), p = softmax(x), v_c = w·α_c·y_c.

With o = 1−p, ρ = −log p/o (→ 1 as p → 1), F1 = ∂f/∂(log p) and ∂p_i/∂x_j = p_i(δ_ij − p_j):

    F1       = −o^γ·(1 + γ·p·ρ)
    slope_j  = v_j·F1_j − p_j·Σ v·F1
    second_j = a_j − p_j·Σ a − p_j·z_j·Σ v·F1,      z = h − Σ p·h
    a        = v·γ·o^γ·p·(2 − ρ + γ·p·ρ)·(z/o)

Accuracy rests on sums over the *other* classes: o_i = Σ_{j≠i} e_j / Σ e_j, −log p_i = log1p(Σ_{j≠i} e_j) at the largest logit, and
z_i/o_i = h_i − Σ_{j≠i} e_j·h_j / Σ_{j≠i} e_j.  With γ = 0 this is cross entropy.

Two kernels: ``softmax_index`` for one class index a row, where all but the exponentials is one number a row, and ``softmax_dense``.
"""

from __future__ import annotations

from typing import NamedTuple

from ..protocol import Array, Inputs, Kernel, Namespace
from ..spec import Spec
from .fused import exp, line, multiply_add, subtract
from .guard import power, product


class _Parts(NamedTuple):
    """At every class (dense) or at the target (index); ``e`` and ``total`` are the row's."""

    e: Array  # exp(x_j − max x); with the target's struck out for index labels
    total: Array  # Σ e_j
    others: Array  # Σ_{j≠i} e_j
    p: Array
    o: Array
    minus_log_p: Array


class _Focal(NamedTuple):
    modulator: Array | float  # o^γ
    p_ratio: Array | float  # p·ρ
    f1: Array | float


def exponentials(xp: Namespace, x: Array, axis: int) -> tuple[Array, Array, Array]:
    """x − max x (exactly 0 at the largest, also where that is infinite), its exponential, and whether the maximum is infinite."""
    largest = xp.max(x, axis=axis, keepdims=True)
    infinite = xp.isinf(largest)
    z = xp.where(infinite & xp.equal(x, largest), 0.0, x - largest)
    # exp magnifies the rounding of x − max x by |x − max x|, to 64 ulp in float32 and 512 in float64.
    lost = xp.where((z < 0) & ~xp.isinf(z), _lost(x, largest, z), 0.0)
    e = xp.exp(z)
    e = e + e * lost
    return z, e, infinite


def _lost(x: Array, y: Array, difference: Array) -> Array:
    """What the rounded difference x − y lacks, exactly (TwoDiff: Knuth, The Art of Computer Programming 2, 4.2.2)."""
    back = difference - x
    return (x - (difference - back)) - (y + back)


def _limit(xp: Namespace, infinite: Array, others: Array, e: Array) -> Array:
    """Σ_{j≠i} e_j, NaN where several logits share an infinite maximum: the softmax has no limit there."""
    return xp.where(infinite & (others + e > 1), float("nan"), others)


def beside(xp: Namespace, x: Array, target: Array, axis: int) -> tuple[Array, Array, Array, Array, Array]:
    """x − max x; its exponentials, with the target's struck out; the target's of both; and the sum of the exponentials that are left."""
    z, e, infinite = exponentials(xp, x, axis)
    z_target, e_target = (xp.take_along_axis(part, target, axis=axis) for part in (z, e))
    e = xp.scatter(e, target, 0.0, axis)
    return z, e, z_target, e_target, _limit(xp, infinite, xp.sum(e, axis=axis, keepdims=True), e_target)


def log_total(xp: Namespace, z: Array, e: Array, others: Array, total: Array) -> Array:
    """log Σ e_j, which less z_i is −log p_i: with all digits where z_i is the largest, and differentiable where another is as large."""
    top = xp.equal(z, 0)
    return xp.where(top, z + xp.log1p(others / xp.where(top, e, 1.0)), xp.log(total))


def _focal(xp: Namespace, gamma: float, parts: _Parts) -> _Focal:
    if not gamma:
        return _Focal(1.0, 1.0, -1.0)
    zero = xp.equal(parts.o, 0)
    modulator = power(xp, parts.o, gamma)
    ratio = xp.where(zero, 1.0, parts.minus_log_p / xp.where(zero, 1.0, parts.o))
    p_ratio = product(xp, parts.p, ratio)
    return _Focal(modulator, p_ratio, -modulator * (1 + xp.number(gamma, p_ratio.dtype) * p_ratio))


def _f2_o(xp: Namespace, gamma: float, parts: _Parts, focal: _Focal) -> Array | float:
    """γ·o^γ·p·(2 − ρ + γ·p·ρ), so that a = v · this · z/o."""
    if not gamma:
        return 0.0
    factor = xp.number(gamma, parts.p.dtype)
    return factor * focal.modulator * (2 * parts.p - focal.p_ratio + factor * parts.p * focal.p_ratio)


def _index_parts(xp: Namespace, spec: Spec, x: Array, target: Array) -> _Parts:
    _, e, z_target, e_target, others = beside(xp, x, target, spec.axis)
    total = others + e_target
    minus_log_p = log_total(xp, z_target, e_target, others, total) - z_target
    return _Parts(e, total, others, e_target / total, others / total, minus_log_p)


def _index_value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    target, weight = inputs.labels, 1.0 if inputs.weight is None else inputs.weight
    parts = _index_parts(xp, spec, x, target)
    focal = _focal(xp, spec.gamma, parts)
    value = product(xp, weight * focal.modulator, parts.minus_log_p)
    g = weight * focal.f1
    slope = xp.scatter(parts.e * (-g / parts.total), target, g * parts.o, spec.axis)
    return xp.squeeze(value, axis=spec.axis), slope


def _sum_of_others(xp: Namespace, axis: int, top: Array, terms: Array) -> Array:
    """Σ_{j≠i} terms_j for every i, without cancellation where term i is the largest (``top``) of the row."""
    beside_top = xp.sum(xp.where(top, 0.0, terms), axis=axis, keepdims=True)
    at_top = xp.sum(xp.where(top, terms, 0.0), axis=axis, keepdims=True)
    return xp.where(top, beside_top + (at_top - terms), (beside_top + at_top) - terms)


def _dense_parts(xp: Namespace, spec: Spec, x: Array) -> tuple[_Parts, Array]:
    """The parts, and where each row's largest logits are."""
    z, e, infinite = exponentials(xp, x, spec.axis)
    top = xp.equal(z, 0)
    others = _limit(xp, infinite, _sum_of_others(xp, spec.axis, top, e), e)
    total = others + e
    minus_log_p = log_total(xp, z, e, others, total) - z
    return _Parts(e, total, others, e / total, others / total, minus_log_p), top


def _z_over_o(xp: Namespace, spec: Spec, parts: _Parts, top: Array, h: Array) -> Array:
    """z/o = h_i less the mean of the others' h, at every class."""
    others_h = _sum_of_others(xp, spec.axis, top, parts.e * h)
    return h - others_h / xp.where(xp.equal(parts.others, 0), 1.0, parts.others)


def _index_second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    target, weight = inputs.labels, 1.0 if inputs.weight is None else inputs.weight
    # Every class has a z, which is accurate only as h_j less the mean of the others'; all else is one number a row.
    parts, top = _dense_parts(xp, spec, x)
    z_over_o = _z_over_o(xp, spec, parts, top, h)
    at = _Parts(*(xp.take_along_axis(part, target, axis=spec.axis) if part is not parts.total else part for part in parts))
    z_at = xp.take_along_axis(z_over_o, target, axis=spec.axis)
    focal = _focal(xp, spec.gamma, at)
    g, a = weight * focal.f1, weight * _f2_o(xp, spec.gamma, at, focal) * z_at
    elsewhere = -parts.p * (a + parts.o * z_over_o * g)
    return xp.scatter(elsewhere, target, at.o * (a - at.p * z_at * g), spec.axis)


def _weights(inputs: Inputs) -> Array:
    return inputs.labels if inputs.weight is None else inputs.labels * inputs.weight


def _less_share(xp: Namespace, axis: int, parts: _Parts, weight: Array, terms: Array) -> Array:
    """terms_j − p_j·Σ terms = terms_j·o_j − p_j·Σ_{i≠j} terms_i.

    Where the weight is largest, so is the term, or as good as: to be linear in h nothing may be decided by a term that has h in it.
    """
    size = xp.abs(weight)
    largest = xp.equal(size, xp.max(size, axis=axis, keepdims=True))
    return terms * parts.o - parts.p * _sum_of_others(xp, axis, largest, terms)


def _dense_value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    v = _weights(inputs)
    parts, _ = _dense_parts(xp, spec, x)
    focal = _focal(xp, spec.gamma, parts)
    value = xp.sum(product(xp, v * focal.modulator, parts.minus_log_p), axis=spec.axis)
    g = v * focal.f1
    return value, _less_share(xp, spec.axis, parts, g, g)


def _dense_second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    v = _weights(inputs)
    parts, top = _dense_parts(xp, spec, x)
    focal = _focal(xp, spec.gamma, parts)
    z_over_o = _z_over_o(xp, spec, parts, top, h)
    total_g = xp.sum(v * focal.f1, axis=spec.axis, keepdims=True)
    weight = v * _f2_o(xp, spec.gamma, parts, focal)
    return _less_share(xp, spec.axis, parts, weight, weight * z_over_o) - parts.p * parts.o * z_over_o * total_g


# --- in fewer passes ---------------------------------------------------------------------------------------------------------------
#
# exp(x) itself, not less the maximum: no rounding of x − max x is magnified, and −log p_i = log1p(Σ_{j≠i} e_j / e_i) needs no cases.  Where
# exponentials overflow, or those that vanish would count, the general form takes over.


def fast_beside(xp: Namespace, x: Array, index: Array, axis: int, out: Array | None) -> tuple[Array, Array, Array]:
    """e^x (in ``out``, if given) with one entry a row struck out; that entry; and the sum of those that are left."""
    e = exp(xp, x, out)
    struck = xp.take_along_axis(e, index, axis=axis)
    xp.put(e, index, 0.0, axis)
    return e, struck, xp.sum(e, axis=axis, keepdims=True)


def in_range(xp: Namespace, total: Array) -> bool:
    """Whether the exponentials of all rows are: finite, and from Σ e^x = 1/64 on, p that vanish do so below 64 × the smallest normal."""
    least, largest = xp.extent(total)
    return bool(least >= 1 / 64 and largest < float("inf"))


def _fast_focal(xp: Namespace, gamma: float, p: Array, o: Array, minus_log_p: Array) -> tuple[Array, Array | None]:
    """o^γ·(−log p) and −F1 (None is 1) for γ = 0 or γ ≥ 1, with o^γ·p·ρ = o^(γ−1)·p·(−log p)."""
    if not gamma:
        return minus_log_p, None
    minus_f1 = multiply_add(xp, xp.number(gamma, p.dtype), p, minus_log_p, o)
    if gamma == 1:
        return o * minus_log_p, minus_f1
    root = power(xp, o, gamma - 1, guarded=False)
    return root * o * minus_log_p, root * minus_f1


def _multiply_over(xp: Namespace, e: Array, factor: Array, total: Array) -> None:
    """Multiply e by factor/total in place: in one pass, or in two where that quotient vanishes or overflows."""
    quotient = factor / total
    least, largest = xp.extent(xp.abs(quotient))
    if least > 1e-30 and largest < float("inf"):
        e *= quotient
    else:
        e /= total
        e *= factor


def _fast_index(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, out: Array | None = None) -> tuple[Array, Array]:
    axis, target, weight = spec.axis, inputs.labels, inputs.weight
    e, e_target, others = fast_beside(xp, x, target, axis, out)
    total = others + e_target
    if 0 < spec.gamma < 1 or not in_range(xp, total):
        return _index_value_slope(xp, spec, x, inputs)
    o = others / total
    value, minus_f1 = _fast_focal(xp, spec.gamma, e_target / total, o, xp.log1p(others / e_target))
    if weight is not None:
        value, minus_f1 = weight * value, weight if minus_f1 is None else weight * minus_f1
    if minus_f1 is None:
        e /= total
    else:
        _multiply_over(xp, e, minus_f1, total)
        o = minus_f1 * o
    xp.put(e, target, -o, axis)
    return xp.squeeze(value, axis=axis), e


def _fast_dense(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, out: Array | None = None) -> tuple[Array, Array]:
    axis, v = spec.axis, _weights(inputs)
    # Only at the largest logit can 1 − p, −log p and the slope be less than what they are differences of.
    top = xp.argmax(x, axis=axis, keepdims=True)
    e, e_top, others = fast_beside(xp, x, top, axis, out)
    total = others + e_top
    if 0 < spec.gamma < 1 or not in_range(xp, total):
        return _dense_value_slope(xp, spec, x, inputs)
    p_top, o_top = e_top / total, others / total
    minus_log_p = xp.take_along_axis(x, top, axis=axis) - x
    minus_log_p += xp.log1p(others / e_top)
    e /= total
    if spec.gamma:
        xp.put(e, top, p_top, axis)
        o = line(xp, e, 1.0, -1.0)
        xp.put(o, top, o_top, axis)
        value, minus_f1 = _fast_focal(xp, spec.gamma, e, o, minus_log_p)
        g = v * minus_f1
    else:
        value, g = minus_log_p, v + 0.0
    g_top = xp.take_along_axis(g, top, axis=axis)
    xp.put(g, top, 0.0, axis)
    g_others = xp.sum(g, axis=axis, keepdims=True)
    e *= g_others + g_top
    slope = subtract(xp, e, g, e)
    xp.put(slope, top, p_top * g_others - o_top * g_top, axis)
    return xp.sum(v * value, axis=axis), slope


softmax_index = Kernel(_index_value_slope, _index_second, _fast_index)
softmax_dense = Kernel(_dense_value_slope, _dense_second, _fast_dense)
