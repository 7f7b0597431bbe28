"""What is known of a call without its values, and its looks at values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..arrays import Array, Namespace, NumPyArray, Shape, cast, require_classes
from .checks import Range, are_on

if TYPE_CHECKING:
    from ..backend import Backend
    from ..convention import Convention
    from ..formulas.base import Formula
    from .alignment import Step, TargetsKind


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
    axis: int
    """The class axis, negative."""
    loss_shape: Shape
    """The unreduced loss's."""
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
    targets_kind: TargetsKind
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
