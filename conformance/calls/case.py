"""One call of a loss as data, and what came of it: value and gradient, on any framework's tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, Literal

import numpy as np

import unifocal
from unifocal.arrays import NumPyArray

from ..frameworks import Framework
from ..truth import tolerances

Part = Literal["value", "gradient"]
PARTS: tuple[Part, ...] = ("value", "gradient")
"""Of an answer."""


@dataclass(frozen=True)
class Case:
    """One call: a function, or a class with ``options``, of a dialect and of its original.

    Arrays are NumPy's; floating ones take the case's dtype, integers keep theirs.  ``tolerance`` is in ulp of the largest number; None is
    the table's.
    """

    function: str
    name: str
    predictions: str
    """The argument with respect to which the gradient is taken."""
    arguments: Mapping[str, Any]
    options: Mapping[str, Any] | None = None
    dtype: str = "float64"
    tolerance: float | None = None

    def __str__(self) -> str:
        return f"{self.function}[{self.name}]"

    @property
    def bar(self) -> float:
        """How far from the original's a result may be, in ulp of the largest number."""
        return tolerances.ORIGINAL[self.dtype] if self.tolerance is None else self.tolerance


@dataclass(frozen=True)
class Answer:
    """Value and gradient of a case; no gradient where there is no way to it."""

    value: NumPyArray
    gradient: NumPyArray | None


def run_case(run: Framework, function: Callable[..., Any], case: Case) -> Answer:
    """A function or class on a case, with a framework's tensors, differentiated by it (unifocal's own, where it differentiates nothing)."""
    with run.precision(case.dtype):
        function, arguments = bind(run, function, case)
        if run.differentiates:
            x = arguments[case.predictions]
            value, gradient = run.gradient(lambda x: call(function, {**arguments, case.predictions: x}), x)
        else:
            value, gradient = call(unifocal.value_and_grad(function), arguments, function)
        return Answer(run.numpy(value), run.numpy(gradient))


def bind(run: Framework, function: Callable[..., Any], case: Case) -> tuple[Callable[..., Any], dict[str, Any]]:
    """What is called, a class with its options, and the call's arguments as the framework's tensors."""
    if case.options is not None:
        function = function(**as_operands(run, case.options, case.dtype))
    return function, as_operands(run, case.arguments, case.dtype)


def as_operands(run: Framework, values: Mapping[str, Any], dtype: str) -> dict[str, Any]:
    """The values, arrays as the framework's tensors in memory of their own, of the dtype if they are floating; so in tuples, too."""

    def operand(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(operand, value))
        if not isinstance(value, np.ndarray):
            return value
        return run.tensor(value.copy(), dtype) if value.dtype.kind == "f" else run.tensor(value.copy())

    return {name: operand(value) for name, value in values.items()}


def call(function: Callable[..., Any], arguments: Mapping[str, Any], signed: Callable[..., Any] | None = None) -> Any:
    """The call, with what the signature (of ``signed``, if that is another function) wants by position given so."""
    arguments = dict(arguments)
    kinds = signature(signed or function).parameters.items()
    positional = [arguments.pop(name) for name, parameter in kinds if parameter.kind is Parameter.POSITIONAL_ONLY and name in arguments]
    return function(*positional, **arguments)
