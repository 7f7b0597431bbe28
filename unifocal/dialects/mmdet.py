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
from ..formulas import Elementwise, OfProbabilities, SigmoidFocal, SoftmaxFocal, binary_focal
from ..formulas.added_gaussian import AddedGaussianFocal
from ..formulas.floored_quality import FlooredQualityFocal
from ..formulas.quality import QualityFocal
from ..formulas.quality_varifocal import QualityVarifocal
from ..loss import Description, DescriptionOf, LossObject, description, evaluating, loss
from ..operands import Operands
from . import openmmlab
from .labels import beside, marked, number_of, one_hot
from .openmmlab import averaged, require_sigmoid
from .options import REDUCTIONS, balanced_by, choice, required
from .ranks import expanded, reshaped, shape

__all__ = [
    "CrossEntropyLoss",
    "FocalLoss",
    "GaussianFocalLoss",
    "QualityFocalLoss",
    "VarifocalLoss",
    "binary_cross_entropy",
    "cross_entropy",
    "gaussian_focal_loss",
    "mask_cross_entropy",
    "quality_focal_loss",
    "quality_focal_loss_tensor_target",
    "quality_focal_loss_with_prob",
    "sigmoid_focal_loss",
    "softmax_focal_loss",
    "varifocal_loss",
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
    labels = marked(label, ignored, classes)
    if avg_factor is None and avg_non_ignore and reduction == "mean":
        avg_factor = number_of(labels, pred, but=ignored) * float(classes or 1)
    reduced, normalizer = averaged(reduction, avg_factor)
    convention = Convention(
        SigmoidFocal(),
        labels="indices" if by_row else "elements",
        ignore_index=ignored,
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


@loss
def quality_focal_loss(
    pred: Tensor,
    target: tuple[Array, Array],
    weight: Array | None = None,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
    *,
    beta: float = 2.0,
) -> DescriptionOf[Tensor]:
    """``mmdet.models.losses.gfocal_loss.quality_focal_loss``: |y − p|^β times the cross entropy, summed over the classes.

    The target is a pair, class indices (N,) and scores (N,).  Indices that are no class, C and -1 alike, are rows without a positive.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/gfocal_loss.py
    """
    return _quality(QualityFocal(beta), pred, _scores(pred, target), weight, reduction, avg_factor)


@loss
def quality_focal_loss_with_prob(
    pred: Tensor,
    target: tuple[Array, Array],
    weight: Array | None = None,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
    *,
    beta: float = 2.0,
) -> DescriptionOf[Tensor]:
    """``mmdet.models.losses.gfocal_loss.quality_focal_loss_with_prob``: :func:`quality_focal_loss` of probabilities.

    Logarithms are at least −100.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/gfocal_loss.py
    """
    return _quality(OfProbabilities(FlooredQualityFocal(beta)), pred, _scores(pred, target), weight, reduction, avg_factor)


@loss
def quality_focal_loss_tensor_target(
    pred: Tensor,
    target: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
    *,
    beta: float = 2.0,
    activated: bool = False,
) -> DescriptionOf[Tensor]:
    """``mmdet.models.losses.gfocal_loss.quality_focal_loss_tensor_target``: :func:`quality_focal_loss` of scores (N, C, ...).

    With ``activated``, predictions are probabilities, whose logarithms are at least −100.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/gfocal_loss.py
    """
    formula = OfProbabilities(FlooredQualityFocal(beta)) if activated else QualityFocal(beta)
    return _quality(formula, pred, target, weight, reduction, avg_factor)


def _scores(pred: Any, target: Any) -> Array:
    """Scores of each class, of pairs of class indices and scores."""
    if not isinstance(target, (tuple, list)) or len(target) != 2:
        raise ValueError(f"target must be a pair, of class indices and scores; received {type(target).__name__}.")
    label, score = target
    sizes = shape(pred)
    if len(sizes) != 2 or sizes[1] is None or not (len(shape(label)) == len(shape(score)) == 1):
        raise ValueError(f"pred must be (N, C), and target (N,) and (N,); received shapes {sizes}, {shape(label)} and {shape(score)}.")
    return beside(one_hot(label, sizes[1], pred), score) * expanded(beside(score, pred))


def _quality(formula: Elementwise | OfProbabilities, pred: Any, target: Any, weight: Any, reduction: Any, avg_factor: Any) -> Description:
    if len(shape(pred)) < 2:
        raise ValueError(f"pred must have the shape (N, C) or (N, C, ...); received {shape(pred)}.")
    reduced, normalizer = averaged(reduction, avg_factor)
    probabilities = isinstance(formula, OfProbabilities)
    convention = Convention(
        formula,
        labels="elements",
        axis=1,
        class_axis="sum",
        weights="trailing",
        reduction=reduced,
        held="labels" if probabilities else "nothing",
    )
    return convention, Operands(pred, target, sample_weight=weight, normalizer=normalizer)


@dataclass(eq=False)
class QualityFocalLoss(LossObject):
    """``mmdet.models.losses.QualityFocalLoss``: of pairs of class indices and scores, or of scores (N, C, ...).

    ``activated`` says that predictions are probabilities, whose logarithms are at least −100.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/gfocal_loss.py
    """

    use_sigmoid: bool = True
    beta: float = 2.0
    reduction: str = "mean"
    loss_weight: float = 1.0
    activated: bool = False

    def __post_init__(self) -> None:
        require_sigmoid(self.use_sigmoid)

    def describe(
        self,
        pred: Tensor,
        target: Array | tuple[Array, Array],
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
    ) -> DescriptionOf[Tensor]:
        """The loss of these predictions and targets; ``weight`` has one number a row."""
        scores = _scores(pred, target) if isinstance(target, (tuple, list)) else target
        reduction = self.reduction if reduction_override is None else reduction_override
        convention, operands = description(
            quality_focal_loss_tensor_target, pred, scores, weight, reduction, avg_factor, beta=self.beta, activated=self.activated
        )
        return convention, operands._replace(loss_weight=self.loss_weight)

    __call__ = evaluating(describe)


@loss
def varifocal_loss(
    pred: Tensor,
    target: Array,
    weight: Array | None = None,
    alpha: float = 0.75,
    gamma: float = 2.0,
    iou_weighted: bool = True,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
) -> DescriptionOf[Tensor]:
    """``mmdet.models.losses.varifocal_loss.varifocal_loss``: the cross entropy times y where y > 0, and α·|p − y|^γ elsewhere.

    Unless ``iou_weighted``, it is the cross entropy itself where y > 0.  ``weight`` broadcasts from the right.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/varifocal_loss.py
    """
    reduced, normalizer = averaged(reduction, avg_factor)
    formula = QualityVarifocal(alpha, gamma, bool(iou_weighted))
    convention = Convention(formula, labels="elements", weights="trailing", reduction=reduced, held="nothing")
    return convention, Operands(pred, target, sample_weight=weight, normalizer=normalizer)


@dataclass(eq=False)
class VarifocalLoss(LossObject):
    """``mmdet.models.losses.VarifocalLoss``: :func:`varifocal_loss`, times ``loss_weight``.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/varifocal_loss.py
    """

    use_sigmoid: bool = True
    alpha: float = 0.75
    gamma: float = 2.0
    iou_weighted: bool = True
    reduction: str = "mean"
    loss_weight: float = 1.0

    def __post_init__(self) -> None:
        require_sigmoid(self.use_sigmoid)
        if not self.alpha >= 0:
            raise ValueError(f"alpha must be ≥ 0; received {self.alpha}.")

    def describe(
        self,
        pred: Tensor,
        target: Array,
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
    ) -> DescriptionOf[Tensor]:
        """The loss of these predictions and scores."""
        reduction = self.reduction if reduction_override is None else reduction_override
        convention, operands = description(
            varifocal_loss, pred, target, weight, self.alpha, self.gamma, self.iou_weighted, reduction, avg_factor
        )
        return convention, operands._replace(loss_weight=self.loss_weight)

    __call__ = evaluating(describe)


@loss
def gaussian_focal_loss(
    pred: Tensor,
    gaussian_target: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    avg_factor: float | Array | None = None,
    *,
    alpha: float = 2.0,
    gamma: float = 4.0,
    pos_weight: float = 1.0,
    neg_weight: float = 1.0,
) -> DescriptionOf[Tensor]:
    """``mmdet.models.losses.gaussian_focal_loss.gaussian_focal_loss``: of probabilities and heat maps, whose positives are exactly 1.

    Logarithms are of p + 1e-12 and 1 − p + 1e-12.  ``weight`` broadcasts from the right.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/gaussian_focal_loss.py
    """
    reduced, normalizer = averaged(reduction, avg_factor)
    formula = OfProbabilities(AddedGaussianFocal(alpha, gamma, 1e-12, pos_weight, neg_weight))
    convention = Convention(formula, labels="elements", weights="trailing", reduction=reduced, held="nothing")
    return convention, Operands(pred, gaussian_target, sample_weight=weight, normalizer=normalizer)


@dataclass(eq=False)
class GaussianFocalLoss(LossObject):
    """``mmdet.models.losses.GaussianFocalLoss``: :func:`gaussian_focal_loss`, times ``loss_weight``; without places of positives.

    Mirrors mmdet 3.3.0, https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/losses/gaussian_focal_loss.py
    """

    alpha: float = 2.0
    gamma: float = 4.0
    reduction: str = "mean"
    loss_weight: float = 1.0
    pos_weight: float = 1.0
    neg_weight: float = 1.0

    def describe(
        self,
        pred: Tensor,
        target: Array,
        pos_inds: None = None,
        pos_labels: None = None,
        weight: Array | None = None,
        avg_factor: float | Array | None = None,
        reduction_override: str | None = None,
    ) -> DescriptionOf[Tensor]:
        """The loss of these predictions and heat maps."""
        if pos_inds is not None:
            raise ValueError("pos_inds must be None: positives are where the heat map is 1. Set it to 1 there.")
        reduction = self.reduction if reduction_override is None else reduction_override
        convention, operands = description(
            gaussian_focal_loss,
            pred,
            target,
            weight,
            reduction,
            avg_factor,
            alpha=self.alpha,
            gamma=self.gamma,
            pos_weight=self.pos_weight,
            neg_weight=self.neg_weight,
        )
        return convention, operands._replace(loss_weight=self.loss_weight)

    __call__ = evaluating(describe)
