"""focal-loss (0.0.7) on TensorFlow: binary and sparse categorical focal loss.  Labels come first.

Documentation: https://focal-loss.readthedocs.io/en/latest/api.html.  The classes are Keras 3's, and compute in ``dtype``, or in the
predictions' own (Keras: in float32).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..arrays import Array, Tensor, type_name
from ..convention import Convention, Reduction
from ..formulas import Formula, Mixture, OfProbabilities, SigmoidFocal, SoftmaxFocal
from ..formulas.clamped import ClampedFocal
from ..formulas.marked import MarkedFocal
from ..formulas.renormalized import RenormalizedFocal
from ..loss import DescriptionOf, evaluating, loss
from ..operands import Operands
from ..scalars import static
from . import keras
from .options import share
from .ranks import broadcast, same_rank, same_rank_as, shape

__all__ = ["BinaryFocalLoss", "SparseCategoricalFocalLoss", "binary_focal_loss", "sparse_categorical_focal_loss"]


def __dir__() -> list[str]:
    return __all__


@loss(labels_first=True)
def binary_focal_loss(
    y_true: Array,
    y_pred: Tensor,
    gamma: float,
    *,
    pos_weight: float | None = None,
    from_logits: bool = False,
    label_smoothing: float | None = None,
) -> DescriptionOf[Tensor]:
    """``focal_loss.binary_focal_loss``: of each entry; labels broadcast to the predictions.

    With ``label_smoothing``, of 0 too, soft labels mix the losses of hard ones.  Without it a label that is not 0 counts as 1: in all of
    the loss of probabilities, which are clipped at 1e-7, and in the modulator of logits, whose cross entropy is the label's own.

    Mirrors focal-loss 0.0.7, https://focal-loss.readthedocs.io/en/latest/generated/focal_loss.binary_focal_loss.html
    """
    convention, pos_weight = _binary(gamma, pos_weight, from_logits, label_smoothing, "none")
    return convention, Operands(y_pred, broadcast(y_true, shape(y_pred)), pos_weight=pos_weight)


@dataclass(eq=False)
class BinaryFocalLoss(keras.Described):
    """``focal_loss.BinaryFocalLoss``: :func:`binary_focal_loss`, weighted and reduced.

    Mirrors focal-loss 0.0.7, https://focal-loss.readthedocs.io/en/latest/generated/focal_loss.BinaryFocalLoss.html
    """

    gamma: float
    pos_weight: float | None = field(default=None, kw_only=True)
    from_logits: bool = field(default=False, kw_only=True)
    label_smoothing: float | None = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)
    reduction: str | None = field(default="sum_over_batch_size", kw_only=True)
    dtype: Any = field(default=None, kw_only=True)

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        return self._described(reduction)[0]

    def fitted(self, y_true: Any, y_pred: Any, sample_weight: Any, axis: int) -> tuple[Any, Any, Any]:
        """Labels, predictions and sample weight, whose losses are the entries'."""
        y_true, y_pred = same_rank(y_true, y_pred)
        return broadcast(y_true, shape(y_pred)), y_pred, None if sample_weight is None else same_rank_as(sample_weight, shape(y_pred))

    def describe(self, y_true: Array, y_pred: Tensor, sample_weight: Array | None = None) -> DescriptionOf[Tensor]:
        """The loss of these labels and predictions."""
        convention, operands = super().describe(y_true, y_pred, sample_weight)  # type: ignore[misc]
        return convention, operands._replace(pos_weight=self._described(convention.reduction)[1])

    __call__ = evaluating(describe)

    def _described(self, reduction: Reduction) -> tuple[Convention, float | None]:
        return _binary(self.gamma, self.pos_weight, self.from_logits, self.label_smoothing, reduction)


@loss(labels_first=True)
def sparse_categorical_focal_loss(
    y_true: Array,
    y_pred: Tensor,
    gamma: float,
    *,
    class_weight: Array | None = None,
    from_logits: bool = False,
    axis: int = -1,
) -> DescriptionOf[Tensor]:
    """``focal_loss.sparse_categorical_focal_loss``: of class indices, with or without the class axis.

    Probabilities are clipped to [1e-7, 1 − 1e-7] and divided by their sum in the cross entropy; the modulator has them as they are.
    ``class_weight`` has one number a class.

    Mirrors focal-loss 0.0.7, https://focal-loss.readthedocs.io/en/latest/generated/focal_loss.sparse_categorical_focal_loss.html
    """
    convention = _convention(gamma, from_logits, axis, "none")
    return convention, Operands(y_pred, keras.class_indices(y_true, y_pred, axis), alpha=class_weight)


@dataclass(eq=False)
class SparseCategoricalFocalLoss(keras.Based):
    """``focal_loss.SparseCategoricalFocalLoss``: :func:`sparse_categorical_focal_loss`, weighted and reduced.

    Mirrors focal-loss 0.0.7, https://focal-loss.readthedocs.io/en/latest/generated/focal_loss.SparseCategoricalFocalLoss.html
    """

    gamma: float
    class_weight: Array | None = None
    from_logits: bool = False

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        return _convention(self.gamma, self.from_logits, -1, reduction)

    def fitted(self, y_true: Any, y_pred: Any, sample_weight: Any, axis: int) -> tuple[Any, Any, Any]:
        """Class indices, predictions and sample weight by Keras's rules for ranks."""
        y_true, y_pred, sample_weight = super().fitted(y_true, y_pred, sample_weight, axis)
        return keras.class_indices(y_true, y_pred, axis), y_pred, sample_weight

    def describe(self, y_true: Array, y_pred: Tensor, sample_weight: Array | None = None) -> DescriptionOf[Tensor]:
        """The loss of these labels and predictions."""
        convention, operands = super().describe(y_true, y_pred, sample_weight)  # type: ignore[misc]
        return convention, operands._replace(alpha=self.class_weight)

    __call__ = evaluating(describe)


def _convention(gamma: float, from_logits: bool, axis: int, reduction: Reduction) -> Convention:
    formula: Formula = SoftmaxFocal(gamma) if from_logits else RenormalizedFocal(gamma, keras.EPSILON)
    return Convention(formula, labels="indices", axis=axis, weights="trailing", reduction=reduction, held="nothing")


def _binary(
    gamma: float, pos_weight: float | None, from_logits: bool, label_smoothing: float | None, reduction: Reduction
) -> tuple[Convention, float | None]:
    """The convention of a binary loss, and the pos_weight that its formula does not have."""
    if not isinstance(from_logits, bool):
        raise TypeError(f"from_logits must be True or False; received {type_name(from_logits)}.")
    positive = 1.0 if pos_weight is None else static("pos_weight", pos_weight, "≥ 0")
    if positive < 0:
        raise ValueError(f"pos_weight must be ≥ 0; received {pos_weight}.")
    smoothing = 0.0 if label_smoothing is None else share("label_smoothing", label_smoothing)
    formula: Formula
    if not from_logits:
        formula = OfProbabilities(ClampedFocal(gamma, positive, keras.EPSILON, label_smoothing is None))
    elif label_smoothing is None:
        formula = MarkedFocal(gamma, positive, marks_all=True)
    else:
        formula = Mixture(SigmoidFocal(gamma))
    convention = Convention(formula, labels="elements", label_smoothing=smoothing, weights="trailing", reduction=reduction, held="nothing")
    return convention, pos_weight if isinstance(formula, Mixture) else None
