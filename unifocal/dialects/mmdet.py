"""mmdet's (3.3) focal losses and cross entropies, and mmcv's (2.2) ``sigmoid_focal_loss`` and ``softmax_focal_loss``.

Sources: https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses and
https://mmcv.readthedocs.io/en/latest/api/generated/mmcv.ops.SigmoidFocalLoss.html.  The class of index C is background.

Where there is an ``avg_factor``, or a mean that leaves ignored labels out, "mean" divides by it plus float32's epsilon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..arrays import Array, Tensor, same
from ..convention import Convention
from ..formulas import SigmoidFocal, SoftmaxFocal, binary_focal
from ..loss import DescriptionOf, LossObject, description, evaluating, loss
from ..operands import Operands
from . import openmmlab
from .labels import IGNORED, marked, number_of
from .openmmlab import averaged, require_sigmoid
from .options import REDUCTIONS, balanced_by, choice, required
from .ranks import reshaped, shape

__all__ = [
    "CrossEntropyLoss",
    "FocalLoss",
    "binary_cross_entropy",
    "cross_entropy",
    "mask_cross_entropy",
    "sigmoid_focal_loss",
    "softmax_focal_loss",
]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``mmdet.models.losses.FocalLoss``: sigmoid focal loss of class indices, one-hot or soft labels, times ``loss_weight``.

    ``activated`` says that predictions are probabilities, whose logarithms are at least −100.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/focal_loss.py
    """

    use_sigmoid: bool = True
    gamma: float = 2.0
    alpha: float = 0.25
    reduction: str = "mean"
    loss_weight: float = 1.0
    activated: bool = False

    def __post_init__(self) -> None:
        require_sigmoid(self.use_sigmoid)

    def describe(
        self,
        pred: Tensor,
        target: Array,
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
    ) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels.

        ``weight`` has one number a row, or one an entry.  ``avg_factor`` is what "mean" divides by, float32's epsilon added, in place of
        the number of entries.
        """
        reduction, normalizer = averaged(self.reduction if reduction_override is None else reduction_override, avg_factor)
        convention = Convention(
            binary_focal(self.gamma, from_logits=not self.activated, log_floor=-100.0 if self.activated else None),
            labels="elements" if len(shape(target)) == len(shape(pred)) else "indices",
            reduction=reduction,
            held="labels" if self.activated else "nothing",
        )
        operands = Operands(
            pred,
            target,
            alpha=balanced_by(self.alpha),
            sample_weight=None if weight is None else _fitted(weight, pred),
            normalizer=normalizer,
            loss_weight=self.loss_weight,
        )
        return convention, operands

    __call__ = evaluating(describe)


def _fitted(weight: Any, pred: Any) -> Any:
    """A weight of one number a row, or of as many as the loss has, in the rank of the loss."""
    rows, entries = shape(weight), shape(pred)
    if len(rows) != 1 or len(entries) != 2 or same(rows, entries[:1]):
        return weight
    return reshaped(weight, entries)


@loss
def sigmoid_focal_loss(
    input: Tensor,
    target: Array,
    gamma: float = 2.0,
    alpha: float = 0.25,
    weight: Array | None = None,
    reduction: str = "mean",
    /,
) -> DescriptionOf[Tensor]:
    """``mmcv.ops.sigmoid_focal_loss``: of class indices, index C being background; the mean is Σ/N, not Σ/(N·C).

    ``weight`` has one number a class, which each row takes by its target.

    Mirrors mmcv 2.2.0, https://mmcv.readthedocs.io/en/latest/api/generated/mmcv.ops.SigmoidFocalLoss.html
    """
    reduced = choice("reduction", reduction, REDUCTIONS)
    convention = Convention(
        SigmoidFocal(gamma),
        labels="indices",
        class_weight="row",
        class_axis="sum" if reduced == "mean" else "formula",
        reduction=reduced,
        held="nothing",
    )
    return convention, Operands(_rows(input, target), target, alpha=balanced_by(alpha), class_weight=weight)


@loss
def softmax_focal_loss(
    input: Tensor,
    target: Array,
    gamma: float = 2.0,
    alpha: float = 0.25,
    weight: Array | None = None,
    reduction: str = "mean",
    /,
) -> DescriptionOf[Tensor]:
    """``mmcv.ops.softmax_focal_loss``: of class indices; α is a factor, and targets of −1 count in the mean alone.

    ``weight`` has one number a class.

    Mirrors mmcv 2.2.0, https://mmcv.readthedocs.io/en/latest/api/generated/mmcv.ops.SoftmaxFocalLoss.html
    """
    convention = Convention(
        SoftmaxFocal(gamma),
        labels="indices",
        ignore_index=-1,
        count_ignored=True,
        reduction=choice("reduction", reduction, REDUCTIONS),
        held="nothing",
    )
    return convention, Operands(_rows(input, target), target, alpha=balanced_by(alpha), class_weight=weight)


def _rows(input: Any, target: Any) -> Any:
    if len(shape(input)) != 2 or len(shape(target)) != 1:
        raise ValueError(f"input must be 2-D and target 1-D; received shapes {shape(input)} and {shape(target)}.")
    return input


@loss
def cross_entropy(
    pred: Tensor,
    label: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
    class_weight: Array | None = None,
    ignore_index: int | None = -100,
    avg_non_ignore: bool = False,
) -> DescriptionOf[Tensor]:
    """``mmdet.models.losses.cross_entropy``: torch's, whose mean counts ignored labels, and no weights.

    With ``avg_non_ignore`` the mean divides by the number of labels that are not ignored; of soft labels, by that of their entries.
    ``weight`` broadcasts from the right.  An ``ignore_index`` of None is −100.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/cross_entropy_loss.py
    """
    ignored = -100 if ignore_index is None else ignore_index
    if avg_factor is None and avg_non_ignore and reduction == "mean":
        avg_factor = number_of(label, pred, but=ignored)
    reduced, normalizer = averaged(reduction, avg_factor)
    convention, operands = openmmlab.cross_entropy(pred, label, class_weight, ignored, sample_weight=weight, normalizer=normalizer)
    return replace(convention, reduction=reduced), operands


@loss
def binary_cross_entropy(
    pred: Tensor,
    label: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
    class_weight: Array | None = None,
    ignore_index: int | None = -100,
    avg_non_ignore: bool = False,
) -> DescriptionOf[Tensor]:
    """``mmdet.models.losses.binary_cross_entropy``: of class indices (N,), or of labels of the predictions' shape.

    Labels below 0 are ignored, and those of C and above are background.  ``class_weight`` is torch's pos_weight.  ``weight`` has one
    number a row for class indices, and broadcasts from the right otherwise.  The mean counts ignored entries unless ``avg_non_ignore``.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/cross_entropy_loss.py
    """
    ignored = -100 if ignore_index is None else ignore_index
    by_row = len(shape(pred)) != len(shape(label))
    classes = shape(pred)[-1] if by_row and shape(pred) else None
    if by_row:
        if len(shape(pred)) != 2 or len(shape(label)) != 1 or classes is None:
            raise ValueError(f"pred must be (N, C) and label (N,), or both of one shape; received {shape(pred)} and {shape(label)}.")
        if weight is not None and not (same(shape(weight), shape(label)) or same(shape(weight), (*shape(label), 1))):
            raise ValueError(f"weight must have one number a row, the shape {shape(label)}; received {shape(weight)}.")
    labels = marked(label, ignored, negative=True, background=classes)
    if avg_factor is None and avg_non_ignore and reduction == "mean":
        avg_factor = number_of(labels, pred, but=IGNORED) * float(classes or 1)
    reduced, normalizer = averaged(reduction, avg_factor)
    convention = Convention(
        SigmoidFocal(),
        labels="indices" if by_row else "elements",
        ignore_index=IGNORED,
        count_ignored=True,
        weights="leading" if by_row else "trailing",
        reduction=reduced,
        held="nothing",
    )
    return convention, Operands(pred, labels, pos_weight=class_weight, sample_weight=weight, normalizer=normalizer)


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
    """``mmdet.models.losses.mask_cross_entropy``: the mean over masks (N, ...), of each row's own class of (N, C, ...); its shape is (1,).

    ``class_weight`` broadcasts from the right with the masks.  There are no other options, whatever the signature says.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/cross_entropy_loss.py
    """
    return openmmlab.mask_cross_entropy(pred, target, label, reduction, avg_factor, class_weight, ignore_index, kwargs)


@dataclass(eq=False)
class CrossEntropyLoss(LossObject):
    """``mmdet.models.losses.CrossEntropyLoss``: :func:`cross_entropy`, :func:`binary_cross_entropy` or :func:`mask_cross_entropy`.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/cross_entropy_loss.py
    """

    use_sigmoid: bool = False
    use_mask: bool = False
    reduction: str = "mean"
    class_weight: Any = None
    ignore_index: int | None = None
    loss_weight: float = 1.0
    avg_non_ignore: bool = False

    def __post_init__(self) -> None:
        if self.use_sigmoid is not False and self.use_mask is not False:
            raise ValueError("use_sigmoid and use_mask are two losses; received True for both.")

    def describe(
        self,
        cls_score: Tensor,
        label: Array,
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
        ignore_index: int | None = None,
    ) -> DescriptionOf[Tensor]:
        """The loss of these predictions and labels; with ``use_mask``, ``label`` are the masks and ``weight`` their classes."""
        reduction = self.reduction if reduction_override is None else reduction_override
        ignored = self.ignore_index if ignore_index is None else ignore_index
        options: tuple[Any, ...] = (reduction, avg_factor, self.class_weight, ignored)
        of_masks: Any = mask_cross_entropy
        of_classes: Any = binary_cross_entropy if self.use_sigmoid else cross_entropy
        if self.use_mask:
            convention, operands = description(of_masks, cls_score, label, required("weight", weight), *options)
        else:
            convention, operands = description(of_classes, cls_score, label, weight, *(*options, self.avg_non_ignore))
        return convention, operands._replace(loss_weight=self.loss_weight)

    __call__ = evaluating(describe)
