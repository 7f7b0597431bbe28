"""The focal losses by what their predictions are: which formula computes a convention's loss."""

from __future__ import annotations

from typing import Literal

from .base import Formula
from .linked import Linked, Normalized, SigmoidLink, SoftmaxLink
from .probability import CategoricalProbabilityFocal, ProbabilityFocal
from .sigmoid import SigmoidFocal
from .softmax import SoftmaxFocal


def binary_focal(
    gamma: float = 0.0,
    *,
    from_logits: bool = True,
    epsilon: float | None = None,
    clip: Literal["loss", "cross_entropy"] = "loss",
    log_epsilon: float = 0.0,
    log_floor: float | None = None,
) -> Formula:
    """Binary focal loss of logits or probabilities; the other options are those of :class:`~.probability.ProbabilityFocal`."""
    _check(from_logits)
    if from_logits and not (epsilon or log_epsilon or log_floor is not None):
        return SigmoidFocal(gamma)
    of_probabilities = ProbabilityFocal(gamma, epsilon, clip, log_epsilon, log_floor)
    return Linked(SigmoidLink(), of_probabilities) if from_logits else of_probabilities


def categorical_focal(gamma: float = 0.0, *, from_logits: bool = True, epsilon: float | None = None) -> Formula:
    """Categorical focal loss of logits or probabilities, which are clipped to [ε, 1−ε] if there is an ε."""
    _check(from_logits)
    if from_logits and not epsilon:
        return SoftmaxFocal(gamma)
    of_probabilities = CategoricalProbabilityFocal(gamma, epsilon)
    return Linked(SoftmaxLink(), of_probabilities) if from_logits else of_probabilities


def normalized_focal(gamma: float = 0.0, *, epsilon: float, clipped_first: bool) -> Formula:
    """Categorical focal loss of probabilities that are divided by their sum, before or after they are clipped to [ε, 1−ε]."""
    if clipped_first:
        return Linked(Normalized(epsilon), CategoricalProbabilityFocal(gamma))
    return Linked(Normalized(), CategoricalProbabilityFocal(gamma, epsilon))


def _check(from_logits: object) -> None:
    if not isinstance(from_logits, bool):
        raise TypeError(f"from_logits must be True or False; received {type(from_logits).__name__}.")
