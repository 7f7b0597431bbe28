"""Targets of every kind (class indices, one-hot, soft; background, ignored, smoothed) as the labels that a kernel takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .checks import UNIT, Range, all_hard
from .notices import warn_caller
from .operands import EXCHANGED, Context, Shape, cast, same, tensor, without
from .protocol import Array, Namespace

_BY_TARGETS = "Gradients by the targets are wanted"
_ROUNDING = 4
"""Labels may be so many eps outside [0, 1]: interpolation and sums round them there."""


@dataclass(eq=False)
class Targets:
    """The targets of one call.

    labels: see :class:`~unifocal.protocol.Inputs`, before the class weights; smoothed for softmax (the binary kernels smooth their own).
    indices: the class index of each row, size 1 along the class axis; None for element-wise labels.
    valid: where the loss counts, broadcastable to the predictions; None where all does.
    bad: where an index that could not be looked at is out of range, likewise; the loss is NaN there.
    hard: whether the labels are constants, all 0 or 1, or NaN: by their dtype, or because they were looked at.
    """

    labels: Array
    indices: Array | None = None
    valid: Array | None = None
    bad: Array | None = None
    hard: bool = False

    @property
    def by_index(self) -> bool:
        """Whether the labels that the kernel takes are the class indices themselves."""
        return self.labels is self.indices


def read(ctx: Context, targets: object) -> tuple[Array, Shape, bool]:
    """The targets with the predictions' rank (class indices: of size 1 along the class axis), their own shape, whether they are indices.

    Raises
    ------
    TypeError, ValueError
        Where they do not fit the predictions.
    """
    raw = tensor(ctx, "targets", targets)
    shape = ctx.backend.shape(raw)
    if not ctx.xp.isdtype(raw.dtype, ("bool", "integral", "real floating")):
        raise TypeError(f"targets must be bool, integer or floating; received dtype {raw.dtype}.")
    formats, spec = ctx.spec.labels, ctx.spec
    if formats == "elements" or (formats == "any" and len(shape) == len(ctx.shape)):
        if not same(shape, ctx.shape):
            raise ValueError(
                f"Element-wise targets must have the shape of the predictions, {ctx.shape}; received {shape}.{_fitting(ctx, raw)}"
            )
        if spec.categorical and spec.ignore_index is not None:
            raise ValueError(
                f"ignore_index requires class indices for softmax losses; received targets of the predictions' shape {shape}. "
                "Use sample_weight instead."
            )
        if spec.categorical and formats == "any" and ctx.shape[ctx.axis] == 1:
            raise ValueError(
                f"A softmax over one class is 1 whatever its logit is, and the loss 0; received predictions of shape {ctx.shape} with the "
                f"class axis {ctx.given_axis}. For yes-or-no labels use the sigmoid losses; or name the class axis by axis=…."
            )
        _warn_if_exchanged(ctx, raw)
        return ctx.backend.of_sizes("targets", raw, ctx.x, ctx.axis, None), shape, False
    if len(shape) != len(ctx.shape) - 1 or not same(shape, without(ctx.shape, ctx.axis)):
        whole = (
            f"the shape of the predictions, {ctx.shape} (element-wise labels), or that" if formats == "any" else f"the shape {ctx.shape}"
        )
        raise ValueError(f"targets must have {whole} without axis {ctx.given_axis} (class indices); received {shape}.{_fitting(ctx, raw)}")
    if formats == "any" and ctx.classes < 2:
        raise ValueError(
            f"Class indices need at least 2 classes along axis {ctx.given_axis}; received predictions of shape {ctx.shape} with targets of "
            f"shape {shape}. For element-wise labels reshape the targets to {ctx.shape} or the predictions to {shape}."
        )
    if not ctx.xp.isdtype(raw.dtype, "integral"):
        raise TypeError(
            f"targets with one dimension fewer than the predictions are class indices and must be integer; received dtype {raw.dtype}."
        )
    raw = ctx.backend.of_sizes("targets", raw, ctx.x, ctx.axis, [])
    return ctx.xp.expand_dims(raw, axis=ctx.axis), shape, True


def _fitting(ctx: Context, raw: Array) -> str:
    """What would make targets fit that do not, for the message."""
    shape, onto = ctx.backend.shape(raw), ctx.shape
    by_index = ctx.spec.labels != "elements" and ctx.xp.isdtype(raw.dtype, "integral")
    if by_index:
        for axis in range(len(onto)):
            bare = without(onto, axis - len(onto))
            named = "" if axis == ctx.axis + len(onto) else f" and pass axis={axis}"
            if named and shape == bare:
                return f" With axis={axis} they fit."
            if shape == (*bare[:axis], 1, *bare[axis:]):
                return f" Reshape them to {bare}{named}, if they are class indices."
    if len(shape) == len(onto) + 1 and any(onto == without(shape, -i - 1) for i in range(len(shape))):
        return EXCHANGED
    if prod(n or 0 for n in shape) == prod(n or 0 for n in onto) > 0:
        return " Reshape one of them, if their entries are in the same order."
    return ""


def _warn_if_exchanged(ctx: Context, raw: Array) -> None:
    if not ctx.xp.isdtype(raw.dtype, "real floating") or any(map(ctx.backend.is_traced, (raw, ctx.x))):
        return
    if ctx.backend.is_constant(ctx.x) and not ctx.backend.is_constant(raw):
        warn_caller(
            f"{_BY_TARGETS}, and none by the predictions.{EXCHANGED} "
            f'If they are not, warnings.filterwarnings("ignore", "{_BY_TARGETS}") silences this.'
        )


def fold(ctx: Context, raw: Array, by_index: bool, keeps_indices: bool) -> Targets:
    """Targets that were read (or a block of them), checked and made labels; raises ValueError where values are out of range.

    keeps_indices: whether class indices are themselves the labels that a categorical kernel takes.
    """
    return _class_indices(ctx, raw, keeps_indices) if by_index else _element_wise(ctx, raw)


def _element_wise(ctx: Context, raw: Array) -> Targets:
    xp, spec = ctx.xp, ctx.spec
    raw, valid = _ignore(ctx, raw)
    labels = cast(xp, raw, ctx.dtype)
    floating, hard = xp.isdtype(raw.dtype, "real floating"), xp.isdtype(raw.dtype, "bool")
    if not hard:
        slack = _ROUNDING * max(float(xp.finfo(xp.float32).eps), float(xp.finfo(raw.dtype).eps)) if floating else 0.0
        if ctx.readable(labels):
            labels, hard = _looked_at(ctx, labels, slack)
            # The form for hard labels is another function of them.
            hard = hard and (not floating or ctx.eager or ctx.backend.is_constant(labels))
        elif spec.holds_labels:
            hard = not floating
            # Compared with the middle: one pass.
            labels = xp.where(xp.abs(labels - 0.5) <= 0.5 + slack, _clamped(ctx, labels) if floating else labels, float("nan"))
    if spec.label_smoothing and spec.categorical:
        kept, spread = (xp.number(n, ctx.dtype) for n in (1 - spec.label_smoothing, spec.label_smoothing / ctx.classes))
        labels = labels * kept + spread
    return Targets(labels, valid=valid, hard=hard)


def _looked_at(ctx: Context, labels: Array, slack: float) -> tuple[Array, bool]:
    """Labels, held to [0, 1] if they must be, and whether they are all 0 or 1.

    Raises ValueError where one is further outside than the slack.
    """
    xp = ctx.xp
    if not ctx.spec.categorical:  # no categorical kernel has a form for hard labels
        hard: bool | None = xp.hard(labels) if hasattr(xp, "hard") else all_hard(ctx.backend.to_numpy(labels)) or None
        if hard is not None:
            return labels, hard
    if not ctx.spec.holds_labels:
        return labels, False
    least, largest = ctx.extent(labels)
    if not UNIT.holds(least, largest, slack):
        UNIT._replace(hint=_way_out(ctx, labels)).check_array("targets", ctx.values(labels), slack)
    return labels if UNIT.holds(least, largest) else _clamped(ctx, labels), False


def _way_out(ctx: Context, labels: Array) -> str:
    """What labels outside [0, 1] may be: one whole number marks what is ignored; others, beside predictions of 0 and 1, are logits."""
    values: Any = ctx.values(labels)
    outside = values[~((values >= 0) & (values <= 1))]
    if not np.isfinite(outside).all():
        return ""
    if (outside == outside[0]).all() and outside[0] % 1 == 0:
        named = ctx.spec.labels == "any" and not ctx.spec.categorical
        return f" If {outside[0]:.0f} marks what is to be left out, pass ignore_index={outside[0]:.0f}." if named else ""
    x = ctx.values(ctx.x) if ctx.readable(ctx.x) else values
    return EXCHANGED if all_hard(x) and x.any() else ""


def _clamped(ctx: Context, labels: Array) -> Array:
    """Labels, those outside [0, 1] at its ends; their derivative stays 1."""
    xp = ctx.xp
    back = xp.where(labels < 0, -labels, xp.where(labels > 1, 1 - labels, 0.0))
    return labels + ctx.backend.stop_gradient(back)


def _class_indices(ctx: Context, raw: Array, keeps_indices: bool) -> Targets:
    xp, spec, classes = ctx.xp, ctx.spec, ctx.classes
    raw, valid = _ignore(ctx, raw)
    index, bad = cast(xp, raw, xp.int64), None
    # For the sigmoid link, index = number of classes is the background: a row without a positive.
    last = classes - 1 if spec.categorical else classes
    hint = "" if spec.categorical else " (the last one is background)"
    if ctx.readable(raw):
        left_out = "" if spec.labels != "any" else " If {received} marks what is to be left out, pass ignore_index={received}."
        ctx.hold(f"Class indices{hint}", raw, Range(0, last, hint=left_out), drop=ctx.axis)
    else:
        bad = (index < 0) | (index > last)
        index = xp.where(bad, xp.zeros_like(index), index)
    labels, smoothing = index, spec.label_smoothing
    if not spec.categorical:
        labels = one_hot(ctx, index)
    elif not keeps_indices:
        uniform = xp.full_like(ctx.x, smoothing / classes, dtype=ctx.dtype)
        labels = xp.scatter(uniform, index, 1 - smoothing + smoothing / classes, ctx.axis)
    return Targets(labels, index, valid, bad, hard=True)


def one_hot(ctx: Context, index: Array) -> Array:
    """1 at the index of each row, 0 elsewhere; nowhere 1 for an index beyond the classes."""
    xp, rank = ctx.xp, len(ctx.shape)
    classes = xp.arange(ctx.classes, dtype=index.dtype, device=ctx.backend.device(ctx.x))
    classes = xp.reshape(classes, tuple(-1 if i == rank + ctx.axis else 1 for i in range(rank)))
    return cast(xp, index == classes, ctx.dtype)


def _ignore(ctx: Context, raw: Array) -> tuple[Array, Array | None]:
    """The targets with 0 for ignored entries, and where they are not ignored."""
    xp, ignored = ctx.xp, ctx.spec.ignore_index
    if ignored is None or not _representable(xp, raw.dtype, ignored):
        return raw, None
    if xp.isdtype(raw.dtype, "bool"):
        valid = ~raw if ignored else raw
    else:
        valid = ~xp.equal(raw, ignored)
    return xp.where(valid, raw, xp.zeros_like(raw)), valid


def counted(ctx: Context, targets: object) -> Array | None:
    """Where targets are not ignored, in their own shape; None if all count."""
    raw, _, by_index = read(ctx, targets)
    valid = _ignore(ctx, raw)[1]
    return valid if valid is None or not by_index else ctx.xp.squeeze(valid, axis=ctx.axis)


def _representable(xp: Namespace, dtype: Any, value: int) -> bool:
    """Whether the dtype has exactly this number: −100 is no uint8, and 2049 no float16."""
    if xp.isdtype(dtype, "bool"):
        return value in (0, 1)
    if xp.isdtype(dtype, "integral"):
        info = xp.iinfo(dtype)
        return bool(info.min <= value <= info.max)
    info = xp.finfo(dtype)
    significant = abs(value) // (abs(value) & -abs(value) or 1)
    return significant * float(info.eps) < 2 and abs(value) <= float(info.max)
