"""One loss a sample, as Keras wants it of a call with labels first: its rules for ranks, and what counts in a mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from inspect import isclass, signature
from typing import Any, NamedTuple

from ..dialects.tensors import as_indices, expanded, is_floating, same_rank, shape, squeezed
from ..dispatch import backend_of
from ..evaluate import evaluate
from ..explain import LABELS
from ..loss import Description, LossObject
from ..operands import Context, context, same, without
from ..protocol import Array
from ..reduction import divide
from ..spec import Operands, Spec
from ..targets import counted
from .options import described


class Samples(NamedTuple):
    """The losses of a batch.

    values: one a sample, the class axis being averaged; one an element where only some elements of a sample count.
    counted: where they count, broadcastable to them; None where all do.
    by_element: whether the class axis was kept for that.
    axis: that axis, negative.
    """

    values: Array
    counted: Array | None
    by_element: bool
    axis: int


def labels_first(function: Any) -> bool:
    """Whether a loss, a function or an object, takes its labels first."""
    return next(iter(signature(function.describe).parameters)) in LABELS


def description(function: Any, options: Mapping[str, Any], y_true: Any, y_pred: Array) -> Description:
    """The spec and operands of labels and predictions, for a function, a class with options, or an object of it."""
    if isclass(function):
        function, options = function(**options), {}
    axis = options["axis"] if "axis" in options else _default_axis(function)
    y_true, y_pred = fitted(y_true, y_pred, axis)
    return described(function, options, (y_true, y_pred) if labels_first(function) else (y_pred, y_true))


def _default_axis(function: Any) -> int | None:
    """The class axis of a loss by its own options; None if it is none of them."""
    if isinstance(function, LossObject):
        return getattr(function, "axis", None)
    parameter = signature(function.describe).parameters.get("axis")
    return None if parameter is None else parameter.default


def fitted(y_true: Any, y_pred: Array, axis: int | None) -> tuple[Any, Array]:
    """Labels and predictions by Keras's rules for ranks; class indices without the class axis, as integers.

    Raises
    ------
    TypeError
        If class indices come in a floating dtype that does not hold them all.
    """
    if not _are_indices(shape(y_true), shape(y_pred), axis):
        y_true, y_pred = same_rank(y_true, y_pred)
    own, whole, at = shape(y_true), shape(y_pred), -1 if axis is None else axis
    if len(own) == len(whole) > 0 and own[at] == 1 and whole[at] != 1:
        y_true = squeezed(y_true, at)
    if len(shape(y_true)) != len(whole) - 1 or not is_floating(y_true):
        return y_true, y_pred
    _hold_exact(y_true, whole[at])
    return as_indices(y_true), y_pred


def _are_indices(own: tuple[int | None, ...], whole: tuple[int | None, ...], axis: int | None) -> bool:
    """Whether labels have the shape of predictions without their class axis (any, if it is not known), of more classes than one."""
    axes = range(-len(whole), 0) if axis is None else [axis if axis < 0 else axis - len(whole)]
    return any(-len(whole) <= a < 0 and whole[a] != 1 and same(own, without(whole, a)) for a in axes)


def _hold_exact(y_true: Any, classes: int | None) -> None:
    backend = backend_of(y_true)
    if backend is None or classes is None:
        return
    dtype = backend.canonical(y_true).dtype
    largest = int(2 / float(backend.namespace(y_true).finfo(dtype).eps))
    if classes > largest:
        raise TypeError(
            f"Class indices of dtype {dtype} are exact up to {largest} only, and there are {classes} classes; pass them as integers, to a "
            "loss of unifocal.nn.keras, which keeps them so."
        )


def samples(spec: Spec, operands: Operands, mask: Array | None = None) -> Samples:
    """The losses of a call, of whose samples or elements a mask may leave out some."""
    ctx = context(spec, operands.predictions)
    if mask is not None:
        operands = replace(operands, targets=_harmless(ctx, operands.targets, mask))
    values = evaluate(replace(spec, reduction="none"), operands)
    ignores = spec.ignore_index is not None and not spec.count_ignored
    parts = [part for part in (mask, counted(ctx, operands.targets) if ignores else None) if part is not None]
    whole = len(shape(values)) == len(ctx.shape) > 0
    by_element = whole and any(len(shape(part)) == len(ctx.shape) for part in parts)
    if whole and not by_element:
        classes = ctx.shape[ctx.axis]
        by = ctx.xp.sum(ctx.xp.ones_like(values), axis=ctx.axis) if classes is None else float(classes)
        values = divide(ctx.xp, ctx.xp.sum(values, axis=ctx.axis), by)
    parts = [_spread(part, len(shape(values)), ctx.axis if by_element else -1) for part in parts]
    return Samples(values, None if not parts else parts[0] if len(parts) == 1 else parts[0] & parts[1], by_element, ctx.axis)


def _spread(part: Array, rank: int, axis: int) -> Array:
    """What counts, with dimensions of size 1: at the class axis if that is all that lacks, else at the end."""
    if len(shape(part)) == rank - 1:
        return expanded(part, axis)
    while len(shape(part)) < rank:
        part = expanded(part)
    return part


def _harmless(ctx: Context, targets: Any, mask: Array) -> Any:
    """The targets with 0 where they are masked, whatever a padding held there."""
    if backend_of(targets) is not ctx.backend or len(shape(mask)) > len(shape(targets)):
        return targets
    targets = ctx.backend.canonical(targets)
    at = ctx.axis if len(shape(targets)) == len(ctx.shape) else -1
    return ctx.xp.where(_spread(mask, len(shape(targets)), at), targets, ctx.xp.zeros_like(targets))
