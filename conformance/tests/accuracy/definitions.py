"""The truth of the variants of focal loss: each by its definition, differentiated by the rules of the oracle.

A definition is a function of a link, all that a binary loss is made of, and of the label, an exact number.  What a definition subtracts is
one quantity: y − p, p − m and 1 − p_t.  A formula is as accurate as those are where they are no tiny differences of large numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ...truth.oracle import ONE, ZERO, Link, Number, Row, Series, classwise, clipped, identity, logistic, mp, number, of_probabilities, term

Definition: TypeAlias = Callable[..., Series]
"""(link, y, **options) → the loss of an element."""

Balance: TypeAlias = Number | None
"""α, a number, of the losses that have one."""


def _modulator(base: Series, exponent: float, detached: bool) -> Series:
    power = base.power(number(exponent))
    return power.held() if detached else power


def _cross_entropy(link: Link, y: Number) -> Series:
    return link.minus_log_p.scaled(y).plus(link.minus_log_q.scaled(1 - y))


def _one_quantity(*shares: tuple[Number, Series]) -> Series:
    """A sum of functions, each times its share, whose terms are not counted apart."""
    return term(*(mp.fsum(share * part[order] for share, part in shares) for order in range(3)))


def _balance(y: Number, alpha: Balance) -> Number:
    return ONE if alpha is None else y * number(alpha) + (1 - y) * (1 - number(alpha))


def asymmetric(
    link: Link,
    y: Number,
    gamma_pos: float = 0.0,
    gamma_neg: float = 4.0,
    margin: float = 0.05,
    detach_modulator: bool = False,
    alpha: Balance = None,
) -> Series:
    """y·(1 − p)^γ₊·(−log p) + (1 − y)·p_m^γ₋·(−log(1 − p_m)), p_m = max(p − m, 0)."""
    of_positive = _modulator(link.q, gamma_pos, detach_modulator).times(link.minus_log_p).scaled(y)
    of_negative = _of_negative(link, gamma_neg, number(margin), detach_modulator).scaled(1 - y)
    return of_positive.plus(of_negative).scaled(_balance(y, alpha))


def _of_negative(link: Link, gamma: float, m: Number, detached: bool) -> Series:
    """p_m^γ·(−log(1 − p_m))."""
    if link.p.value <= m:
        return term(ZERO, ZERO, ZERO)
    if m == 0:
        return _modulator(link.p, gamma, detached).times(link.minus_log_q)
    lessened = term(link.p.value - m, link.p.slope, link.p.second)
    rest = link.q.value + m
    curvature = (lessened.second / rest, lessened.slope**2 / rest**2)
    value, slope = -mp.log1p(-lessened.value), lessened.slope / rest
    minus_log = Series(value, slope, mp.fsum(curvature), value, abs(slope), mp.fsum(map(abs, curvature)))
    return _modulator(lessened, gamma, detached).times(minus_log)


def quality(link: Link, y: Number, beta: float = 2.0, detach_modulator: bool = False, alpha: Balance = None) -> Series:
    """|y − p|^β·CE."""
    apart = _one_quantity((y, link.q), (-(1 - y), link.p))
    size = apart if apart.value >= 0 else apart.scaled(-1)
    return _modulator(size, beta, detach_modulator).times(_cross_entropy(link, y)).scaled(_balance(y, alpha))


def varifocal(link: Link, y: Number, alpha: float = 0.75, gamma: float = 2.0, detach_modulator: bool = False) -> Series:
    """y·CE where y > 0, α·p^γ·(−log(1 − p)) elsewhere."""
    if y > 0:
        return _cross_entropy(link, y).scaled(y)
    return _modulator(link.p, gamma, detach_modulator).times(link.minus_log_q).scaled(number(alpha))


def gaussian(link: Link, y: Number, alpha: float = 2.0, gamma: float = 4.0, detach_modulator: bool = False) -> Series:
    """(1 − p)^α·(−log p) where y = 1, (1 − y)^γ·p^α·(−log(1 − p)) elsewhere."""
    if y == 1:
        return _modulator(link.q, alpha, detach_modulator).times(link.minus_log_p)
    return _modulator(link.p, alpha, detach_modulator).times(link.minus_log_q).scaled((1 - y) ** number(gamma))


def poly(
    link: Link, y: Number, gamma: float = 2.0, poly_epsilon: float = 1.0, detach_modulator: bool = False, alpha: Balance = None
) -> Series:
    """α_t·r^γ·CE + ε·r^(γ+1), r = 1 − p_t."""
    r = _one_quantity((y, link.q), (1 - y, link.p))
    focal = _modulator(r, gamma, detach_modulator).times(_cross_entropy(link, y)).scaled(_balance(y, alpha))
    return focal.plus(r.power(number(gamma) + 1).scaled(number(poly_epsilon)))


DEFINITIONS: dict[str, Definition] = {
    "asymmetric_loss": asymmetric,
    "quality_focal_loss": quality,
    "varifocal_loss": varifocal,
    "gaussian_focal_loss": gaussian,
    "poly_focal_loss": poly,
}
"""Binary losses by the names of their functions."""


def of_logit(definition: Definition, x: float, y: float | Number, **options: Any) -> Series:
    """A binary loss of a logit, which may be infinite, as a function of it."""
    return definition(logistic(float(x)), number(y), **options).at_infinity()


def of_probability(definition: Definition, p: float, y: float | Number, clip: tuple[float, float] | None = None, **options: Any) -> Series:
    """A binary loss of a probability, as a function of it; clip: the bounds as the compute dtype has them."""
    return clipped(lambda seen: definition(identity(seen), number(y), **options), p, clip)


def _softmax_poly_term(link: Link, gamma: float, poly_epsilon: float, detach_modulator: bool) -> Series:
    focal = _modulator(link.q, gamma, detach_modulator).times(link.minus_log_p)
    return focal.plus(link.q.power(number(gamma) + 1).scaled(number(poly_epsilon)))


def softmax_poly(
    x: Sequence[float],
    v: Sequence[Number],
    gamma: float = 2.0,
    poly_epsilon: float = 1.0,
    detach_modulator: bool = False,
    h: Sequence[float] | None = None,
) -> Row:
    """Σ_c v_c·[(1 − p_c)^γ·(−log p_c) + ε·(1 − p_c)^(γ+1)] of one row of logits."""

    def of(p: Number, o: Number, n: Number) -> Series:
        link = Link(term(p, -p, p), term(o, p, -p), term(n, ONE, ZERO), term(ZERO, ZERO, ZERO))
        return _softmax_poly_term(link, gamma, poly_epsilon, detach_modulator)

    return classwise(x, v, of, h)


def softmax_poly_probability(
    p: Sequence[float],
    v: Sequence[Number],
    gamma: float = 2.0,
    poly_epsilon: float = 1.0,
    detach_modulator: bool = False,
    h: Sequence[float] | None = None,
    clip: tuple[float, float] | None = None,
) -> Row:
    """As :func:`softmax_poly`, of one row of probabilities, each a variable of its own."""

    def of(a: float) -> Series:
        return clipped(lambda seen: _softmax_poly_term(identity(seen), gamma, poly_epsilon, detach_modulator), a, clip)

    return of_probabilities(p, v, of, h)
