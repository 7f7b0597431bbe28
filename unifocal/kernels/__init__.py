"""The loss core: all of the library's mathematics, as pure functions of Array API arrays."""

from __future__ import annotations

from ..protocol import Kernel
from ..spec import Spec
from .probability import sigmoid_probability, softmax_probability_dense, softmax_probability_index
from .sigmoid import sigmoid
from .softmax import softmax_dense, softmax_index


def kernel_for(spec: Spec, index_labels: bool) -> Kernel:
    """The kernel of spec's link, on logits or probabilities, for class indices or real labels."""
    if spec.link == "sigmoid":
        return sigmoid if spec.from_logits else sigmoid_probability
    if spec.from_logits:
        return softmax_index if index_labels else softmax_dense
    return softmax_probability_index if index_labels else softmax_probability_dense
