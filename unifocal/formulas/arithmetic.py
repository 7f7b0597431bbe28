"""The arithmetic of formulas, each operation to full relative accuracy: products in which 0 beats infinity, powers, and σ and softplus.

With softplus(t) = −log σ(−t), ``logistic`` and ``logistic_terms`` serve everywhere.  The ``fast`` forms have few passes: they take the
framework's own sigmoid and softplus where its shim offers them, as accurate ones; elsewhere one exponential of the logit itself, so that
large ones (88 in float32) give NaN or infinity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..arrays import Array, Namespace


def product(xp: Namespace, factor: Array | float, term: Array) -> Array:
    """factor * term with 0 * ±inf = 0: a factor of exactly 0 switches its term off.  NaN is never hidden."""
    if isinstance(factor, float):
        return factor * term if factor else xp.where(xp.isinf(term), 0.0, term) * 0.0
    return factor * xp.where(xp.equal(factor, 0) & xp.isinf(term), 0.0, term)


def switched(xp: Namespace, factor: Array, term: Array) -> Array:
    """:func:`product`, in half the time where a compiler fuses.

    It hides a NaN beside a factor of 0, and its derivative with respect to a factor of 0 is 0.
    """
    return xp.where(xp.equal(factor, 0), 0.0, factor * term)


def power(xp: Namespace, base: Array, exponent: float, guarded: bool = True) -> Array:
    """base ** exponent for base ≥ 0 and a static exponent; ``guarded`` where a framework may differentiate through it.

    Whole parts up to 8 are multiplied out and halves taken by a square root: fewer ulp, and faster, than pow.
    """
    if not 0 <= exponent < 9 or exponent % 0.5:
        if not guarded and exponent > 0:
            return xp.pow(base, exponent)
        # Guarded, so that a framework's derivative through pow is never 0 * inf where base is 0.
        zero = xp.equal(base, 0)
        return xp.where(zero, _power_of_zero(exponent), xp.pow(xp.where(zero, 1.0, base), exponent))
    factors = []
    if exponent % 1:
        zero = xp.equal(base, 0) if guarded else None
        factors.append(xp.sqrt(base) if zero is None else xp.where(zero, 0.0, xp.sqrt(xp.where(zero, 1.0, base))))
    whole, square = int(exponent), base
    while whole:
        if whole & 1:
            factors.append(square)
        whole >>= 1
        if whole:
            square = square * square
    if not factors:
        return xp.ones_like(base)
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result


def _power_of_zero(exponent: float) -> float:
    return 1.0 if exponent == 0 else 0.0 if exponent > 0 else float("inf")


def logistic_terms(xp: Namespace, x: Array) -> tuple[Array, Array, Array, Array]:
    """p = σ(x), q = σ(−x), −log p, −log q.

    ``where`` rather than abs and max: a framework that differentiates through this gets the right derivative at x = 0.
    """
    right = x >= 0
    size = xp.where(right, x, -x)
    e = xp.exp(-size)
    larger, softplus = 1 / (1 + e), log1p(xp, e)
    smaller = e * larger
    p, q = xp.where(right, larger, smaller), xp.where(right, smaller, larger)
    return p, q, softplus + xp.where(right, 0.0, size), softplus + xp.where(right, size, 0.0)


_LOG1P = (0.28024459, 0.27999142, 0.40021700, 0.66666412)
"""Of (log((1+s)/(1−s)) − 2s) / s³, in powers of s² ≤ 1/9: minimax, to 5·10⁻⁹ of the logarithm."""


def log1p(xp: Namespace, e: Array) -> Array:
    """log(1 + e), 0 ≤ e ≤ 1, to 1.3 ulp.

    Compilers' own log1p takes a third of a compiled loss's time.  This is fdlibm's way (e_log.c, Sun Microsystems 1993), with few terms, as
    many as float32 needs: e − s·(e − R) with s = e/(2 + e) and R = log((1+s)/(1−s)) − 2s over s.
    """
    if e.dtype != xp.float32 or not xp.fuses(e):
        return xp.log1p(e)
    s = e / (2 + e)
    square = s * s
    r = _LOG1P[0]
    for coefficient in _LOG1P[1:]:
        r = r * square + coefficient
    return e - s * (e - r * square)


def logistic(xp: Namespace, t: Array, both: bool) -> tuple[Array, Array | None, Array]:
    """σ(t), σ(−t) (None unless ``both``) and softplus(t)."""
    p, q, _, softplus = logistic_terms(xp, t)
    return p, q, softplus


def fast_logistic(xp: Namespace, t: Array, both: bool) -> tuple[Array, Array | None, Array]:
    """As :func:`logistic`."""
    if xp.softplus is not None:
        return xp.sigmoid(t), xp.sigmoid(-t) if both else None, xp.softplus(t)
    t = e = xp.exp(t)  # t is given up: of few arrays more stays in the cache
    one_e, softplus = e + 1, xp.log1p(e)
    e /= one_e
    return e, 1 / one_e if both else None, softplus


def fast_small(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """σ(−|x|) and softplus(−|x|)."""
    if xp.softplus is not None:
        r = xp.sigmoid(-xp.abs(x))
        return r, -xp.log1p(-r)  # in half the time of softplus
    e = xp.exp(-xp.abs(x))
    return e / (e + 1), xp.log1p(e)


def fast_logistic_terms(xp: Namespace, x: Array) -> tuple[Array, Array, Array, Array]:
    """As :func:`logistic_terms`."""
    if xp.softplus is not None:
        return xp.sigmoid(x), xp.sigmoid(-x), xp.softplus(-x), xp.softplus(x)
    e = xp.exp(x)
    one_e = e + 1
    return e / one_e, 1 / one_e, xp.log1p(1 / e), xp.log1p(e)
