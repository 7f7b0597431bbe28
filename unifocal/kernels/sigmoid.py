r"""Binary focal loss on logits, soft-label family A (Lin et al. 2017, arXiv:1708.02002, extended to labels y in [0, 1]).

    L = w · α_t · r^γ · CE,      CE = y·pw·(−log p) + (1−y)·(−log q),      p = σ(x), q = 1 − p
    r = 1 − p_t = y·q + (1−y)·p,      α_t = α·y + (1−α)·(1−y)

Derivatives, with u = d log r/dx = (1−2y)·p·q/r and CE' = p(1−y) − q·y·pw:

    dL/dx   = w·α_t·r^γ · [γ·u·CE + CE']
    d²L/dx² = w·α_t·r^γ · [γ·((γ−1)u² + u(q−p))·CE + 2γ·u·CE' + p·q·(y·pw + 1−y)]

Accuracy rests on never forming 1 − p or 1 − p_t by subtraction.  With γ = 0 and α off this is binary cross entropy.
"""

from __future__ import annotations

from typing import NamedTuple

from ..protocol import Array, Inputs, Kernel, Namespace
from ..spec import Spec
from .guard import binary_labels, power, product


class _Parts(NamedTuple):
    p: Array
    q: Array
    positive: Array  # y·pw, the weight of −log p
    negative: Array  # 1−y, the weight of −log q
    cross_entropy: Array
    cross_entropy_slope: Array
    modulator: Array | float  # w·α_t·r^γ
    u: Array | float


def _value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    parts = _parts(xp, spec, x, inputs)
    bracket = parts.cross_entropy_slope
    if spec.gamma:
        bracket = xp.number(spec.gamma, x.dtype) * product(xp, parts.u, parts.cross_entropy) + bracket
    return product(xp, parts.modulator, parts.cross_entropy), parts.modulator * bracket


def _second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    parts = _parts(xp, spec, x, inputs)
    p, q, u = parts.p, parts.q, parts.u
    bracket = p * q * (parts.positive + parts.negative)
    if spec.gamma:
        gamma = xp.number(spec.gamma, x.dtype)
        bracket = bracket + gamma * (((gamma - 1) * u + (q - p)) * product(xp, u, parts.cross_entropy) + 2 * u * parts.cross_entropy_slope)
    return h * parts.modulator * bracket


def _parts(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> _Parts:
    y, negative = binary_labels(xp, spec, inputs.labels)
    p, q, minus_log_p, minus_log_q = link(xp, x)
    positive = y if inputs.pos_weight is None else y * inputs.pos_weight
    cross_entropy = product(xp, positive, minus_log_p) + product(xp, negative, minus_log_q)
    cross_entropy_slope = p * negative - q * positive
    modulator: Array | float = 1.0
    if inputs.alpha is not None:
        modulator = y * inputs.alpha + negative * (1 - inputs.alpha)
    if inputs.weight is not None:
        modulator = inputs.weight * modulator
    u: Array | float = 0.0
    if spec.gamma:
        r = y * q + negative * p
        modulator = modulator * power(xp, r, spec.gamma)
        # p·q/r is q/1 or p/1 for hard labels: taken as such, it needs no division by an underflowed r.
        share = xp.divide(p * q, xp.where(xp.equal(r, 0), 1.0, r))
        share = xp.where(xp.equal(negative, 0), p, xp.where(xp.equal(y, 0), q, share))
        u = (negative - y) * share
    return _Parts(p, q, positive, negative, cross_entropy, cross_entropy_slope, modulator, u)


def link(xp: Namespace, x: Array) -> tuple[Array, Array, Array, Array]:
    """p = σ(x), q = σ(−x), −log p, −log q, each to full relative accuracy.

    ``where`` rather than abs and max: a framework that differentiates through this gets the right derivative at x = 0.
    """
    right = x >= 0
    e = xp.exp(xp.where(right, -x, x))
    larger, smaller, softplus = 1 / (1 + e), e / (1 + e), xp.log1p(e)
    p, q = xp.where(right, larger, smaller), xp.where(right, smaller, larger)
    return p, q, softplus + xp.where(right, 0.0, -x), softplus + xp.where(right, x, 0.0)


sigmoid = Kernel(_value_slope, _second)
