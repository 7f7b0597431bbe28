"""The language that a loss of one's own is written in: expressions of one element, and the functions of them.

``t.p`` and the like are expressions.  They have +, −, ·, / and powers with numbers and with each other, ``abs``, comparisons, and the
functions of this module.  What an expression is made of decides what comes of it: numbers, or words.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NoReturn

from ..arrays import type_name
from ..scalars import finite, is_number

__all__ = ["Condition", "Expression", "constant", "exp", "log", "maximum", "minimum", "sigmoid", "where"]


class _Closed:
    """What other libraries' functions do not take."""

    __slots__ = ()

    def __array_ufunc__(self, function: Any, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(_foreign(f"numpy.{function.__name__}"))

    def __array_function__(self, function: Any, *_: Any) -> NoReturn:
        raise TypeError(_foreign(f"numpy.{function.__name__}"))

    @classmethod
    def __torch_function__(cls, function: Any, *_: Any) -> NoReturn:
        raise TypeError(_foreign(f"torch's {getattr(function, '__name__', function)}"))


class Expression(_Closed, ABC):
    """A function of one element's prediction and label."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # == is a comparison of elements

    @abstractmethod
    def log(self) -> Any:
        """The logarithm."""

    @abstractmethod
    def exp(self) -> Any:
        """The exponential."""

    @abstractmethod
    def sigmoid(self) -> Any:
        """σ."""

    @abstractmethod
    def held(self) -> Any:
        """The same, which is not differentiated."""

    @abstractmethod
    def where(self, condition: Any, other: object) -> Any:
        """Itself where the condition holds, the other elsewhere."""

    @abstractmethod
    def larger(self, other: object) -> Any:
        """The larger of both."""

    @abstractmethod
    def smaller(self, other: object) -> Any:
        """The smaller of both."""

    @abstractmethod
    def compared(self, name: str, other: object) -> Condition:
        """Where the comparison of this name holds."""

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self.compared("==", other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return self.compared("!=", other)

    def __lt__(self, other: object) -> Condition:
        return self.compared("<", other)

    def __le__(self, other: object) -> Condition:
        return self.compared("<=", other)

    def __gt__(self, other: object) -> Condition:
        return self.compared(">", other)

    def __ge__(self, other: object) -> Condition:
        return self.compared(">=", other)

    # --- what leaves the language ---------------------------------------------------------------------------------------------------

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "An expression of an element is neither true nor false, but many numbers at once; choose by where(condition, a, b)."
        )

    def __float__(self) -> NoReturn:
        raise TypeError(
            "An expression of an element is no number. Functions of it are unifocal.expressions', such as log and exp, not math's."
        )

    __int__ = __index__ = __iter__ = __len__ = __float__

    def __rpow__(self, base: object) -> NoReturn:
        raise TypeError("An exponent must be a number, not a part of an element; write exp(exponent * log(base)).")


def number_in(value: object) -> float:
    """A number that stands in an expression; raises TypeError or ValueError if it is none."""
    if not is_number(value):
        raise TypeError(
            f"An expression of an element takes numbers and parts of the element, such as t.p; received {type_name(value)}. "
            "Tensors beside predictions and targets are weights: alpha, sample_weight or normalizer."
        )
    return finite("A number in an expression", value)


def divisor_in(value: object) -> float:
    """A number other than 0 that stands in an expression."""
    by = number_in(value)
    if by == 0:
        raise ValueError(f"A divisor in an expression must be other than 0; received {value}.")
    return by


def exponent_in(value: object) -> float:
    """An exponent; raises TypeError or ValueError if it is none."""
    if not is_number(value):
        raise TypeError(f"An exponent must be a number; received {type_name(value)}. Write exp(exponent * log(base)) for another.")
    return finite("An exponent", value)


def _foreign(name: str) -> str:
    return (
        f"{name} does not take expressions of an element, whose derivatives it does not know. They take numbers, each other, and the "
        "functions of unifocal.expressions, such as log, exp, where and maximum; tensors are weights of the loss."
    )


class Condition(_Closed):
    """Where a comparison holds: ``&``, ``|`` and ``~`` join conditions, :func:`where` chooses by them."""

    __slots__ = ("of", "value")

    def __init__(self, value: Any, of: Expression) -> None:
        self.value = value
        self.of = of

    def __and__(self, other: Condition) -> Condition:
        return Condition(self.value & _condition(other).value, self.of)

    def __or__(self, other: Condition) -> Condition:
        return Condition(self.value | _condition(other).value, self.of)

    def __invert__(self) -> Condition:
        return Condition(~self.value, self.of)

    def __bool__(self) -> NoReturn:
        raise TypeError("A condition of an element is many at once; choose by where(condition, a, b), and join by &, | and ~.")


def _condition(value: object) -> Condition:
    if not isinstance(value, Condition):
        raise TypeError(f"A condition must be a comparison of an element's parts, such as t.y > 0; received {type_name(value)}.")
    return value


def _expression(value: object) -> Expression:
    if not isinstance(value, Expression):
        raise TypeError(f"A function of an element takes an expression of its parts, such as t.p; received {type_name(value)}.")
    return value


def log(a: Expression) -> Any:
    """log a, exact near 1 where 1 − a is known: of probabilities, and of what is clipped or shifted of them."""
    return _expression(a).log()


def exp(a: Expression) -> Any:
    """e^a."""
    return _expression(a).exp()


def sigmoid(a: Expression) -> Any:
    """σ(a), of which 1 − σ(a) and both logarithms are known to full accuracy."""
    return _expression(a).sigmoid()


def constant(a: Expression) -> Any:
    """a, held out of the derivative, as ``detach`` and ``stop_gradient`` hold a tensor."""
    return _expression(a).held()


def where(condition: Condition, a: Expression | float, b: Expression | float) -> Any:
    """a where the condition holds, b elsewhere."""
    condition = _condition(condition)
    if isinstance(a, Expression):
        return a.where(condition.value, b)
    if isinstance(b, Expression):
        return b.where((~condition).value, a)
    return (condition.of.held() * 0.0 + a).where(condition.value, b)


def maximum(a: Expression | float, b: Expression | float) -> Any:
    """The larger of both; where they are equal, the derivative is a's."""
    return a.larger(b) if isinstance(a, Expression) else _expression(b).larger(a)


def minimum(a: Expression | float, b: Expression | float) -> Any:
    """The smaller of both; where they are equal, the derivative is a's."""
    return a.smaller(b) if isinstance(a, Expression) else _expression(b).smaller(a)
