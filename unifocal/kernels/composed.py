r"""A loss of probabilities p = P(x), from the kernel of that loss and the link P: L(x) = G(P(x)).

With u = G′(p), J the derivative of P and h a direction:

    slope = Jᵀu,      second = Jᵀ(G″·Jh) + ∂(Jᵀu)/∂x·h  with u held

This is how conventions on logits are computed that clip probabilities, or renormalise given ones; the exact losses have kernels of
their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from ..protocol import Array, Inputs, Kernel, Namespace
from ..spec import Spec
from .guard import product
from .logistic import link
from .probability import clip, sigmoid_probability, softmax_probability_dense, softmax_probability_index
from .softmax import exponentials


class _Link(NamedTuple):
    """P at one x."""

    p: Array
    push: Callable[[Array], Array]  # h ↦ J·h
    pull: Callable[[Array], Array]  # u ↦ Jᵀ·u
    bend: Callable[[Array, Array], Array]  # u, h ↦ ∂(Jᵀu)/∂x·h


_Make = Callable[[Namespace, Spec, Array], _Link]


def _sigmoid(xp: Namespace, spec: Spec, x: Array) -> _Link:
    p, q, _, _ = link(xp, x)

    def scale(u: Array) -> Array:
        return product(xp, p * q, u)

    return _Link(p, scale, scale, lambda u, h: scale(u) * (q - p) * h)


def _softmax(xp: Namespace, spec: Spec, x: Array) -> _Link:
    def total(terms: Array) -> Array:
        return xp.sum(terms, axis=spec.axis, keepdims=True)

    _, e, _ = exponentials(xp, x, spec.axis)
    p = e / total(e)

    def apply(u: Array) -> Array:
        weighted = product(xp, p, u)
        return weighted - p * total(weighted)

    def bend(u: Array, h: Array) -> Array:
        along = apply(h)
        weighted = product(xp, along, u)
        return weighted - along * total(product(xp, p, u)) - p * total(weighted)

    return _Link(p, apply, apply, bend)


def _normalized(xp: Namespace, spec: Spec, x: Array) -> _Link:
    def total(terms: Array) -> Array:
        return xp.sum(terms, axis=spec.axis, keepdims=True)

    passes: Array | float = 1.0
    if spec.normalized == "clipped_first":
        x, passes = clip(xp, spec, x)
    size = total(x)
    p = x / size

    def push(h: Array) -> Array:
        h = passes * h
        return (h - p * total(h)) / size

    def pull(u: Array) -> Array:
        return passes * (u - total(product(xp, p, u))) / size

    def bend(u: Array, h: Array) -> Array:
        return -(passes * total(product(xp, push(h), u)) + pull(u) * total(passes * h)) / size

    return _Link(p, push, pull, bend)


def _inner(spec: Spec) -> Spec:
    """The spec of the loss of the link's probabilities: clipped already, perhaps."""
    return replace(spec, epsilon=None) if spec.normalized == "clipped_first" else spec


def _composed(make: _Make, of_probabilities: Kernel) -> Kernel:
    return Kernel(partial(_value_slope, make, of_probabilities), partial(_second, make, of_probabilities))


def _value_slope(make: _Make, loss: Kernel, xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    through = make(xp, spec, x)
    value, u = loss.value_slope(xp, _inner(spec), through.p, inputs)
    return value, through.pull(u)


def _second(make: _Make, loss: Kernel, xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    through = make(xp, spec, x)
    _, u = loss.value_slope(xp, _inner(spec), through.p, inputs)
    return through.pull(loss.second(xp, _inner(spec), through.p, inputs, through.push(h))) + through.bend(u, h)


sigmoid_clipped = _composed(_sigmoid, sigmoid_probability)
softmax_clipped_dense = _composed(_softmax, softmax_probability_dense)
softmax_clipped_index = _composed(_softmax, softmax_probability_index)
normalized_dense = _composed(_normalized, softmax_probability_dense)
normalized_index = _composed(_normalized, softmax_probability_index)
