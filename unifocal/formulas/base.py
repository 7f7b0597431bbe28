"""What a formula is: the mathematics of one loss, as a frozen object that is hashable, printable, and without tensors.

A loss is one class in one file.  It derives from :class:`Binary` or :class:`Categorical`, is a frozen dataclass of its options, and has two
pure functions of Array API arrays: :meth:`Formula.value_slope` and :meth:`Formula.second`.  Equal formulas compute the same, so that
compilers may cache by them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields, is_dataclass, replace
from inspect import isabstract
from numbers import Number
from typing import Literal, NamedTuple, assert_never

from ..arrays import Array, Namespace
from ..compilers import called_while_traced
from ..scalars import exponent as exponent
from ..scalars import finite as finite
from ..scalars import negative_axis as negative_axis

Predictions = Literal["logits", "probabilities", "unnormalized", "log-probabilities"]
"""What predictions are; unnormalized are probabilities that the formula divides by their sum."""


class Inputs(NamedTuple):
    """What a formula is given beside the predictions x.  Every array has x's rank, or is 0-D, so cutting x in blocks cuts it too.

    labels: class indices with size 1 along the class axis, or real labels in the compute dtype broadcastable to x
            (for categorical formulas already multiplied by the class weights, unless they take those).
    alpha: a number or an array broadcastable to x; for categorical formulas that take class weights, these.
    pos_weight: as alpha; binary formulas only.
    weight: multiplies the unreduced loss; if an array, of size 1 along the class axis for categorical formulas.
    """

    labels: Array
    alpha: float | Array | None = None
    pos_weight: float | Array | None = None
    weight: float | Array | None = None


@dataclass(frozen=True)
class Formula(ABC):
    """The mathematics of a loss.  A class that can be made is final: one of its own derives from an abstract one."""

    def __init_subclass__(cls) -> None:
        for base in cls.__bases__:
            if issubclass(base, Formula) and not isabstract(base):
                raise TypeError(
                    f"{cls.__name__} cannot derive from {base.__name__}, whose faster forms would not have what {cls.__name__} adds. "
                    "Derive it from unifocal.formulas.Binary or Categorical, and hold a formula as a field to build on it."
                )

    @property
    @abstractmethod
    def dropped_axis(self) -> int | None:
        """The class axis, which the loss of a row lacks; None where each element has a loss."""

    @property
    def categorical(self) -> bool:
        """Whether the classes of a row are one distribution, and the loss lacks the class axis."""
        return self.dropped_axis is not None

    @property
    def predictions(self) -> Predictions:
        """What predictions are."""
        return "logits"

    @property
    def clipped(self) -> bool:
        """Whether probabilities are clipped, so that any number is one."""
        return False

    @property
    def takes_any_labels(self) -> bool:
        """Whether it is for any labels; the forms that :meth:`for_labels` and :attr:`of_hard_labels` give may be for theirs alone."""
        return True

    @property
    def takes_indices(self) -> bool:
        """Whether :meth:`for_labels` has a form for class indices; otherwise labels are made of them."""
        return False

    @property
    def smooths_indices(self) -> bool:
        """Whether it also has one for class indices whose labels are smoothed; otherwise labels are made of them."""
        return False

    @property
    def takes_class_weight(self) -> bool:
        """Whether a categorical formula takes class weights apart from labels, in alpha; otherwise labels are multiplied by them."""
        return False

    @property
    def temporaries(self) -> int:
        """How many arrays of x's size :meth:`value_slope` or :meth:`fast` have at once, the slope among them."""
        return 8

    @property
    def takes_pos_weight(self) -> bool:
        """Whether it multiplies the positive term of a cross entropy by pos_weight; otherwise there must be none."""
        return False

    @property
    def separable(self) -> bool:
        """Whether the loss is a sum of functions of one prediction each, so that its Hessian is diagonal."""
        return False

    @abstractmethod
    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The weighted, unreduced loss, and its derivative with respect to x, of x's shape.

        Categorical formulas drop the class axis from the loss; the slope is that of each row's loss.
        """

    @abstractmethod
    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """The derivative of sum(slope * h) with respect to x."""

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array | None:
        """The second derivative by each prediction alone, of x's shape: the diagonal of the Hessian; None where there is no such form."""
        return None

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array] | None:
        """Slope and curvature, the modulator held constant as if it were a weight; None where there is no such form.

        That is what is left of them if (1 − p_t)^γ is not differentiated.  For focal losses on logits the curvature is then ≥ 0.
        """
        return None

    def differentiable(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """:meth:`value_slope` in a form that frameworks can differentiate, with respect to the inputs above all."""
        return self.value_slope(xp, x, inputs)

    def fast(self, xp: Namespace, x: Array, inputs: Inputs, out: Array | None) -> tuple[Array, Array] | None:
        """:meth:`value_slope` in fewer passes, for eager arrays; None where there is no such form.

        It is right where all values that it gives are finite, and only there; nothing is to be differentiated through it.  ``out``, not
        None, is an array that the slope may be written to.
        """
        return None

    @abstractmethod
    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """The formula that computes this loss, classes being along the (negative) axis.

        by_index: whether labels are the class indices of rows; of those formulas alone that say that they take them.
        smoothing: how labels are still to be smoothed; categorical formulas are given class indices or smoothed labels.
        """

    @property
    def of_hard_labels(self) -> Formula:
        """The formula for labels that are all 0 or 1, if it has fewer operations then; itself otherwise."""
        return self

    # --- in words -----------------------------------------------------------------------------------------------------------------

    @abstractmethod
    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one element or row as people write it, with α_t and pos_weight if they are given."""

    def predictions_text(self, axis: int) -> str:
        """What predictions are."""
        match self.predictions:
            case "logits":
                return f"logits x, p = softmax(x) along axis {axis}" if self.categorical else "logits x, p = σ(x)"
            case "probabilities" | "unnormalized":
                return "probabilities p"
            case "log-probabilities":
                return "log-probabilities log p"
            case never:
                assert_never(never)

    def soft_labels_text(self, alpha: bool) -> str | None:
        """What soft labels mean; None where that goes without saying."""
        return None

    def clip_text(self) -> str:
        """How probabilities and logarithms are clipped; empty if they are not."""
        return ""


@dataclass(frozen=True)
class Binary(Formula):
    """Each class is a yes-or-no question of its own.  ``smoothed`` is s of the label y·(1 − s) + s/2."""

    smoothed: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "smoothed", finite("smoothed", self.smoothed))

    @property
    def dropped_axis(self) -> int | None:
        """None."""
        return None

    @property
    def separable(self) -> bool:
        """Yes."""
        return True

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array | None:
        """The second derivative itself."""
        return self.second(xp, x, inputs, xp.ones_like(x))

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """The same formula, which smooths its labels."""
        return self if smoothing == self.smoothed else replace(self, smoothed=smoothing)

    def smooth(self, xp: Namespace, y: Array) -> tuple[Array, Array]:
        """y and 1 − y, both smoothed, neither by subtraction from the other: 1 − 0.95 would cost 20 ulp."""
        s = self.smoothed
        if not s:
            return y, 1 - y
        kept, spread = xp.number(1 - s, y.dtype), xp.number(s / 2, y.dtype)
        return y * kept + spread, (1 - y) * kept + spread

    def coefficient(self, inputs: Inputs, y: Array, negative: Array) -> Array | float | None:
        """w·α_t, for the labels y and 1 − y; None is 1."""
        alpha, weight = inputs.alpha, inputs.weight
        if alpha is None:
            return weight
        alpha_t = y * alpha + negative * (1 - alpha)
        return alpha_t if weight is None else weight * alpha_t

    def soft_labels_text(self, alpha: bool) -> str | None:
        """Their own p_t."""
        return "the label's own p_t" + (" and α_t" if alpha else "")


@dataclass(frozen=True)
class Categorical(Formula):
    """The classes along ``axis`` are one distribution."""

    axis: int = field(default=-1, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axis", negative_axis(self.axis))

    @property
    def dropped_axis(self) -> int | None:
        """The class axis."""
        return self.axis

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """The same formula, along the axis."""
        return self if axis == self.axis else replace(self, axis=axis)


def required(formula: object, what: str) -> Formula:
    """The formula, held to what compilers and the cache of calls rest on; raises TypeError where it is none, or cannot be told from others.

    what: whose formula it is, for the message.
    """
    if not isinstance(formula, Formula):
        received = formula.__name__ + " itself, a class" if isinstance(formula, type) else type(formula).__name__
        raise TypeError(f"{what} requires a formula of unifocal.formulas, or one like them; received {received}.")
    cls = type(formula)
    names, fault = _options_of(cls)
    if fault:
        raise TypeError(
            f"{cls.__name__} {fault}, so that formulas of other options would pass for equal. Decorate it with @dataclass(frozen=True)."
        )
    for name in names:
        option = getattr(formula, name)
        if not (type(option) in _STATIC or is_dataclass(option) or isinstance(option, (Number, tuple))):
            raise TypeError(
                f"{name} of {cls.__name__} must be a number or another static option, by which a compiled loss is known; "
                f"received {type(option).__name__}. Tensors are a formula's inputs."
            )
    return formula


_STATIC = (float, int, bool, str, type(None))


@called_while_traced
def _options_of(cls: type) -> tuple[tuple[str, ...], str]:
    """The names of a formula's options, and what keeps its objects from being told apart by them; empty if nothing does."""
    if cls not in _OPTIONS:
        _OPTIONS[cls] = _found_options(cls)
    return _OPTIONS[cls]


_OPTIONS: dict[type, tuple[tuple[str, ...], str]] = {}


def _found_options(cls: type) -> tuple[tuple[str, ...], str]:
    parameters = vars(cls).get("__dataclass_params__")
    if parameters is None:
        return (), "is no dataclass of its own"
    if not parameters.eq and "__eq__" not in vars(cls):
        return (), "has no equality of its own (eq=False)"
    options = fields(cls)
    hidden = [option.name for option in options if not option.compare or option.hash is False]
    return tuple(option.name for option in options), f"does not compare {', '.join(hidden)}" if hidden else ""


def power_text(gamma: float, base: str) -> str:
    """base^γ· as people write it; nothing for γ = 0."""
    return "" if not gamma else f"{base}·" if gamma == 1 else f"{base}^{gamma:g}·"


def binary_text(gamma: float, alpha: bool, pos_weight: bool, log_p: str = "log p", log_q: str = "log(1 − p)") -> str:
    """A binary focal loss, with its own logarithms."""
    cross_entropy = f"−y·{'pos_weight·' if pos_weight else ''}{log_p} − (1 − y)·{log_q}"
    alpha_t = "α_t·" if alpha else ""
    if not gamma:
        return f"{alpha_t}({cross_entropy})" if alpha else cross_entropy
    return f"{alpha_t}{power_text(gamma, '(1 − p_t)')}({cross_entropy}), p_t = y·p + (1 − y)·(1 − p)"


def categorical_text(gamma: float, alpha: bool) -> str:
    """A categorical focal loss."""
    return f"Σ_c y_c·{'α_c·' if alpha else ''}{power_text(gamma, '(1 − p_c)')}(−log p_c)"
