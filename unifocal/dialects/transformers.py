"""Hugging Face transformers (5.24): the losses of its ``Trainer``, of its models' heads, and of the DETR family.

Sources: https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_utils.py,
https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_for_object_detection.py and
https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/trainer_pt_utils.py.  Where an original casts logits to float32,
the dialect computes in their own dtype.  Keywords beyond those named are what models pass on, and have no effect, as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..arrays import Array, Tensor, same
from ..convention import Convention
from ..formulas import SigmoidFocal, SoftmaxFocal
from ..loss import DescriptionOf, LossObject, description, evaluating, loss
from ..operands import Operands
from . import torch
from .options import unless_negative
from .ranks import is_long, next_labels, refolded, shape, squeezed

__all__ = [
    "ForCausalLMLoss",
    "ForMaskedLMLoss",
    "ForSemanticSegmentationLoss",
    "ForSequenceClassificationLoss",
    "ForTokenClassification",
    "LabelSmoother",
    "fixed_cross_entropy",
    "grounding_dino_sigmoid_focal_loss",
    "sigmoid_focal_loss",
]


def __dir__() -> list[str]:
    return __all__


@loss
def sigmoid_focal_loss(
    inputs: Tensor, targets: Array, num_boxes: float | Array, alpha: float = 0.25, gamma: float = 2
) -> DescriptionOf[Tensor]:
    """``transformers.loss.loss_for_object_detection.sigmoid_focal_loss``: the mean over axis 1, summed, over ``num_boxes``.

    α below 0 is off.  It is the loss of DETR and of what followed it; Grounding DINO has :func:`grounding_dino_sigmoid_focal_loss`.

    Mirrors transformers 5.24.0, https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_for_object_detection.py
    """
    if len(shape(inputs)) < 2:
        raise ValueError(f"inputs must have at least 2 dimensions, of which the second is averaged over; received shape {shape(inputs)}.")
    convention = Convention(SigmoidFocal(gamma), labels="elements", axis=1, class_axis="mean", reduction="sum", held="nothing")
    return convention, Operands(inputs, targets, alpha=unless_negative("alpha", alpha), normalizer=num_boxes)


@loss
def grounding_dino_sigmoid_focal_loss(
    inputs: Tensor, targets: Array, num_boxes: float | Array, alpha: float = 0.25, gamma: float = 2
) -> DescriptionOf[Tensor]:
    """``transformers.loss.loss_grounding_dino.sigmoid_focal_loss``: the sum over ``num_boxes``; α below 0 is off.

    Mirrors transformers 5.24.0, https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_grounding_dino.py
    """
    convention = Convention(SigmoidFocal(gamma), labels="elements", reduction="sum", held="nothing")
    return convention, Operands(inputs, targets, alpha=unless_negative("alpha", alpha), normalizer=num_boxes)


@loss
def fixed_cross_entropy(
    source: Tensor, target: Array, num_items_in_batch: float | Array | None = None, ignore_index: int = -100, **kwargs: Any
) -> DescriptionOf[Tensor]:
    """``transformers.loss.loss_utils.fixed_cross_entropy``: PyTorch's mean, or its sum over ``num_items_in_batch``.

    Mirrors transformers 5.24.0, https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_utils.py
    """
    reduction = "mean" if num_items_in_batch is None else "sum"
    convention, operands = description(torch.cross_entropy, source, target, ignore_index=ignore_index, reduction=reduction)
    return convention, operands._replace(normalizer=num_items_in_batch)


@loss
def ForCausalLMLoss(  # noqa: N802
    logits: Tensor,
    labels: Array,
    vocab_size: int,
    num_items_in_batch: float | Array | None = None,
    ignore_index: int = -100,
    shift_labels: Array | None = None,
    **kwargs: Any,
) -> DescriptionOf[Tensor]:
    """``transformers.loss.loss_utils.ForCausalLMLoss``: cross entropy of each place's logits and the next place's label.

    The last place has none.  ``shift_labels`` are labels that stand where they are predicted; then ``labels`` are not looked at.

    Mirrors transformers 5.24.0, https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_utils.py
    """
    following = next_labels(labels, ignore_index) if shift_labels is None else shift_labels
    return _of_tokens(logits, following, "vocab_size", vocab_size, num_items_in_batch, ignore_index)


@loss
def ForMaskedLMLoss(  # noqa: N802
    logits: Tensor,
    labels: Array,
    vocab_size: int,
    num_items_in_batch: float | Array | None = None,
    ignore_index: int = -100,
    **kwargs: Any,
) -> DescriptionOf[Tensor]:
    """``transformers.loss.loss_utils.ForMaskedLMLoss``: cross entropy of each place's logits and its label.

    Mirrors transformers 5.24.0, https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_utils.py
    """
    return _of_tokens(logits, labels, "vocab_size", vocab_size, num_items_in_batch, ignore_index)


@loss
def ForTokenClassification(logits: Tensor, labels: Array, config: Any, **kwargs: Any) -> DescriptionOf[Tensor]:  # noqa: N802
    """``transformers.loss.loss_utils.ForTokenClassification``: cross entropy of ``config.num_labels`` classes.

    ``num_items_in_batch`` and ``ignore_index`` are taken by keyword.

    Mirrors transformers 5.24.0, https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_utils.py
    """
    return _of_tokens(logits, labels, "config.num_labels", config.num_labels, **_passed_on(kwargs))


@loss(labels_first=True)
def ForSequenceClassificationLoss(  # noqa: N802
    labels: Array, pooled_logits: Tensor, config: Any, **kwargs: Any
) -> DescriptionOf[Tensor]:
    """``transformers.loss.loss_utils.ForSequenceClassificationLoss``: cross entropy, or of several labels binary cross entropy.

    ``config.problem_type`` says which, "single_label_classification" or "multi_label_classification"; None is the first for labels of
    int32 and int64, and else the second.  "regression" is no loss of this library.  Of the first ``num_items_in_batch`` and
    ``ignore_index`` are taken by keyword.

    Mirrors transformers 5.24.0, https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_utils.py
    """
    problem, classes = config.problem_type, config.num_labels
    if problem is None:
        problem = "regression" if classes == 1 else "single_label_classification" if is_long(labels) else "multi_label_classification"
    if problem == "single_label_classification":
        return _of_tokens(pooled_logits, labels, "config.num_labels", classes, **_passed_on(kwargs))
    if problem == "multi_label_classification":
        return description(torch.binary_cross_entropy_with_logits, pooled_logits, labels)
    raise ValueError(
        "config.problem_type must be 'single_label_classification', 'multi_label_classification' or None with several labels (the squared "
        f"error of 'regression' is the framework's own); received {config.problem_type!r} with config.num_labels={classes}."
    )


@loss
def ForSemanticSegmentationLoss(  # noqa: N802
    logits: Tensor,
    labels: Array,
    ignore_index: int = 255,
    num_items_in_batch: float | Array | None = None,
    auxiliary_logits: Array | None = None,
    auxiliary_loss_weight: float = 0.4,
    **kwargs: Any,
) -> DescriptionOf[Tensor]:
    """``transformers.loss.loss_utils.ForSemanticSegmentationLoss``: cross entropy of logits (N, C, H, W) and labels (N, H, W).

    The original resizes logits to the labels' size, by bilinear interpolation, and adds ``auxiliary_loss_weight`` times the loss of
    ``auxiliary_logits``: here logits have the labels' size, and another loss is another call.

    Mirrors transformers 5.24.0, https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/loss/loss_utils.py
    """
    if auxiliary_logits is not None:
        raise ValueError(
            f"auxiliary_logits must be None: add {auxiliary_loss_weight:g} times the loss of the auxiliary logits; "
            f"received logits of shape {shape(auxiliary_logits)}."
        )
    own, labelled = shape(logits), shape(labels)
    if len(own) != 4 or not same(own[2:], labelled[-2:]):
        raise ValueError(
            f"logits must have the shape (N, C, H, W) with the labels' H and W, to which the original resizes them; received {own} with "
            f"labels of shape {labelled}. Resize logits by the framework's bilinear interpolation, without aligned corners."
        )
    return description(fixed_cross_entropy, logits, labels, num_items_in_batch, ignore_index)


@dataclass(eq=False)
class LabelSmoother(LossObject):
    """``transformers.trainer_pt_utils.LabelSmoother``: cross entropy with labels y·(1 − ε) + ε/C; the mean is that of labels not ignored.

    Mirrors transformers 5.24.0, https://github.com/huggingface/transformers/blob/v5.24.0/src/transformers/trainer_pt_utils.py
    """

    epsilon: float = 0.1
    ignore_index: int = -100

    def describe(
        self, model_output: Tensor, labels: Array, shift_labels: bool = False, num_items_in_batch: float | Array | None = None
    ) -> DescriptionOf[Tensor]:
        """The loss of a model's output and labels, which ``shift_labels`` says are those of the places before.

        ``model_output`` holds the logits as ``"logits"`` or, if it is a tuple or list, first; or it is the logits.
        """
        logits = _logits_of(model_output)
        if shift_labels:
            labels = next_labels(labels, self.ignore_index)
        elif len(shape(labels)) == len(shape(logits)) and shape(labels)[-1] == 1:
            labels = squeezed(labels)
        convention = Convention(
            SoftmaxFocal(),
            labels="indices",
            label_smoothing=self.epsilon,
            ignore_index=self.ignore_index,
            reduction="mean" if num_items_in_batch is None else "sum",
            held="nothing",
        )
        return convention, Operands(logits, labels, normalizer=num_items_in_batch)

    __call__ = evaluating(describe)


def _logits_of(model_output: Any) -> Any:
    if isinstance(model_output, Mapping):
        return model_output["logits"]
    return model_output[0] if isinstance(model_output, tuple | list) else model_output


def _passed_on(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`fixed_cross_entropy` takes of a call's other keywords."""
    return {"num_items_in_batch": kwargs.get("num_items_in_batch"), "ignore_index": kwargs.get("ignore_index", -100)}


def _of_tokens(
    logits: Any, labels: Any, name: str, classes: int, num_items_in_batch: float | Array | None, ignore_index: int
) -> DescriptionOf[Any]:
    """Cross entropy of logits whose last axis holds the classes, and as many class indices in any shape."""
    own = shape(logits)
    if not same(own[-1:], (classes,)):
        raise ValueError(f"logits must have {name}={classes} classes along their last axis; received shape {own}.")
    convention = Convention(
        SoftmaxFocal(),
        labels="indices",
        ignore_index=ignore_index,
        reduction="mean" if num_items_in_batch is None else "sum",
        held="nothing",
    )
    return convention, Operands(logits, refolded(labels, own[:-1]), normalizer=num_items_in_batch)
