"""The reading of a call: a pure function of the convention, and of the shapes and dtypes of its operands.

It holds the operands to the predictions' shape, and says how each is brought to their rank.  For eager calls it is kept, so that of a call
like an earlier one nothing is derived twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, assert_never
from typing import cast as cast_to

from ..arrays import Namespace, Shape, require_classes, without
from ..operands import EXCHANGED, WEIGHTS, Operands
from .alignment import Alignment, Kind, Like, TargetsKind
from .checks import NON_NEGATIVE, POSITIVE, PROBABILITY, UNIT, UNNORMALIZED, Range
from .reading import Reading

if TYPE_CHECKING:
    from ..backend import Backend, EagerBackend
    from ..convention import Convention
    from ..formulas.base import Predictions

_NORMALIZER = POSITIVE._replace(hint=" Use max(number of positives, 1) for a batch that may have none.")


def read(
    convention: Convention,
    backend: Backend,
    xp: Namespace,
    autocast: bool,
    eager: bool,
    predictions: Like,
    targets: Like,
    *weights: Kind,
) -> Reading:
    """The reading of a call; raises TypeError or ValueError if the operands do not fit.

    autocast: whether automatic mixed precision is on.  eager: whether the backend evaluates in blocks what can be.  weights: of alpha,
    pos_weight, class_weight, sample_weight and normalizer.
    """
    shape, own, given_axis, categorical = predictions.shape, predictions.dtype, convention.axis, convention.formula.categorical
    in_blocks = eager and (convention.reduction != "none" or convention.class_axis == "formula")
    _check_predictions(convention, categorical, xp, predictions, targets)
    targets_kind = _kind(xp, targets.dtype)
    if given_axis >= 0 and shape:
        convention = replace(convention, axis=given_axis - len(shape))
    axis, dtype = convention.axis, xp.float64 if own == xp.float64 else xp.float32
    loss_shape = without(shape, axis) if convention.drops_axis else shape
    alignment = Alignment(convention, xp, dtype, shape, axis, given_axis, loss_shape, categorical, targets, targets_kind)
    by_index = alignment.are_indices()
    steps = alignment.steps(by_index, in_blocks, weights)
    keeps_indices = by_index and categorical and _keeps_indices(convention, *weights)
    # Labels that are made for a categorical formula are smoothed when they are made.
    smoothing = 0.0 if categorical and not keeps_indices else convention.label_smoothing
    formula = convention.formula.for_labels(keeps_indices, axis, smoothing)
    predicted, of_hard_labels = convention.formula.predictions, formula.of_hard_labels
    if categorical and formula.dropped_axis != axis:
        raise TypeError(f"{convention.formula}.for_labels must give a formula along axis {axis}; received {formula}.")
    allowed = _allowed(predicted)
    divisor = _fixed_divisor(convention, shape, loss_shape, weights) if in_blocks else None
    block = _block(categorical, keeps_indices, own == dtype, dtype == xp.float64)
    reading = Reading(
        backend=backend,
        xp=xp,
        convention=convention,
        shape=shape,
        dtype=dtype,
        result_dtype=xp.float32 if convention.dtype is not None else dtype if autocast else own,
        own_dtype=own,
        axis=axis,
        loss_shape=loss_shape,
        by_index=by_index,
        keeps_indices=keeps_indices,
        steps=steps,
        held=tuple(_ranges(convention, categorical, weights)),
        formula=formula,
        formula_of_hard_labels=of_hard_labels,
        targets_kind=targets_kind,
        ignored=_ignored(convention, xp, targets.dtype, targets_kind),
        categorical=categorical,
        is_reduced=convention.reduction != "none",
        bare=_is_bare(categorical, *weights) and (divisor is not None or convention.reduction == "none"),
        casts=own != dtype or (not by_index and targets.dtype != dtype),
        allowed=allowed if convention.holds_predictions else None,
        harmless=0.0 if allowed is None else 0.5,
        divisor=divisor,
        block=block,
        is_one_block=in_blocks and prod(n or 0 for n in shape) <= block,
        places=(1, *(place for place, kind in enumerate(weights, start=2) if isinstance(kind, Like))),
    )
    if not in_blocks:
        return reading
    return replace(reading, hosted=_hosted(reading, [kind.dtype for kind in (targets, *weights) if isinstance(kind, Like)]))


read_again = lru_cache(1024)(read)
"""For calls that nothing traces, of which there are many alike."""


def _hosted(reading: Reading, others: list[Any]) -> Reading:
    """The reading of the arrays that blocks are computed on; ``others`` are the dtypes of the operands beside the predictions."""
    backend = cast_to("EagerBackend", reading.backend)
    size = prod(n or 0 for n in reading.shape)
    owner = backend.host_backend(reading.own_dtype, others, min(size, reading.block))
    xp = reading.xp if owner is backend else owner.namespace(None)
    names = ("dtype", "result_dtype", "own_dtype")
    dtypes = {} if owner is backend else {name: getattr(xp, _name(reading.xp, getattr(reading, name))) for name in names}
    looks = xp.hard is not None and not reading.casts and reading.targets_kind == "floating" and not reading.categorical
    return replace(reading, backend=owner, xp=xp, eager=True, looks_for_hard_labels=looks, **dtypes)


def _name(xp: Namespace, dtype: Any) -> str:
    """The standard's name of a floating dtype, or float16."""
    return next(name for name in ("float64", "float32", "float16") if getattr(xp, name) == dtype)


def _check_predictions(convention: Convention, categorical: bool, xp: Namespace, predictions: Like, targets: Like) -> None:
    shape, dtype = predictions
    if dtype not in (xp.float32, xp.float64):
        if not xp.isdtype(dtype, "real floating"):
            exchanged = EXCHANGED if xp.isdtype(targets.dtype, "real floating") else ""
            raise TypeError(f"predictions must be a floating tensor; received dtype {dtype}.{exchanged}")
        if not 16 <= xp.finfo(dtype).bits <= 64:
            raise TypeError(f"predictions must be float16, bfloat16, float32 or float64; received dtype {dtype}.")
    rank, axis, kind = len(shape), convention.axis, "softmax" if categorical else "sigmoid"
    if convention.drops_axis and rank == 0:
        raise ValueError(f"predictions of a {kind} loss must have a class axis; received shape ().")
    # A 0-D binary loss has no axis; the default -1 stands for "none".
    if not (-rank <= axis < rank or (rank == 0 and axis in (-1, 0))):
        raise ValueError(f"axis must be in [{-rank}, {rank - 1}] for predictions of shape {shape}; received {axis}.")
    if categorical and shape[axis] == 0:
        raise ValueError(f"predictions of a {kind} loss must have at least 1 class along axis {axis}; received shape {shape}.")


def _keeps_indices(convention: Convention, alpha: Kind, pos_weight: Kind, class_weight: Kind, *others: Kind) -> bool:
    """Whether class indices are themselves the labels that a categorical formula takes."""
    if not convention.formula.takes_indices:
        return False
    return not convention.label_smoothing or (convention.formula.smooths_indices and alpha is None and class_weight is None)


def _kind(xp: Namespace, dtype: Any) -> TargetsKind:
    """What the targets' dtype is; raises TypeError if it is none that labels have."""
    if xp.isdtype(dtype, "real floating"):
        return "floating"
    if xp.isdtype(dtype, "bool"):
        return "bool"
    if xp.isdtype(dtype, "integral"):
        return "integral"
    raise TypeError(f"targets must be bool, integer or floating; received dtype {dtype}.")


def _is_bare(categorical: bool, alpha: Kind, pos_weight: Kind, *others: Kind) -> bool:
    """Whether a formula takes the weights as they are given."""
    if categorical:
        own = alpha is None and pos_weight is None
    else:
        own = not isinstance(alpha, Like) and not isinstance(pos_weight, Like)
    return own and all(other is None for other in others)


def _allowed(predictions: Predictions) -> Range | None:
    """What predictions are held to."""
    match predictions:
        case "probabilities":
            return PROBABILITY
        case "unnormalized":
            return UNNORMALIZED
        case "logits" | "log-probabilities":
            return None
        case never:
            assert_never(never)


def _ignored(convention: Convention, xp: Namespace, dtype: Any, kind: TargetsKind) -> int | None:
    """What is ignored, if the dtype of the targets has it."""
    ignored = convention.ignore_index
    return ignored if ignored is not None and _representable(xp, dtype, kind, ignored) else None


def _representable(xp: Namespace, dtype: Any, kind: TargetsKind, value: int) -> bool:
    """Whether the dtype has exactly this number: −100 is no uint8, and 2049 no float16."""
    match kind:
        case "bool":
            return value in (0, 1)
        case "integral":
            bounds = xp.iinfo(dtype)
            return bool(bounds.min <= value <= bounds.max)
        case "floating":
            info = xp.finfo(dtype)
            significant = abs(value) // (abs(value) & -abs(value) or 1)
            return significant * float(info.eps) < 2 and abs(value) <= float(info.max)
        case never:
            assert_never(never)


def _ranges(convention: Convention, categorical: bool, weights: tuple[Kind, ...]) -> Iterator[tuple[int, str, Range]]:
    """What operands that are there are held to."""
    of_alpha = NON_NEGATIVE if categorical else UNIT
    ranges = dict(zip(WEIGHTS, (of_alpha, NON_NEGATIVE, NON_NEGATIVE, None, _NORMALIZER), strict=True))
    for name, kind in zip(WEIGHTS, weights, strict=True):
        allowed = ranges[name]
        if kind is not None and allowed is not None and (convention.holds_weights or name == "normalizer"):
            yield Operands._fields.index(name), name, allowed


def _fixed_divisor(convention: Convention, shape: Shape, loss_shape: Shape, weights: tuple[Kind, ...]) -> float | None:
    """What the total is divided by, where the shapes alone say so."""
    _, _, class_weight, sample_weight, _ = weights
    per_row = require_classes(shape, convention.axis) if convention.class_axis == "mean" else 1
    match convention.reduction:
        case "none":
            return 1.0
        case "sum":
            return float(per_row)
        case "mean" | "weighted_mean":
            weighed = convention.reduction == "weighted_mean" and not (sample_weight is None and class_weight is None)
            ignores = convention.ignore_index is not None and not convention.count_ignored
            return None if weighed or ignores else float(prod(n or 0 for n in loss_shape) * per_row)
        case never:
            assert_never(never)


_BLOCK, _BLOCK_OF_ROWS = 11 << 15, 1 << 20
"""Bytes of a block, so that most of its arrays stay in the second-level cache or near, and of a softmax's labels, half of whose operations
are on one number a row, and cost what calls cost."""
_LARGEST_OF_ROWS = 1 << 24
"""With one class index a row the formula computes in the one array that becomes the slope, and most of what else it makes is one number a
row: there is little to keep in the cache, and fewer blocks cost less Python.  Blocks of half precision are cast, which is more to keep: 8
Mi bfloat16 logits of 1000 classes take 22 ms in blocks of 1 MiB, 31 in blocks of 16 MiB."""


def _block(categorical: bool, keeps_indices: bool, is_wide: bool, is_double: bool) -> int:
    """The elements of a block."""
    width = 8 if is_double else 4
    if keeps_indices and is_wide:
        return _LARGEST_OF_ROWS // width
    return (_BLOCK_OF_ROWS if categorical else _BLOCK) // width
