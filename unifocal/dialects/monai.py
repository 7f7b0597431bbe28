"""MONAI (1.6): ``monai.losses.FocalLoss``.  The class axis is the second.

Documentation: https://docs.monai.io/en/latest/losses.html#focalloss
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, Tensor, same
from ..convention import Convention
from ..formulas import SoftmaxFocal
from ..formulas.signed import SignedFocal
from ..loss import Description, DescriptionOf, LossObject, evaluating
from ..notices import warn_caller
from ..operands import Operands
from ..scalars import is_number
from .labels import after_first, beside, count_places, floating, one_hot, repeated
from .options import REDUCTIONS, choice
from .ranks import as_indices, expanded, keep_classes, shape, squeezed, tensor_of

__all__ = ["FocalLoss"]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``monai.losses.FocalLoss``: a soft label y has the modulator σ((1 − 2y)·x)^γ; with ``use_softmax`` each class has its own.

    ``alpha`` may be a number: α beside 1 − α for a sigmoid's labels of 1 and of 0, or for a softmax's other classes and the first.
    One number a class is a factor: of a sigmoid's labels of 1 alone, or of a softmax's class.  "sum" averages over the dimensions after the
    second.  With an ``ignore_index``, "mean" divides by the number of places that are not ignored, however many channels they have.

    Mirrors MONAI 1.6.1, https://docs.monai.io/en/latest/losses.html#focalloss
    """

    include_background: bool = True
    to_onehot_y: bool = False
    gamma: float = 2.0
    alpha: Any = None
    weight: Any = None
    reduction: str = "mean"
    use_softmax: bool = False
    ignore_index: int | None = None

    def __post_init__(self) -> None:
        self.reduction = choice("reduction", getattr(self.reduction, "value", self.reduction), REDUCTIONS)

    def describe(self, input: Tensor, target: Array) -> DescriptionOf[Tensor]:
        """The loss of predictions (B, C, ...) and of labels of their shape, or with ``to_onehot_y`` of class indices (B, 1, ...)."""
        sizes = shape(input)
        if len(sizes) < 2 or sizes[1] is None:
            raise ValueError(f"input must have the shape (B, C, ...) with a known C; received {sizes}.")
        read = self._read(input, target, sizes[1])
        convention, operands = (_of_softmax if self.use_softmax else _of_sigmoid)(self, read)
        if read.x is not input:
            operands = operands._replace(given=input, restore=operands.restore or read.restore)
        return self._reduced(convention, operands, read)

    __call__ = evaluating(describe)

    def _read(self, input: Any, target: Any, classes: int) -> _Read:
        if classes == 1:
            for option, given in (("to_onehot_y=True", self.to_onehot_y), ("include_background=False", not self.include_background)):
                if given:
                    warn_caller(f"{option} has no meaning for predictions of one channel, and is ignored.")
        by_index, cut = self.to_onehot_y and classes > 1, not self.include_background and classes > 1
        valid = None
        if by_index:
            labels = _indices(target, self.ignore_index, len(shape(input)))
            if self.ignore_index is not None:
                valid = _unequal(expanded(labels, axis=1), self.ignore_index)
        else:
            labels = target
            if self.ignore_index is not None:
                valid = _valid(target, self.ignore_index)
        x, restore = input, None
        if cut:
            x, restore = after_first(input, axis=1)
            labels = _without_background(labels, classes, valid, self.use_softmax) if by_index else after_first(labels, axis=1)[0]
        if not by_index and valid is not None:
            x, labels = keep_classes(beside(valid, x), x, 0.0), keep_classes(valid, labels, 0.0)
        ignored = None if not by_index else -1 if cut and (self.use_softmax or valid is not None) else self.ignore_index
        return _Read(x, labels, by_index, cut, valid, ignored, restore)

    def _reduced(self, convention: Convention, operands: Operands, read: _Read) -> Description:
        """The reduction, with the denominators that it has here."""
        sizes, keeps_axis = shape(read.x), not convention.drops_axis
        if self.reduction == "none":
            return replace(convention, reduction="none"), operands
        by: Any
        if read.valid is not None:
            by = count_places(read.valid, read.x, each_row=self.reduction == "sum")
            by = squeezed(by, axis=1) if self.reduction == "sum" and not keeps_axis else by
        elif self.reduction == "mean":
            return replace(convention, reduction="mean"), operands if keeps_axis else operands._replace(normalizer=float(sizes[1] or 0))
        elif None in sizes[2:]:
            raise ValueError(f"The sizes after the second must be known for a sum, which averages over them; received {sizes}.")
        else:
            by = float(prod(n or 0 for n in sizes[2:]))
        return replace(convention, reduction="sum"), operands._replace(normalizer=by)


class _Read(NamedTuple):
    """What a call means: x without the background's channel if that is cut; labels, as indices or of x's shape; what is not ignored.

    ignored: what marks class indices that are.
    """

    x: Any
    labels: Any
    by_index: bool
    cut: bool
    valid: Any
    ignored: int | None
    restore: Any


def _indices(target: Any, ignored: int | None, rank: int) -> Array:
    """Class indices (B, ...)."""
    own = shape(target)
    if len(own) == rank and own[1] == 1:
        target = squeezed(target, axis=1)
    elif (len(own), rank) != (1, 2) or ignored is not None:
        raise ValueError(f"target must have the rank of input, {rank}, and one channel where to_onehot_y is True; received shape {own}.")
    return as_indices(target)


def _valid(target: Any, ignored: int) -> Array:
    """Where labels of the predictions' shape are not to be ignored: of one channel, by it; else by a class, or where any class is."""
    _, xp, y = tensor_of(floating(target))
    channels = shape(y)[1] if len(shape(y)) > 1 else None
    if channels is None:
        raise ValueError(f"target must have the shape of input, (B, C, ...); received {shape(y)}.")
    if channels == 1:
        return _unequal(y, ignored)
    if 0 <= ignored < channels:
        return _unequal(y[(slice(None), slice(ignored, ignored + 1), ...)], 1)
    return xp.sum(y, axis=1, keepdims=True) > 0


def _unequal(value: Any, number: int) -> Array:
    _, xp, value = tensor_of(value)
    return ~xp.equal(value, number)


def _without_background(indices: Array, classes: int, valid: Any, by_softmax: bool) -> Array:
    """Class indices without class 0, which is no class then: a binary loss's background, and a softmax's ignored, −1."""
    _, xp, y = tensor_of(indices)
    found = xp.where(y >= classes, y, xp.where(xp.equal(y, 0), -1 if by_softmax else classes - 1, y - 1))
    return found if valid is None else xp.where(squeezed(valid, axis=1), found, -1)


def _weight(loss: FocalLoss, read: _Read) -> Any:
    """The factor of each channel."""
    channels, weight = shape(read.x)[1], loss.weight
    own = () if weight is None else shape(weight)
    if own and (not same(own, (channels,)) or channels == 1):
        raise ValueError(
            f"weight must be a number, or one for each of several channels, of which there are {channels}; received shape {own}."
        )
    if isinstance(weight, float | int | list | tuple | np.ndarray) and np.min(weight) < 0:
        raise ValueError(f"weight must be ≥ 0; received {weight}.")
    return weight


def _alpha(loss: FocalLoss, read: _Read) -> Any:
    channels = shape(read.x)[1]
    if loss.alpha is not None and not is_number(loss.alpha) and not same(shape(loss.alpha), (channels,)):
        raise ValueError(f"alpha must be a number, or one for each class, the shape ({channels},); received shape {shape(loss.alpha)}.")
    return loss.alpha


def _of_sigmoid(loss: FocalLoss, read: _Read) -> Description:
    alpha, factor = _alpha(loss, read), None if read.by_index else _counted(read)
    if alpha is not None and not is_number(alpha):
        positives = _of_positives(alpha, read)
        alpha, factor = None, positives if factor is None else positives * beside(factor, positives)
    convention = Convention(
        SignedFocal(loss.gamma),
        labels="indices" if read.by_index else "elements",
        axis=1,
        ignore_index=read.ignored,
        count_ignored=read.ignored is not None,
        background=read.cut,
        held="nothing",
    )
    return convention, Operands(read.x, read.labels, alpha=alpha, class_weight=_weight(loss, read), sample_weight=factor)


def _counted(read: _Read) -> Any:
    """1 where labels of x's shape are not ignored, 0 elsewhere; None if none can be."""
    if read.valid is None:
        return None
    _, xp, labels = tensor_of(floating(read.labels))
    return xp.astype(read.valid, labels.dtype)


def _of_positives(alpha: Any, read: _Read) -> Array:
    """One number a class where labels are 1, and 1 elsewhere."""
    y = one_hot(read.labels, shape(read.x)[1] or 0, read.x, axis=1) if read.by_index else floating(read.labels)
    y, alpha = tensor_of(beside(y, read.x))[2], tensor_of(beside(alpha, read.x))[2]
    _, xp, y = tensor_of(y)
    return xp.where(xp.equal(y, 1), xp.reshape(xp.astype(alpha, y.dtype), (-1,) + (1,) * (len(shape(y)) - 2)), 1.0)


def _of_softmax(loss: FocalLoss, read: _Read) -> Description:
    alpha, labels, x = _alpha(loss, read), read.labels, read.x
    if is_number(alpha):
        if read.cut:
            warn_caller("A number for alpha has no meaning for a softmax without background, and is ignored.")
        alpha = None if read.cut else np.asarray([1 - alpha] + [alpha] * ((shape(x)[1] or 1) - 1))
    factors = {"alpha": alpha, "class_weight": _weight(loss, read)}
    convention = Convention(SoftmaxFocal(loss.gamma), labels="elements", axis=1, held="nothing")
    if read.by_index:
        ignored: dict[str, Any] = {"ignore_index": read.ignored, "count_ignored": read.ignored is not None}
        return replace(convention, labels="indices", class_axis="spread", **ignored), Operands(x, labels, **factors)
    counted = _counted(read)
    if loss.reduction != "none":
        counted = None if counted is None else squeezed(counted, axis=1)
        return convention, Operands(x, labels, **factors, sample_weight=counted)
    # The loss of a class in each of as many copies of the predictions as there are classes.
    copies, index, restore = repeated(x, axis=1)
    weighed = floating(labels) if counted is None else floating(labels) * counted
    convention = replace(convention, labels="indices", axis=2)
    back = read.restore
    operands = Operands(
        copies,
        index,
        **factors,
        sample_weight=weighed,
        given=x,
        restore=restore if back is None else lambda gradient: back(restore(gradient)),
    )
    return convention, operands
