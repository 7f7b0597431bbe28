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


def _exponentials(xp: Namespace, x: Array, axis: int) -> tuple[Array, Array, Array]:
    """x − max x (exactly 0 at the largest, also where that is infinite), its exponential, and whether the maximum is infinite."""
    largest = xp.max(x, axis=axis, keepdims=True)
    z = xp.where(xp.equal(x, largest), 0.0, x - largest)
    return z, xp.exp(z), xp.isinf(largest)


def _limit(xp: Namespace, infinite: Array, others: Array, e: Array) -> Array:
    """Σ_{j≠i} e_j, NaN where several logits share an infinite maximum: the softmax has no limit there."""
    return xp.where(infinite & (others + e > 1), float("nan"), others)


def _focal(xp: Namespace, gamma: float, parts: _Parts) -> _Focal:
    if not gamma:
        return _Focal(1.0, 1.0, -1.0)
    zero = xp.equal(parts.o, 0)
    modulator = power(xp, parts.o, gamma)
    ratio = xp.where(zero, 1.0, parts.minus_log_p / xp.where(zero, 1.0, parts.o))
    p_ratio = product(xp, parts.p, ratio)
    return _Focal(modulator, p_ratio, -modulator * (1 + xp.number(gamma, p_ratio.dtype) * p_ratio))


def _z_and_a(xp: Namespace, gamma: float, parts: _Parts, focal: _Focal, h: Array, others_h: Array) -> tuple[Array, Array]:
    """z and a/v, from h and Σ_{j≠i} e_j·h_j."""
    z_over_o = h - others_h / xp.where(xp.equal(parts.others, 0), 1.0, parts.others)
    factor = xp.number(gamma, h.dtype)
    f2_o = factor * focal.modulator * (2 * parts.p - focal.p_ratio + factor * parts.p * focal.p_ratio)
    return parts.o * z_over_o, f2_o * z_over_o


def _index_parts(xp: Namespace, spec: Spec, x: Array, target: Array) -> _Parts:
    z, e, infinite = _exponentials(xp, x, spec.axis)
    z_target, e_target = (xp.take_along_axis(part, target, axis=spec.axis) for part in (z, e))
    e = xp.scatter(e, target, 0.0, spec.axis)
    others = _limit(xp, infinite, xp.sum(e, axis=spec.axis, keepdims=True), e_target)
    total = others + e_target
    minus_log_p = xp.where(xp.equal(z_target, 0), xp.log1p(others), xp.log(total) - z_target)
    return _Parts(e, total, others, e_target / total, others / total, minus_log_p)


def _index_value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    target, weight = inputs.labels, 1.0 if inputs.weight is None else inputs.weight
    parts = _index_parts(xp, spec, x, target)
    focal = _focal(xp, spec.gamma, parts)
    value = product(xp, weight * focal.modulator, parts.minus_log_p)
    g = weight * focal.f1
    slope = xp.scatter(parts.e * (-g / parts.total), target, g * parts.o, spec.axis)
    return xp.squeeze(value, axis=spec.axis), slope


def _index_second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    target, weight = inputs.labels, 1.0 if inputs.weight is None else inputs.weight
    parts = _index_parts(xp, spec, x, target)
    focal = _focal(xp, spec.gamma, parts)
    h_target = xp.take_along_axis(h, target, axis=spec.axis)
    others_h = xp.sum(parts.e * h, axis=spec.axis, keepdims=True)
    z, a = _z_and_a(xp, spec.gamma, parts, focal, h_target, others_h)
    g, a = weight * focal.f1, weight * a
    mean_h = parts.p * h_target + others_h / parts.total
    elsewhere = -(parts.e / parts.total) * (a + (h - mean_h) * g)
    return xp.scatter(elsewhere, target, a * parts.o - parts.p * z * g, spec.axis)


def _sum_of_others(xp: Namespace, axis: int, top: Array, terms: Array) -> Array:
    """Σ_{j≠i} terms_j for every i, without cancellation where term i is the largest (``top``) of the row."""
    beside_top = xp.sum(xp.where(top, 0.0, terms), axis=axis, keepdims=True)
    at_top = xp.sum(xp.where(top, terms, 0.0), axis=axis, keepdims=True)
    return xp.where(top, beside_top + (at_top - terms), (beside_top + at_top) - terms)


def _dense_parts(xp: Namespace, spec: Spec, x: Array) -> tuple[_Parts, Array]:
    """The parts, and where each row's largest logits are."""
    z, e, infinite = _exponentials(xp, x, spec.axis)
    top = xp.equal(z, 0)
    others = _limit(xp, infinite, _sum_of_others(xp, spec.axis, top, e), e)
    total = others + e
    minus_log_p = xp.where(top, xp.log1p(others), xp.log(total) - z)
    return _Parts(e, total, others, e / total, others / total, minus_log_p), top


def _weights(inputs: Inputs) -> Array:
    return inputs.labels if inputs.weight is None else inputs.labels * inputs.weight


def _dense_value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    v = _weights(inputs)
    parts, _ = _dense_parts(xp, spec, x)
    focal = _focal(xp, spec.gamma, parts)
    value = xp.sum(product(xp, v * focal.modulator, parts.minus_log_p), axis=spec.axis)
    g = v * focal.f1
    return value, g * parts.o - parts.p * (xp.sum(g, axis=spec.axis, keepdims=True) - g)


def _dense_second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    v = _weights(inputs)
    parts, top = _dense_parts(xp, spec, x)
    focal = _focal(xp, spec.gamma, parts)
    z, a = _z_and_a(xp, spec.gamma, parts, focal, h, _sum_of_others(xp, spec.axis, top, parts.e * h))
    g, a = v * focal.f1, v * a
    total_g, total_a = (xp.sum(part, axis=spec.axis, keepdims=True) for part in (g, a))
    return a * parts.o - parts.p * (total_a - a) - parts.p * z * total_g


softmax_index = Kernel(_index_value_slope, _index_second)
softmax_dense = Kernel(_dense_value_slope, _dense_second)
