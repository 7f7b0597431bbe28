r"""Categorical losses Σ_c w_c·f(y_c, p_c) that are given by f's expression alone, p being the softmax, or probabilities as they are.

With F1 = ∂f/∂(log p) and F2 = ∂F1/∂(log p), of which :mod:`.jets` derives (1 − p)·F1 and (1 − p)²·F2, and z = h − Σ p·h:

    slope_j  = w_j·F1_j − p_j·Σ w·F1
    second_j = a_j − p_j·Σ a − p_j·z_j·Σ w·F1,      a = w·F2·z
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from ..arrays import Array, Namespace
from .base import Categorical, Formula, Inputs, Predictions, required
from .derived import found, hold_options, in_words, weighed, with_detached
from .elements import Element, ElementOfClass, ElementOfProbability, Label
from .jets import Jet, Space
from .probability import clip_bound, clip_to
from .softmax_terms import Parts, beside, dense_parts, hessian_diagonal, index_diagonal, less_share, log_total, parts_at, z_over_o


@dataclass(frozen=True)
class Classwise(Categorical):
    """A categorical loss by the expression of one class's term.  Its options are fields: numbers, strings, booleans.

    ``of_targets_alone``: whether the term of a label 0 is 0, so that of class indices only the target's is computed.
    """

    of_targets_alone: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        hold_options(self, "axis")

    @abstractmethod
    def element(self, t: Element) -> Any:
        """The term of one class, of any label, without weights: an expression in t's parts."""

    @property
    def takes_class_weight(self) -> bool:
        """Yes: a label's own number decides its term."""
        return True

    @property
    def takes_indices(self) -> bool:
        """If terms are those of targets alone."""
        return self.of_targets_alone

    @property
    def temporaries(self) -> int:
        """More than those that are written out."""
        return 16

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """For class indices a formula that makes no labels of them."""
        along = super().for_labels(False, axis, smoothing)
        return IndexClasswise(along, axis=axis) if by_index else along  # type: ignore[arg-type]

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The expression."""
        return in_words(self, "Σ_c α_c·{}" if alpha else "Σ_c {}")

    def term(self, space: Space, parts: Parts, y: Array) -> Jet:
        """:meth:`element` in numbers."""
        return found(self, self.element(ElementOfClass(space, parts, y)))

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._value_slope(xp, x, inputs, guarded=False)

    def differentiable(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._value_slope(xp, x, inputs, guarded=True)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        parts, top = dense_parts(xp, self.axis, x)
        term, weight = self.term(Space(xp, x.dtype, 2), parts, inputs.labels), _class_weight(inputs)
        z = z_over_o(xp, self.axis, parts, top, h)
        total = xp.sum(_over(xp, parts.o, weighed(xp, x, weight, term.first)), axis=self.axis, keepdims=True)
        bend = _over(xp, parts.o, weighed(xp, x, weight, term.second))
        return less_share(xp, self.axis, parts, bend, bend * z) - parts.p * parts.o * z * total

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        return self._first_second(xp, x, inputs)[1]

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        detached = with_detached(self)
        return None if detached is None else detached._first_second(xp, x, inputs)

    def _first_second(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The slope, and the diagonal of the Hessian."""
        parts, top = dense_parts(xp, self.axis, x)
        term, weight = self.term(Space(xp, x.dtype, 2), parts, inputs.labels), _class_weight(inputs)
        g, bend = (_over(xp, parts.o, weighed(xp, x, weight, part)) for part in (term.first, term.second))
        total = xp.sum(g, axis=self.axis, keepdims=True)
        return less_share(xp, self.axis, parts, g, g), hessian_diagonal(xp, self.axis, parts, top, bend, total)

    def _value_slope(self, xp: Namespace, x: Array, inputs: Inputs, guarded: bool) -> tuple[Array, Array]:
        parts, _ = dense_parts(xp, self.axis, x)
        term, weight = self.term(Space(xp, x.dtype, 1, guarded), parts, inputs.labels), _class_weight(inputs)
        g = _over(xp, parts.o, weighed(xp, x, weight, term.first))
        return xp.sum(weighed(xp, x, weight, term.value), axis=self.axis), less_share(xp, self.axis, parts, g, g)


def _over(xp: Namespace, o: Array, part: Array) -> Array:
    """A part, which vanishes with o, over o; 0 where o is."""
    return part / xp.where(xp.equal(o, 0), 1.0, o)


def _class_weight(inputs: Inputs) -> Array | float | None:
    """w·w_c; None is 1."""
    if inputs.alpha is None or inputs.weight is None:
        return inputs.weight if inputs.alpha is None else inputs.alpha
    return inputs.alpha * inputs.weight


@dataclass(frozen=True)
class IndexClasswise(Categorical):
    """:class:`Classwise` of class indices: the target's term alone."""

    of: Classwise

    def __post_init__(self) -> None:
        super().__post_init__()
        required(self.of, "Class indices")
        if not (isinstance(self.of, Classwise) and self.of.of_targets_alone):
            raise TypeError(f"A loss of class indices is one whose terms are those of targets alone; received {self.of}.")

    @property
    def takes_any_labels(self) -> bool:
        """No."""
        return False

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """As the loss."""
        return self.of.text(alpha, pos_weight)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        target, axis = inputs.labels, self.axis
        _, e, z_target, e_target, others = beside(xp, x, target, axis)
        total = others + e_target
        parts = Parts(e, total, others, e_target / total, others / total, log_total(xp, z_target, e_target, others, total) - z_target)
        term = self.of.term(Space(xp, x.dtype, 1), parts, xp.ones_like(z_target))
        value, g = (weighed(xp, z_target, inputs.weight, part) for part in (term.value, term.first))
        return xp.squeeze(value, axis=axis), xp.scatter(e * -_over(xp, others, g), target, g, axis)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        target, axis = inputs.labels, self.axis
        parts, top = dense_parts(xp, axis, x)
        over_o = z_over_o(xp, axis, parts, top, h)
        at = Parts(*(xp.take_along_axis(part, target, axis=axis) if part is not parts.total else part for part in parts))
        z = xp.take_along_axis(over_o, target, axis=axis)
        term = self.of.term(Space(xp, x.dtype, 2), at, xp.ones_like(z))
        # Nothing is decided by what has h in it, in which the second derivative is linear.
        g, bend = (_over(xp, at.o, weighed(xp, at.p, inputs.weight, part)) for part in (term.first, term.second))
        a = bend * z
        return xp.scatter(-parts.p * (a + parts.o * over_o * g), target, at.o * (a - at.p * z * g), axis)

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        return self._first_second(self.of, xp, x, inputs)[1]

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        detached = with_detached(self.of)
        return None if detached is None else self._first_second(detached, xp, x, inputs)

    def _first_second(self, of: Classwise, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The slope, and the diagonal of the Hessian."""
        target, axis = inputs.labels, self.axis
        parts, at = parts_at(xp, axis, target, x)
        term = of.term(Space(xp, x.dtype, 2), at, xp.ones_like(at.p))
        g, bend = (_over(xp, at.o, weighed(xp, at.p, inputs.weight, part)) for part in (term.first, term.second))
        return xp.scatter(-parts.p * g, target, at.o * g, axis), index_diagonal(xp, axis, target, parts, at, bend, g)


@dataclass(frozen=True)
class OfClassProbabilities(Categorical):
    """A loss ``of`` classes by their probabilities as they are, each a variable of its own, clipped to [ε, 1 − ε] if there is an ε."""

    of: Classwise
    epsilon: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        required(self.of, "Probabilities")
        if not isinstance(self.of, Classwise):
            raise TypeError(f"A loss of classes' probabilities is one of a class's expression; received {self.of}.")
        object.__setattr__(self, "epsilon", clip_bound(self.epsilon))

    @property
    def separable(self) -> bool:
        """Yes."""
        return True

    @property
    def predictions(self) -> Predictions:
        """Probabilities."""
        return "probabilities"

    @property
    def clipped(self) -> bool:
        """With an ε."""
        return bool(self.epsilon)

    @property
    def takes_class_weight(self) -> bool:
        """As the loss."""
        return True

    @property
    def temporaries(self) -> int:
        """As the loss."""
        return self.of.temporaries

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """As the loss."""
        return self.of.text(alpha, pos_weight)

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
        return h * weighed(xp, x, _class_weight(inputs), self._term(self.of, Space(xp, x.dtype, 2), x, inputs).second)

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        return self.second(xp, x, inputs, xp.ones_like(x))

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        detached, weight = with_detached(self.of), _class_weight(inputs)
        if detached is None:
            return None
        term = self._term(detached, Space(xp, x.dtype, 2), x, inputs)
        return weighed(xp, x, weight, term.first), weighed(xp, x, weight, term.second)

    def _value_slope(self, xp: Namespace, x: Array, inputs: Inputs, guarded: bool) -> tuple[Array, Array]:
        term, weight = self._term(self.of, Space(xp, x.dtype, 1, guarded), x, inputs), _class_weight(inputs)
        return xp.sum(weighed(xp, x, weight, term.value), axis=self.axis), weighed(xp, x, weight, term.first)

    def _term(self, of: Classwise, space: Space, x: Array, inputs: Inputs) -> Jet:
        p, passes = clip_to(space.xp, self.epsilon, x)
        y = inputs.labels
        return found(of, of.element(ElementOfProbability(space, p, passes, Label(y, 1 - y))))
