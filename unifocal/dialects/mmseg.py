"""mmseg's (1.2) focal loss and cross entropies.  The class axis is the second.

Source: https://github.com/open-mmlab/mmsegmentation/blob/v1.2.2/mmseg/models/losses.  Where there is an ``avg_factor``, or a mean that is
weighted or leaves ignored labels out, "mean" divides by it plus float32's epsilon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

from ..arrays import Array, Tensor, fits, same
from ..convention import Convention
from ..formulas import SigmoidFocal
from ..loss import DescriptionOf, LossObject, description, evaluating, loss
from ..operands import Operands
from . import openmmlab
from .labels import marked, number_of, total_at
from .openmmlab import averaged, require_sigmoid
from .options import required
from .ranks import expanded, reshaped, shape, squeezed

__all__ = ["CrossEntropyLoss", "FocalLoss", "binary_cross_entropy", "cross_entropy", "mask_cross_entropy"]


def __dir__() -> list[str]:
    return __all__


@loss
def cross_entropy(
    pred: Tensor,
    label: Array,
    weight: Array | None = None,
    class_weight: Array | None = None,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
    ignore_index: int = -100,
    avg_non_ignore: bool = False,
) -> DescriptionOf[Tensor]:
    """``mmseg.models.losses.cross_entropy``: torch's, whose mean counts ignored labels unless ``avg_non_ignore``.

    With ``class_weight`` the mean divides by the sum of the targets' class weights, to which ignored targets that are no class add nothing.
    ``weight`` has the labels' rank.

    Mirrors mmseg 1.2.2, https://github.com/open-mmlab/mmsegmentation/blob/v1.2.2/mmseg/models/losses/cross_entropy_loss.py
    """
    if weight is not None and len(shape(weight)) != len(shape(pred)) - 1:
        raise ValueError(f"weight must have the rank of the labels, {len(shape(pred)) - 1}; received shape {shape(weight)}.")
    if avg_factor is None and reduction == "mean":
        if class_weight is None:
            avg_factor = number_of(label, pred, but=ignore_index if avg_non_ignore else None)
        else:
            is_class = 0 <= ignore_index < ((shape(class_weight) or (0,))[0] or 0)
            avg_factor = total_at(class_weight, label, pred, but=None if is_class and not avg_non_ignore else ignore_index)
    reduced, normalizer = averaged(reduction, avg_factor)
    found = openmmlab.cross_entropy(pred, label, class_weight, ignore_index, sample_weight=weight, normalizer=normalizer)
    return replace(found[0], reduction=reduced), found[1]


@loss
def binary_cross_entropy(
    pred: Tensor,
    label: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
    class_weight: Array | None = None,
    ignore_index: int = -100,
    avg_non_ignore: bool = False,
    **kwargs: Any,
) -> DescriptionOf[Tensor]:
    """``mmseg.models.losses.binary_cross_entropy``: of class indices, or of labels of the predictions' shape; those below 0 are ignored.

    Predictions (N, C) take indices (N,), and (N, C, H, W) those of (N, H, W); those of one class take labels of 0 and 1.
    ``class_weight`` is torch's pos_weight.  ``weight`` has the labels' shape.  The mean counts ignored entries unless ``avg_non_ignore``.

    Mirrors mmseg 1.2.2, https://github.com/open-mmlab/mmsegmentation/blob/v1.2.2/mmseg/models/losses/cross_entropy_loss.py
    """
    openmmlab.refuse(kwargs)
    sizes, given = shape(pred), pred
    if len(sizes) < 2:
        raise ValueError(f"pred must have the shape (N, C) or (N, C, ...); received {sizes}.")
    classes = sizes[1]
    if classes == 1:
        pred = squeezed(pred, axis=1)
    by_row = len(shape(pred)) != len(shape(label))
    if by_row and (len(sizes), len(shape(label))) not in ((2, 1), (4, 3)):
        raise ValueError(f"label must have the shape of pred, {shape(pred)}, or that without its class axis; received {shape(label)}.")
    if by_row and weight is not None and not same(shape(weight), shape(label)):
        raise ValueError(f"weight must have the shape of the labels, {shape(label)}; received {shape(weight)}.")
    labels = marked(label, ignore_index)
    if avg_factor is None and avg_non_ignore and reduction == "mean":
        avg_factor = number_of(labels, pred, but=ignore_index) * float(classes if by_row and classes else 1)
    reduced, normalizer = averaged(reduction, avg_factor)
    convention = Convention(
        SigmoidFocal(),
        labels="indices" if by_row else "elements",
        axis=min(1, len(shape(pred)) - 1),
        ignore_index=ignore_index,
        count_ignored=True,
        background=False,
        weights="leading" if by_row else "trailing",
        reduction=reduced,
        held="labels" if classes == 1 else "nothing",
    )
    return convention, Operands(pred, labels, pos_weight=class_weight, sample_weight=weight, normalizer=normalizer, given=given)


@loss
def mask_cross_entropy(
    pred: Tensor,
    target: Array,
    label: Array,
    reduction: str = "mean",
    avg_factor: None = None,
    class_weight: Array | None = None,
    ignore_index: None = None,
    **kwargs: Any,
) -> DescriptionOf[Tensor]:
    """``mmseg.models.losses.mask_cross_entropy``: the mean over masks (N, ...), of each row's own class of (N, C, ...); its shape is (1,).

    ``class_weight`` broadcasts from the right with the masks.  There are no other options, whatever the signature says.

    Mirrors mmseg 1.2.2, https://github.com/open-mmlab/mmsegmentation/blob/v1.2.2/mmseg/models/losses/cross_entropy_loss.py
    """
    return openmmlab.mask_cross_entropy(pred, target, label, reduction, avg_factor, class_weight, ignore_index, kwargs)


@dataclass(eq=False)
class CrossEntropyLoss(LossObject):
    """``mmseg.models.losses.CrossEntropyLoss``: :func:`cross_entropy`, :func:`binary_cross_entropy` or :func:`mask_cross_entropy`.

    Mirrors mmseg 1.2.2, https://github.com/open-mmlab/mmsegmentation/blob/v1.2.2/mmseg/models/losses/cross_entropy_loss.py
    """

    use_sigmoid: bool = False
    use_mask: bool = False
    reduction: str = "mean"
    class_weight: Any = None
    loss_weight: float = 1.0
    loss_name: str = "loss_ce"
    avg_non_ignore: bool = False

    def __post_init__(self) -> None:
        if self.use_sigmoid is not False and self.use_mask is not False:
            raise ValueError("use_sigmoid and use_mask are two losses; received True for both.")
        if isinstance(self.class_weight, str):
            raise TypeError(f"class_weight must hold the weights, not name a file of them; received {self.class_weight!r}.")

    def describe(
        self,
        cls_score: Tensor,
        label: Array,
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
        ignore_index: int | None = -100,
    ) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels; with ``use_mask``, ``label`` are the masks and ``weight`` their classes."""
        options: dict[str, Any] = {
            "reduction": self.reduction if reduction_override is None else reduction_override,
            "avg_factor": avg_factor,
            "class_weight": self.class_weight,
            "ignore_index": ignore_index,
        }
        of_masks: Any = mask_cross_entropy
        of_classes: Any = binary_cross_entropy if self.use_sigmoid else cross_entropy
        if self.use_mask:
            convention, operands = description(of_masks, cls_score, label, required("weight", weight), **options)
        else:
            convention, operands = description(of_classes, cls_score, label, weight, avg_non_ignore=self.avg_non_ignore, **options)
        return convention, operands._replace(loss_weight=self.loss_weight)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``mmseg.models.losses.FocalLoss``: sigmoid focal loss of class indices, C being background, or of labels of the predictions' shape.

    ``alpha`` is a number, or a list of one a class; ``class_weight`` a list of factors.  Indices of one class are 1 where it is, 0
    elsewhere.  The mean counts ignored entries.  Of the original's two branches this is that of CUDA for class indices, and that of a CPU
    for other labels.

    Mirrors mmseg 1.2.2, https://github.com/open-mmlab/mmsegmentation/blob/v1.2.2/mmseg/models/losses/focal_loss.py
    """

    use_sigmoid: bool = True
    gamma: float = 2.0
    alpha: float | list[float] = 0.5
    reduction: str = "mean"
    class_weight: list[float] | None = None
    loss_weight: float = 1.0
    loss_name: str = "loss_focal"

    def __post_init__(self) -> None:
        require_sigmoid(self.use_sigmoid)
        averaged(self.reduction, None)
        for name, kinds in _KINDS.items():
            if not isinstance(getattr(self, name), kinds):
                names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
                raise TypeError(f"{name} must be a {names}; received {type(getattr(self, name)).__name__}.")

    def describe(
        self,
        pred: Tensor,
        target: Array,
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
        ignore_index: int = 255,
    ) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels.  ``weight`` has one number a row, in one dimension, or one an entry (N, C)."""
        sizes, own = shape(pred), shape(target)
        if len(sizes) < 2:
            raise ValueError(f"pred must have the shape (N, C) or (N, C, ...); received {sizes}.")
        dense = same(own, sizes)
        if dense and 0 <= ignore_index < (sizes[1] or 0):
            raise ValueError(f"ignore_index must be no class where labels have the shape of pred; received {ignore_index}.")
        if not dense and sizes[1] == 1:
            dense, target = len(own) == len(sizes) - 1, expanded(target, axis=1)
        elements = same(own, sizes)
        reduced, normalizer = averaged(self.reduction if reduction_override is None else reduction_override, avg_factor)
        convention = Convention(
            SigmoidFocal(self.gamma),
            labels="elements" if dense else "indices",
            axis=1,
            ignore_index=None if elements else ignore_index,
            count_ignored=not elements,
            reduction=reduced,
            held="labels" if dense and not elements else "nothing",
        )
        operands = Operands(
            pred,
            target,
            alpha=self.alpha,
            class_weight=self.class_weight,
            sample_weight=None if weight is None else _beside(weight, sizes),
            normalizer=normalizer,
            loss_weight=self.loss_weight,
        )
        return convention, operands

    __call__ = evaluating(describe)


_KINDS: dict[str, tuple[type, ...]] = {
    "alpha": (float, list),
    "gamma": (float,),
    "loss_weight": (float,),
    "loss_name": (str,),
    "class_weight": (list, type(None)),
}


def _beside(weight: Any, sizes: tuple[int | None, ...]) -> Any:
    """A weight of one number a row, in the predictions' rank."""
    own, rows = shape(weight), (sizes[0], 1, *sizes[2:])
    count = None if None in rows else prod(n or 0 for n in rows)
    if len(own) in (1, 2) and same(own, (count, 1)[: len(own)]):
        return reshaped(weight, rows)
    if len(own) != 2 or len(sizes) != 2 or not fits(own, sizes):
        raise ValueError(f"weight must have one number a row, {count} in one dimension, or broadcast to pred (N, C); received {own}.")
    return weight
