"""What is shown of a difference, and values that several dialects' differences are shown by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....calls.case import Case

Outcome = Mapping[str, Any] | type[Exception]
inf, nan = float("inf"), float("nan")

ROWS = [[2.0, 0.0, -1.0], [0.0, 1.0, 2.0], [1.0, 1.0, 0.0]]
INFINITE = [inf, -inf, inf, -inf]
SIDES = [1.0, 0.0, 0.0, 1.0]
LIMITS = [0.0, 0.0, inf, inf]
OFF_SUM = {"value": [2.37966212168892], "gradient": [[-0.7105668896057353, -0.6801269436640803, 0.39069383326981566]]}
ON_SUM = {"value": [2.37966212168892], "gradient": [[-0.4211337792114708, -0.36025388732816077, 0.7813876665396313]]}
ZERO_LOGIT = "gradient at logits of exactly ±0"
SATURATED = "0 < γ < 1 and a probability that rounds to its label"


@dataclass(frozen=True)
class Shown:
    """A call of a dialect's function and of its original, and what each gives: some of value and gradient, or an exception."""

    function: str
    condition: str
    """Of the difference that this shows."""
    predictions: str
    """The argument with respect to which the gradient is taken."""
    arguments: Mapping[str, Any]
    theirs: Outcome
    """Empty where the original does not run beside current frameworks."""
    ours: Outcome
    options: Mapping[str, Any] | None = None
    dtype: str = "float64"

    def __str__(self) -> str:
        return f"{self.function}: {self.condition}"

    @property
    def case(self) -> Case:
        """This, as a case."""
        arguments = {name: np.asarray(value) if isinstance(value, list) else value for name, value in self.arguments.items()}
        return Case(self.function, self.condition, self.predictions, arguments, self.options, self.dtype)


def value(value: Any) -> Outcome:
    """Only the value."""
    return {"value": value}


def gradient(gradient: Any) -> Outcome:
    """Only the gradient."""
    return {"gradient": gradient}
