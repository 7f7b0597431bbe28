"""The parts of which a loss's expression is made: a label and a probability, what is complementary to them, and their logarithms."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..arrays import Array
from .jets import Factor, Jet, Space
from .softmax_terms import Parts
from .written import Written


class Label(NamedTuple):
    """The label y of an element, 1 − y, α_t, and what positives' cross entropy is multiplied by; None is 1."""

    y: Array
    negative: Array
    balance: Array | float | None = None
    pos_weight: Array | float | None = None


class Element:
    """One element of a loss, in numbers or in words.

    y: the label, in [0, 1], smoothed.  p, log_p: the probability and its logarithm.  q, log_q: of 1 − p.  logit: log p − log q.
    alpha_t: y·α + (1 − y)·(1 − α).  p_t: y·p + (1 − y)·q.  log_p_t: y·log p + (1 − y)·log q, minus the cross entropy.
    """

    y: Any
    p: Any
    balanced: bool = False
    """Whether alpha_t was asked for."""
    direction: Array | None = None
    """The derivative of what jets are functions of, by the prediction; None is 1."""
    _alpha_t: Any
    _positive: Any
    """The weight of −log p in the cross entropy: y, times pos_weight."""
    _p_t: Any = None

    @property
    def alpha_t(self) -> Any:
        """y·α + (1 − y)·(1 − α); 1 if there is no α."""
        self.balanced = True
        return self._alpha_t

    @property
    def logit(self) -> Any:
        """log p − log(1 − p)."""
        return self.log_p - self.log_q

    @property
    def q(self) -> Any:
        """1 − p."""
        return 1 - self.p

    @property
    def log_p(self) -> Any:
        """Log p."""
        return self.p.log()

    @property
    def log_q(self) -> Any:
        """log(1 − p)."""
        return self.q.log()

    @property
    def p_t(self) -> Any:
        """The probability of the label."""
        if self._p_t is None:
            self._p_t = self._of_label()
        return self._p_t

    @property
    def log_p_t(self) -> Any:
        """Minus the cross entropy."""
        return self._positive * self.log_p + (1 - self.y) * self.log_q

    def _of_label(self) -> Any:
        """y·p + (1 − y)·q, which has a complement that is no difference."""
        y, p, q = self.y, self.p, self.q
        found, complement = y * p + (1 - y) * q, y * q + (1 - y) * p
        found.complement, complement.complement = (lambda: complement), (lambda: found)
        return found


class WordsOfElement(Element):
    """An element in words."""

    def __init__(self, alpha: bool) -> None:
        self.y = Written("y", complement="(1 − y)")
        self._alpha_t = Written("α_t" if alpha else "1")
        self.p = Written("p", complement="(1 − p)")

    @property
    def logit(self) -> Written:
        """The logit."""
        return Written("x")

    @property
    def log_p_t(self) -> Written:
        """Minus the cross entropy, by its name."""
        return -Written("CE")

    def _of_label(self) -> Written:
        return Written("p_t", complement="(1 − p_t)")


class ElementOfLogit(Element):
    """An element by its logit."""

    def __init__(self, space: Space, x: Array, label: Label) -> None:
        self.y, self._alpha_t, self._positive = _label(space, label)
        self.p = Jet(space, x, 1.0, unbounded=True).sigmoid()
        self._space, self._x = space, x

    @property
    def logit(self) -> Jet:
        """The logit."""
        return Jet(self._space, self._x, self._space.xp.ones_like(self._x), unbounded=True)

    def _of_label(self) -> Factor:
        """With a rate that is bounded where p_t underflows: p·q/p_t is q or p for hard labels."""
        return _either(self.p, self.q, self.y, sign=1.0)


class ElementOfHardLabel(Element):
    """An element whose label is 0 or 1, by t = (1 − 2y)·x, with 1 − p_t = σ(t): what has p_t alone needs no choice by the label."""

    def __init__(self, space: Space, x: Array, label: Label) -> None:
        self.y, self._alpha_t, self._positive = _label(space, label)
        self._space, self._x = space, x
        self._is_positive = space.xp.equal(label.y, 1)
        self._pos_weight = label.pos_weight
        self.direction = 1 - 2 * label.y
        rest = Jet(space, self.direction * x, 1.0, unbounded=True).sigmoid()
        self._p_t = 1 - rest

    @property
    def p(self) -> Any:
        """The probability: p_t or 1 − p_t."""
        return self._chosen(self.p_t, 1 - self.p_t)

    @property
    def logit(self) -> Jet:
        """The logit."""
        return Jet(self._space, self._x, self.direction, unbounded=True)

    @property
    def log_p_t(self) -> Any:
        """Minus the cross entropy."""
        found = self.p_t.log()
        return found if self._pos_weight is None else found * (self._positive + (1 - self.y))

    def _chosen(self, of_positive: Factor, of_negative: Factor) -> Any:
        found: Any = of_positive.where(self._is_positive, of_negative)
        found.logarithm = lambda: of_positive.log().where(self._is_positive, of_negative.log())
        found.complement = lambda: self._chosen(of_negative, of_positive)
        return found


def _either(p: Factor, q: Factor, y: Jet, sign: float) -> Factor:
    """y·p + (1 − y)·q, which has complements of its kind."""
    space = p.space
    xp, label, negative = space.xp, y.value, (1 - y).value
    value = label * p.value + negative * q.value
    pq = p.value * q.value
    share = xp.divide(pq, xp.where(xp.equal(value, 0), 1.0, value))
    share = xp.where(xp.equal(negative, 0), q.value, xp.where(xp.equal(label, 0), p.value, share))
    rate = sign * (label - negative) * share
    bend = None if space.order < 2 else rate * (sign * (q.value - p.value) - rate)
    return Factor(space, value, rate, bend, complement=lambda: _either(q, p, y, -sign))


class ElementOfProbability(Element):
    """An element by its probability, which has been clipped; ``passes``: the derivative of the clip."""

    def __init__(self, space: Space, p: Array, passes: Array | float, label: Label) -> None:
        self.y, self._alpha_t, self._positive = _label(space, label)
        passes = passes * space.xp.ones_like(p)
        of_p, of_q = Jet(space, p, passes), Jet(space, 1 - p, -passes)
        of_p.complement, of_q.complement = (lambda: of_q), (lambda: of_p)
        self.p = of_p


class ElementOfClass(Element):
    """A class of a softmax, by s in log p + (1 − p)·s at s = 0.

    The derivatives by log p are those by s, over 1 − p and its square.  By log p itself, powers of 1 − p have some that overflow.
    """

    def __init__(self, space: Space, parts: Parts, y: Array) -> None:
        self.y, self._alpha_t, self._positive = _label(space, Label(y, 1 - y))
        log_p = Jet(space, -parts.minus_log_p, parts.o, unbounded=True)
        p, q = Factor(space, parts.p, parts.o), Factor(space, parts.o, -parts.p, -parts.p)
        p.logarithm, p.complement, q.complement = (lambda: log_p), (lambda: q), (lambda: p)
        self.p = p


def _label(space: Space, label: Label) -> tuple[Factor, Factor, Factor]:
    """A label, its α_t and its positive weight, which no prediction changes."""
    y, other = Factor(space, label.y), Factor(space, label.negative)
    y.complement, other.complement = (lambda: other), (lambda: y)
    positive = y if label.pos_weight is None else Factor(space, label.y * label.pos_weight)
    return y, Factor(space, 1.0 if label.balance is None else label.balance), positive
