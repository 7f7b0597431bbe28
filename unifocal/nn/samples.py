"""One loss a sample, as Keras wants it of a call with labels first: its rules for ranks, and what counts in a mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from inspect import isclass, signature
from typing import Any, NamedTuple

from ..arrays import Array, Shape, same, without
from ..convention import Convention
from ..dialects.ranks import as_indices, expanded, is_floating, same_rank, shape, squeezed
from ..dispatch import backend_of
from ..evaluation.block import drop_ignored
from ..evaluation.evaluate import read_call
from ..evaluation.reading import Reading
from ..evaluation.reduction import divide
from ..loss import Description, LossObject, call_with
from ..operands import Operands


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


def description(function: Any, options: Mapping[str, Any], y_true: Any, y_pred: Array) -> Description:
    """The convention and operands of labels and predictions, for a function, a class with options, or an object of it."""
    if isclass(function):
        function, options = function(**options), {}
    axis = options["axis"] if "axis" in options else _default_axis(function)
    y_true, y_pred = fitted(y_true, y_pred, axis)
    given: Description = call_with(function.describe, (y_true, y_pred) if function.labels_first else (y_pred, y_true), options)
    return given


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


def _are_indices(own: Shape, whole: Shape, axis: int | None) -> bool:
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


def samples(convention: Convention, operands: Operands, mask: Array | None = None) -> Samples:
    """The losses of a call, of whose samples or elements a mask may leave out some."""
    if mask is not None:
        operands = operands._replace(targets=_harmless(convention, operands, mask))
    call = read_call(replace(convention, reduction="none"), operands)
    reading, values = call.reading, call.value()
    xp, axis, ignores = reading.xp, reading.axis, convention.ignore_index is not None and not convention.count_ignored
    parts = [part for part in (mask, _counted(reading, call.operands.targets) if ignores else None) if part is not None]
    whole = len(shape(values)) == len(reading.shape) > 0
    by_element = whole and any(len(shape(part)) == len(reading.shape) for part in parts)
    if whole and not by_element:
        classes = reading.shape[axis]
        by = xp.sum(xp.ones_like(values), axis=axis) if classes is None else float(classes)
        values = divide(xp, xp.sum(values, axis=axis), by)
    parts = [_spread(part, len(shape(values)), axis if by_element else -1) for part in parts]
    return Samples(values, None if not parts else parts[0] if len(parts) == 1 else parts[0] & parts[1], by_element, axis)


def _counted(reading: Reading, targets: Array) -> Array | None:
    """Where targets are not ignored, class indices without the class axis; None if all count."""
    if reading.ignored is None:
        return None
    _, valid = drop_ignored(reading, targets)
    return reading.xp.squeeze(valid, axis=reading.axis) if reading.by_index else valid


def _spread(part: Array, rank: int, axis: int) -> Array:
    """What counts, with dimensions of size 1: at the class axis if that is all that lacks, else at the end."""
    if len(shape(part)) == rank - 1:
        return expanded(part, axis)
    while len(shape(part)) < rank:
        part = expanded(part)
    return part


def _harmless(convention: Convention, operands: Operands, mask: Array) -> Any:
    """The targets with 0 where they are masked, whatever a padding held there."""
    targets, rank, backend = operands.targets, len(shape(operands.predictions)), backend_of(operands.targets)
    if backend is None or backend is not backend_of(operands.predictions) or len(shape(mask)) > len(shape(targets)):
        return targets
    targets = backend.canonical(targets)
    at = convention.axis if len(shape(targets)) == rank else -1
    xp = backend.namespace(targets)
    return xp.where(_spread(mask, len(shape(targets)), at), targets, xp.zeros_like(targets))
