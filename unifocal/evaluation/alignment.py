"""How operands align with the predictions: class vectors, sample weights, normalizers, and targets of either format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, assert_never

from ..arrays import Array, Namespace, Shape, cast, fits, require_classes, same, without
from ..operands import EXCHANGED, WEIGHTS, Operands

if TYPE_CHECKING:
    from ..convention import Convention
    from .reading import Reading

Step: TypeAlias = Callable[[Array], Array]
"""What brings an operand to the predictions' rank."""


class Like(NamedTuple):
    """What alignment depends on of a tensor."""

    shape: Shape
    dtype: Any


NUMBER = "number"
Kind: TypeAlias = Like | str | None
"""What a weight is: a tensor, NUMBER, or nothing."""
TargetsKind = Literal["bool", "integral", "floating"]
"""What the targets' dtype is."""
_NUMBERS = ("real floating", "integral")


class Alignment(NamedTuple):
    """What targets and weights are held to and aligned with."""

    convention: Convention
    xp: Namespace
    dtype: Any
    shape: Shape
    axis: int
    given_axis: int
    """The class axis as the caller named it, for messages."""
    loss_shape: Shape
    categorical: bool
    targets: Like
    targets_kind: TargetsKind

    def are_indices(self) -> bool:
        """Whether targets are class indices, and not element-wise labels; raises TypeError or ValueError where they are neither."""
        convention, shape, axis, own = self.convention, self.shape, self.axis, self.targets.shape
        formats = convention.labels
        match formats:
            case "any":
                elementwise = len(own) == len(shape)
            case "elements":
                elementwise = True
            case "indices":
                elementwise = False
            case never:
                assert_never(never)
        if elementwise:
            if own != shape and not same(own, shape):
                way_out = _fitting(self, own)
                raise ValueError(f"Element-wise targets must have the shape of the predictions, {shape}; received {own}.{way_out}")
            if self.categorical and convention.ignore_index is not None:
                raise ValueError(
                    f"ignore_index requires class indices for softmax losses; received targets of the predictions' shape {own}. "
                    "Use sample_weight instead."
                )
            if self.categorical and formats == "any" and shape[axis] == 1:
                raise ValueError(
                    f"A softmax over one class is 1 whatever its logit is, and the loss 0; received predictions of shape {shape} with the "
                    f"class axis {self.given_axis}. For yes-or-no labels use the sigmoid losses; or name the class axis by axis=…."
                )
            return False
        if len(own) != len(shape) - 1 or not same(own, without(shape, axis)):
            whole = f"the shape of the predictions, {shape} (element-wise labels), or that" if formats == "any" else f"the shape {shape}"
            way_out = _fitting(self, own)
            raise ValueError(f"targets must have {whole} without axis {self.given_axis} (class indices); received {own}.{way_out}")
        if formats == "any" and require_classes(shape, axis) < 2:
            raise ValueError(
                f"Class indices need at least 2 classes along axis {self.given_axis}; received predictions of shape {shape} with targets "
                f"of shape {own}. For element-wise labels reshape the targets to {shape} or the predictions to {own}."
            )
        if self.targets_kind != "integral":
            raise TypeError(
                "targets with one dimension fewer than the predictions are class indices and must be integer; "
                f"received dtype {self.targets.dtype}."
            )
        return True

    def steps(self, by_index: bool, eager: bool, weights: tuple[Kind, ...]) -> tuple[tuple[int, Step], ...]:
        """What is to be done to the operands, by their places; raises TypeError or ValueError where one does not fit.

        eager: whether Python's numbers serve as they are.
        """
        found: list[tuple[int, Step]] = []
        if by_index:
            found.append((1, self._expanding(self.axis)))
        for name, kind in zip(WEIGHTS, weights, strict=True):
            if kind is None:
                continue
            if name == "pos_weight" and not self.convention.formula.takes_pos_weight:
                raise TypeError(
                    f"pos_weight multiplies the positive term of a binary loss, and has no meaning in {self.convention.formula}."
                )
            step = self._of(name, kind) if isinstance(kind, Like) else None if eager else self._number
            if step is not None:
                found.append((Operands._fields.index(name), step))
        return tuple(found)

    def _of(self, name: str, weight: Like) -> Step | None:
        kinds = ("bool", *_NUMBERS) if name == "sample_weight" else _NUMBERS
        if not self.xp.isdtype(weight.dtype, kinds):
            raise TypeError(f"{name} must be a number or a tensor of numbers; received dtype {weight.dtype}.")
        if name == "normalizer" or (name == "sample_weight" and self.convention.aligns_right):
            return self._right_aligned(name, weight.shape)
        return self._along_rows(weight.shape) if name == "sample_weight" else self._class_vector(name, weight.shape)

    def _class_vector(self, name: str, own: Shape) -> Step | None:
        """alpha, pos_weight or class_weight: a number, one number a class, or a tensor of full rank broadcastable to the predictions."""
        shape, rank = self.shape, len(self.shape)
        if len(own) == 0 or (len(own) == rank and fits(own, shape)):
            return None
        if len(own) == 1 and rank and same(own, (shape[self.axis],)):
            sizes, xp = tuple(-1 if i == rank + self.axis else 1 for i in range(rank)), self.xp
            return lambda vector: xp.reshape(vector, sizes)
        if self.convention.aligns_right and len(own) < rank and fits(own, shape[rank - len(own) :]):
            return self._expanding(*[0] * (rank - len(own)))
        raise ValueError(
            f"{name} must be a number, have one value for each class along axis {self.given_axis}, or have the rank of the predictions and "
            f"broadcast to their shape {shape}; received shape {own}."
        )

    def _along_rows(self, own: Shape) -> Step | None:
        """From the left with the unreduced loss; with class indices a weight of the targets' shape weighs rows."""
        onto = self.loss_shape
        if not self.convention.drops_axis and len(self.targets.shape) < len(onto) and same(own, self.targets.shape):
            return self._expanding(self.axis)
        if len(own) > len(onto) or not fits(own, onto[: len(own)]):
            raise ValueError(
                f"sample_weight must have at most the dimensions of the unreduced loss, {onto}, each equal to the loss's or 1; "
                f"received shape {own}."
            )
        axes = *[-1] * (len(onto) - len(own)), *self._class_axis()
        return self._expanding(*axes) if axes else None

    def _right_aligned(self, name: str, own: Shape) -> Step | None:
        """From the right with the unreduced loss."""
        onto = self.loss_shape
        if len(own) > len(onto) or not fits(own, onto[len(onto) - len(own) :]):
            raise ValueError(
                f"{name} must be a number or broadcast, aligned from the right, to the unreduced loss of shape {onto}; "
                f"received shape {own}."
            )
        axes = *[0] * (len(onto) - len(own)), *self._class_axis()
        return self._expanding(*axes) if axes else None

    def _class_axis(self) -> Iterator[int]:
        """The axis that brings what has the unreduced loss's rank to the predictions'."""
        if self.convention.drops_axis:
            yield self.axis

    def _number(self, value: float) -> Array:
        return self.xp.number(value, self.dtype)

    def _expanding(self, *axes: int) -> Step:
        """A step that adds dimensions of size 1, one after the other."""
        expand_dims = self.xp.expand_dims
        if len(axes) == 1:
            (axis,) = axes
            return lambda x: expand_dims(x, axis=axis)

        def expanded(x: Array) -> Array:
            for axis in axes:
                x = expand_dims(x, axis=axis)
            return x

        return expanded


def align(reading: Reading, operands: Operands) -> Operands:
    """The operands with the predictions' rank, their weights held to their ranges.

    Every tensor then has the predictions' size or 1 in each dimension, or is 0-D: cutting the predictions in blocks cuts it too.
    """
    parts: list[Any] = list(operands)
    if reading.hosted is None:
        sizes: list[int] | None = [] if reading.by_index else None
        parts[1] = reading.backend.require_sizes("targets", operands.targets, operands.predictions, reading.axis, sizes)
    for place, name, allowed in reading.held:
        part = parts[place]
        if isinstance(part, float):
            allowed.check_number(name, part)
        elif reading.readable(part):
            reading.hold(name, cast(reading.xp, part, reading.dtype), allowed)
    for place, step in reading.steps:
        parts[place] = step(parts[place])
    return Operands(*parts)


def _fitting(alignment: Alignment, own: Shape) -> str:
    """What would make targets of this shape fit that do not, for the message."""
    onto = alignment.shape
    if alignment.convention.labels != "elements" and alignment.targets_kind == "integral":
        for axis in range(len(onto)):
            bare = without(onto, axis - len(onto))
            named = "" if axis == alignment.axis + len(onto) else f" and pass axis={axis}"
            if named and own == bare:
                return f" With axis={axis} they fit."
            if own == (*bare[:axis], 1, *bare[axis:]):
                return f" Reshape them to {bare}{named}, if they are class indices."
    if len(own) == len(onto) + 1 and any(onto == without(own, -i - 1) for i in range(len(own))):
        return EXCHANGED
    if prod(n or 0 for n in own) == prod(n or 0 for n in onto) > 0:
        return " Reshape one of them, if their entries are in the same order."
    return ""
