"""TensorFlow Addons (0.23): sigmoid focal cross entropy.  Labels come first.

Documentation: https://www.tensorflow.org/addons/api_docs/python/tfa/losses/SigmoidFocalCrossEntropy.  α or γ of None or 0 is off.
Probabilities are clipped to [1e-7, 1 − 1e-7] in the cross entropy, whose logarithms add 1e-7 once more (as in Keras 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..arrays import Array, Tensor
from ..convention import Convention
from ..formulas.families import binary_focal
from ..loss import Description, DescriptionOf, LossObject, evaluating, loss
from ..operands import Operands
from .keras import Configured
from .keras2 import EPSILON, REDUCTIONS, fitted_weight
from .options import choice

__all__ = ["SigmoidFocalCrossEntropy", "sigmoid_focal_crossentropy"]


def __dir__() -> list[str]:
    return __all__


@loss(labels_first=True)
def sigmoid_focal_crossentropy(
    y_true: Array, y_pred: Tensor, alpha: float | Array | None = 0.25, gamma: float | None = 2.0, from_logits: bool = False
) -> DescriptionOf[Tensor]:
    """``tfa.losses.sigmoid_focal_crossentropy``: focal loss summed over the last axis.

    Mirrors TensorFlow Addons 0.23, https://www.tensorflow.org/addons/api_docs/python/tfa/losses/sigmoid_focal_crossentropy
    """
    return _describe(y_true, y_pred, alpha, gamma, from_logits)


@dataclass(eq=False)
class SigmoidFocalCrossEntropy(Configured, LossObject):
    """``tfa.losses.SigmoidFocalCrossEntropy``: :func:`sigmoid_focal_crossentropy`, weighted and reduced; by default not reduced.

    Mirrors TensorFlow Addons 0.23, https://www.tensorflow.org/addons/api_docs/python/tfa/losses/SigmoidFocalCrossEntropy
    """

    labels_first = True

    from_logits: bool = False
    alpha: float | Array | None = 0.25
    gamma: float | None = 2.0
    reduction: str = "none"
    name: str = "sigmoid_focal_crossentropy"

    def describe(self, y_true: Array, y_pred: Tensor, sample_weight: Array | None = None) -> DescriptionOf[Tensor]:
        """The loss of these labels and predictions."""
        convention, operands = _describe(y_true, y_pred, self.alpha, self.gamma, self.from_logits)
        convention = replace(convention, reduction=choice("reduction", self.reduction, REDUCTIONS))
        return convention, operands._replace(sample_weight=fitted_weight(sample_weight, y_pred))

    __call__ = evaluating(describe)


def _describe(y_true: Array, y_pred: Array, alpha: float | Array | None, gamma: float | None, from_logits: bool) -> Description:
    off = alpha is None or (isinstance(alpha, (int, float)) and not alpha)
    clips: dict[str, Any] = {} if from_logits else {"epsilon": EPSILON, "clip": "cross_entropy", "log_epsilon": EPSILON}
    formula = binary_focal(gamma or 0.0, from_logits=from_logits, **clips)
    convention = Convention(formula, labels="elements", weights="trailing", class_axis="sum", reduction="none", held="nothing")
    return convention, Operands(y_pred, y_true, alpha=None if off else alpha)
