"""Segmentation Models PyTorch (0.6): the cross entropies of ``segmentation_models_pytorch.losses``.  The class axis is the second.

Source: https://github.com/qubvel-org/segmentation_models.pytorch/tree/v0.6.0/segmentation_models_pytorch/losses.  In the ``Soft`` losses
ignored entries count in a mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..arrays import Array, Tensor
from ..convention import Convention, Reduction
from ..formulas import Formula, OfProbabilities, SigmoidFocal, SoftmaxFocal
from ..formulas.cross_entropy_focal import CrossEntropyFocal
from ..loss import DescriptionOf, LossObject, evaluating
from ..operands import Operands
from .options import REDUCTIONS, choice, required
from .ranks import one_a_class, refolded, reshaped, shape, squeezed, total

__all__ = ["FocalLoss", "SoftBCEWithLogitsLoss", "SoftCrossEntropyLoss"]


def __dir__() -> list[str]:
    return __all__


_FOCAL_REDUCTIONS: Mapping[Any, Reduction] = {**REDUCTIONS, None: "none", "batchwise_mean": "sum"}
_MODES = {mode: mode for mode in ("binary", "multiclass", "multilabel")}


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``segmentation_models_pytorch.losses.FocalLoss``: focal loss with p_t = e^−CE, of logits or, clipped, of probabilities.

    ``mode`` "binary" takes labels of as many entries as the predictions, "multilabel" labels of the predictions' shape (N, C, ...), and
    "multiclass" class indices (N, ...), each class of which is a question of its own; an index of C is of none.

    With several classes, the loss is the mean of what ``reduction`` makes of each, weighted by ``class_weights``: so "sum" gives the sum
    over C, and "none" the mean.  "batchwise_mean" sums over N alone, or where something is ignored, as with "binary", over all.

    Mirrors segmentation_models_pytorch 0.6.0, https://github.com/qubvel-org/segmentation_models.pytorch/blob/v0.6.0/segmentation_models_pytorch/losses/focal.py
    """

    mode: str
    alpha: float | None = None
    gamma: float | None = 2.0
    ignore_index: int | None = None
    from_logits: bool = True
    eps: float = 1e-7
    reduction: str | None = "mean"
    normalized: bool = False
    reduced_threshold: float | None = None
    class_weights: list[float] | Array | None = None

    def __post_init__(self) -> None:
        choice("mode", self.mode, _MODES)
        if self.normalized:
            raise ValueError(
                "normalized must be False: the sum of the modulators, by which it divides, is differentiated too; received "
                f"{self.normalized!r}. Divide the loss by a constant with normalizer, in unifocal.sigmoid_focal_loss."
            )
        if self.reduced_threshold is not None and not self.reduced_threshold > 0:
            raise ValueError(f"reduced_threshold divides the modulator and must be above 0, or None; received {self.reduced_threshold}.")
        if self.class_weights is not None and self.mode == "binary":
            raise ValueError("class_weights require mode 'multiclass' or 'multilabel'; received mode='binary'.")
        if self.ignore_index is not None and self.mode == "multilabel":
            raise ValueError(f"ignore_index requires mode 'binary' or 'multiclass'; received {self.ignore_index} with mode='multilabel'.")

    def describe(self, y_pred: Tensor, y_true: Array) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels."""
        reduction = choice("reduction", self.reduction, _FOCAL_REDUCTIONS)
        return (self._of_one_class if self.mode == "binary" else self._of_classes)(y_pred, y_true, reduction)

    __call__ = evaluating(describe)

    def _formula(self) -> Formula:
        of_logits = CrossEntropyFocal(required("gamma", self.gamma), self.reduced_threshold or 0.0)
        return of_logits if self.from_logits else OfProbabilities(of_logits, self.eps)

    def _of_one_class(self, y_pred: Any, y_true: Any, reduction: Reduction) -> DescriptionOf[Any]:
        """All entries are one list, as is the unreduced loss."""
        if reduction == "none" and self.ignore_index is not None:
            raise ValueError("reduction='none' requires ignore_index=None: how many entries are left depends on the labels.")
        own = shape(y_pred)
        onto = own if reduction != "none" else (None,)
        predictions, labels = refolded(y_pred, onto), refolded(y_true, onto)
        convention = Convention(self._formula(), labels="elements", ignore_index=self.ignore_index, reduction=reduction, held="nothing")
        return convention, Operands(predictions, labels, alpha=self.alpha, given=y_pred)

    def _of_classes(self, y_pred: Any, y_true: Any, reduction: Reduction) -> DescriptionOf[Any]:
        """Each class is one list, and their losses are averaged."""
        own = shape(y_pred)
        if len(own) < 2 or own[1] is None:
            raise ValueError(f"y_pred must have the shape (N, C, ...) with a known C; received {own}.")
        weights = np.asarray(self.class_weights) if isinstance(self.class_weights, list) else self.class_weights
        weights = one_a_class("class_weights", weights, y_pred, 1)
        places = self._places(own) if self.reduction == "batchwise_mean" else 1
        if weights is not None and (reduction == "none" or places != 1):
            raise ValueError(f"class_weights require a reduction of each class to one number; received reduction={self.reduction!r}.")
        means = reduction != "sum"
        convention = Convention(
            self._formula(),
            labels="indices" if self.mode == "multiclass" else "elements",
            axis=1,
            ignore_index=self.ignore_index,
            reduction=("mean" if weights is None else "weighted_mean") if means else "sum",
            held="nothing",
        )
        if means:
            across = None if weights is None else reshaped(weights, (1, -1, *[1] * (len(own) - 2)))
            return convention, Operands(y_pred, y_true, alpha=self.alpha, sample_weight=across)
        normalizer = own[1] * places if weights is None else total(weights)
        return convention, Operands(y_pred, y_true, alpha=self.alpha, class_weight=weights, normalizer=normalizer)

    def _places(self, own: tuple[int | None, ...]) -> int:
        """How many losses of a class a sum over the first axis leaves."""
        if self.ignore_index is not None:
            return 1
        if None in own[2:]:
            raise ValueError(f"reduction='batchwise_mean' requires static sizes after the class axis; received y_pred of shape {own}.")
        return prod([n or 0 for n in own[2:]])


@dataclass(eq=False)
class SoftBCEWithLogitsLoss(LossObject):
    """``segmentation_models_pytorch.losses.SoftBCEWithLogitsLoss``: binary cross entropy of labels y·(1 − s) + (1 − y)·s.

    ``weight`` and ``pos_weight`` broadcast from the right, and count in no mean.

    Mirrors segmentation_models_pytorch 0.6.0, https://github.com/qubvel-org/segmentation_models.pytorch/blob/v0.6.0/segmentation_models_pytorch/losses/soft_bce.py
    """

    weight: Array | None = None
    ignore_index: int | None = -100
    reduction: str = "mean"
    smooth_factor: float | None = None
    pos_weight: Array | None = None

    def describe(self, y_pred: Tensor, y_true: Array) -> DescriptionOf[Tensor]:
        """The loss of logits, and of labels of their shape."""
        convention = Convention(
            SigmoidFocal(),
            labels="elements",
            label_smoothing=2 * (self.smooth_factor or 0.0),
            ignore_index=self.ignore_index,
            count_ignored=self.ignore_index is not None,
            weights="trailing",
            reduction=choice("reduction", self.reduction, REDUCTIONS),
            held="nothing",
        )
        return convention, Operands(y_pred, y_true, sample_weight=self.weight, pos_weight=self.pos_weight)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class SoftCrossEntropyLoss(LossObject):
    """``segmentation_models_pytorch.losses.SoftCrossEntropyLoss``: cross entropy of class indices, whose labels are y·(1 − s) + s/C.

    The unreduced loss keeps the class axis, with size 1, unless ``ignore_index`` is None.

    Mirrors segmentation_models_pytorch 0.6.0, https://github.com/qubvel-org/segmentation_models.pytorch/blob/v0.6.0/segmentation_models_pytorch/losses/soft_ce.py
    """

    reduction: str = "mean"
    smooth_factor: float | None = None
    ignore_index: int | None = -100
    dim: int = 1

    def describe(self, y_pred: Tensor, y_true: Array) -> DescriptionOf[Tensor]:
        """The loss of logits and of class indices, which may have the class axis with size 1."""
        own, labelled = shape(y_pred), shape(y_true)
        if len(labelled) == len(own) and -len(own) <= self.dim < len(own) and labelled[self.dim] == 1:
            y_true = squeezed(y_true, self.dim)
        convention = Convention(
            SoftmaxFocal(),
            labels="indices",
            label_smoothing=self.smooth_factor or 0.0,
            axis=self.dim,
            ignore_index=self.ignore_index,
            count_ignored=self.ignore_index is not None,
            class_axis="formula" if self.ignore_index is None else "kept",
            reduction=choice("reduction", self.reduction, REDUCTIONS),
            held="nothing",
        )
        return convention, Operands(y_pred, y_true)

    __call__ = evaluating(describe)
