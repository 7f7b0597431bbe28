"""Categorical cross entropy −Σ_c v_c·x_c of log-probabilities x, which nothing holds to be normalised (negative log likelihood)."""

from __future__ import annotations

from ..protocol import Array, Inputs, Kernel, Namespace
from ..spec import Spec
from .guard import product


def _dense_value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    v = inputs.labels if inputs.weight is None else inputs.labels * inputs.weight
    return xp.sum(product(xp, v, -x), axis=spec.axis), -v * xp.ones_like(x)


def _index_value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    at_target = xp.take_along_axis(x, inputs.labels, axis=spec.axis)
    weight = xp.ones_like(at_target) if inputs.weight is None else inputs.weight * xp.ones_like(at_target)
    return xp.squeeze(product(xp, weight, -at_target), axis=spec.axis), xp.scatter(xp.zeros_like(x), inputs.labels, -weight, spec.axis)


def _second(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, h: Array) -> Array:
    return xp.zeros_like(x) * h


log_dense = Kernel(_dense_value_slope, _second)
log_index = Kernel(_index_value_slope, _second)
