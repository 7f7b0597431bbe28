r"""A loss of probabilities p = P(x), from the formula of that loss and the link P: L(x) = G(P(x)).

With u = G′(p), J the derivative of P and h a direction:

    slope = Jᵀu,      second = Jᵀ(G″·Jh) + ∂(Jᵀu)/∂x·h  with u held

This is how conventions on logits are computed that clip probabilities, or renormalise given ones; the exact losses have formulas of their
own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from ..arrays import Array, Namespace
from .arithmetic import logistic_terms, product
from .base import Formula, Inputs, Predictions, negative_axis, required
from .probability import clip_bound, clip_to
from .softmax_terms import exponentials, sum_of_others


class _At(NamedTuple):
    """P at one x."""

    p: Array
    jvp: Callable[[Array], Array]  # h ↦ J·h
    vjp: Callable[[Array], Array]  # u ↦ Jᵀ·u
    vjp_along: Callable[[Array, Array], Array]  # u, h ↦ ∂(Jᵀu)/∂x·h
    diagonal: Callable[[Array, Array], Array]  # u, d ↦ the diagonal of Jᵀ·diag(d)·J + ∂(Jᵀu)/∂x


@dataclass(frozen=True)
class Link(ABC):
    """How numbers become probabilities."""

    @abstractmethod
    def at(self, xp: Namespace, x: Array) -> _At:
        """P at x."""

    def along(self, axis: int) -> Self:
        """The link with its classes along the axis."""
        return self


@dataclass(frozen=True)
class SigmoidLink(Link):
    """σ of logits."""

    def at(self, xp: Namespace, x: Array) -> _At:
        """P at x."""
        p, q, _, _ = logistic_terms(xp, x)

        def scale(u: Array) -> Array:
            return product(xp, p * q, u)

        return _At(p, scale, scale, lambda u, h: scale(u) * (q - p) * h, lambda u, d: scale(scale(d)) + scale(u) * (q - p))


@dataclass(frozen=True)
class _OfRows(Link):
    """Probabilities of each class from all of a row, along ``axis``."""

    axis: int = field(default=-1, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axis", negative_axis(self.axis))

    def along(self, axis: int) -> Self:
        """The link with its classes along the axis."""
        return self if axis == self.axis else replace(self, axis=axis)


@dataclass(frozen=True)
class SoftmaxLink(_OfRows):
    """The softmax of logits."""

    def at(self, xp: Namespace, x: Array) -> _At:
        """P at x."""

        def total(terms: Array) -> Array:
            return xp.sum(terms, axis=self.axis, keepdims=True)

        z, e, _ = exponentials(xp, x, self.axis)
        p = e / total(e)

        def apply(u: Array) -> Array:
            weighted = product(xp, p, u)
            return weighted - p * total(weighted)

        def vjp_along(u: Array, h: Array) -> Array:
            along = apply(h)
            weighted = product(xp, along, u)
            return weighted - along * total(product(xp, p, u)) - p * total(weighted)

        def diagonal(u: Array, d: Array) -> Array:
            o = sum_of_others(xp, self.axis, xp.equal(z, 0), e) / total(e)
            weighted = product(xp, p, product(xp, p, d))
            return o * o * weighted + p * p * _others(xp, self.axis, weighted) + (o - p) * apply(u)

        return _At(p, apply, apply, vjp_along, diagonal)


@dataclass(frozen=True)
class Normalized(_OfRows):
    """Probabilities divided by their sum over the classes, if there is an ε after they were clipped to [ε, 1−ε]."""

    epsilon: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "epsilon", clip_bound(self.epsilon))

    def at(self, xp: Namespace, x: Array) -> _At:
        """P at x."""

        def total(terms: Array) -> Array:
            return xp.sum(terms, axis=self.axis, keepdims=True)

        passes: Array | float = 1.0
        if self.epsilon:
            x, passes = clip_to(xp, self.epsilon, x)
        size = total(x)
        p = x / size

        def jvp(h: Array) -> Array:
            h = passes * h
            return (h - p * total(h)) / size

        def vjp(u: Array) -> Array:
            return passes * (u - total(product(xp, p, u))) / size

        def vjp_along(u: Array, h: Array) -> Array:
            return -(passes * total(product(xp, jvp(h), u)) + vjp(u) * total(passes * h)) / size

        def diagonal(u: Array, d: Array) -> Array:
            o = _others(xp, self.axis, x) / size
            own = product(xp, o * o, d) - 2 * product(xp, o, u)
            others = _others(xp, self.axis, product(xp, p, product(xp, p, d)) + 2 * product(xp, p, u))
            return passes * (own + others) / (size * size)

        return _At(p, jvp, vjp, vjp_along, diagonal)


def _others(xp: Namespace, axis: int, terms: Array) -> Array:
    """Σ_{j≠i} terms_j for every i."""
    size = xp.abs(terms)
    return sum_of_others(xp, axis, xp.equal(size, xp.max(size, axis=axis, keepdims=True)), terms)


@dataclass(frozen=True)
class Linked(Formula):
    """A formula ``of`` probabilities, of what a link makes of the predictions."""

    link: Link
    of: Formula

    def __post_init__(self) -> None:
        if not isinstance(self.link, Link):
            raise TypeError(f"A linked formula requires a link, such as SigmoidLink(); received {self.link!r}.")
        required(self.of, "A link")
        if self.of.predictions != "probabilities" or self.of.categorical != (not isinstance(self.link, SigmoidLink)):
            kind = "binary" if isinstance(self.link, SigmoidLink) else "categorical"
            raise TypeError(f"{self.link} requires a {kind} formula of probabilities; received {self.of}.")

    @property
    def dropped_axis(self) -> int | None:
        """As the formula."""
        return self.of.dropped_axis

    @property
    def predictions(self) -> Predictions:
        """What the link takes."""
        return "unnormalized" if isinstance(self.link, Normalized) else "logits"

    @property
    def clipped(self) -> bool:
        """Whether any of the two clips."""
        return self.of.clipped or bool(isinstance(self.link, Normalized) and self.link.epsilon)

    @property
    def takes_any_labels(self) -> bool:
        """As the formula."""
        return self.of.takes_any_labels

    @property
    def takes_indices(self) -> bool:
        """As the formula."""
        return self.of.takes_indices

    @property
    def smooths_indices(self) -> bool:
        """As the formula."""
        return self.of.smooths_indices

    @property
    def takes_pos_weight(self) -> bool:
        """As the formula."""
        return self.of.takes_pos_weight

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """The formula's own, linked."""
        link, of = self.link.along(axis), self.of.for_labels(by_index, axis, smoothing)
        return self if link is self.link and of is self.of else Linked(link, of)

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """As the formula."""
        return self.of.text(alpha, pos_weight)

    def predictions_text(self, axis: int) -> str:
        """What predictions are, and how they become probabilities."""
        if not isinstance(self.link, Normalized):
            return super().predictions_text(axis)
        if self.link.epsilon:
            return "probabilities p, clipped, then divided by their sum"
        return "probabilities p, divided by their sum, then clipped"

    def soft_labels_text(self, alpha: bool) -> str | None:
        """As the formula."""
        return self.of.soft_labels_text(alpha)

    def clip_text(self) -> str:
        """What clips."""
        epsilon = self.link.epsilon if isinstance(self.link, Normalized) else None
        return f"p to [{epsilon:g}, 1 − {epsilon:g}]; no derivative outside" if epsilon else self.of.clip_text()

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        linked = self.link.at(xp, x)
        value, u = self.of.value_slope(xp, linked.p, inputs)
        return value, linked.vjp(u)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        linked = self.link.at(xp, x)
        _, u = self.of.value_slope(xp, linked.p, inputs)
        return linked.vjp(self.of.second(xp, linked.p, inputs, linked.jvp(h))) + linked.vjp_along(u, h)

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array | None:
        """See :class:`~.base.Formula`.  There is none of a formula whose own Hessian is not diagonal."""
        linked = self.link.at(xp, x)
        d = self.of.curvature(xp, linked.p, inputs) if self.of.separable else None
        return None if d is None else linked.diagonal(self.of.value_slope(xp, linked.p, inputs)[1], d)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        linked = self.link.at(xp, x)
        held = self.of.held(xp, linked.p, inputs) if self.of.separable else None
        return None if held is None else (linked.vjp(held[0]), linked.diagonal(*held))
