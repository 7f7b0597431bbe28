r"""Binary and categorical focal loss on probabilities.

The sigmoid link's loss, with p given and q = 1 − p (exact to half an ulp):

    L = w · α_t · r^γ · CE,      CE = y·pw·(−log p) + (1−y)·(−log q),      r = y·q + (1−y)·p
    dL/dp   = w·α_t·r^γ · [γ·ρ·CE/r + CE'],                                 ρ = 1 − 2y
    d²L/dp² = w·α_t·r^(γ−1) · [γ(γ−1)·ρ²·CE/r + 2γ·ρ·CE' + r·CE'']

The softmax link's loss Σ_c v_c·(1−p_c)^γ·(−log p_c) is its y = 1 case summed over the classes: rows are not renormalised, and the
derivative is with respect to each p_c alone.  Logarithms are exact: p = 0 with y = 1 gives inf, slope −inf.

Conventions of the spec change what p and log p are: a clip p̂ = min(max(p, ε), 1−ε) in all of L, or in CE alone; log(p̂ + δ); or
max(log p, floor) with 1/(p·q) at most 10¹² in the derivative.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..protocol import Array, Inputs, Kernel, Namespace
from ..spec import Spec
from .guard import binary_labels, power, product

_SMALLEST_VARIANCE = 1e-12


class _Parts(NamedTuple):
    r: Array
    rho: Array
    cross_entropy: Array
    over_r: Array  # CE/r, which tends to y·pw + 1−y as r → 0
    first: Array  # CE'
    curvature: Array  # CE''
    coefficient: Array | float  # w·α_t
    passes: Array | float  # derivative of the clip of all of L: 1 inside and at the bounds, 0 outside


def _value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    """The sigmoid link; see :class:`~unifocal.protocol.Kernel`."""
    parts = _parts(xp, spec, x, inputs)
    bracket, modulator = parts.first, parts.coefficient
    if spec.gamma == 1:
        # Not divided by r, which labels outside [0, 1] make 0 where CE is not.
        bracket = xp.where(xp.isinf(bracket), bracket, parts.rho * parts.cross_entropy + parts.r * bracket)
        return product(xp, modulator * parts.r, parts.cross_entropy), product(xp, modulator * parts.passes, bracket)
    if spec.gamma:
        modulator = modulator * power(xp, parts.r, spec.gamma)
        # Where CE' is infinite it outgrows CE.
        bracket = xp.where(xp.isinf(bracket), bracket, xp.number(spec.gamma, x.dtype) * parts.rho * parts.over_r + bracket)
    return product(xp, modulator, parts.cross_entropy), product(xp, modulator * parts.passes, bracket)


def _second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    """The sigmoid link; see :class:`~unifocal.protocol.Kernel`."""
    parts = _parts(xp, spec, x, inputs)
    rho, bracket, modulator = parts.rho, parts.curvature, parts.coefficient
    if spec.gamma:
        gamma = xp.number(spec.gamma, x.dtype)
        modulator = modulator * power(xp, parts.r, spec.gamma - 1)
        bracket = parts.r * bracket
        focal = gamma * ((gamma - 1) * rho * rho * parts.over_r + 2 * rho * parts.first)
        bracket = xp.where(xp.isinf(bracket), bracket, focal + bracket)
    return h * product(xp, modulator * parts.passes, bracket)


def _parts(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> _Parts:
    clipped, passes = clip(xp, spec, x)
    p = clipped
    y, negative = binary_labels(xp, spec, inputs.labels)
    positive = y if inputs.pos_weight is None else y * inputs.pos_weight
    cross_entropy, first, curvature = _cross_entropy(xp, spec, clipped, positive, negative)
    if spec.clip == "cross_entropy":
        p, first, curvature, passes = _nearly_unit(xp, x), first * passes, curvature * passes, 1.0
    q = 1 - p
    coefficient: Array | float = 1.0
    if inputs.alpha is not None:
        coefficient = y * inputs.alpha + negative * (1 - inputs.alpha)
    if inputs.weight is not None:
        coefficient = inputs.weight * coefficient
    r = y * q + negative * p
    zero = xp.equal(r, 0)
    over_r = xp.where(zero, positive + negative, xp.divide(cross_entropy, xp.where(zero, 1.0, r)))
    return _Parts(r, negative - y, cross_entropy, over_r, first, curvature, coefficient, passes)


def _cross_entropy(xp: Namespace, spec: Spec, p: Array, positive: Array, negative: Array) -> tuple[Array, Array, Array]:
    """CE and its first two derivatives with respect to p."""
    if spec.log_epsilon:
        delta = xp.number(spec.log_epsilon, p.dtype)
        # Compilers turn (1 − p) + δ into (1 + δ) − p, whose derivative in float32 is 4 % off near p = 1, unless a choice stands between.
        p, q = p + delta, xp.where(p > 1, 0.0, 1 - p) + delta
        log_p, log_q = xp.log(p), xp.log(q)
    else:
        log_p, log_q, q = xp.log(p), xp.log1p(-p), 1 - p
    if spec.log_floor is not None:
        log_p, log_q = (xp.where(log < spec.log_floor, spec.log_floor, log) for log in (log_p, log_q))
    cross_entropy = product(xp, positive, -log_p) + product(xp, negative, -log_q)
    first = product(xp, negative, 1 / q) - product(xp, positive, 1 / p)
    curvature = product(xp, negative, 1 / (q * q)) + product(xp, positive, 1 / (p * p))
    if spec.log_floor is not None:
        smallest = xp.number(_SMALLEST_VARIANCE, p.dtype)
        steep = p * q < smallest
        first = xp.where(steep, (negative * p - positive * q) / smallest, first)
        curvature = xp.where(steep, (negative + positive) / smallest, curvature)
    return cross_entropy, first, curvature


def clip(xp: Namespace, spec: Spec, x: Array) -> tuple[Array, Array | float]:
    """The probability that the loss sees, and the derivative of the clip: 1 inside and at the bounds, 0 outside.

    Without an epsilon only rounding noise lies outside [0, 1] (anything more was refused or made NaN): it counts as the bound.
    """
    if not spec.epsilon:
        return _unit(xp, x), 1.0
    rounded = np.float64 if x.dtype == xp.float64 else np.float32
    low, high = float(rounded(spec.epsilon)), float(rounded(1 - spec.epsilon))
    passes = xp.where((x < low) | (x > high), 0.0, xp.ones_like(x))
    return _unit(xp, x, low, high), passes


def _unit(xp: Namespace, x: Array, low: float = 0.0, high: float = 1.0) -> Array:
    return xp.where(x < low, low, xp.where(x > high, high, x))


def _nearly_unit(xp: Namespace, x: Array) -> Array:
    """x, which only rounding noise takes back to [0, 1]: the originals that clip in the cross entropy alone compute with anything else."""
    return xp.where(xp.abs(x - 0.5) <= 0.5 + 4 * float(xp.finfo(x.dtype).eps), _unit(xp, x), x)


def _dense_value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    value, slope = _value_slope(xp, spec, x, _one_term(xp, x, inputs))
    return xp.sum(value, axis=spec.axis), slope


def _dense_second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    return _second(xp, spec, x, _one_term(xp, x, inputs), h)


def _one_term(xp: Namespace, x: Array, inputs: Inputs) -> Inputs:
    """Softmax labels v as weights of the y = 1 term."""
    weight = inputs.labels if inputs.weight is None else inputs.labels * inputs.weight
    return Inputs(labels=xp.ones_like(x), weight=weight)


def _index_value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    target = inputs.labels
    p = xp.take_along_axis(x, target, axis=spec.axis)
    value, slope = _value_slope(xp, spec, p, Inputs(labels=xp.ones_like(p), weight=inputs.weight))
    return xp.squeeze(value, axis=spec.axis), xp.scatter(xp.zeros_like(x), target, slope, spec.axis)


def _index_second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    target = inputs.labels
    p, h = xp.take_along_axis(x, target, axis=spec.axis), xp.take_along_axis(h, target, axis=spec.axis)
    slope = _second(xp, spec, p, Inputs(labels=xp.ones_like(p), weight=inputs.weight), h)
    return xp.scatter(xp.zeros_like(x), target, slope, spec.axis)


sigmoid_probability = Kernel(_value_slope, _second)
softmax_probability_dense = Kernel(_dense_value_slope, _dense_second)
softmax_probability_index = Kernel(_index_value_slope, _index_second)
