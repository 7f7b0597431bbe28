"""Functions of one element's prediction, carried as their value and first two derivatives: what derived formulas compute with.

A :class:`Jet` is a function f of the prediction x at every element, as arrays f, f′ and f″.  A :class:`Factor` is one by f, f′/f and
(f′/f)′, which stay accurate where f underflows and bounded where a power's own derivatives are not: probabilities, their powers and
products, and whatever does not depend on x.  In products 0 beats infinity, as in :func:`~.arithmetic.product`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, log, nan
from typing import Any, NamedTuple

from ..arrays import Array, Namespace
from ..scalars import is_number
from .arithmetic import fast_logistic_terms, logistic_terms, power, product
from .expressions import Condition, Expression, divisor_in, exponent_in, number_in

Part = Array | float | None
"""An array or a number; None is 0."""


class Space(NamedTuple):
    """What jets are computed in.

    order: how many derivatives are asked for, 1 or 2.  guarded: whether a framework may differentiate through the value and the slope.
    quick: whether values may become NaN where 0 meets infinity, since they are then computed again.
    """

    xp: Namespace
    dtype: Any
    order: int
    guarded: bool = False
    quick: bool = False

    def product(self, factor: Array | float, term: Array) -> Array:
        """factor·term, in which 0 beats infinity."""
        return factor * term if self.quick else product(self.xp, factor, term)

    def logistic_terms(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """σ(x), σ(−x), and minus their logarithms."""
        return fast_logistic_terms(self.xp, x) if self.quick else logistic_terms(self.xp, x)

    def number(self, value: float) -> float:
        """A number such that arithmetic keeps all its digits."""
        found: float = self.xp.number(value, self.dtype)
        return found

    def jet(self, operand: object) -> Jet:
        """An operand of an expression; raises TypeError if it is none."""
        if isinstance(operand, Jet):
            return operand
        value = number_in(operand)
        found = Factor(self, self.number(value), complement=lambda: self.jet(1 - value))
        found.literal = value
        return found


class Jet(Expression):
    """A function of the prediction by its value and its derivatives.

    unbounded, steep: whether the value, and the derivatives, may be infinite.  complement: 1 minus the function, to full accuracy.
    literal: the number that it is, if it is one; value may be the number in a framework's graph.
    """

    __slots__ = ("_first", "_second", "complement", "literal", "space", "steep", "unbounded", "value")

    def __init__(
        self,
        space: Space,
        value: Array | float,
        first: Part = None,
        second: Part = None,
        *,
        unbounded: bool = False,
        steep: bool = False,
        complement: Callable[[], Jet] | None = None,
    ) -> None:
        self.space = space
        self.value = value
        self._first, self._second = first, second
        self.unbounded, self.steep = unbounded, steep
        self.complement = complement
        self.literal: float | None = None

    @property
    def first(self) -> Part:
        """The first derivative."""
        return self._first

    @property
    def second(self) -> Part:
        """The second derivative; None also where it was not asked for."""
        return self._second

    # --- sums ---------------------------------------------------------------------------------------------------------------------

    def __neg__(self) -> Jet:
        return Jet(
            self.space,
            -self.value,
            _negative(self.first),
            _negative(self.second),
            unbounded=self.unbounded,
            steep=self.steep,
        )

    def __add__(self, other: object) -> Jet:
        other = self.space.jet(other)
        for a, b in ((self, other), (other, self)):
            if b.literal == 0.0:
                return a
        complement: Callable[[], Jet] | None = None
        for shifted, by in ((self, other), (other, self)):
            if shifted.complement is not None and by.literal is not None:
                of_shifted = shifted.complement
                complement = lambda of=of_shifted, by=by.literal: of() - by  # noqa: E731
        return self._sum(other, self.value + other.value, complement)

    def _sum(self, other: Jet, value: Array | float, complement: Callable[[], Jet] | None = None) -> Jet:
        return Jet(
            self.space,
            value,
            _plus(self.first, other.first),
            _plus(self.second, other.second),
            unbounded=self.unbounded or other.unbounded,
            steep=self.steep or other.steep,
            complement=complement,
        )

    __radd__ = __add__

    def __sub__(self, other: object) -> Jet:
        """Of two functions whose complements are known, a − b = a·(1 − b) − b·(1 − a): all digits where either is 0 or 1.

        A number near 1 is subtracted as (1 − b) − (1 − a).
        """
        other = self.space.jet(other)
        if self.complement is not None and other.complement is not None:
            if self.literal == 1.0:
                return other.complement()
            if other.literal is not None and other.literal > 0.5:
                of_self, by = self.complement, other.literal
                found = other.complement() - of_self()
                found.complement = lambda: of_self() + by
                return found
            if self.literal is None and other.literal is None:
                return self._sum(-other, self.value * other.complement().value - other.value * self.complement().value)
        return self + (-other if other.literal is None else -other.literal)

    def __rsub__(self, other: object) -> Jet:
        return self.space.jet(other) - self

    def __abs__(self) -> Jet:
        """The derivative at 0 is 0."""
        xp, value = self.space.xp, self.value
        sign = xp.where(value < 0, -1.0, xp.where(value > 0, 1.0, xp.zeros_like(value)))
        parts = (None if part is None else sign * part for part in (self.first, self.second))
        return Jet(self.space, xp.where(value < 0, -value, value), *parts, unbounded=self.unbounded, steep=self.steep)

    # --- products -----------------------------------------------------------------------------------------------------------------

    def __mul__(self, other: object) -> Jet:
        other = self.space.jet(other)
        if isinstance(other, Factor):
            return other.times(self)
        if isinstance(self, Factor):
            return self.times(other)
        first = _plus(_times(self, "first", other, "value"), _times(self, "value", other, "first"))
        second: Part = None
        if self.space.order > 1:
            both = _times(self, "first", other, "first")
            outer = _plus(_times(self, "second", other, "value"), _times(self, "value", other, "second"))
            second = _plus(outer, None if both is None else 2 * both)
        unbounded, steep = self.unbounded or other.unbounded, self.steep or other.steep
        return Jet(self.space, _value(_times(self, "value", other, "value")), first, second, unbounded=unbounded, steep=steep)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Jet:
        if is_number(other):
            by = self.space.number(divisor_in(other))
            parts = (None if part is None else part / by for part in (self.value, self.first, self.second))
            return Jet(self.space, *map(_value, parts), unbounded=self.unbounded, steep=self.steep)
        return self * self.space.jet(other) ** -1

    def __rtruediv__(self, other: object) -> Jet:
        return self.space.jet(other) * self**-1

    def __pow__(self, exponent: object) -> Jet:
        exponent = exponent_in(exponent)
        if exponent == 1:
            return self
        if exponent == 0:
            return self.space.jet(1.0)
        space, value = self.space, self.value
        slope = self._power(exponent - 1)
        factor = space.number(exponent)
        times = space.product if exponent >= 1 else partial(product, space.xp)  # the value may be finite where the slope is not
        first = None if self.first is None else factor * times(self.first, slope)
        second: Part = None
        if space.order > 1 and self.first is not None:
            bend = product(space.xp, self.first * self.first, self._power(exponent - 2))
            second = factor * (space.number(exponent - 1) * bend)
            second = _plus(second, None if self.second is None else factor * product(space.xp, self.second, slope))
        unbounded = self.unbounded or exponent < 0
        return Jet(space, power(space.xp, value, exponent, space.guarded), first, second, unbounded=unbounded, steep=True)

    def _power(self, exponent: float) -> Array | float:
        return power(self.space.xp, self.value, exponent, self.space.guarded)

    # --- functions ----------------------------------------------------------------------------------------------------------------

    def log(self) -> Jet:
        """The logarithm; of a function whose complement is known, to full accuracy near 1."""
        xp, value = self.space.xp, self.value
        logarithm = xp.log(value)
        if self.complement is not None:
            near = value > 0.5
            rest = self.complement().value
            logarithm = xp.where(near, xp.log1p(-xp.where(near, rest, 0.0)), logarithm)
        first = None if self.first is None else xp.divide(self.first, value)
        second: Part = None
        if self.space.order > 1 and first is not None:
            second = -first * first
            second = second if self.second is None else second + self.second / value
        return Jet(self.space, logarithm, first, second, unbounded=True, steep=True)

    def exp(self) -> Jet:
        """The exponential."""
        return Factor(self.space, self.space.xp.exp(self.value), self.first, self.second, unbounded=self.unbounded)

    def sigmoid(self) -> Jet:
        """σ, whose complement and logarithm are known to full accuracy."""
        space, (x, first, second) = self.space, (self.value, self.first, self.second)
        p, q, minus_log_p, minus_log_q = space.logistic_terms(x)

        def half(of: Array, other: Array, minus_log: Array, sign: float) -> Factor:
            rate: Part = None if first is None else sign * (other if _is_one(first) else other * first)
            bend: Part = None
            if space.order > 1 and first is not None:
                bend = -p * q if _is_one(first) else -p * q * first * first
                bend = bend if second is None else bend + sign * other * second
            made = Factor(space, of, rate, bend)
            made.logarithm = lambda: Jet(space, -minus_log, rate, bend, unbounded=True, steep=self.steep)
            return made

        positive, negative = half(p, q, minus_log_p, 1.0), half(q, p, minus_log_q, -1.0)
        positive.complement, negative.complement = (lambda: negative), (lambda: positive)
        return positive

    def where(self, condition: Any, other: object) -> Jet:
        """Itself where the condition holds, the other elsewhere."""
        other = self.space.jet(other)
        xp = self.space.xp
        unbounded, steep = self.unbounded or other.unbounded, self.steep or other.steep

        def chosen(a: Part, b: Part) -> Part:
            return None if a is None and b is None else xp.where(condition, *_arrays(xp, condition, self.space.dtype, a, b))

        value = _value(chosen(*(jet.value if jet.literal is None else jet.literal for jet in (self, other))))
        if isinstance(self, Factor) and isinstance(other, Factor):
            found = Factor(self.space, value, chosen(self.rate, other.rate), chosen(self.bend, other.bend), unbounded=unbounded)
            if self.logarithm is not None or other.logarithm is not None:
                found.logarithm = lambda: self.log().where(condition, other.log())
            return found
        parts = chosen(self.first, other.first), chosen(self.second, other.second)
        return Jet(self.space, value, *parts, unbounded=unbounded, steep=steep)

    def larger(self, other: object) -> Jet:
        """The larger of both; where they are equal, itself."""
        return self._unless(lambda a, b: a < b, other, Jet.smaller)

    def smaller(self, other: object) -> Jet:
        """The smaller of both; where they are equal, itself."""
        return self._unless(lambda a, b: a > b, other, Jet.larger)

    def _unless(self, beyond: Callable[[Any, Any], Any], other: object, opposite: Callable[[Jet, Jet], Jet]) -> Jet:
        other = self.space.jet(other)
        found = other.where(beyond(self.value, other.value), self)
        if self.complement is not None and other.complement is not None:
            of_self, of_other = self.complement, other.complement
            found.complement = lambda: opposite(of_self(), of_other())
        return found

    def held(self) -> Jet:
        """The same, its derivatives left out."""
        complement = self.complement
        return Factor(
            self.space, self.value, unbounded=self.unbounded, complement=None if complement is None else lambda: complement().held()
        )

    def compared(self, name: str, other: object) -> Condition:
        """Where the comparison of this name holds."""
        value, than = self.value, self.space.jet(other).value
        xp = self.space.xp
        match name:
            case "==":
                return Condition(xp.equal(value, than), self)
            case "!=":
                return Condition(~xp.equal(value, than), self)
            case "<":
                return Condition(value < than, self)
            case "<=":
                return Condition(value <= than, self)
            case ">":
                return Condition(value > than, self)
            case _:
                return Condition(value >= than, self)


class Factor(Jet):
    """A function by its value, f′/f (``rate``) and (f′/f)′ (``bend``).  logarithm: log f, if it is known to full accuracy."""

    __slots__ = ("bend", "logarithm", "rate")

    def __init__(
        self,
        space: Space,
        value: Array | float,
        rate: Part = None,
        bend: Part = None,
        *,
        unbounded: bool = False,
        complement: Callable[[], Jet] | None = None,
    ) -> None:
        super().__init__(space, value, unbounded=unbounded, steep=unbounded, complement=complement)
        self.rate, self.bend = rate, bend
        self.logarithm: Callable[[], Jet] | None = None

    @property
    def first(self) -> Part:
        """f·(f′/f)."""
        return None if self.rate is None else self.value * self.rate

    @property
    def second(self) -> Part:
        """f·((f′/f)² + (f′/f)′)."""
        if self.rate is None or self.space.order < 2:
            return None
        square = self.rate * self.rate
        return self.value * (square if self.bend is None else square + self.bend)

    def times(self, other: Jet) -> Jet:
        """f·g, with f·(g·f′/f + g′) for its derivative."""
        unbounded = self.unbounded or other.unbounded
        if isinstance(other, Factor):
            value = _times(self, "value", other, "value")
            return Factor(self.space, _value(value), _plus(self.rate, other.rate), _plus(self.bend, other.bend), unbounded=unbounded)

        def by(factor: Part, part: Part) -> Part:
            return None if factor is None or part is None else self.space.product(factor, part)

        def of(bracket: Part) -> Part:
            return None if bracket is None else self.space.product(self.value, bracket)

        rate, value, first = self.rate, other.value, other.first
        second: Part = None
        if self.space.order > 1:
            square = None if rate is None else rate * rate
            twice = None if rate is None else 2 * rate
            second = of(_plus(_plus(by(_plus(square, self.bend), value), by(twice, first)), other.second))
        steep = unbounded or other.steep
        return Jet(self.space, _value(of(value)), of(_plus(by(rate, value), first)), second, unbounded=unbounded, steep=steep)

    def __neg__(self) -> Jet:
        return Factor(self.space, -self.value, self.rate, self.bend, unbounded=self.unbounded)

    def __pow__(self, exponent: object) -> Jet:
        exponent = exponent_in(exponent)
        if exponent == 1:
            return self
        if exponent == 0:
            return self.space.jet(1.0)
        factor = self.space.number(exponent)
        rate, bend = (None if part is None else factor * part for part in (self.rate, self.bend))
        return Factor(self.space, self._power(exponent), rate, bend, unbounded=self.unbounded or exponent < 0)

    def __truediv__(self, other: object) -> Jet:
        if is_number(other):
            by = self.space.number(divisor_in(other))
            return Factor(self.space, self.value / by, self.rate, self.bend, unbounded=self.unbounded)
        return super().__truediv__(other)

    def log(self) -> Jet:
        """The logarithm, whose derivative is the rate."""
        if self.logarithm is not None:
            return self.logarithm()
        if self.literal is not None:
            value = log(self.literal) if self.literal > 0 else -inf if self.literal == 0 else nan
            return Jet(self.space, self.space.number(value), unbounded=True)
        return Jet(self.space, super().log().value, self.rate, self.bend, unbounded=True, steep=self.steep)


def _is_one(part: Part) -> bool:
    return isinstance(part, float) and part == 1.0


def _negative(part: Part) -> Part:
    return None if part is None else -part


def _plus(a: Part, b: Part) -> Part:
    return b if a is None else a if b is None else a + b


def _value(part: Part) -> Array | float:
    return 0.0 if part is None else part


def _times(a: Jet, part_of_a: str, b: Jet, part_of_b: str) -> Part:
    """The product of two parts, value or derivative, in which 0 beats infinity where either may be infinite."""
    x, y = getattr(a, part_of_a), getattr(b, part_of_b)
    if x is None or y is None:
        return None
    x_infinite = a.unbounded if part_of_a == "value" else a.steep
    y_infinite = b.unbounded if part_of_b == "value" else b.steep
    xp = a.space.xp
    if a.space.quick or not (x_infinite or y_infinite):
        return x * y
    if not (x_infinite and y_infinite):
        return product(xp, x, y) if y_infinite else product(xp, y, x)
    return product(xp, xp.where(xp.equal(y, 0) & xp.isinf(x), 0.0, x), y)


def _arrays(xp: Namespace, like: Array, dtype: Any, *parts: Part) -> tuple[Array | float, ...]:
    """Parts as where takes them: at least one is an array."""
    found = tuple(_value(part) for part in parts)
    if not all(isinstance(part, float) for part in found):
        return found
    return xp.full_like(like, found[0], dtype=dtype), *found[1:]
