"""Keras 3 (3.15) on TensorFlow: ``keras.losses``, the functions and the classes.  Labels come first.

Documentation: https://keras.io/api/losses/probabilistic_losses/.  Probabilities are clipped to [1e-7, 1 − 1e-7].  The functions give a
mean over ``axis``, or drop it, and reduce nothing else; ``sum_over_batch_size`` divides by the number of losses, whatever their weights.
Sample weights align with the losses from the right.  A class computes in ``dtype``, or in the predictions' own (Keras: in float32).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

from ..arrays import Array, Tensor
from ..convention import Convention, Reduction
from ..formulas.families import binary_focal, categorical_focal, normalized_focal
from ..loss import DescriptionOf, LossObject, evaluating, loss
from ..operands import Operands
from .options import balanced_by, choice
from .ranks import as_dtype, as_indices, as_list, same_rank, same_rank_as, shape, squeezed

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "sparse_categorical_crossentropy",
]


def __dir__() -> list[str]:
    return __all__


EPSILON = 1e-7
REDUCTIONS: dict[Any, Reduction] = {
    None: "none",
    "none": "none",
    "sum": "sum",
    "sum_over_batch_size": "mean",
    "mean": "mean",
    "mean_with_sample_weight": "weighted_mean",
}


@loss(labels_first=True)
def binary_crossentropy(
    y_true: Array, y_pred: Tensor, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> DescriptionOf[Tensor]:
    """``keras.losses.binary_crossentropy``: of probabilities clipped to [1e-7, 1 − 1e-7], or logits; its mean over ``axis``.

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#binary_crossentropy-function
    """
    return binary_convention(from_logits, label_smoothing, axis), Operands(y_pred, y_true)


@loss(labels_first=True)
def binary_focal_crossentropy(
    y_true: Array,
    y_pred: Tensor,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> DescriptionOf[Tensor]:
    """``keras.losses.binary_focal_crossentropy``: its mean over ``axis``.

    The cross entropy's probabilities are clipped to [1e-7, 1 − 1e-7], those of the modulator are not.  ``alpha`` counts only if
    ``apply_class_balancing``.

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#binary_focal_crossentropy-function
    """
    convention = binary_convention(from_logits, label_smoothing, axis, gamma=gamma)
    return convention, Operands(y_pred, y_true, alpha=balanced_by(alpha) if apply_class_balancing else None)


@loss(labels_first=True)
def categorical_crossentropy(
    y_true: Array, y_pred: Tensor, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> DescriptionOf[Tensor]:
    """``keras.losses.categorical_crossentropy``: probabilities are divided by their sum, then clipped to [1e-7, 1 − 1e-7].

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#categorical_crossentropy-function
    """
    return categorical_convention(from_logits, label_smoothing, axis), Operands(y_pred, y_true)


@loss(labels_first=True)
def categorical_focal_crossentropy(
    y_true: Array,
    y_pred: Tensor,
    alpha: float | Array = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> DescriptionOf[Tensor]:
    """``keras.losses.categorical_focal_crossentropy``: ``alpha`` is a factor, of all classes or of each.

    Probabilities, softmax's too, are divided by their sum, then clipped to [1e-7, 1 − 1e-7] in the whole loss.

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#categorical_focal_crossentropy-function
    """
    convention = categorical_convention(from_logits, label_smoothing, axis, gamma=gamma, focal=True)
    return convention, Operands(y_pred, y_true, alpha=balanced_by(alpha))


@loss(labels_first=True)
def sparse_categorical_crossentropy(
    y_true: Array, y_pred: Tensor, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> DescriptionOf[Tensor]:
    """``keras.losses.sparse_categorical_crossentropy``: probabilities are clipped to [1e-7, 1 − 1e-7], then divided by their sum.

    So on Keras's TensorFlow backend; on its others they are divided first, as for one-hot labels.

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#sparse_categorical_crossentropy-function
    """
    return sparse_convention(from_logits, ignore_class, axis), Operands(y_pred, class_indices(y_true, y_pred, axis))


def binary_convention(
    from_logits: bool,
    label_smoothing: float,
    axis: int,
    reduction: Reduction = "none",
    *,
    gamma: float = 0.0,
    log_epsilon: float = 0.0,
) -> Convention:
    """A binary loss that is a mean over its last axis; ``log_epsilon`` is the older Keras's second epsilon."""
    clips: dict[str, Any] = {} if from_logits else {"epsilon": EPSILON, "clip": "cross_entropy", "log_epsilon": log_epsilon}
    return Convention(
        binary_focal(gamma, from_logits=from_logits, **clips),
        labels="elements",
        label_smoothing=label_smoothing,
        axis=axis,
        weights="trailing",
        class_axis="mean",
        reduction=reduction,
        held="nothing",
    )


def categorical_convention(
    from_logits: bool,
    label_smoothing: float,
    axis: int,
    reduction: Reduction = "none",
    *,
    gamma: float = 0.0,
    focal: bool = False,
) -> Convention:
    """A categorical loss of one-hot or soft labels; the focal one clips probabilities of logits too."""
    return Convention(
        categorical_focal(gamma, from_logits=True, epsilon=EPSILON if focal else None)
        if from_logits
        else normalized_focal(gamma, epsilon=EPSILON, clipped_first=False),
        labels="elements",
        label_smoothing=label_smoothing,
        axis=axis,
        weights="trailing",
        reduction=reduction,
        held="nothing",
    )


def sparse_convention(from_logits: bool, ignore_class: int | None, axis: int, reduction: Reduction = "none") -> Convention:
    """Cross entropy of class indices."""
    return Convention(
        categorical_focal(from_logits=from_logits) if from_logits else normalized_focal(epsilon=EPSILON, clipped_first=True),
        labels="indices",
        axis=axis,
        ignore_index=ignore_class,
        weights="trailing",
        reduction=reduction,
        held="nothing",
    )


def class_indices(y_true: Any, y_pred: Any, axis: int) -> Array:
    """Keras's sparse labels: of the predictions' rank with size 1 along the class axis, or without it; floating ones are truncated."""
    if len(shape(y_true)) == len(shape(y_pred)) and shape(y_true)[axis] == 1:
        y_true = squeezed(y_true, axis)
    return as_indices(y_true)


class Configured:
    """An object with Keras's way to be saved."""

    def get_config(self) -> dict[str, Any]:
        """The options, as Keras's configurations have them; a tensor as a list, and ``dtype`` only if there is one."""
        options: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        if options.get("dtype", "") is None:
            del options["dtype"]
        return {name: as_list(option) for name, option in options.items()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The loss of these options."""
        return cls(**config)


class Described(Configured, LossObject):
    """What the classes of every Keras share: labels and predictions brought to one rank, sample weights to the losses', a reduction."""

    labels_first = True
    reductions: ClassVar[dict[Any, Reduction]] = REDUCTIONS
    log_epsilon: ClassVar[float] = 0.0
    reduction: Any

    def __post_init__(self) -> None:
        self.convention(choice("reduction", self.reduction, self.reductions))  # what is wrong with the options shows now

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        raise NotImplementedError

    def factor(self) -> float | Array | None:
        """α of these options; None is off."""
        return None

    def fitted(self, y_true: Any, y_pred: Any, sample_weight: Any, axis: int) -> tuple[Any, Any, Any]:
        """Labels, predictions and sample weight by this Keras's rules for ranks."""
        y_true, y_pred = same_rank(y_true, y_pred)
        losses = list(shape(y_pred))
        del losses[axis]
        return y_true, y_pred, None if sample_weight is None else same_rank_as(sample_weight, tuple(losses))

    def describe(self, y_true: Array, y_pred: Tensor, sample_weight: Array | None = None) -> DescriptionOf[Tensor]:
        """The loss of these labels and predictions."""
        convention = self.convention(choice("reduction", self.reduction, self.reductions))
        given, y_pred = y_pred, as_dtype(y_pred, getattr(self, "dtype", None))
        y_true, y_pred, sample_weight = self.fitted(y_true, y_pred, sample_weight, convention.axis)
        return convention, Operands(y_pred, y_true, alpha=self.factor(), sample_weight=sample_weight, given=given)

    __call__ = evaluating(describe)


@dataclass(eq=False)
class Based(Described):
    """A loss that passes on what options it has beside its own to ``keras.losses.Loss``."""

    name: str | None = field(default=None, kw_only=True)
    reduction: str | None = field(default="sum_over_batch_size", kw_only=True)
    dtype: Any = field(default=None, kw_only=True)


@dataclass(eq=False)
class Binary(Described):
    """Any Keras's BinaryCrossentropy."""

    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = "sum_over_batch_size"
    name: str = "binary_crossentropy"

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        return binary_convention(self.from_logits, self.label_smoothing, self.axis, reduction, log_epsilon=self.log_epsilon)


@dataclass(eq=False)
class BinaryFocal(Described):
    """Any Keras's BinaryFocalCrossentropy."""

    apply_class_balancing: bool = False
    alpha: float = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = "sum_over_batch_size"
    name: str = "binary_focal_crossentropy"

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        options = self.from_logits, self.label_smoothing, self.axis, reduction
        return binary_convention(*options, gamma=self.gamma, log_epsilon=self.log_epsilon)

    def factor(self) -> float | Array | None:
        """α, if classes are balanced."""
        return balanced_by(self.alpha) if self.apply_class_balancing else None


@dataclass(eq=False)
class Categorical(Described):
    """Any Keras's CategoricalCrossentropy."""

    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = "sum_over_batch_size"
    name: str = "categorical_crossentropy"

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        return categorical_convention(self.from_logits, self.label_smoothing, self.axis, reduction)


@dataclass(eq=False)
class CategoricalFocal(Described):
    """Any Keras's CategoricalFocalCrossentropy."""

    alpha: float | Array = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = "sum_over_batch_size"
    name: str = "categorical_focal_crossentropy"

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        return categorical_convention(self.from_logits, self.label_smoothing, self.axis, reduction, gamma=self.gamma, focal=True)

    def factor(self) -> float | Array | None:
        """α, a factor."""
        return balanced_by(self.alpha)


class Sparse(Described):
    """Any Keras's SparseCategoricalCrossentropy."""

    from_logits: bool
    ignore_class: int | None

    def convention(self, reduction: Reduction) -> Convention:
        """The convention of these options."""
        return sparse_convention(self.from_logits, self.ignore_class, getattr(self, "axis", -1), reduction)

    def fitted(self, y_true: Any, y_pred: Any, sample_weight: Any, axis: int) -> tuple[Any, Any, Any]:
        """Class indices, predictions and sample weight by this Keras's rules for ranks."""
        y_true, y_pred, sample_weight = super().fitted(y_true, y_pred, sample_weight, axis)
        return class_indices(y_true, y_pred, axis), y_pred, sample_weight


@dataclass(eq=False)
class BinaryCrossentropy(Binary):
    """``keras.losses.BinaryCrossentropy``: :func:`binary_crossentropy`, weighted and reduced.

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#binarycrossentropy-class
    """

    dtype: Any = None


@dataclass(eq=False)
class BinaryFocalCrossentropy(BinaryFocal):
    """``keras.losses.BinaryFocalCrossentropy``: :func:`binary_focal_crossentropy`, weighted and reduced.

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#binaryfocalcrossentropy-class
    """

    dtype: Any = None


@dataclass(eq=False)
class CategoricalCrossentropy(Categorical):
    """``keras.losses.CategoricalCrossentropy``: :func:`categorical_crossentropy`, weighted and reduced.

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class
    """

    dtype: Any = None


@dataclass(eq=False)
class CategoricalFocalCrossentropy(CategoricalFocal):
    """``keras.losses.CategoricalFocalCrossentropy``: :func:`categorical_focal_crossentropy`, weighted and reduced.

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#categoricalfocalcrossentropy-class
    """

    dtype: Any = None


@dataclass(eq=False)
class SparseCategoricalCrossentropy(Sparse):
    """``keras.losses.SparseCategoricalCrossentropy``: :func:`sparse_categorical_crossentropy`, weighted and reduced.

    Labels of ``ignore_class`` count in no mean.

    Mirrors Keras 3.15, https://keras.io/api/losses/probabilistic_losses/#sparsecategoricalcrossentropy-class
    """

    from_logits: bool = False
    ignore_class: int | None = None
    reduction: str | None = "sum_over_batch_size"
    axis: int = -1
    name: str = "sparse_categorical_crossentropy"
    dtype: Any = None
