"""What the losses of mmdet, mmseg and mmpretrain have in common: how they reduce, and the cross entropies that two of them have alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..convention import Convention, Reduction
from ..formulas import SigmoidFocal
from ..loss import Description, description
from ..operands import Operands
from . import torch
from .labels import picked
from .options import REDUCTIONS, choice
from .ranks import broadcast, reshaped, shape

FLOAT32_EPSILON = 1.1920928955078125e-07


def averaged(reduction: Any, avg_factor: Any, epsilon: float = FLOAT32_EPSILON) -> tuple[Reduction, Any]:
    """The reduction, and what the loss is divided by: "mean" divides by ``avg_factor`` plus ε, if there is one, "none" by nothing."""
    chosen = choice("reduction", reduction, REDUCTIONS)
    if avg_factor is None or chosen == "none":
        return chosen, None
    if chosen == "sum":
        raise ValueError('avg_factor can not be used with reduction="sum".')
    return "sum", avg_factor + epsilon


def require_sigmoid(use_sigmoid: object) -> None:
    """Raise ValueError unless a loss that has no other is told to use the sigmoid."""
    if use_sigmoid is not True:
        raise ValueError(f"There is no loss but the sigmoid's: use_sigmoid must be True; received {use_sigmoid!r}.")


def refuse(keywords: dict[str, Any]) -> None:
    """Raise TypeError for keyword arguments, which the originals drop."""
    if keywords:
        raise TypeError(f"There is no option {', '.join(keywords)}; the original takes it without a word, and drops it.")


def cross_entropy(pred: Any, label: Any, class_weight: Any, ignored: int, **operands: Any) -> Description:
    """torch's cross entropy, unreduced; sample weights align from the right, and ignored rows count in a mean."""
    convention, found = description(torch.cross_entropy, pred, label, class_weight, ignore_index=ignored, reduction="none")
    convention = replace(convention, weights="trailing", count_ignored=convention.ignore_index is not None)
    return convention, found._replace(**operands)


def mask_cross_entropy(
    pred: Any, target: Any, label: Any, reduction: Any, avg_factor: Any, class_weight: Any, ignore_index: Any, keywords: dict[str, Any]
) -> Description:
    """The mean binary cross entropy of each row's own channel, ``pred[n, label[n]]``, of shape (1,)."""
    refuse(keywords)
    if reduction != "mean" or avg_factor is not None or ignore_index is not None:
        raise ValueError(
            "A cross entropy of masks is a mean without more: reduction must be 'mean', avg_factor and ignore_index None; "
            f"received {reduction!r}, {avg_factor} and {ignore_index}."
        )
    if len(shape(pred)) < 3 or len(shape(label)) != 1:
        raise ValueError(f"pred must have the shape (N, C, ...) and label (N,); received {shape(pred)} and {shape(label)}.")
    entries, restore = picked(pred, label)
    rows = shape(entries)
    if len(shape(target)) != len(rows):
        raise ValueError(f"target must have the shape of pred without its class axis, {rows}; received {shape(target)}.")
    if class_weight is not None:
        class_weight = reshaped(broadcast(class_weight, rows), (1, None))
    convention = Convention(SigmoidFocal(), labels="elements", class_axis="mean", reduction="none", held="nothing")
    operands = Operands(
        reshaped(entries, (1, None)),
        reshaped(target, (1, None)),
        class_weight=class_weight,
        given=pred,
        restore=lambda gradient: restore(reshaped(gradient, rows)),
    )
    return convention, operands
