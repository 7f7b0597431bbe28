"""What is known of a call without its values: a pure function of the convention, and of the shapes and dtypes of its operands.

It holds the operands to the predictions' shape, and says how each is brought to their rank.  For eager calls it is kept, so that of a call
like an earlier one nothing is derived twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, Literal, assert_never
from typing import cast as cast_to

from ..arrays import Array, Namespace, NumPyArray, Shape, cast, without
from ..operands import EXCHANGED, WEIGHTS, Operands
from .alignment import Alignment, Kind, Like, Step, are_indices, require_classes
from .checks import NON_NEGATIVE, POSITIVE, PROBABILITY, UNIT, UNNORMALIZED, Range, are_on

if TYPE_CHECKING:
    from ..backend import Backend, EagerBackend
    from ..convention import Convention
    from ..formulas.base import Formula, Predictions

_NORMALIZER = POSITIVE._replace(hint=" Use max(number of positives, 1) for a batch that may have none.")


@dataclass(frozen=True, eq=False)
class Reading:
    """What every operand is measured against, and how it is aligned."""

    backend: Backend
    xp: Namespace
    convention: Convention
    """Its axis is negative."""
    shape: Shape
    """The predictions'."""
    dtype: Any
    """What is computed in."""
    result_dtype: Any
    own_dtype: Any
    """The predictions'."""
    given_axis: int
    """The class axis as the caller named it, for messages."""
    by_index: bool
    """Whether targets are class indices."""
    keeps_indices: bool
    """Whether the formula takes them as they are, and not labels made of them."""
    steps: tuple[tuple[int, Step], ...]
    """By place among the operands: what brings them to the predictions' rank, size 1 along the class axis for class indices."""
    held: tuple[tuple[int, str, Range], ...]
    """The operands whose values are held to a range."""
    formula: Formula
    """For any labels of this call."""
    formula_of_hard_labels: Formula
    """For those that are all 0 or 1."""
    targets_kind: Literal["bool", "integral", "floating"]
    ignored: int | None
    """The targets that are ignored, if their dtype has that number."""
    categorical: bool
    """Whether the classes of a row are one distribution."""
    is_reduced: bool
    """Whether the loss is one number."""
    bare: bool
    """Whether there are no weights but numbers α and pos_weight of a binary loss, and the divisor is known."""
    casts: bool
    """Whether predictions or element-wise targets have another dtype than what is computed in."""
    allowed: Range | None
    """What predictions are held to, if they are probabilities."""
    harmless: float
    """What is taken for predictions that are ignored."""
    divisor: float | None
    """What the total is divided by, where that depends on no target or weight; 1 for an unreduced loss."""
    block: int
    """Elements of a block."""
    is_one_block: bool
    places: tuple[int, ...]
    """Of the operands that are tensors, beside the predictions."""
    eager: bool = False
    """Known to be eager, and in host memory."""
    looks_for_hard_labels: bool = False
    """Whether element-wise labels, as they are, may be found to be all 0 or 1 by one look."""
    hosted: Reading | None = None
    """Of a call that is evaluated in blocks: the reading of the arrays that they are computed on."""

    # --- shapes -------------------------------------------------------------------------------------------------------------------

    @property
    def axis(self) -> int:
        """The class axis, negative."""
        return self.convention.axis

    @property
    def loss_shape(self) -> Shape:
        """The shape of the unreduced loss."""
        return without(self.shape, self.axis) if self.convention.drops_axis else self.shape

    @property
    def classes(self) -> int:
        """The number of classes along the axis; raises ValueError if a traced graph does not know it."""
        return require_classes(self.shape, self.axis)

    # --- values -------------------------------------------------------------------------------------------------------------------

    def readable(self, x: Array) -> bool:
        """Whether the values of x may be looked at: eager, in host memory, and checks on."""
        if self.eager:
            return are_on()
        return not self.backend.is_traced(x) and are_on() and self.backend.on_host(x)

    def extent(self, x: Array) -> tuple[Any, Any]:
        """The smallest and the largest of values that may be looked at; NaN for both if there is one."""
        if self.xp.extent is not None:
            least, largest = self.xp.extent(x)
            return least, largest
        values = self.values(x)
        return (values.min(), values.max()) if values.size else (0.0, 0.0)

    def hold(self, name: str, x: Array, allowed: Range, slack: float = 0.0, drop: int | None = None) -> None:
        """Raise ValueError if values that may be looked at lie outside the range.  The message is of x without axis ``drop``."""
        if not allowed.holds(*self.extent(x), slack):
            allowed.check_array(name, self.values(x if drop is None else self.xp.squeeze(x, axis=drop)), slack)

    def values(self, x: Array) -> NumPyArray:
        """NumPy's array of values that may be looked at."""
        xp = self.xp
        is_half = x.dtype not in (xp.float32, xp.float64) and xp.isdtype(x.dtype, "real floating")
        return self.backend.to_numpy(cast(xp, x, xp.float32) if is_half else x)

    def align(self, operands: Operands) -> Operands:
        """The operands with the predictions' rank, their weights held to their ranges.

        Every tensor then has the predictions' size or 1 in each dimension, or is 0-D: cutting the predictions in blocks cuts it too.
        """
        parts: list[Any] = list(operands)
        if self.hosted is None:
            x, targets = operands.predictions, operands.targets
            parts[1] = self.backend.require_sizes("targets", targets, x, self.axis, [] if self.by_index else None)
        for place, name, allowed in self.held:
            part = parts[place]
            if isinstance(part, float):
                allowed.check_number(name, part)
            elif self.readable(part):
                self.hold(name, cast(self.xp, part, self.dtype), allowed)
        for place, step in self.steps:
            parts[place] = step(parts[place])
        return Operands(*parts)


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
    in_blocks = eager and (convention.reduction != "none" or convention.class_axis == "formula")
    given_axis, categorical = convention.axis, convention.formula.categorical
    _check_predictions(convention, xp, predictions, targets)
    if convention.axis >= 0 and predictions.shape:
        convention = replace(convention, axis=convention.axis - len(predictions.shape))
    by_index = are_indices(convention, xp, predictions.shape, targets, given_axis)
    keeps_indices = by_index and _keeps_indices(convention, *weights)
    own = predictions.dtype
    dtype = xp.float64 if own == xp.float64 else xp.float32
    alignment = Alignment(convention, xp, dtype, predictions.shape, given_axis, targets.shape)
    # Labels that are made for a categorical formula are smoothed when they are made.
    smoothing = 0.0 if categorical and not keeps_indices else convention.label_smoothing
    formula = convention.formula.for_labels(keeps_indices, convention.axis, smoothing)
    if categorical and formula.dropped_axis != convention.axis:
        raise TypeError(f"{convention.formula}.for_labels must give a formula along axis {convention.axis}; received {formula}.")
    allowed = _allowed(convention.formula.predictions)
    divisor = _fixed_divisor(convention, predictions.shape, weights) if in_blocks else None
    block = _block(convention, keeps_indices, own == dtype, dtype == xp.float64)
    reading = Reading(
        backend=backend,
        xp=xp,
        convention=convention,
        shape=predictions.shape,
        dtype=dtype,
        result_dtype=xp.float32 if convention.dtype is not None else dtype if autocast else own,
        own_dtype=own,
        given_axis=given_axis,
        by_index=by_index,
        keeps_indices=keeps_indices,
        steps=alignment.steps(by_index, in_blocks, weights),
        held=tuple(_ranges(convention, weights)),
        formula=formula,
        formula_of_hard_labels=formula.of_hard_labels,
        targets_kind=_kind(xp, targets.dtype),
        ignored=_ignored(convention, xp, targets.dtype),
        categorical=categorical,
        is_reduced=convention.reduction != "none",
        bare=_is_bare(convention, weights) and (divisor is not None or convention.reduction == "none"),
        casts=own != dtype or (not by_index and targets.dtype != dtype),
        allowed=allowed if convention.holds_predictions else None,
        harmless=0.0 if allowed is None else 0.5,
        divisor=divisor,
        block=block,
        is_one_block=in_blocks and prod(n or 0 for n in predictions.shape) <= block,
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


def _check_predictions(convention: Convention, xp: Namespace, predictions: Like, targets: Like) -> None:
    shape, dtype = predictions
    if dtype not in (xp.float32, xp.float64):
        if not xp.isdtype(dtype, "real floating"):
            exchanged = EXCHANGED if xp.isdtype(targets.dtype, "real floating") else ""
            raise TypeError(f"predictions must be a floating tensor; received dtype {dtype}.{exchanged}")
        if not 16 <= xp.finfo(dtype).bits <= 64:
            raise TypeError(f"predictions must be float16, bfloat16, float32 or float64; received dtype {dtype}.")
    rank, axis, kind = len(shape), convention.axis, "softmax" if convention.formula.categorical else "sigmoid"
    if convention.drops_axis and rank == 0:
        raise ValueError(f"predictions of a {kind} loss must have a class axis; received shape ().")
    # A 0-D binary loss has no axis; the default -1 stands for "none".
    if not (-rank <= axis < rank or (rank == 0 and axis in (-1, 0))):
        raise ValueError(f"axis must be in [{-rank}, {rank - 1}] for predictions of shape {shape}; received {axis}.")
    if convention.formula.categorical and shape[axis] == 0:
        raise ValueError(f"predictions of a {kind} loss must have at least 1 class along axis {axis}; received shape {shape}.")


def _keeps_indices(convention: Convention, alpha: Kind, pos_weight: Kind, class_weight: Kind, *others: Kind) -> bool:
    """Whether class indices are themselves the labels that the formula takes."""
    if not convention.formula.categorical or not convention.formula.takes_indices:
        return False
    return not convention.label_smoothing or (convention.formula.smooths_indices and alpha is None and class_weight is None)


def _kind(xp: Namespace, dtype: Any) -> Literal["bool", "integral", "floating"]:
    return "bool" if xp.isdtype(dtype, "bool") else "integral" if xp.isdtype(dtype, "integral") else "floating"


def _is_bare(convention: Convention, weights: tuple[Kind, ...]) -> bool:
    """Whether a formula takes the weights as they are given."""
    alpha, pos_weight, *others = weights
    own = (
        (alpha is None and pos_weight is None)
        if convention.formula.categorical
        else not isinstance(alpha, Like) and not isinstance(pos_weight, Like)
    )
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


def _ignored(convention: Convention, xp: Namespace, dtype: Any) -> int | None:
    """What is ignored, if the dtype of the targets has it."""
    ignored = convention.ignore_index
    return ignored if ignored is not None and _representable(xp, dtype, ignored) else None


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


def _ranges(convention: Convention, weights: tuple[Kind, ...]) -> Iterator[tuple[int, str, Range]]:
    """What operands that are there are held to."""
    of_alpha = NON_NEGATIVE if convention.formula.categorical else UNIT
    ranges = dict(zip(WEIGHTS, (of_alpha, NON_NEGATIVE, NON_NEGATIVE, None, _NORMALIZER), strict=True))
    for name, kind in zip(WEIGHTS, weights, strict=True):
        allowed = ranges[name]
        if kind is not None and allowed is not None and (convention.holds_weights or name == "normalizer"):
            yield Operands._fields.index(name), name, allowed


def _fixed_divisor(convention: Convention, shape: Shape, weights: tuple[Kind, ...]) -> float | None:
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
            losses = without(shape, convention.axis) if convention.drops_axis else shape
            return None if weighed or ignores else float(prod(n or 0 for n in losses) * per_row)
        case never:
            assert_never(never)


_BLOCK, _BLOCK_OF_ROWS = 11 << 15, 1 << 20
"""Bytes of a block, so that most of its arrays stay in the second-level cache or near, and of a softmax's labels, half of whose operations
are on one number a row, and cost what calls cost."""
_LARGEST_OF_ROWS = 1 << 24
"""With one class index a row the formula computes in the one array that becomes the slope, and most of what else it makes is one number a
row: there is little to keep in the cache, and fewer blocks cost less Python.  Blocks of half precision are cast, which is more to keep: 8
Mi bfloat16 logits of 1000 classes take 22 ms in blocks of 1 MiB, 31 in blocks of 16 MiB."""


def _block(convention: Convention, keeps_indices: bool, is_wide: bool, is_double: bool) -> int:
    """The elements of a block."""
    width = 8 if is_double else 4
    if keeps_indices and is_wide:
        return _LARGEST_OF_ROWS // width
    return (_BLOCK_OF_ROWS if convention.formula.categorical else _BLOCK) // width
