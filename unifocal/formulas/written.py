"""Expressions in words: what ``explain`` prints of a formula that is an expression."""

from __future__ import annotations

from typing import Any

from ..scalars import is_number
from .expressions import Condition, Expression, divisor_in, exponent_in, number_in

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
"""How strongly what stands in an expression holds together."""
_SIGNS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}


class Written(Expression):
    """An expression's words; ``complement``: those of 1 minus it, if they are other than that."""

    __slots__ = ("binds", "complement", "words")

    def __init__(self, words: str, binds: int = _ATOM, complement: str | None = None) -> None:
        self.words = words
        self.binds = binds
        self.complement = complement

    def __str__(self) -> str:
        return self.words

    def within(self, binds: int) -> str:
        """The words as part of what holds together so strongly."""
        return self.words if self.binds >= binds else f"({self.words})"

    def as_factor(self) -> str:
        """The words after a factor."""
        return f"({self.words})" if self._is_negative else self.within(_PRODUCT)

    @property
    def _is_negative(self) -> bool:
        """Whether it is minus a product, not a sum."""
        return self.binds == _PRODUCT and self.words.startswith("−")

    def __neg__(self) -> Written:
        if self._is_negative:
            return Written(self.words[1:], _PRODUCT)
        return Written(f"−{self.within(_PRODUCT)}", _PRODUCT)

    def __add__(self, other: object) -> Written:
        return self if is_number(other) and other == 0 else _joined(self, _written(other))

    def __radd__(self, other: object) -> Written:
        return _joined(_written(other), self)

    def __sub__(self, other: object) -> Written:
        if is_number(other) and other == 0:
            return self
        return Written(f"{self.words} − {_written(other).within(_PRODUCT)}", _SUM)

    def __rsub__(self, other: object) -> Written:
        if is_number(other) and other == 1 and self.complement is not None:
            return Written(self.complement, complement=self.words)
        return _written(other) - self

    def __mul__(self, other: object) -> Written:
        other = _written(other)
        signs = (self._is_negative, other._is_negative)
        if any(signs):
            found = (-self if signs[0] else self) * (-other if signs[1] else other)
            return found if all(signs) else -found
        if "1" in (self.words, other.words):
            return other if self.words == "1" else self
        return Written(f"{self.within(_PRODUCT)}·{other.within(_PRODUCT)}", _PRODUCT)

    def __rmul__(self, other: object) -> Written:
        return _written(other) * self

    def __truediv__(self, other: object) -> Written:
        if self._is_negative:
            return -(-self / other)
        other = _written(divisor_in(other)) if is_number(other) else _written(other)
        return Written(f"{self.within(_PRODUCT)}/{other.within(_POWER)}", _PRODUCT)

    def __rtruediv__(self, other: object) -> Written:
        return _written(other) / self

    def __pow__(self, exponent: object) -> Written:
        exponent = exponent_in(exponent)
        if exponent == 0:
            return Written("1")
        return self if exponent == 1 else Written(f"{self.within(_ATOM)}^{_written(exponent).within(_ATOM)}", _POWER)

    def __abs__(self) -> Written:
        return Written(f"|{self.words}|")

    def log(self) -> Written:
        """The logarithm."""
        if self.binds == _ATOM and (self.words.startswith("(") or self.words.isalnum()):
            return Written(f"log {self.words}" if self.words.isalnum() else f"log{self.words}", _PRODUCT)
        return Written(f"log({self.words})", _PRODUCT)

    def exp(self) -> Written:
        """The exponential."""
        return Written(f"exp({self.words})")

    def sigmoid(self) -> Written:
        """σ."""
        return Written(f"σ({self.words})", complement=f"(1 − σ({self.words}))")

    def held(self) -> Written:
        """In brackets of its own: what is held constant."""
        return Written(f"[{self.words}]")

    def where(self, condition: Any, other: object) -> Written:
        """Both choices, and when which is taken."""
        if condition.negated is not None:
            return _written(other).where(condition.negated, self)
        return Written(f"({self.words} if {condition}, else {_written(other).words})")

    def larger(self, other: object) -> Written:
        """The larger of both."""
        return Written(f"max({self.words}, {_written(other).words})")

    def smaller(self, other: object) -> Written:
        """The smaller of both."""
        return Written(f"min({self.words}, {_written(other).words})")

    def compared(self, name: str, other: object) -> Condition:
        """The comparison."""
        return Condition(_Said(f"{self.words} {_SIGNS[name]} {_written(other).words}"), self)


class _Said(str):
    """A condition's words; ``negated``: what it says that does not hold, if it does."""

    negated: _Said | None = None

    def __and__(self, other: str) -> _Said:
        return _Said(f"{self} and {other}")

    def __or__(self, other: str) -> _Said:
        return _Said(f"({self} or {other})")

    def __invert__(self) -> _Said:
        if self.negated is not None:
            return self.negated
        found = _Said(f"not ({self})" if " and " in self else f"not {self}")
        found.negated = self
        return found


def _written(operand: object) -> Written:
    """An operand in words; a number with as many digits as it was given with."""
    if isinstance(operand, Written):
        return operand
    words = f"{number_in(operand):g}"
    return Written(words.replace("-", "−"), _PRODUCT if words.startswith("-") else _ATOM)


def _joined(a: Written, b: Written) -> Written:
    """A sum; of what is subtracted, a difference."""
    if b.words.startswith("−"):
        return Written(f"{a.words} − {b.words[1:]}", _SUM)
    return Written(f"{a.words} + {b.words}", _SUM)
