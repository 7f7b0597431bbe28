r"""Cross entropy of one class index t a row, its label smoothed, without the labels: (1−s)·(−log p_t) + s/C·Σ_j −log p_j.

    slope_j = p_j − s/C,   slope_t = p_t·(s − s/C) − (1 − p_t)·(1 − s + s/C)

The second derivative is that of the hard label: the labels of a row add up to 1 in both.
"""

from __future__ import annotations

from ..protocol import Array, Inputs, Kernel, Namespace
from ..spec import Spec
from .fused import subtract
from .guard import product
from .softmax import beside, fast_beside, in_range, log_total, softmax_index


def _labels(xp: Namespace, spec: Spec, x: Array) -> tuple[float, float, float]:
    """The label of the target, that of any other class, and the sum of all others'."""
    classes = x.shape[spec.axis]
    share = spec.label_smoothing / classes
    own, each, others = (xp.number(n, x.dtype) for n in (1 - spec.label_smoothing + share, share, spec.label_smoothing - share))
    return own, each, others


def _value_slope(xp: Namespace, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    axis, target, weight = spec.axis, inputs.labels, 1.0 if inputs.weight is None else inputs.weight
    own_label, label, other_labels = _labels(xp, spec, x)
    z, e, z_target, e_target, others = beside(xp, x, target, axis)
    total = others + e_target
    # −log p_j = log Σ e − z_j, and every term is ≥ 0.
    below = xp.sum(xp.scatter(-label * z, target, 0.0, axis), axis=axis, keepdims=True)
    value = product(xp, weight, log_total(xp, z_target, e_target, others, total) - own_label * z_target + below)
    slope = weight * (e / total - label)
    own_slope = weight * (e_target / total * other_labels - others / total * own_label)
    return xp.squeeze(value, axis=axis), xp.scatter(slope, target, own_slope, axis)


def _fast(xp: Namespace, spec: Spec, x: Array, inputs: Inputs, out: Array | None = None) -> tuple[Array, Array]:
    """In fewer passes, as :mod:`.softmax` has it, with −log p_j = −log p_t + (x_t − x_j).

    Where −log p_t is large, that costs a factor of (1+s)/(1−s) in accuracy: 3 at s = 1/2, from where on the general form computes.
    """
    axis, target, weight = spec.axis, inputs.labels, inputs.weight
    own_label, label, other_labels = _labels(xp, spec, x)
    e, e_target, others = fast_beside(xp, x, target, axis, out)
    total = others + e_target
    if spec.label_smoothing > 0.5 or not in_range(xp, total):
        return _value_slope(xp, spec, x, inputs)
    above = xp.sum(xp.take_along_axis(x, target, axis=axis) - x, axis=axis, keepdims=True)
    value = xp.log1p(others / e_target) + label * above
    own_slope = e_target / total * other_labels - others / total * own_label
    e /= total
    if weight is not None:
        value, own_slope, label = weight * value, weight * own_slope, weight * label
        e *= weight
    slope = subtract(xp, e, label, e)
    xp.put(slope, target, own_slope, axis)
    return xp.squeeze(value, axis=axis), slope


softmax_smoothed = Kernel(_value_slope, softmax_index.second, _fast)
