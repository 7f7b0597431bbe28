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
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from ..arrays import Array, Namespace, type_name
from ..scalars import is_number
from .base import Binary, Formula, Inputs, Predictions, finite, required
from .elements import Element, ElementOfHardLabel, ElementOfLogit, ElementOfProbability, Label, WordsOfElement
from .expressions import constant
from .jets import Jet, Space
from .probability import clip_bound, clip_to


@dataclass(frozen=True)
class OfElement(Binary):
    """What gives one element of a loss, and derives all else."""

    @property
    def temporaries(self) -> int:
        """More than those that are written out."""
        return 16

    def soft_labels_text(self, alpha: bool) -> str | None:
        """The expression says it."""
        return "the label's own α_t" if alpha else None

    @abstractmethod
    def numbers(self, space: Space, x: Array, label: Label) -> Element:
        """An element in numbers."""

    @abstractmethod
    def loss(self, t: Element) -> Jet:
        """The loss of an element in numbers; raises TypeError if the expression gives none."""

    @abstractmethod
    def loss_held(self, t: Element) -> Jet | None:
        """The loss of an element whose modulators are constants; None where the expression does not say which they are."""

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._derived(Space(xp, x.dtype, 1), x, inputs)

    def differentiable(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._derived(Space(xp, x.dtype, 1, guarded=True), x, inputs)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        loss, coefficient, _ = self._loss(Space(xp, x.dtype, 2), x, inputs, self.loss)
        return h * weighed(xp, x, coefficient, loss.second)

    def fast(self, xp: Namespace, x: Array, inputs: Inputs, out: Array | None) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        return self._derived(Space(xp, x.dtype, 1, quick=True), x, inputs)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        loss, coefficient, direction = self._loss(Space(xp, x.dtype, 2), x, inputs, self.loss_held)
        if loss is None:
            return None
        slope, curvature = (weighed(xp, x, coefficient, part) for part in (loss.first, loss.second))
        return slope if direction is None else direction * slope, curvature

    def _derived(self, space: Space, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        loss, coefficient, direction = self._loss(space, x, inputs, self.loss)
        value, slope = (weighed(space.xp, x, coefficient, part, space.quick) for part in (loss.value, loss.first))
        return value, slope if direction is None else direction * slope

    def _loss(
        self, space: Space, x: Array, inputs: Inputs, of: Callable[[Element], Jet | None]
    ) -> tuple[Any, Array | float | None, Array | None]:
        """The loss of each element, what it is multiplied by, and the derivative ±1 of what it is a function of; None is 1."""
        y, negative = self.smooth(space.xp, inputs.labels)
        balance = self.coefficient(inputs._replace(weight=None), y, negative)
        t = self.numbers(space, x, Label(y, negative, balance, inputs.pos_weight))
        loss = of(t)
        return loss, inputs.weight if t.balanced else self.coefficient(inputs, y, negative), t.direction


@dataclass(frozen=True)
class Elementwise(OfElement):
    """A binary loss by the expression of one element.  Its options are fields: numbers, strings, booleans."""

    def __post_init__(self) -> None:
        super().__post_init__()
        hold_options(self, "smoothed")

    @abstractmethod
    def element(self, t: Element) -> Any:
        """The loss of one element, of any label, without weights: an expression in t's parts.

        If t.alpha_t is one of them, α balances there; otherwise it balances all.
        """

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The expression."""
        return in_words(self, "α_t·{}" if alpha else "{}", alpha)

    def numbers(self, space: Space, x: Array, label: Label) -> Element:
        """An element by its logit."""
        return ElementOfLogit(space, x, label)

    @property
    def of_hard_labels(self) -> Formula:
        """With fewer operations, unless the labels are smoothed."""
        return self if self.smoothed else OfHardLabels(self)

    def loss(self, t: Element) -> Jet:
        """:meth:`element` in numbers."""
        return found(self, self.element(t))

    def loss_held(self, t: Element) -> Jet | None:
        """Of the formula that detaches its modulators, if that is an option."""
        detached = with_detached(self)
        return None if detached is None else detached.loss(t)


_EXPLAINED = {"CE": "CE = −y·log p − (1 − y)·log(1 − p)", "p_t": "p_t = y·p + (1 − y)·(1 − p)"}


def in_words(formula: Any, form: str, alpha: bool = False) -> str:
    """A formula's expression, and what its parts are that do not go without saying.

    form: has a place for the expression, unless that has its own α.
    """
    t = WordsOfElement(alpha)
    words = formula.element(t)
    said = (said for part, said in _EXPLAINED.items() if part in str(words))
    return "; ".join([str(words) if t.balanced or form == "{}" else form.format(words.as_factor()), *said])


def hold_options(formula: Any, *others: str) -> None:
    """Hold a formula's options to the kind of their defaults: numbers, which become floats, True or False, or strings.

    Raises TypeError or ValueError where one is of another kind.  others: the fields that are no options of the expression.
    """
    for option in fields(formula):
        value, kind = getattr(formula, option.name), _kind(option.default)
        if option.name in others or (kind in (bool, Any) and isinstance(value, bool)) or (kind in (str, Any) and isinstance(value, str)):
            continue
        if kind not in (float, Any) or not is_number(value):
            wanted = {bool: "True or False", str: "a string"}.get(kind, "a number")
            raise TypeError(
                f"{option.name} must be {wanted}; received {type_name(value)}. "
                "Tensors are weights of a loss: alpha, class_weight, sample_weight or normalizer."
            )
        object.__setattr__(formula, option.name, finite(option.name, value))


def _kind(default: object) -> Any:
    """The kind of an option's values, by its default; Any without one."""
    if default is MISSING:
        return Any
    return bool if isinstance(default, bool) else str if isinstance(default, str) else float


def with_detached(formula: Any) -> Any:
    """A formula whose modulators are held constant; None if it has no option ``detach_modulator``."""
    if "detach_modulator" not in {option.name for option in fields(formula)}:
        return None
    return formula if formula.detach_modulator else replace(formula, detach_modulator=True)


def held_if(detached: bool, *modulators: Any) -> tuple[Any, ...]:
    """Modulators, held constant if they are to be detached."""
    return tuple(map(constant, modulators)) if detached else modulators


def found(formula: Formula, loss: object) -> Jet:
    """What a formula's expression gave; raises TypeError if it is no expression."""
    if not isinstance(loss, Jet):
        raise TypeError(
            f"{type(formula).__name__} must give an expression of its element's parts, such as t.p; received {type_name(loss)}."
        )
    return loss


def as_array(xp: Namespace, x: Array, part: Array | float | None) -> Array:
    """A part of a jet, where it does not depend on x too: as an array of x's shape."""
    return xp.full_like(x, 0.0 if part is None else part, dtype=x.dtype) if part is None or isinstance(part, float) else part


def weighed(xp: Namespace, x: Array, coefficient: Array | float | None, part: Array | float | None, quick: bool = False) -> Array:
    """A part times its coefficient, of x's shape; a coefficient of 0 leaves nothing of it, but NaN where x is.

    quick: as of a :class:`~.jets.Space`.
    """
    part = as_array(xp, x, part)
    if coefficient is None:
        return part
    if quick or (isinstance(coefficient, float) and coefficient):
        return coefficient * part
    if isinstance(coefficient, float):
        return xp.where(xp.equal(x, x), 0.0, part)
    return xp.where(xp.equal(coefficient, 0) & xp.equal(x, x), 0.0, coefficient * part)


@dataclass(frozen=True)
class OfHardLabels(OfElement):
    """A loss ``of`` an element whose label is 0 or 1."""

    of: Elementwise

    def __post_init__(self) -> None:
        super().__post_init__()
        required(self.of, "Hard labels")
        if not isinstance(self.of, Elementwise):
            raise TypeError(f"A loss of hard labels is one of an element's expression; received {self.of}.")
        if self.smoothed or self.of.smoothed:
            raise ValueError("Smoothed labels are not all 0 or 1: smoothed must be 0.")

    @property
    def takes_any_labels(self) -> bool:
        """No."""
        return False

    @property
    def takes_pos_weight(self) -> bool:
        """As the loss."""
        return self.of.takes_pos_weight

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """As the loss."""
        return self.of.text(alpha, pos_weight)

    def numbers(self, space: Space, x: Array, label: Label) -> Element:
        """An element by its logit and the sign of its label."""
        return ElementOfHardLabel(space, x, label)

    def loss(self, t: Element) -> Jet:
        """As the loss."""
        return self.of.loss(t)

    def loss_held(self, t: Element) -> Jet | None:
        """As the loss."""
        return self.of.loss_held(t)


@dataclass(frozen=True)
class OfProbabilities(OfElement):
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

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """As the loss."""
        return self.of.text(alpha, pos_weight)

    def clip_text(self) -> str:
        """How probabilities are clipped."""
        return f"p to [{self.epsilon:g}, 1 − {self.epsilon:g}]; no derivative outside" if self.epsilon else ""

    def numbers(self, space: Space, x: Array, label: Label) -> Element:
        """An element by its probability."""
        return ElementOfProbability(space, *clip_to(space.xp, self.epsilon, x), label)

    def loss(self, t: Element) -> Jet:
        """As the loss."""
        return self.of.loss(t)

    def loss_held(self, t: Element) -> Jet | None:
        """As the loss."""
        return self.of.loss_held(t)
