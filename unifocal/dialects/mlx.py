"""MLX (0.32): cross entropies and negative log likelihood of ``mlx.nn.losses``.

Documentation: https://ml-explore.github.io/mlx/build/html/python/nn/losses.html.  Weights have the shape of the unreduced loss, and count
in no mean.
"""

from __future__ import annotations

from typing import Any

from ..arrays import Array, Tensor, same
from ..convention import Convention
from ..formulas import NegativeLogLikelihood, OfProbabilities, SigmoidFocal, SoftmaxFocal
from ..formulas.floored import FlooredCrossEntropy
from ..loss import DescriptionOf, loss
from ..operands import Operands
from .options import REDUCTIONS, choice, share
from .ranks import shape

__all__ = ["binary_cross_entropy", "cross_entropy", "nll_loss"]


def __dir__() -> list[str]:
    return __all__


@loss
def cross_entropy(
    logits: Tensor,
    targets: Array,
    weights: Array | None = None,
    axis: int = -1,
    label_smoothing: float = 0.0,
    reduction: str = "none",
) -> DescriptionOf[Tensor]:
    """``mlx.nn.losses.cross_entropy``: of class indices, or of soft labels in the logits' shape.

    Mirrors MLX 0.32.4, https://ml-explore.github.io/mlx/build/html/python/nn/_autosummary_functions/mlx.nn.losses.cross_entropy.html
    """
    if label_smoothing == 1:
        raise ValueError(f"label_smoothing must be in [0, 1), below 1; received {label_smoothing}.")
    sizes = list(shape(logits))
    convention = Convention(
        SoftmaxFocal(),
        labels="elements" if len(shape(targets)) == len(sizes) else "indices",
        label_smoothing=share("label_smoothing", label_smoothing),
        axis=axis,
        reduction=choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    if -len(sizes) <= axis < len(sizes):
        del sizes[axis]
    return convention, Operands(logits, targets, sample_weight=_of_shape(weights, tuple(sizes)))


@loss
def binary_cross_entropy(
    inputs: Tensor,
    targets: Array,
    weights: Array | None = None,
    with_logits: bool = True,
    reduction: str = "mean",
) -> DescriptionOf[Tensor]:
    """``mlx.nn.losses.binary_cross_entropy``: of logits, or of probabilities, whose logarithms are at least −100.

    Mirrors MLX 0.32.4, https://ml-explore.github.io/mlx/build/html/python/nn/_autosummary_functions/mlx.nn.losses.binary_cross_entropy.html
    """
    convention = Convention(
        SigmoidFocal() if with_logits else OfProbabilities(FlooredCrossEntropy()),
        labels="elements",
        reduction=choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    return convention, Operands(inputs, targets, sample_weight=_of_shape(weights, shape(inputs)))


@loss
def nll_loss(inputs: Tensor, targets: Array, axis: int = -1, reduction: str = "none") -> DescriptionOf[Tensor]:
    """``mlx.nn.losses.nll_loss``: of log-probabilities and class indices.

    Mirrors MLX 0.32.4, https://ml-explore.github.io/mlx/build/html/python/nn/_autosummary_functions/mlx.nn.losses.nll_loss.html
    """
    reduced = choice("reduction", reduction, REDUCTIONS)
    return Convention(NegativeLogLikelihood(), labels="indices", axis=axis, reduction=reduced, held="nothing"), Operands(inputs, targets)


def _of_shape(weights: Any, sizes: tuple[int | None, ...]) -> Any:
    """Weights of the shape of the loss, and of no other."""
    if weights is not None and not same(shape(weights), sizes):
        raise ValueError(f"weights must have the shape of the unreduced loss, {sizes}; received shape {shape(weights)}.")
    return weights
