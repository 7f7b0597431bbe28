"""The one description of a loss: static rules in :class:`Spec`, tensors and numbers in :class:`Operands`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias, get_args

Link = Literal["sigmoid", "softmax", "log"]
AlphaRule = Literal["off", "balance", "scale"]
Labels = Literal["any", "elements", "indices"]
SoftLabels = Literal["label", "mixture"]
Clip = Literal["loss", "cross_entropy"]
Normalized = Literal["no", "then_clipped", "clipped_first"]
ClassWeight = Literal["class", "row"]
Alignment = Literal["leading", "trailing"]
ClassAxis = Literal["kernel", "kept", "spread", "sum", "mean"]
Held = Literal["all", "labels", "nothing"]
Reduction = Literal["none", "sum", "mean", "weighted_mean"]
Dtype: TypeAlias = Any
"""A name of float32: the string, or what a framework calls it."""
_REDUCTIONS = get_args(Reduction)


def is_number(value: object) -> bool:
    """Whether value is a real Python or NumPy scalar; bool is not a number here."""
    # The first test is quick; those of abstract classes are slow.
    return type(value) in (float, int) or (isinstance(value, Real) and not isinstance(value, bool))


def static(name: str, value: object, requirement: str) -> float:
    """value as a Python float, or the error that says what was required."""
    if not is_number(value):
        raise TypeError(f"{name} must be a Python number {requirement}; received {type(value).__name__}.")
    (constant,) = {value}  # torch.compile makes a variable of a number that changes between calls, but what a set holds is constant
    return float(constant)  # type: ignore[arg-type]


def _static_int(name: str, value: object) -> int:
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer; received {type(value).__name__}.")
    return int(value)


def _is_float32(dtype: object) -> bool:
    """Whether dtype is float32, as a string or as any framework has it (``torch.float32``, ``np.float32``, ``tf.float32``)."""
    return str(getattr(dtype, "name", None) or getattr(dtype, "__name__", dtype)).rpartition(".")[2] == "float32"


@dataclass(frozen=True)
class Spec:
    """The static description of a loss: hashable, printable, without tensors.

    Two losses with equal specs run the same code; a framework's compiler may cache by it.  The defaults are the canonical losses'
    conventions, the other values those of the dialects.

    link: how predictions become probabilities: one a class, one distribution over the classes, or (log) they are the logarithms of one.
    gamma, alpha, label_smoothing: as in the canonical losses; alpha balances positives and negatives, or scales classes.
    labels: which formats are taken: labels of the predictions' shape, class indices, or both.
    soft_labels: p_t and α_t of the soft label itself, or the mixture y·L(1) + (1−y)·L(0) of the hard labels' losses; sigmoid only.
    from_logits: whether predictions are logits, or probabilities.
    normalized: whether probabilities are divided by their sum over the classes, before or after they are clipped; softmax only.
    epsilon: probabilities are clipped to [ε, 1−ε], in the whole loss or in its cross entropy only (``clip``).
    log_epsilon: δ in log(p + δ).
    log_floor: the least value of a logarithm; 1/(p(1−p)) in the derivative is then at most 10¹².  Binary only.
    axis, ignore_index: as in the canonical losses.
    count_ignored: whether ignored entries count in a mean's denominator.
    class_weight: whether class weights stand at each class's term, or as Σ w_c·y_c before the row's loss.
    weights: which dimensions of the unreduced loss sample weights have.
    class_axis: what becomes of the class axis in the unreduced loss.  The kernel's way is to keep it in binary losses and drop it in
        categorical ones.  A binary loss can be summed or averaged over it; a categorical one can keep it with size 1, or be spread over
        the classes, 0 beside the target.
    dtype: of the loss, where it is not the predictions'.
    held: what is held to its range: labels, smoothing and α to [0, 1] and weights to ≥ 0; labels alone; or nothing, as in most originals,
        which compute with any number.
    """

    link: Link
    gamma: float = 0.0
    alpha: AlphaRule = "off"
    labels: Labels = "any"
    soft_labels: SoftLabels = "label"
    from_logits: bool = True
    normalized: Normalized = "no"
    label_smoothing: float = 0.0
    epsilon: float | None = None
    clip: Clip = "loss"
    log_epsilon: float = 0.0
    log_floor: float | None = None
    axis: int = -1
    ignore_index: int | None = None
    count_ignored: bool = False
    class_weight: ClassWeight = "class"
    weights: Alignment = "leading"
    class_axis: ClassAxis = "kernel"
    reduction: Reduction = "mean"
    dtype: Literal["float32"] | None = None
    held: Held = "all"

    def __post_init__(self) -> None:
        gamma = static("gamma", self.gamma, "≥ 0")
        if not (gamma >= 0 and math.isfinite(gamma)):
            raise ValueError(f"gamma must be a finite number ≥ 0; received {self.gamma}.")
        smoothing = static("label_smoothing", self.label_smoothing, "in [0, 1]")
        if not (0 <= smoothing <= 1 or (self.held == "nothing" and math.isfinite(smoothing))):
            raise ValueError(
                f"label_smoothing must be {'in [0, 1]' if self.held != 'nothing' else 'finite'}; received {self.label_smoothing}."
            )
        if not isinstance(self.from_logits, bool):
            raise TypeError(f"from_logits must be True or False; received {type(self.from_logits).__name__}.")
        if self.epsilon is not None:
            epsilon = static("epsilon", self.epsilon, "in [0, 0.5)")
            if not 0 <= epsilon < 0.5:
                raise ValueError(f"epsilon must be in [0, 0.5); received {self.epsilon}.")
            object.__setattr__(self, "epsilon", epsilon)
        if self.ignore_index is not None:
            object.__setattr__(self, "ignore_index", _static_int("ignore_index", self.ignore_index))
        if self.reduction not in _REDUCTIONS:
            raise ValueError(f"reduction must be 'none', 'sum', 'mean' or 'weighted_mean'; received {self.reduction!r}.")
        if self.dtype is not None:
            if not _is_float32(self.dtype):
                raise ValueError(f"dtype must be None, for a loss of the predictions' dtype, or 'float32'; received {self.dtype!r}.")
            object.__setattr__(self, "dtype", "float32")
        if self.class_axis in ("sum", "mean") and self.ignore_index is not None:
            raise ValueError("ignore_index and a reduction of the class axis do not go together.")
        if self.link == "log" and gamma:
            raise ValueError(f"gamma must be 0 for log-probabilities; received {self.gamma}.")
        object.__setattr__(self, "gamma", gamma)
        object.__setattr__(self, "label_smoothing", smoothing)
        object.__setattr__(self, "axis", _static_int("axis", self.axis))

    @property
    def categorical(self) -> bool:
        """Whether the classes of a row are one distribution: the kernel then drops the class axis from the loss."""
        return self.link != "sigmoid"

    @property
    def holds_labels(self) -> bool:
        """Whether labels must be in [0, 1]."""
        return self.held != "nothing"

    @property
    def holds_predictions(self) -> bool:
        """Whether probabilities must lie in [0, 1]; originals that clip them take any number."""
        return self.held != "nothing" or not self.epsilon

    @property
    def holds_weights(self) -> bool:
        """Whether α must be in [0, 1], or ≥ 0 where it scales, and weights ≥ 0."""
        return self.held == "all"

    @property
    def drops_axis(self) -> bool:
        """Whether the unreduced loss lacks the class axis, or has it with size 1."""
        return (self.categorical and self.class_axis != "spread") or self.class_axis in ("sum", "mean")

    @property
    def clips(self) -> bool:
        """Whether the loss is another function of probabilities than the exact one."""
        return bool(self.epsilon or self.log_epsilon or self.log_floor is not None)

    @property
    def smooths_indices(self) -> bool:
        """Whether there is label smoothing that a kernel does to class indices itself, if no class has a weight."""
        return bool(self.label_smoothing and self.link == "softmax" and self.from_logits and not self.clips and not self.gamma)


def of_kernel(spec: Spec, index_labels: bool) -> Spec:
    """The spec with only what a kernel reads, so that compilers that cache by it share one kernel among reductions, weights and labels."""
    return Spec(
        spec.link,
        gamma=spec.gamma,
        soft_labels=spec.soft_labels,
        from_logits=spec.from_logits,
        normalized=spec.normalized,
        label_smoothing=0.0 if spec.categorical and not index_labels else spec.label_smoothing,
        epsilon=spec.epsilon,
        clip=spec.clip,
        log_epsilon=spec.log_epsilon,
        log_floor=spec.log_floor,
        axis=spec.axis,
        held="nothing",  # what was to be held to its range has been
    )


@dataclass(frozen=True, eq=False)
class Operands:
    """The tensors and numbers of one call, as the user gave them."""

    predictions: Any
    targets: Any
    alpha: Any = None
    pos_weight: Any = None
    class_weight: Any = None
    sample_weight: Any = None
    normalizer: Any = None
    loss_weight: float | None = None
    given: Any = None
    """The predictions as the user gave them, where they were reshaped or cast: what the gradient has the shape and dtype of."""
