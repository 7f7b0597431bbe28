r"""Binary focal loss on logits, soft-label family A (Lin et al. 2017, arXiv:1708.02002, extended to labels y in [0, 1]).

    L = w · α_t · r^γ · CE,      CE = y·pw·(−log p) + (1−y)·(−log q),      p = σ(x), q = 1 − p
    r = 1 − p_t = y·q + (1−y)·p,      α_t = α·y + (1−α)·(1−y)

Derivatives, with u = d log r/dx = (1−2y)·p·q/r and CE' = p(1−y) − q·y·pw:

    dL/dx   = w·α_t·r^γ · [γ·u·CE + CE']
    d²L/dx² = w·α_t·r^γ · [γ·((γ−1)u² + u(q−p))·CE + 2γ·u·CE' + p·q·(y·pw + 1−y)]

Accuracy rests on never forming 1 − p or 1 − p_t by subtraction.  With γ = 0 and α off this is binary cross entropy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from ..protocol import Array, Inputs, Kernel, Namespace
from ..spec import Spec
from .fused import line, multiply, multiply_add, signs, step, subtract
from .guard import binary_labels, power, product, switched
from .logistic import fast_link, fast_logistic, fast_small, link, logistic


class _Parts(NamedTuple):
    p: Array
    q: Array
    positive: Array  # y·pw, the weight of −log p
    negative: Array  # 1−y, the weight of −log q
    cross_entropy: Array
    cross_entropy_slope: Array
    modulator: Array | float  # w·α_t·r^γ
    u: Array | float


def _divided(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    """Any γ; where 0 < γ < 1, r^(γ−1) is not finite at r = 0, and p·q is divided by r."""
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


class _Form(NamedTuple):
    """How a kernel computes: to be right everywhere, differentiable too or not, or with few passes on finite logits in eager mode."""

    link: Callable[[Namespace, Array], tuple[Array, Array, Array, Array]]
    logistic: Callable[[Namespace, Array, bool], tuple[Array, Array | None, Array]]
    signs: Callable[[Namespace, Array], Callable[..., Array]]
    product: Callable[[Namespace, Array, Array], Array]  # 0 · ∞ = 0; a NaN beside a factor of 0 may be hidden
    times: Callable[[Namespace, Array | float, Array], Array]  # 0 · ∞ = 0, and no NaN hidden
    multiply_add: Callable[[Namespace, Array | float, Array, Array, Array], Array]
    steps: Callable[[bool, float, float], bool]
    cross_entropy: Callable[[Namespace, Array, Array, Array | None], tuple[Array, Array]] | None  # with soft labels as they are
    guarded: bool


def _hard(form: _Form, xp: Namespace, spec: Spec, x: Array, inputs: Inputs, out: Array | None = None) -> tuple[Array, Array]:
    """Labels that are all 0 or 1.  With t = (1−2y)·x, r = σ(t) and CE = pw_t·softplus(t), for c = w·α_t·pw_t:

    L = c·r^γ·softplus(t),      dL/dx = (1−2y)·c·r^γ·[γ·σ(−t)·softplus(t) + r]
    """
    y = inputs.labels
    signed = form.signs(xp, y)
    r, p_t, softplus = form.logistic(xp, signed(x), spec.gamma > 0)
    if not spec.gamma:
        modulator, bracket = _coefficient(form, xp, inputs, y), r
    else:
        # Each array is given up as soon as may be: the fewer a block has at once, the larger it can be.
        bracket = form.multiply_add(xp, xp.number(spec.gamma, x.dtype), p_t, softplus, r)
        del p_t
        focal = power(xp, r, spec.gamma, guarded=False)
        del r
        modulator = _coefficient(form, xp, inputs, y)
        modulator = focal if modulator is None else modulator * focal
        del focal
    if modulator is None:
        return softplus, signed(bracket, out)
    return form.times(xp, modulator, softplus), signed(multiply(xp, bracket, modulator, out), out)


def _coefficient(form: _Form, xp: Namespace, inputs: Inputs, y: Array) -> Array | float | None:
    """w·α_t·pw_t, for labels y that are all 0 or 1; None is 1."""
    alpha, pos_weight, weight = inputs.alpha, inputs.pos_weight, inputs.weight
    if alpha is None and pos_weight is None:
        return weight
    of_negatives = 1.0 if alpha is None else 1 - alpha
    of_positives: Array = alpha if pos_weight is None else pos_weight if alpha is None else alpha * pos_weight
    if isinstance(weight, float):
        of_negatives, of_positives, weight = of_negatives * weight, of_positives * weight, None
    if (
        isinstance(of_negatives, float)
        and isinstance(of_positives, float)
        and form.steps(y.dtype == xp.float64, of_negatives, of_positives)
    ):
        coefficient = line(xp, y, of_negatives, of_positives - of_negatives)
    else:
        coefficient = y * of_positives + (1 - y) * of_negatives
    return coefficient if weight is None else coefficient * weight


@cache
def _steps(double: bool, start: float, end: float) -> bool:
    """Whether start + (end − start) is exactly end, in double or single precision: two passes less."""
    rounded = np.float64 if double else np.float32
    return bool(rounded(start) + rounded(end - start) == rounded(end))


def _soft(form: _Form, xp: Namespace, spec: Spec, x: Array, inputs: Inputs, out: Array | None = None) -> tuple[Array, Array]:
    """Any labels.  For γ = 0 or γ ≥ 1, r^(γ−1) is taken out, so that nothing is divided by r."""
    if 0 < spec.gamma < 1:
        return _divided(xp, spec, x, inputs)
    y, negative = binary_labels(xp, spec, inputs.labels)
    modulator: Array | float | None = None if inputs.alpha is None else y * inputs.alpha + negative * (1 - inputs.alpha)
    if inputs.weight is not None:
        modulator = inputs.weight if modulator is None else modulator * inputs.weight
    if not spec.gamma and form.cross_entropy is not None and inputs.pos_weight is None and not spec.label_smoothing:
        cross_entropy, slope = form.cross_entropy(xp, x, y, out)
        return (cross_entropy, slope) if modulator is None else (modulator * cross_entropy, multiply(xp, slope, modulator, out))
    p, q, minus_log_p, minus_log_q = form.link(xp, x)
    positive = y if inputs.pos_weight is None else y * inputs.pos_weight
    # Unless pos_weight can be 0, either of the two terms is NaN where x is.
    product_of_positive = form.product if inputs.pos_weight is None else form.times
    cross_entropy = product_of_positive(xp, positive, minus_log_p) + form.product(xp, negative, minus_log_q)
    del minus_log_p, minus_log_q
    slope = negative * p - positive * q
    if not spec.gamma:
        return (
            (cross_entropy, slope) if modulator is None else (form.times(xp, modulator, cross_entropy), multiply(xp, slope, modulator, out))
        )
    r = y * q + negative * p
    slope = xp.number(spec.gamma, x.dtype) * ((negative - y) * form.product(xp, p * q, cross_entropy)) + r * slope
    del p, q, positive, negative
    root = power(xp, r, spec.gamma - 1, guarded=form.guarded) if spec.gamma != 1 else None
    modulator = root if modulator is None else modulator if root is None else modulator * root
    # r is NaN where x is.
    cross_entropy = form.product(xp, r if modulator is None else modulator * r, cross_entropy)
    return cross_entropy, slope if modulator is None else multiply(xp, slope, modulator, out)


def _fast_cross_entropy(xp: Namespace, x: Array, y: Array, out: Array | None) -> tuple[Array, Array]:
    """With H = [x > 0]:

    L = softplus(−|x|) + (H−y)·x,      dL/dx = (1−2H)·σ(−|x|) + (H−y)
    """
    smaller, softplus = fast_small(xp, x)
    larger_is_p = step(xp, x)
    missing = y - larger_is_p
    return multiply_add(xp, -1.0, missing, x, softplus), subtract(xp, signs(xp, larger_is_p)(smaller), missing, out)


def _signs(xp: Namespace, y: Array) -> Callable[..., Array]:
    sign = 1 - 2 * y
    return lambda a, out=None: sign * a


def _times(xp: Namespace, factor: Array | float, term: Array) -> Array:
    return factor * term


def _guarded_multiply_add(xp: Namespace, factor: Array | float, a: Array, b: Array, c: Array) -> Array:
    return factor * product(xp, a, b) + c


_EVERYWHERE = _Form(link, logistic, _signs, switched, product, _guarded_multiply_add, lambda *_: False, cross_entropy=None, guarded=False)
_DIFFERENTIABLE = _EVERYWHERE._replace(product=product, guarded=True)
_FAST = _Form(fast_link, fast_logistic, signs, _times, _times, multiply_add, _steps, _fast_cross_entropy, guarded=False)
sigmoid, sigmoid_hard = (
    Kernel(partial(form, _EVERYWHERE), _second, partial(form, _FAST), partial(form, _DIFFERENTIABLE)) for form in (_soft, _hard)
)
