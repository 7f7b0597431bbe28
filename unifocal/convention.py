"""How tensors become a formula's inputs, and its losses a result: the static rules."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, assert_never, get_args

from .formulas.base import Formula, required
from .scalars import static, static_int

Labels = Literal["any", "elements", "indices"]
ClassWeight = Literal["class", "row"]
Alignment = Literal["leading", "trailing"]
ClassAxis = Literal["formula", "kept", "spread", "sum", "mean"]
Held = Literal["all", "labels", "nothing"]
Reduction = Literal["none", "sum", "mean", "weighted_mean"]
Dtype: TypeAlias = Any
"""A name of float32: the string, or what a framework calls it."""

_CHOICES = {
    "labels": get_args(Labels),
    "class_weight": get_args(ClassWeight),
    "weights": get_args(Alignment),
    "class_axis": get_args(ClassAxis),
    "held": get_args(Held),
    "reduction": get_args(Reduction),
}
_OF_CATEGORICAL = ("formula", "kept", "spread")
_OF_BINARY = ("formula", "sum", "mean")


def _is_float32(dtype: object) -> bool:
    """Whether dtype is float32, as a string or as any framework has it (``torch.float32``, ``np.float32``, ``tf.float32``)."""
    return str(getattr(dtype, "name", None) or getattr(dtype, "__name__", dtype)).rpartition(".")[2] == "float32"


@dataclass(frozen=True)
class Convention:
    """The static description of a loss: hashable, printable, without tensors.  No mathematics is here but the formula.

    The defaults are the canonical losses' conventions, the other values those of the dialects.

    formula: the loss of one element, or of one row.
    labels: which formats are taken: labels of the predictions' shape, class indices, or both.
    label_smoothing, axis, ignore_index: as in the canonical losses.
    count_ignored: whether ignored entries count in a mean's denominator.
    background: whether a binary loss takes the number of classes for a class index: a row without a positive.
    class_weight: whether class weights stand at each class's term, or as Σ w_c·y_c before the row's loss.
    weights: from which end weights align: sample weights with the unreduced loss, and a class vector, of one number a class along the
        axis, from the right ("trailing") with the predictions where it is none.
    class_axis: what becomes of the class axis in the unreduced loss.  Binary formulas keep it and categorical ones drop it.  A binary loss
        can be summed or averaged over it, and sample weights align with what is left, without it; a categorical one can keep it with size
        1, or be spread over the classes, 0 beside the target.
    dtype: of the loss, where it is not the predictions'.
    held: what is held to its range: labels, smoothing and α to [0, 1] and weights to ≥ 0; labels alone; or nothing, as in most originals,
        which compute with any number.

    What follows from these is found once, where the description is made:

    holds_labels: whether labels must be in [0, 1].
    holds_predictions: whether probabilities must be; originals that clip them take any number.
    holds_weights: whether α must be in [0, 1], or ≥ 0 where it scales, and weights ≥ 0.
    weighs_rows: whether class weights make one factor a row.
    aligns_right: whether weights align from the right.
    drops_axis: whether the unreduced loss lacks the class axis, or has it with size 1.

    Raises
    ------
    TypeError, ValueError
        Where an option is none, is out of its range, or has no meaning beside the others.
    """

    formula: Formula
    labels: Labels = "any"
    label_smoothing: float = 0.0
    axis: int = -1
    ignore_index: int | None = None
    count_ignored: bool = False
    background: bool = True
    class_weight: ClassWeight = "class"
    weights: Alignment = "leading"
    class_axis: ClassAxis = "formula"
    reduction: Reduction = "mean"
    dtype: Literal["float32"] | None = None
    held: Held = "all"
    holds_labels: bool = field(init=False, repr=False, compare=False)
    holds_predictions: bool = field(init=False, repr=False, compare=False)
    holds_weights: bool = field(init=False, repr=False, compare=False)
    weighs_rows: bool = field(init=False, repr=False, compare=False)
    aligns_right: bool = field(init=False, repr=False, compare=False)
    drops_axis: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        required(self.formula, "A convention")
        for name, allowed in _CHOICES.items():
            chosen = getattr(self, name)
            if not isinstance(chosen, str) or chosen not in allowed:
                *others, last = map(repr, allowed)
                raise ValueError(f"{name} must be {', '.join(others)} or {last}; received {chosen!r}.")
        for name in ("count_ignored", "background"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False; received {type(getattr(self, name)).__name__}.")
        smoothing = static("label_smoothing", self.label_smoothing, "in [0, 1]")
        if not (0 <= smoothing <= 1 or (self.held == "nothing" and math.isfinite(smoothing))):
            raise ValueError(
                f"label_smoothing must be {'in [0, 1]' if self.held != 'nothing' else 'finite'}; received {self.label_smoothing}."
            )
        object.__setattr__(self, "label_smoothing", smoothing)
        object.__setattr__(self, "axis", static_int("axis", self.axis))
        if self.ignore_index is not None:
            object.__setattr__(self, "ignore_index", static_int("ignore_index", self.ignore_index))
        if self.dtype is not None:
            if not _is_float32(self.dtype):
                raise ValueError(f"dtype must be None, for a loss of the predictions' dtype, or 'float32'; received {self.dtype!r}.")
            object.__setattr__(self, "dtype", "float32")
        self._hold_together()

    def _hold_together(self) -> None:
        """Find what follows; raise ValueError where options have no meaning beside each other."""
        if not self.formula.takes_any_labels:
            raise ValueError(f"formula must be one for any labels, which chooses its own forms for some; received {self.formula}.")
        plain, categorical, clipped = self.formula.for_labels(False, -1, 0.0), self.formula.categorical, self.formula.clipped
        if plain is not self.formula and plain != self.formula:
            raise ValueError(f"The class axis and label smoothing are the convention's axis and label_smoothing; received {self.formula}.")
        if self.count_ignored and self.ignore_index is None:
            raise ValueError("count_ignored requires an ignore_index; received None.")
        if self.ignore_index is not None and categorical and self.labels == "elements":
            raise ValueError(f"ignore_index={self.ignore_index} of a categorical loss requires class indices; received labels='elements'.")
        allowed, kind = (_OF_CATEGORICAL, "categorical") if categorical else (_OF_BINARY, "binary")
        if self.class_axis not in allowed:
            raise ValueError(
                f"class_axis of a {kind} formula must be one of {', '.join(map(repr, allowed))}; received {self.class_axis!r}."
            )
        if self.class_axis in ("sum", "mean") and self.ignore_index is not None:
            raise ValueError("ignore_index and a reduction of the class axis do not go together.")
        if self.class_axis == "spread" and self.label_smoothing:
            raise ValueError("label_smoothing and class_axis='spread' do not go together.")
        if self.class_axis == "spread" and self.labels != "indices":
            raise ValueError(f"class_axis='spread' requires labels='indices', beside whose target it is 0; received {self.labels!r}.")
        holds_labels, holds_weights = _held(self.held)
        object.__setattr__(self, "holds_labels", holds_labels)
        object.__setattr__(self, "holds_predictions", holds_labels or not clipped)
        object.__setattr__(self, "holds_weights", holds_weights)
        object.__setattr__(self, "weighs_rows", _weighs_rows(self.class_weight))
        object.__setattr__(self, "aligns_right", _aligns_right(self.weights))
        object.__setattr__(self, "drops_axis", _drops_axis(self.class_axis, categorical))


def _held(held: Held) -> tuple[bool, bool]:
    """Whether labels are held to their range, and whether weights are."""
    match held:
        case "all":
            return True, True
        case "labels":
            return True, False
        case "nothing":
            return False, False
        case never:
            assert_never(never)


def _weighs_rows(class_weight: ClassWeight) -> bool:
    match class_weight:
        case "row":
            return True
        case "class":
            return False
        case never:
            assert_never(never)


def _aligns_right(weights: Alignment) -> bool:
    match weights:
        case "trailing":
            return True
        case "leading":
            return False
        case never:
            assert_never(never)


def _drops_axis(class_axis: ClassAxis, categorical: bool) -> bool:
    match class_axis:
        case "formula":
            return categorical
        case "kept" | "sum" | "mean":
            return True
        case "spread":
            return False
        case never:
            assert_never(never)
