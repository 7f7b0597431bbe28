"""The focal losses by what their predictions are: which formula computes a convention's loss."""

from __future__ import annotations

from ..scalars import non_negative, static
from .base import Formula
from .linked import Linked, Normalized, SigmoidLink, SoftmaxLink
from .probability import CategoricalProbabilityFocal, Clip, ProbabilityFocal, clip_bound
from .sigmoid import SigmoidFocal
from .softmax import SoftmaxFocal
from .z_loss import WithZLoss


def binary_focal(
    gamma: float = 0.0,
    *,
    from_logits: bool = True,
    epsilon: float | None = None,
    clip: Clip = "loss",
    log_epsilon: float = 0.0,
    log_floor: float | None = None,
) -> Formula:
    """Binary focal loss of logits or probabilities; the other options are those of :class:`~.probability.ProbabilityFocal`."""
    _check("from_logits", from_logits)
    if from_logits and epsilon is None and clip == "loss" and log_epsilon == 0 and log_floor is None:
        return SigmoidFocal(gamma)
    found = ProbabilityFocal(gamma, epsilon, clip, log_epsilon, log_floor)
    if not from_logits:
        return found
    changes = found.epsilon or found.log_epsilon or found.log_floor is not None
    return Linked(SigmoidLink(), found) if changes else SigmoidFocal(gamma)


def categorical_focal(gamma: float = 0.0, *, from_logits: bool = True, epsilon: float | None = None) -> Formula:
    """Categorical focal loss of logits or probabilities, which are clipped to [ε, 1−ε] if there is an ε."""
    _check("from_logits", from_logits)
    if from_logits and not clip_bound(epsilon):
        return SoftmaxFocal(gamma)
    found = CategoricalProbabilityFocal(gamma, epsilon)
    return Linked(SoftmaxLink(), found) if from_logits else found


def normalized_focal(gamma: float = 0.0, *, epsilon: float, clipped_first: bool) -> Formula:
    """Categorical focal loss of probabilities that are divided by their sum, before or after they are clipped to [ε, 1−ε]."""
    _check("clipped_first", clipped_first)
    static("epsilon", epsilon, "in [0, 0.5)")
    if clipped_first:
        return Linked(Normalized(epsilon), CategoricalProbabilityFocal(gamma))
    return Linked(Normalized(), CategoricalProbabilityFocal(gamma, epsilon))


def with_z_loss(formula: Formula, z_loss: float) -> Formula:
    """A categorical formula of logits with z_loss·log² Σ e^x in each class's term; itself for 0."""
    return WithZLoss(formula, z_loss) if non_negative("z_loss", z_loss) else formula


def _check(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False; received {type(value).__name__}.")
