"""The primitives of the sigmoid losses: σ, softplus(t) = −log σ(−t) and what follows from them, each to full relative accuracy.

``link`` serves everywhere.  The two ``fast`` forms have no ``where``, which in eager mode costs as much as an exponential: they take the
framework's own sigmoid and softplus where its shim offers them, as accurate ones, and give NaN for some infinite logits.
"""

from __future__ import annotations

from ..protocol import Array, Namespace


def link(xp: Namespace, x: Array) -> tuple[Array, Array, Array, Array]:
    """p = σ(x), q = σ(−x), −log p, −log q.

    ``where`` rather than abs and max: a framework that differentiates through this gets the right derivative at x = 0.
    """
    right = x >= 0
    e = xp.exp(xp.where(right, -x, x))
    larger, softplus = 1 / (1 + e), xp.log1p(e)
    smaller = e * larger
    p, q = xp.where(right, larger, smaller), xp.where(right, smaller, larger)
    return p, q, softplus + xp.where(right, 0.0, -x), softplus + xp.where(right, x, 0.0)


def logistic(xp: Namespace, t: Array, both: bool) -> tuple[Array, Array | None, Array]:
    """σ(t), σ(−t) (None unless ``both``) and softplus(t)."""
    p, q, _, softplus = link(xp, t)
    return p, q, softplus


def fast_logistic(xp: Namespace, t: Array, both: bool) -> tuple[Array, Array | None, Array]:
    """As :func:`logistic`."""
    if hasattr(xp, "softplus"):
        return xp.sigmoid(t), xp.sigmoid(-t) if both else None, xp.softplus(t)
    right, e, one_e = _parts(xp, t)
    return xp.maximum(e, right) / one_e, xp.maximum(e, 1 - right) / one_e if both else None, xp.log1p(e) + right * t


def fast_link(xp: Namespace, x: Array) -> tuple[Array, Array, Array, Array]:
    """As :func:`link`."""
    if hasattr(xp, "softplus"):
        return xp.sigmoid(x), xp.sigmoid(-x), xp.softplus(-x), xp.softplus(x)
    right, e, one_e = _parts(xp, x)
    left, softplus = 1 - right, xp.log1p(e)
    return xp.maximum(e, right) / one_e, xp.maximum(e, left) / one_e, softplus - left * x, softplus + right * x


def _parts(xp: Namespace, t: Array) -> tuple[Array, Array, Array]:
    """Whether t > 0, as 1 or 0; exp(−|t|); 1 + exp(−|t|)."""
    e = xp.exp(-xp.abs(t))
    return xp.astype(t > 0, t.dtype), e, 1 + e
