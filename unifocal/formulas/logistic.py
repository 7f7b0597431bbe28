"""The primitives of the sigmoid losses: σ, softplus(t) = −log σ(−t) and what follows from them, each to full relative accuracy.

``link`` serves everywhere.  The two ``fast`` forms have few passes: they take the framework's own sigmoid and softplus where its shim
offers them, as accurate ones; elsewhere one exponential of the logit itself, so that large ones (88 in float32) give NaN or infinity.
"""

from __future__ import annotations

from ..arrays import Array, Namespace


def link(xp: Namespace, x: Array) -> tuple[Array, Array, Array, Array]:
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
    p, q, _, softplus = link(xp, t)
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


def fast_link(xp: Namespace, x: Array) -> tuple[Array, Array, Array, Array]:
    """As :func:`link`."""
    if xp.softplus is not None:
        return xp.sigmoid(x), xp.sigmoid(-x), xp.softplus(-x), xp.softplus(x)
    e = xp.exp(x)
    one_e = e + 1
    return e / one_e, 1 / one_e, xp.log1p(1 / e), xp.log1p(e)
