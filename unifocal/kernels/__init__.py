"""The loss core: all of the library's mathematics, as pure functions of Array API arrays."""

from __future__ import annotations

from ..protocol import Kernel
from ..spec import Spec
from .composed import normalized_dense, normalized_index, sigmoid_clipped, softmax_clipped_dense, softmax_clipped_index
from .log import log_dense, log_index
from .mixture import mixture
from .probability import sigmoid_probability, softmax_probability_dense, softmax_probability_index
from .sigmoid import sigmoid, sigmoid_hard
from .smoothed import softmax_smoothed
from .softmax import softmax_dense, softmax_index

# For soft labels that have their own p_t, and for those that mix the hard labels' losses.
_EXACT, _CLIPPED, _PROBABILITY = ((kernel, mixture(kernel)) for kernel in (sigmoid, sigmoid_clipped, sigmoid_probability))


def kernel_for(spec: Spec, index_labels: bool, hard: bool = False) -> Kernel:
    """The kernel of spec's link, on what its predictions are, for class indices or real labels, which are all 0 or 1 if ``hard``."""
    if spec.link == "sigmoid":
        if hard and spec.from_logits and not spec.clips and not spec.label_smoothing:
            return sigmoid_hard
        label, mixed = (_CLIPPED if spec.clips else _EXACT) if spec.from_logits else _PROBABILITY
        return mixed if spec.soft_labels == "mixture" else label
    if spec.link == "log":
        dense, index = log_dense, log_index
    elif spec.from_logits:
        dense, index = (softmax_clipped_dense, softmax_clipped_index) if spec.clips else (softmax_dense, softmax_index)
        if spec.smooths_indices:
            index = softmax_smoothed
    elif spec.normalized != "no":
        dense, index = normalized_dense, normalized_index
    else:
        dense, index = softmax_probability_dense, softmax_probability_index
    return index if index_labels else dense
