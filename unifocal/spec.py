"""The one description of a loss: static rules in :class:`Spec`, tensors and numbers in :class:`Operands`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, get_args

Link = Literal["sigmoid", "softmax"]
AlphaRule = Literal["off", "balance", "scale"]
Reduction = Literal["none", "sum", "mean", "weighted_mean"]


def is_number(value: object) -> bool:
    """Whether value is a real Python or NumPy scalar; bool is not a number here."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _static(name: str, value: object, requirement: str) -> float:
    """value as a Python float, or the error that says what was required."""
    if not is_number(value):
        raise TypeError(f"{name} must be a Python number {requirement}; received {type(value).__name__}.")
    return float(value)  # type: ignore[arg-type]


def _static_int(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer; received {type(value).__name__}.")
    return int(value)


@dataclass(frozen=True)
class Spec:
    """The static description of a loss: hashable, printable, without tensors.

    Two losses with equal specs run the same code; a framework's compiler may cache by it.
    """

    link: Link
    gamma: float = 0.0
    alpha: AlphaRule = "off"
    from_logits: bool = True
    label_smoothing: float = 0.0
    epsilon: float | None = None
    axis: int = -1
    ignore_index: int | None = None
    reduction: Reduction = "mean"

    def __post_init__(self) -> None:
        gamma = _static("gamma", self.gamma, "≥ 0")
        if not (gamma >= 0 and math.isfinite(gamma)):
            raise ValueError(f"gamma must be a finite number ≥ 0; received {self.gamma}.")
        smoothing = _static("label_smoothing", self.label_smoothing, "in [0, 1]")
        if not 0 <= smoothing <= 1:
            raise ValueError(f"label_smoothing must be in [0, 1]; received {self.label_smoothing}.")
        if not isinstance(self.from_logits, bool):
            raise TypeError(f"from_logits must be True or False; received {type(self.from_logits).__name__}.")
        if self.epsilon is not None:
            epsilon = _static("epsilon", self.epsilon, "in [0, 0.5)")
            if not 0 <= epsilon < 0.5:
                raise ValueError(f"epsilon must be in [0, 0.5); received {self.epsilon}.")
            if self.from_logits:
                raise ValueError("epsilon clips probabilities and requires from_logits=False; received from_logits=True.")
            object.__setattr__(self, "epsilon", epsilon)
        if self.ignore_index is not None:
            object.__setattr__(self, "ignore_index", _static_int("ignore_index", self.ignore_index))
        if self.reduction not in get_args(Reduction):
            raise ValueError(f"reduction must be 'none', 'sum', 'mean' or 'weighted_mean'; received {self.reduction!r}.")
        object.__setattr__(self, "gamma", gamma)
        object.__setattr__(self, "label_smoothing", smoothing)
        object.__setattr__(self, "axis", _static_int("axis", self.axis))


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
