"""PaddleSeg (2.8): ``paddleseg.models.losses``, cross entropies and focal losses of class indices, one a pixel; each gives one number.

Source: https://github.com/PaddlePaddle/PaddleSeg/tree/release/2.8/paddleseg/models/losses.  The class axis is the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, Tensor, type_name
from ..convention import Convention
from ..dispatch import backend_of
from ..formulas import SigmoidFocal, SoftmaxFocal
from ..loss import DescriptionOf, LossObject, evaluating
from ..operands import Operands
from ..scalars import is_number
from .options import balanced_by, choice
from .ranks import as_indices, expanded, one_a_class, same_rank_as, shape, share_of_zeros, squeezed

__all__ = ["BCELoss", "CrossEntropyLoss", "FocalLoss", "MultiClassFocalLoss"]


def __dir__() -> list[str]:
    return __all__


_AXES = {"NCHW": 1, "NHWC": -1}


@dataclass(eq=False)
class CrossEntropyLoss(LossObject):
    """``paddleseg.models.losses.CrossEntropyLoss``: its mean is over the class weights of the pixels that are not ignored.

    ``semantic_weights``, one a pixel, count in no mean.  With ``avg_non_ignore=False`` the mean is over all pixels.
    ``top_k_percent_pixels`` must be 1.

    Mirrors PaddleSeg 2.8.0, https://github.com/PaddlePaddle/PaddleSeg/blob/release/2.8/paddleseg/models/losses/cross_entropy_loss.py
    """

    weight: Any = None
    ignore_index: int = 255
    top_k_percent_pixels: float = 1.0
    avg_non_ignore: bool = True
    data_format: str = "NCHW"

    def __post_init__(self) -> None:
        if self.top_k_percent_pixels != 1:
            raise ValueError(
                f"top_k_percent_pixels must be 1, for a mean of all pixels' losses; received {self.top_k_percent_pixels}. "
                "For the mean of the largest, take them of unifocal.cross_entropy(…, reduction='none')."
            )
        choice("data_format", self.data_format, _AXES)
        if isinstance(self.weight, (list, tuple)):
            self.weight = np.asarray(self.weight)

    def describe(self, logit: Tensor, label: Array, semantic_weights: Array | None = None) -> DescriptionOf[Tensor]:
        """The loss of these logits and class indices."""
        axis = _AXES[self.data_format]
        if self.data_format == "NCHW" and len(shape(logit)) != 4:
            raise ValueError(f"logit must have the shape (N, C, H, W); received {shape(logit)}.")
        weight = one_a_class("weight", self.weight, logit, axis)
        # With class weights the original can count ignored pixels only where there are none.
        counted = not self.avg_non_ignore and weight is None
        convention = Convention(
            SoftmaxFocal(),
            labels="indices",
            axis=axis,
            ignore_index=None if weight is not None and not self.avg_non_ignore else self.ignore_index,
            count_ignored=counted,
            reduction="weighted_mean",
            held="nothing",
        )
        # As a factor that is no weight they count in no mean.
        alpha = None if semantic_weights is None else expanded(same_rank_as(semantic_weights, shape(label)), axis)
        return convention, Operands(logit, as_indices(label), alpha=alpha, class_weight=weight)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class BCELoss(LossObject):
    """``paddleseg.models.losses.BCELoss``: binary cross entropy of labels in the logits' shape, or of class indices, one a pixel.

    The mean is over what is not ignored.  ``weight`` broadcasts from the right; ``"dynamic"`` weighs positives by 2·n/(n + m) and negatives
    by 2·m/(n + m), of n labels that are 0 (ignored ones among them) and m that are 1; so does a ``pos_weight`` of ``"dynamic"`` positives.

    Mirrors PaddleSeg 2.8.0, https://github.com/PaddlePaddle/PaddleSeg/blob/release/2.8/paddleseg/models/losses/binary_cross_entropy_loss.py
    """

    weight: Any = None
    pos_weight: float | str | None = None
    ignore_index: int = 255
    edge_label: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.weight, str):
            choice("weight", self.weight, {"dynamic": None})
        elif self.weight is not None and backend_of(self.weight) is None:
            raise TypeError(f"weight must be a tensor, 'dynamic' or None; received {type_name(self.weight)}.")
        if isinstance(self.pos_weight, str):
            choice("pos_weight", self.pos_weight, {"dynamic": None})
        elif self.pos_weight is not None and not is_number(self.pos_weight):
            raise TypeError(f"pos_weight must be a number, 'dynamic' or None; received {type_name(self.pos_weight)}.")

    def describe(self, logit: Tensor, label: Array) -> DescriptionOf[Tensor]:
        """The loss of these logits and labels."""
        sizes = shape(logit)
        if len(sizes) < 2:
            raise ValueError(f"logit must have the shape (N, C, ...); received {sizes}.")
        if len(shape(label)) != len(sizes):
            label = expanded(label, 1)
        by_index = shape(label)[1] != sizes[1]
        if by_index and len(sizes) != 4:
            raise ValueError(f"label must have the shape of logit, {sizes}, where that is not (N, C, H, W); received {shape(label)}.")
        convention = Convention(
            SigmoidFocal(),
            labels="indices" if by_index else "elements",
            axis=1,
            background=False,
            ignore_index=self.ignore_index,
            weights="trailing",
            reduction="mean",
            held="nothing",
        )
        weighs, boosts = isinstance(self.weight, str), isinstance(self.pos_weight, str)
        balance = _share_of_negatives(label, sizes[1] if by_index else None, self.ignore_index) if weighs or boosts else None
        # w₊·y + w₋·(1 − y) = 2·(α·y + (1 − α)·(1 − y))
        operands = Operands(
            logit,
            squeezed(label, 1) if by_index else label,
            alpha=balance if weighs else None,
            pos_weight=2 * balance if boosts and balance is not None else self.pos_weight,
            sample_weight=None if weighs else self.weight,
            loss_weight=2.0 if weighs else None,
        )
        return convention, operands

    __call__ = evaluating(describe)


def _share_of_negatives(label: Any, classes: int | None, ignored: int) -> Any:
    """The share of 0 among the labels that are 0 or 1; ignored ones are 0, and of class indices all are one-hot."""
    return share_of_zeros(label, ignored) if classes is None else (classes - 1) / classes


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``paddleseg.models.losses.FocalLoss``: sigmoid focal loss of two channels, one a class; its mean is over what is not ignored.

    Mirrors PaddleSeg 2.8.0, https://github.com/PaddlePaddle/PaddleSeg/blob/release/2.8/paddleseg/models/losses/focal_loss.py
    """

    alpha: float = 0.25
    gamma: float = 2.0
    ignore_index: int = 255

    def describe(self, logit: Tensor, label: Array) -> DescriptionOf[Tensor]:
        """The loss of logits (N, 2, H, W) and class indices (N, H, W)."""
        _check_shapes(logit, label, 2)
        convention = Convention(
            SigmoidFocal(self.gamma), labels="indices", axis=1, background=False, ignore_index=self.ignore_index, held="nothing"
        )
        return convention, Operands(logit, label, alpha=balanced_by(self.alpha))

    __call__ = evaluating(describe)


@dataclass(eq=False)
class MultiClassFocalLoss(LossObject):
    """``paddleseg.models.losses.MultiClassFocalLoss``: softmax focal loss times α; its mean is over the pixels that are not ignored.

    ``num_class`` changes nothing.

    Mirrors PaddleSeg 2.8.0, https://github.com/PaddlePaddle/PaddleSeg/blob/release/2.8/paddleseg/models/losses/focal_loss.py
    """

    num_class: int
    alpha: float = 1.0
    gamma: float = 2.0
    ignore_index: int = 255

    def describe(self, logit: Tensor, label: Array) -> DescriptionOf[Tensor]:
        """The loss of logits (N, C, H, W) and class indices (N, H, W)."""
        _check_shapes(logit, label, None)
        convention = Convention(SoftmaxFocal(self.gamma), labels="indices", axis=1, ignore_index=self.ignore_index, held="nothing")
        return convention, Operands(logit, as_indices(label), alpha=balanced_by(self.alpha))

    __call__ = evaluating(describe)


def _check_shapes(logit: Any, label: Any, channels: int | None) -> None:
    wanted = f"(N, {channels or 'C'}, H, W)"
    if len(shape(logit)) != 4 or len(shape(label)) != 3 or (channels and shape(logit)[1] not in (channels, None)):
        raise ValueError(f"logit must have the shape {wanted} and label (N, H, W); received {shape(logit)} and {shape(label)}.")
