"""TensorFlow Addons (0.23): sigmoid focal cross entropy.  Labels come first.

Documentation: https://www.tensorflow.org/addons/api_docs/python/tfa/losses/SigmoidFocalCrossEntropy.  α or γ of None or 0 is off.
Probabilities are clipped to [1e-7, 1 − 1e-7] in the cross entropy, whose logarithms add 1e-7 once more (as in Keras 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..loss import Description, LossObject, loss
from ..protocol import Array
from ..spec import Operands, Spec
from .keras import Configured
from .keras2 import EPSILON, REDUCTIONS, fitted_weight
from .options import choice

__all__ = ["SigmoidFocalCrossEntropy", "sigmoid_focal_crossentropy"]


def __dir__() -> list[str]:
    return __all__


@loss
def sigmoid_focal_crossentropy(
    y_true: Array, y_pred: Array, alpha: float | Array | None = 0.25, gamma: float | None = 2.0, from_logits: bool = False
) -> Description:
    """``tfa.losses.sigmoid_focal_crossentropy``: focal loss summed over the last axis.

    Mirrors TensorFlow Addons 0.23, https://www.tensorflow.org/addons/api_docs/python/tfa/losses/sigmoid_focal_crossentropy
    """
    return _describe(y_true, y_pred, alpha, gamma, from_logits)


@dataclass(eq=False)
class SigmoidFocalCrossEntropy(Configured, LossObject):
    """``tfa.losses.SigmoidFocalCrossEntropy``: :func:`sigmoid_focal_crossentropy`, weighted and reduced; by default not reduced.

    Mirrors TensorFlow Addons 0.23, https://www.tensorflow.org/addons/api_docs/python/tfa/losses/SigmoidFocalCrossEntropy
    """

    from_logits: bool = False
    alpha: float | Array | None = 0.25
    gamma: float | None = 2.0
    reduction: str = "none"
    name: str = "sigmoid_focal_crossentropy"

    def describe(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> Description:
        """The loss of these labels and predictions."""
        spec, operands = _describe(y_true, y_pred, self.alpha, self.gamma, self.from_logits)
        spec = replace(spec, reduction=choice("reduction", self.reduction, REDUCTIONS))
        return spec, replace(operands, sample_weight=fitted_weight(sample_weight, y_pred))


def _describe(y_true: Array, y_pred: Array, alpha: float | Array | None, gamma: float | None, from_logits: bool) -> Description:
    off = alpha is None or (isinstance(alpha, (int, float)) and not alpha)
    spec = Spec(
        "sigmoid",
        labels="elements",
        gamma=gamma or 0.0,
        alpha="off" if off else "balance",
        from_logits=from_logits,
        epsilon=None if from_logits else EPSILON,
        clip="cross_entropy",
        log_epsilon=0.0 if from_logits else EPSILON,
        weights="trailing",
        class_axis="sum",
        reduction="none",
        held="nothing",
    )
    return spec, Operands(y_pred, y_true, alpha=None if off else alpha)
