r"""The truth: losses and their derivatives in 50-digit arithmetic, derived apart from the kernels.

The kernels write derivatives out in closed form.  Here only the *definition* of each loss is written down; derivatives follow from
it by the product, sum and power rules on truncated Taylor series (:class:`Series`).  The softmax loss is taken as a function of
n_c = −log p_c alone, f(n) = (1 − e^−n)^γ · n, and the chain rule brings it to the logits.

Every derivative carries the sum of the magnitudes of the terms that the rules add up: where terms cancel (soft labels, second
derivatives) no floating-point formula can be accurate relative to the result, and this sum is the yardstick.

Numbers come in as floats and are taken exactly.  An infinite logit stands for the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

from mpmath import MPContext

Number: TypeAlias = Any
"""An mpmath number; mpmath is untyped."""

mp = MPContext()
mp.dps = 50
ONE, ZERO = mp.mpf(1), mp.mpf(0)

# Infinite logits are taken here.  e^-FAR is no trouble to mpmath (its exponents are integers), and all but linear growth has converged.
_FAR = mp.mpf(10) ** 40
_INFINITE = mp.mpf(10) ** 20


class Series(NamedTuple):
    """A function's value, first and second derivative, and for each the sum of its terms' magnitudes."""

    value: Number
    slope: Number
    second: Number
    value_terms: Number
    slope_terms: Number
    second_terms: Number

    def plus(self, other: Series) -> Series:
        """The sum of two functions."""
        return Series(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, other: Series) -> Series:
        """The product of two functions, by Leibniz' rule."""
        f, g = self, other
        return Series(
            f.value * g.value,
            f.slope * g.value + f.value * g.slope,
            f.second * g.value + 2 * f.slope * g.slope + f.value * g.second,
            f.value_terms * g.value_terms,
            f.slope_terms * g.value_terms + f.value_terms * g.slope_terms,
            f.second_terms * g.value_terms + 2 * f.slope_terms * g.slope_terms + f.value_terms * g.second_terms,
        )

    def scaled(self, factor: Number) -> Series:
        """A constant times the function."""
        size = abs(factor)
        return Series(*(factor * d for d in self[:3]), *(size * d for d in self[3:]))

    def power(self, exponent: Number) -> Series:
        """The function, positive, to a constant power ≥ 0."""
        if exponent == 0:
            return term(ONE, ZERO, ZERO)
        outer = self.value**exponent
        first = exponent * outer / self.value
        second = (exponent - 1) * first / self.value
        return Series(
            outer,
            first * self.slope,
            second * self.slope**2 + first * self.second,
            outer,
            first * self.slope_terms,
            abs(second) * self.slope_terms**2 + first * self.second_terms,
        )

    def held(self) -> Series:
        """The function where nothing is differentiated through it."""
        return Series(self.value, ZERO, ZERO, self.value_terms, ZERO, ZERO)

    def at_infinity(self) -> Series:
        """The limit at an infinite logit, from the function far out."""
        return Series(*(d if abs(d) < _INFINITE else mp.sign(d) * mp.inf for d in self))


def term(value: Number, slope: Number, second: Number) -> Series:
    """A function that is a single term."""
    return Series(value, slope, second, abs(value), abs(slope), abs(second))


def number(x: float | Number) -> Number:
    """x exactly; an infinity as the far point that stands for it."""
    exact = x if isinstance(x, mp.mpf) else mp.mpf(float(x))
    return mp.sign(exact) * _FAR if mp.isinf(exact) else exact


def smoothed(y: float, smoothing: float, classes: int = 2) -> Number:
    """The label y(1 − s) + s/classes."""
    s = number(smoothing)
    return number(y) * (1 - s) + s / classes


class Link(NamedTuple):
    """Everything a binary loss is made of, as functions of the predictions."""

    p: Series
    q: Series
    minus_log_p: Series
    minus_log_q: Series


@cache
def logistic(x: float) -> Link:
    """p = σ(x), as a function of x."""
    exact = number(x)
    p, q = 1 / (1 + mp.exp(-exact)), 1 / (1 + mp.exp(exact))
    pq = p * q
    return Link(
        term(p, pq, pq * (q - p)),
        term(q, -pq, pq * (p - q)),
        term(mp.log1p(mp.exp(-exact)), -q, pq),
        term(mp.log1p(mp.exp(exact)), p, pq),
    )


@cache
def identity(p: float) -> Link:
    """The probability itself."""
    exact = number(p)
    q = 1 - exact
    return Link(
        term(exact, ONE, ZERO),
        term(q, -ONE, ZERO),
        term(-mp.log(exact), -1 / exact, 1 / exact**2),
        term(-mp.log1p(-exact), 1 / q, 1 / q**2),
    )


@cache
def _binary(link: Callable[[float], Link], x: float, y: Number, gamma: float, pos_weight: float) -> Series:
    """(1 − p_t)^γ · CE in family A."""
    p, q, minus_log_p, minus_log_q = link(x)
    cross_entropy = minus_log_p.scaled(y * number(pos_weight)).plus(minus_log_q.scaled(1 - y))
    # 1 − p_t is one quantity, linear in p; its terms are not counted apart.
    one_minus_pt = term(*(y * b + (1 - y) * a for a, b in zip(p[:3], q[:3], strict=True)))
    return cross_entropy if gamma == 0 else one_minus_pt.power(number(gamma)).times(cross_entropy)


def _balanced(loss: Series, y: Number, alpha: float | None) -> Series:
    return loss if alpha is None else loss.scaled(y * number(alpha) + (1 - y) * (1 - number(alpha)))


def sigmoid(x: float, y: float | Number, gamma: float, alpha: float | None = None, pos_weight: float = 1.0) -> Series:
    """Binary focal loss of the logit x (may be infinite), as a function of x."""
    label = number(y)
    return _balanced(_binary(logistic, float(x), label, gamma, pos_weight), label, alpha).at_infinity()


def sigmoid_probability(
    p: float,
    y: float | Number,
    gamma: float,
    alpha: float | None = None,
    pos_weight: float = 1.0,
    clip: tuple[float, float] | None = None,
) -> Series:
    """Binary focal loss of the probability p, as a function of p; clip: the bounds (ε, 1 − ε) as the compute dtype has them."""
    label = number(y)
    return clipped(lambda seen: _balanced(_binary(identity, seen, label, gamma, pos_weight), label, alpha), p, clip)


def clipped(loss: Callable[[float], Series], p: float, clip: tuple[float, float] | None) -> Series:
    """A loss of the probability p, which is clipped to these bounds if there are any, as a function of p."""
    seen = float(p)
    if clip is not None:
        seen = min(max(seen, clip[0]), clip[1])
    if not 0 < seen < 1:
        raise ValueError(f"p must be inside (0, 1), where the loss is finite; received {p}.")
    found = loss(seen)
    return found if seen == p else found._replace(slope=ZERO, second=ZERO)


class Row(NamedTuple):
    """A categorical loss's value (and its terms' magnitude), and per class slope and Hessian-vector product."""

    value: Number
    slope: list[Number]
    second: list[Number]
    value_terms: Number
    slope_terms: list[Number]
    second_terms: list[Number]


def _others(terms: Sequence[Number]) -> list[Number]:
    """For each i the sum of the terms at j ≠ i; without subtraction, so e^-1000 beside 1 is not lost."""
    before = [ZERO, *accumulate(terms)][:-1]
    after = [ZERO, *accumulate(reversed(terms))][-2::-1]
    return [a + b for a, b in zip(before, after, strict=True)]


Term: TypeAlias = Callable[[Number, Number, Number], Series]
"""A class's term of a categorical loss, of p, 1 − p and n = −log p, as a function of n."""


@cache
def _softmax(x: tuple[float, ...]) -> tuple[list[Number], list[Number], list[Number]]:
    """p, 1 − p and −log p of every class."""
    logits = [number(z) for z in x]
    top = max(logits)
    e = [mp.exp(z - top) for z in logits]
    others, total = _others(e), mp.fsum(e)
    return [a / total for a in e], [o / total for o in others], [mp.log1p(o / a) for o, a in zip(others, e, strict=True)]


def _focal(p: Number, o: Number, n: Number, gamma: float) -> Series:
    """f(n) = (1 − e^−n)^γ · n as a function of n = −log p."""
    if gamma == 0:
        return term(n, ONE, ZERO)
    return term(o, p, -p).power(number(gamma)).times(term(n, ONE, ZERO))


def softmax(x: Sequence[float], v: Sequence[Number], gamma: float, h: Sequence[float] | None = None) -> Row:
    """Σ_c v_c·(1 − p_c)^γ·(−log p_c) of one row of logits; its Hessian is multiplied by h."""
    return classwise(x, v, lambda p, o, n: _focal(p, o, n, gamma), h)


def classwise(x: Sequence[float], v: Sequence[Number], of: Term, h: Sequence[float] | None = None) -> Row:
    """Σ_c v_c·f(n_c) of one row of logits, f(0) = 0; its Hessian is multiplied by h.

    With n_c = −log p_c: ∂n_c/∂x_j = p_j − δ_cj, and along h: dn_c = m − h_c, dp_j = p_j·(h_j − m), where m = Σ p·h.
    """
    classes = range(len(x))
    p, o, n = _softmax(tuple(map(float, x)))
    nothing = term(ZERO, ZERO, ZERO)
    # A single class has n = 0 and no gradient.
    f = [of(p[c], o[c], n[c]).scaled(number(v[c])) if v[c] and n[c] else nothing for c in classes]

    def chained(outer: Sequence[Number], sign: int) -> list[Number]:
        """Σ_c outer_c·∂n_c/∂x_j, the term of c = j with this sign."""
        return [p[j] * rest + sign * o[j] * outer[j] for j, rest in zip(classes, _others(outer), strict=True)]

    slope = chained([s.slope for s in f], -1)
    slope_terms = chained([s.slope_terms for s in f], +1)
    second = second_terms = [ZERO] * len(x)
    if h is not None:
        along = [number(k) for k in h]
        # m − h_c = Σ_{k≠c} p_k·(h_k − h_c), and 1 − p_c = Σ_{k≠c} p_k.
        dn = [a - o[c] * along[c] for c, a in zip(classes, _others([p[k] * along[k] for k in classes]), strict=True)]
        dn_terms = [a + o[c] * abs(along[c]) for c, a in zip(classes, _others([p[k] * abs(along[k]) for k in classes]), strict=True)]
        total, total_terms = mp.fsum(s.slope for s in f), mp.fsum(s.slope_terms for s in f)
        second = [a - p[j] * dn[j] * total for j, a in enumerate(chained([s.second * d for s, d in zip(f, dn, strict=True)], -1))]
        curvature = chained([s.second_terms * d for s, d in zip(f, dn_terms, strict=True)], +1)
        second_terms = [a + p[j] * dn_terms[j] * total_terms for j, a in enumerate(curvature)]

    value, value_terms = mp.fsum(s.value for s in f), mp.fsum(s.value_terms for s in f)
    if any(mp.isinf(z) for z in x):
        value, value_terms = (a if a < _INFINITE else mp.inf for a in (value, value_terms))
    return Row(value, slope, second, value_terms, slope_terms, second_terms)


def with_z_loss(x: Sequence[float], v: Sequence[Number], z_loss: float, h: Sequence[float] | None = None) -> Row:
    """Cross entropy and Σ_c v_c·λ·l² of one row of logits, l = log Σ e^x_j; its Hessian is multiplied by h.

    ∂l/∂x_j = p_j, and along h: dl = Σ p·h, dp_j = p_j·(h_j − dl).  The terms of l are the largest logit and what the others add to it.
    """
    p, o, n = _softmax(tuple(map(float, x)))
    plain = softmax(x, v, 0.0, h)
    # l = x_c − log p_c, of whichever class; of the likeliest nothing cancels but what is in l itself.
    top = max(range(len(x)), key=p.__getitem__)
    log_sum, log_terms = number(x[top]) + n[top], abs(number(x[top])) + n[top]
    factor = 2 * mp.fsum(number(c) for c in v) * number(z_loss)
    along = [number(k) for k in h or [0.0] * len(p)]
    dl, dl_terms = (mp.fsum(a * size(k) for a, k in zip(p, along, strict=True)) for size in (mp.mpf, abs))
    dp = [a * (b * k - c) for a, b, k, c in zip(p, o, along, _others([a * k for a, k in zip(p, along, strict=True)]), strict=True)]
    dp_terms = [
        a * (b * abs(k) + c) for a, b, k, c in zip(p, o, along, _others([a * abs(k) for a, k in zip(p, along, strict=True)]), strict=True)
    ]
    own = Row(
        factor * log_sum**2 / 2,
        [factor * log_sum * a for a in p],
        [factor * (dl * a + log_sum * b) for a, b in zip(p, dp, strict=True)],
        factor * log_terms**2 / 2,
        [factor * log_terms * a for a in p],
        [factor * (dl_terms * a + log_terms * b) for a, b in zip(p, dp_terms, strict=True)],
    )

    def total(a: Any, b: Any) -> Any:
        if isinstance(a, list):
            return [total(c, d) for c, d in zip(a, b, strict=True)]
        return a + b if abs(a + b) < _INFINITE else mp.sign(a + b) * mp.inf

    return Row(*(total(a, b) for a, b in zip(plain, own, strict=True)))


def softmax_probability(
    p: Sequence[float], v: Sequence[Number], gamma: float, h: Sequence[float] | None = None, clip: tuple[float, float] | None = None
) -> Row:
    """Σ_c v_c·(1 − p_c)^γ·(−log p_c) of one row of probabilities, each p_c a variable of its own."""
    return of_probabilities(p, v, lambda a: sigmoid_probability(a, ONE, gamma, clip=clip), h)


def of_probabilities(p: Sequence[float], v: Sequence[Number], of: Callable[[float], Series], h: Sequence[float] | None = None) -> Row:
    """Σ_c v_c·f(p_c) of one row of probabilities, each p_c a variable of its own; v_c = 0 leaves nothing of a term."""
    terms = [of(a).scaled(number(b)) if b else term(ZERO, ZERO, ZERO) for a, b in zip(p, v, strict=True)]
    along = [ONE] * len(p) if h is None else [number(k) for k in h]
    return Row(
        mp.fsum(s.value for s in terms),
        [s.slope for s in terms],
        [k * s.second for s, k in zip(terms, along, strict=True)],
        mp.fsum(s.value_terms for s in terms),
        [s.slope_terms for s in terms],
        [abs(k) * s.second_terms for s, k in zip(terms, along, strict=True)],
    )
