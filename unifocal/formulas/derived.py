r"""Losses that are given by their value's expression alone: slope and second derivative are derived.

    @dataclass(frozen=True)
    class QualityFocal(Elementwise):
        beta: float = 2.0

        def element(self, t):
            return -abs(t.y - t.p) ** self.beta * t.log_p_t

:mod:`.jets` carries value, first and second derivative of each part through the expression.  Of logits the parts' derivatives are known
in closed form (p′ = p·q, (log p)′ = q, (log q)′ = −p), so that nothing is lost where they underflow.  Of categorical losses Σ_c f(y_c, p_c)
the derivatives are with respect to log p_c, and go through the softmax's Jacobian as :mod:`.softmax`'s do.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import Any

from ..arrays import Array, Namespace, type_name
from ..scalars import is_number
from .base import _BASES, Binary, Formula, Inputs, Predictions, finite, required
from .elements import Element, ElementOfLogit, ElementOfProbability, WordsOfElement
from .jets import Jet, Space
from .probability import clip_bound, clip_to


@dataclass(frozen=True)
class Elementwise(Binary):
    """A binary loss by the expression of one element.  Its options are fields: numbers, strings, booleans."""

    @abstractmethod
    def element(self, t: Element) -> Any:
        """The loss of one element, of any label, without α and weights: an expression in t's parts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        hold_options(self, "smoothed")

    @property
    def temporaries(self) -> int:
        """More than those that are written out."""
        return 16

    def soft_labels_text(self, alpha: bool) -> str | None:
        """The expression says it."""
        return "the label's own α_t" if alpha else None

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The expression."""
        return in_words(self, "α_t·({})" if alpha else "{}")

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._value_slope(xp, x, inputs, guarded=False)

    def differentiable(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._value_slope(xp, x, inputs, guarded=True)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        y, negative = self.smooth(xp, inputs.labels)
        loss = self.of_element(ElementOfLogit(Space(xp, x.dtype, 2), x, y, negative))
        return h * weighed(xp, x, self.coefficient(inputs, y, negative), loss.second)

    def of_element(self, t: Element) -> Jet:
        """:meth:`element` in numbers; raises TypeError if it is none."""
        return found(self, self.element(t))

    def _value_slope(self, xp: Namespace, x: Array, inputs: Inputs, guarded: bool) -> tuple[Array, Array]:
        y, negative = self.smooth(xp, inputs.labels)
        loss = self.of_element(ElementOfLogit(Space(xp, x.dtype, 1, guarded), x, y, negative))
        coefficient = self.coefficient(inputs, y, negative)
        return weighed(xp, x, coefficient, loss.value), weighed(xp, x, coefficient, loss.first)


_EXPLAINED = {"CE": "CE = −y·log p − (1 − y)·log(1 − p)", "p_t": "p_t = y·p + (1 − y)·(1 − p)"}


def in_words(formula: Any, form: str) -> str:
    """A formula's expression in a form with one place, and what its parts are that do not go without saying."""
    words = str(formula.element(WordsOfElement()))
    return "; ".join([form.format(words), *(said for part, said in _EXPLAINED.items() if part in words)])


def hold_options(formula: Any, *others: str) -> None:
    """Hold a formula's options to what an expression takes: numbers, which become floats, strings and booleans.

    Raises TypeError or ValueError where one is none.  others: the fields that are no options of the expression.
    """
    for option in fields(formula):
        value = getattr(formula, option.name)
        if option.name in others or isinstance(value, bool | str):
            continue
        if not is_number(value):
            raise TypeError(
                f"{option.name} must be a number, a string or True or False; received {type_name(value)}. "
                "Tensors are weights of a loss: alpha, class_weight, sample_weight or normalizer."
            )
        object.__setattr__(formula, option.name, finite(option.name, value))


def found(formula: Formula, loss: object) -> Jet:
    """What a formula's expression gave; raises TypeError if it is no expression."""
    if not isinstance(loss, Jet):
        raise TypeError(
            f"{type(formula).__name__} must give an expression of its element's parts, such as t.p; received {type_name(loss)}."
        )
    return loss


def as_array(xp: Namespace, x: Array, part: Array | float | None) -> Array:
    """A part of a jet, where it does not depend on x too: as an array of x's shape."""
    return xp.full_like(x, 0.0 if part is None else part) if part is None or isinstance(part, float) else part


def weighed(xp: Namespace, x: Array, coefficient: Array | float | None, part: Array | float | None) -> Array:
    """A part times its coefficient, of x's shape; a coefficient of 0 leaves nothing of it, but NaN where x is."""
    part = as_array(xp, x, part)
    if coefficient is None:
        return part
    if isinstance(coefficient, float):
        return coefficient * part if coefficient else xp.where(xp.equal(x, x), 0.0, part)
    return xp.where(xp.equal(coefficient, 0) & xp.equal(x, x), 0.0, coefficient * part)


@dataclass(frozen=True)
class OfProbabilities(Binary):
    """A loss ``of`` an element, by its probability, which is clipped to [ε, 1 − ε] if there is an ε."""

    of: Elementwise
    epsilon: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        required(self.of, "Probabilities")
        if not isinstance(self.of, Elementwise):
            raise TypeError(f"A loss of probabilities is one of an element's expression; received {self.of}.")
        object.__setattr__(self, "epsilon", clip_bound(self.epsilon))

    @property
    def predictions(self) -> Predictions:
        """Probabilities."""
        return "probabilities"

    @property
    def clipped(self) -> bool:
        """With an ε."""
        return bool(self.epsilon)

    @property
    def temporaries(self) -> int:
        """As the loss."""
        return self.of.temporaries

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """As the loss."""
        return self.of.text(alpha, pos_weight)

    def soft_labels_text(self, alpha: bool) -> str | None:
        """As the loss."""
        return self.of.soft_labels_text(alpha)

    def clip_text(self) -> str:
        """How probabilities are clipped."""
        return f"p to [{self.epsilon:g}, 1 − {self.epsilon:g}]; no derivative outside" if self.epsilon else ""

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._value_slope(xp, x, inputs, guarded=False)

    def differentiable(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._value_slope(xp, x, inputs, guarded=True)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        loss, coefficient = self._loss(xp, x, inputs, order=2, guarded=False)
        return h * weighed(xp, x, coefficient, loss.second)

    def _value_slope(self, xp: Namespace, x: Array, inputs: Inputs, guarded: bool) -> tuple[Array, Array]:
        loss, coefficient = self._loss(xp, x, inputs, 1, guarded)
        return weighed(xp, x, coefficient, loss.value), weighed(xp, x, coefficient, loss.first)

    def _loss(self, xp: Namespace, x: Array, inputs: Inputs, order: int, guarded: bool) -> tuple[Jet, Array | float | None]:
        y, negative = self.smooth(xp, inputs.labels)
        p, passes = clip_to(xp, self.epsilon, x)
        loss = self.of.of_element(ElementOfProbability(Space(xp, x.dtype, order, guarded), p, passes, y, negative))
        return loss, self.coefficient(inputs, y, negative)


_BASES.append(Elementwise)
