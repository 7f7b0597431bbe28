"""What the categorical losses on logits are sums of: exponentials of a row and their sums, to full accuracy or in few passes.

Accuracy rests on sums over the *other* classes: 1 − p_i = Σ_{j≠i} e_j / Σ e_j and −log p_i = log1p(Σ_{j≠i} e_j) at the largest logit.
"""

from __future__ import annotations

from typing import NamedTuple

from ..arrays import Array, Namespace
from .arithmetic import power, product


class Parts(NamedTuple):
    """At every class (dense) or at the target (index); ``e`` and ``total`` are the row's."""

    e: Array  # exp(x_j − max x); with the target's struck out for index labels
    total: Array  # Σ e_j
    others: Array  # Σ_{j≠i} e_j
    p: Array
    o: Array
    minus_log_p: Array


class Focal(NamedTuple):
    """What γ makes of the parts."""

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


def limit(xp: Namespace, infinite: Array, others: Array, e: Array) -> Array:
    """Σ_{j≠i} e_j, NaN where several logits share an infinite maximum: the softmax has no limit there."""
    return xp.where(infinite & (others + e > 1), float("nan"), others)


def beside(xp: Namespace, x: Array, target: Array, axis: int) -> tuple[Array, Array, Array, Array, Array]:
    """x − max x; its exponentials, with the target's struck out; the target's of both; and the sum of the exponentials that are left."""
    z, e, infinite = exponentials(xp, x, axis)
    z_target, e_target = (xp.take_along_axis(part, target, axis=axis) for part in (z, e))
    e = xp.scatter(e, target, 0.0, axis)
    return z, e, z_target, e_target, limit(xp, infinite, xp.sum(e, axis=axis, keepdims=True), e_target)


def log_total(xp: Namespace, z: Array, e: Array, others: Array, total: Array) -> Array:
    """log Σ e_j, which less z_i is −log p_i: with all digits where z_i is the largest, and differentiable where another is as large."""
    top = xp.equal(z, 0)
    return xp.where(top, z + xp.log1p(others / xp.where(top, e, 1.0)), xp.log(total))


def focal_terms(xp: Namespace, gamma: float, parts: Parts) -> Focal:
    """The focal factors; numbers for γ = 0."""
    if not gamma:
        return Focal(1.0, 1.0, -1.0)
    zero = xp.equal(parts.o, 0)
    modulator = power(xp, parts.o, gamma)
    ratio = xp.where(zero, 1.0, parts.minus_log_p / xp.where(zero, 1.0, parts.o))
    p_ratio = product(xp, parts.p, ratio)
    return Focal(modulator, p_ratio, -modulator * (1 + xp.number(gamma, p_ratio.dtype) * p_ratio))


def f2_o(xp: Namespace, gamma: float, parts: Parts, focal: Focal) -> Array | float:
    """γ·o^γ·p·(2 − ρ + γ·p·ρ), so that a = v · this · z/o."""
    if not gamma:
        return 0.0
    factor = xp.number(gamma, parts.p.dtype)
    return factor * focal.modulator * (2 * parts.p - focal.p_ratio + factor * parts.p * focal.p_ratio)


def sum_of_others(xp: Namespace, axis: int, top: Array, terms: Array) -> Array:
    """Σ_{j≠i} terms_j for every i, without cancellation where term i is the largest (``top``) of the row."""
    beside_top = xp.sum(xp.where(top, 0.0, terms), axis=axis, keepdims=True)
    at_top = xp.sum(xp.where(top, terms, 0.0), axis=axis, keepdims=True)
    return xp.where(top, beside_top + (at_top - terms), (beside_top + at_top) - terms)


def dense_parts(xp: Namespace, axis: int, x: Array) -> tuple[Parts, Array]:
    """The parts at every class, and where each row's largest logits are."""
    z, e, infinite = exponentials(xp, x, axis)
    top = xp.equal(z, 0)
    others = limit(xp, infinite, sum_of_others(xp, axis, top, e), e)
    total = others + e
    minus_log_p = log_total(xp, z, e, others, total) - z
    return Parts(e, total, others, e / total, others / total, minus_log_p), top


def log_sum_exp(xp: Namespace, axis: int, x: Array) -> tuple[Array, Array]:
    """log Σ e^(x_j), of size 1 along the axis, to full accuracy also where the largest logit is near 0 and the others far below; and p."""
    z, e, _ = exponentials(xp, x, axis)
    top = xp.equal(z, 0)  # where e is exactly 1
    beside_one = xp.sum(xp.where(top, 0.0, e), axis=axis, keepdims=True) + (xp.sum(xp.where(top, e, 0.0), axis=axis, keepdims=True) - 1)
    return xp.max(x, axis=axis, keepdims=True) + xp.log1p(beside_one), e / (beside_one + 1)


def z_over_o(xp: Namespace, axis: int, parts: Parts, top: Array, h: Array) -> Array:
    """z/o = h_i less the mean of the others' h, at every class."""
    others_h = sum_of_others(xp, axis, top, parts.e * h)
    return h - others_h / xp.where(xp.equal(parts.others, 0), 1.0, parts.others)


def less_share(xp: Namespace, axis: int, parts: Parts, weight: Array, terms: Array) -> Array:
    """terms_j − p_j·Σ terms = terms_j·o_j − p_j·Σ_{i≠j} terms_i.

    Where the weight is largest, so is the term, or as good as: to be linear in h nothing may be decided by a term that has h in it.
    """
    size = xp.abs(weight)
    largest = xp.equal(size, xp.max(size, axis=axis, keepdims=True))
    return terms * parts.o - parts.p * sum_of_others(xp, axis, largest, terms)


def hessian_diagonal(xp: Namespace, axis: int, parts: Parts, top: Array, bend: Array, total: Array) -> Array:
    """Of Σ_c v_c·f(p_c), where ``bend`` is b = v·F2·o and ``total`` Σ v·F1, the derivatives of f being by log p:

    H_jj = b_j·o_j − p_j·o_j·Σ v·F1 + p_j²·Σ_{i≠j} b_i/o_i

    There is no h in it, so that one pass gives all of it.  Only at the largest logit may o vanish: elsewhere it is 1/2 or more, and there
    p_j/o_i = e_j/Σ_{k≠i} e_k ≤ 1.
    """
    aside = xp.where(top, 0.0, bend / xp.where(top, 1.0, parts.o))
    at_top = xp.where(top, bend, 0.0)
    of_aside, of_top = (xp.sum(terms, axis=axis, keepdims=True) - terms for terms in (aside, at_top))
    beside_top = xp.max(xp.where(top, parts.others, 0.0), axis=axis, keepdims=True)
    share = parts.e / xp.where(xp.equal(beside_top, 0), 1.0, beside_top)
    of_top = xp.where(top & xp.equal(of_top, 0), 0.0, share * of_top)
    return bend * parts.o - parts.p * parts.o * total + parts.p * (parts.p * of_aside + of_top)


def index_diagonal(xp: Namespace, axis: int, target: Array, parts: Parts, at: Parts, bend: Array, slope: Array) -> Array:
    """The same of one class index a row, ``bend`` and ``slope`` being v·F2·o and v·F1 at the target."""
    share = parts.e / xp.where(xp.equal(at.others, 0), 1.0, at.others)
    return xp.scatter(parts.p * (share * bend - parts.o * slope), target, at.o * (bend - at.p * slope), axis)


def parts_at(xp: Namespace, axis: int, target: Array, x: Array) -> tuple[Parts, Parts]:
    """The parts at every class, and those at the target."""
    parts, _ = dense_parts(xp, axis, x)
    return parts, Parts(*(xp.take_along_axis(part, target, axis=axis) if part is not parts.total else part for part in parts))


# --- in fewer passes ---------------------------------------------------------------------------------------------------------------
#
# exp(x) itself, not less the maximum: no rounding of x − max x is magnified, and −log p_i = log1p(Σ_{j≠i} e_j / e_i) needs no cases.  Where
# exponentials overflow, or those that vanish would count, the general form takes over.


def fast_beside(xp: Namespace, x: Array, index: Array, axis: int, out: Array | None) -> tuple[Array, Array, Array]:
    """e^x (in ``out``, if given) with one entry a row struck out; that entry; and the sum of those that are left."""
    e = xp.exp(x, out=out)
    struck = xp.take_along_axis(e, index, axis=axis)
    xp.put(e, index, 0.0, axis)
    return e, struck, xp.sum(e, axis=axis, keepdims=True)


def in_range(xp: Namespace, total: Array) -> bool:
    """Whether the exponentials of all rows are: finite, and from Σ e^x = 1/64 on, p that vanish do so below 64 × the smallest normal."""
    least, largest = xp.extent(total)
    return bool(least >= 1 / 64 and largest < float("inf"))


def fast_focal(xp: Namespace, gamma: float, p: Array, o: Array, minus_log_p: Array) -> tuple[Array, Array | None]:
    """o^γ·(−log p) and −F1 (None is 1) for γ = 0 or γ ≥ 1, with o^γ·p·ρ = o^(γ−1)·p·(−log p)."""
    if not gamma:
        return minus_log_p, None
    minus_f1 = xp.multiply_add(gamma, p, minus_log_p, o)
    if gamma == 1:
        return o * minus_log_p, minus_f1
    root = power(xp, o, gamma - 1, guarded=False)
    return root * o * minus_log_p, root * minus_f1


def multiply_over(xp: Namespace, e: Array, factor: Array, total: Array) -> None:
    """Multiply e by factor/total in place: in one pass, or in two where that quotient vanishes or overflows."""
    quotient = factor / total
    least, largest = xp.extent(xp.abs(quotient))
    if least > 1e-30 and largest < float("inf"):
        e *= quotient
    else:
        e /= total
        e *= factor
