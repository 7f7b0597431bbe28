"""Soft labels as mixtures, y·L(1) + (1 − y)·L(0): the soft-label family in which each of the two terms keeps its own modulator and α."""

from __future__ import annotations

from dataclasses import replace

from ..protocol import Array, Inputs, Kernel, Namespace
from ..spec import Spec
from .guard import binary_labels, product


def mixture(kernel: Kernel) -> Kernel:
    """A binary kernel, with soft labels that mix the losses of the hard ones."""

    def value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        shares = binary_labels(xp, spec, inputs.labels)
        parts = [kernel.differentiable(xp, hard, x, case) for hard, case in _cases(xp, spec, inputs)]
        value, slope = (
            product(xp, shares[0], positive) + product(xp, shares[1], negative) for positive, negative in zip(*parts, strict=True)
        )
        return value, slope

    def second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
        shares = binary_labels(xp, spec, inputs.labels)
        positive, negative = (kernel.second(xp, hard, x, case, h) for hard, case in _cases(xp, spec, inputs))
        return product(xp, shares[0], positive) + product(xp, shares[1], negative)

    return Kernel(value_slope, second)


def _cases(xp: Namespace, spec: Spec, inputs: Inputs) -> list[tuple[Spec, Inputs]]:
    hard = replace(spec, label_smoothing=0.0)
    return [(hard, inputs._replace(labels=labels)) for labels in (xp.ones_like(inputs.labels), xp.zeros_like(inputs.labels))]
