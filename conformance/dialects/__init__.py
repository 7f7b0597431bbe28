"""What dialects are held to: their originals, over grids of options.

One module a dialect, of the dialect's name, with ``ORIGINAL`` and ``CASES``.  Originals that do not install beside current frameworks have
their answers recorded in ``recorded/`` (:mod:`.record`), with the versions that gave them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.resources import files
from inspect import Parameter, signature
from itertools import product
from typing import Any

import numpy as np

import unifocal
from unifocal.dialects import functions_of
from unifocal.protocol import NumPyArray

from ..frameworks import Framework
from ..frameworks import framework as framework_named


@dataclass(frozen=True)
class Case:
    """One call: a function, or a class with ``options``, of a dialect and of its original.

    Arrays are NumPy's; floating ones take the case's dtype, integers keep theirs.  ``tolerance`` is relative to the largest number.
    """

    function: str
    name: str
    predictions: str
    """The argument with respect to which the gradient is taken."""
    arguments: Mapping[str, Any]
    options: Mapping[str, Any] | None = None
    dtype: str = "float64"
    tolerance: float = 1e-12

    def __str__(self) -> str:
        return f"{self.function}[{self.name}]"


@dataclass(frozen=True)
class Original:
    """The library that a dialect mirrors.

    framework: whose tensors it takes.  find: its function or class of a name; imports it.  recorded: whether its answers are read from a
    file instead of running it.
    """

    framework: str
    find: Callable[[str], Callable[..., Any]]
    packages: tuple[str, ...]
    """The distributions whose versions matter; those that must be installed to run it."""
    recorded: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    """More versions to record: of what is no distribution, or was not run whole."""


@dataclass(frozen=True)
class Answer:
    """Value and gradient of a case."""

    value: NumPyArray
    gradient: NumPyArray


def grid(**axes: Any) -> Iterator[dict[str, Any]]:
    """All combinations: each axis is a list of values, or a mapping of names to values; ``name`` says which it is.

    A value of :data:`ABSENT` leaves the argument out.
    """
    named = [[(f"{axis}={label}", axis, value) for label, value in _labelled(values)] for axis, values in axes.items()]
    for chosen in product(*named):
        values = {axis: value for _, axis, value in chosen if value is not ABSENT}
        yield {"name": " ".join(label for label, axis, value in chosen if len(axes[axis]) > 1 and value is not ABSENT), **values}


ABSENT: Any = object()


def _labelled(values: Any) -> list[tuple[str, Any]]:
    return list(values.items()) if isinstance(values, Mapping) else [(str(value), value) for value in values]


def cases(
    function: str, predictions: str, *, group: str = "", options: bool = False, settings: Mapping[str, Any] | None = None, **axes: Any
) -> list[Case]:
    """The cases of a function over a grid, their names after the ``group``'s.

    With ``options`` those axes whose names begin with ``_`` go to the class's constructor.
    """
    found = []
    for point in grid(**axes):
        name = f"{group} {point.pop('name').replace(' _', ' ').removeprefix('_')}".strip()
        arguments = {key: value for key, value in point.items() if not key.startswith("_")}
        constructor = {key[1:]: value for key, value in point.items() if key.startswith("_")} if options else None
        found.append(Case(function, name, predictions, arguments, constructor, **(settings or {})))
    return found


def run_case(run: Framework, function: Callable[..., Any], case: Case, analytic: bool = False) -> Answer:
    """A function or class of the dialect or the original on a case, with a framework's tensors and automatic differentiation."""
    with run.precision(case.dtype):
        function, arguments = _bound(run, function, case)
        if analytic:
            value, gradient = _call(unifocal.value_and_grad(function), function, arguments)
        else:
            x = arguments[case.predictions]
            value, gradient = run.gradient(lambda x: _call(function, function, {**arguments, case.predictions: x}), x)
        return Answer(run.numpy(value), run.numpy(gradient))


def _bound(run: Framework, function: Callable[..., Any], case: Case) -> tuple[Callable[..., Any], dict[str, Any]]:
    """What is called, a class with its options, and the call's arguments as the framework's tensors."""

    def operand(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        return run.tensor(value, case.dtype) if value.dtype.kind == "f" else run.tensor(value)

    if case.options is not None:
        function = function(**{key: operand(value) for key, value in case.options.items()})
    return function, {key: operand(value) for key, value in case.arguments.items()}


def _call(function: Callable[..., Any], signed: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """The call, with what the signature wants by position given so."""
    arguments = dict(arguments)
    kinds = signature(signed).parameters.items()
    positional = [arguments.pop(name) for name, parameter in kinds if parameter.kind is Parameter.POSITIONAL_ONLY and name in arguments]
    return function(*positional, **arguments)


def plain_signature(function: Callable[..., Any]) -> str:
    """A signature without annotations, and without whether 2 is 2.0."""
    parameters = []
    for parameter in signature(function).parameters.values():
        default = parameter.default
        if isinstance(default, (int, float)) and not isinstance(default, bool):
            default = float(default)
        parameters.append(parameter.replace(annotation=Parameter.empty, default=default))
    return str(signature(function).replace(parameters=parameters, return_annotation=signature(function).empty))


def module_of(dialect: str) -> Any:
    """The module with a dialect's ``ORIGINAL`` and ``CASES``."""
    return import_module(f"{__package__}.{dialect}")


def dialect_answer(run: Framework, dialect: str, case: Case) -> Answer:
    """What the dialect gives for a case, on a framework's tensors."""
    function = functions_of(dialect)[case.function]
    analytic = run.name in ("numpy", "array-api-strict", "dask")
    return run_case(run, function, case, analytic)


def traced_value(run: Framework, dialect: str, case: Case) -> NumPyArray:
    """The dialect's value for a case, from the framework's compiler; tensors are inputs of the graph, and none is a constant in it."""
    with run.precision(case.dtype):
        function, arguments = _bound(run, functions_of(dialect)[case.function], case)
        names = [name for name in arguments if isinstance(case.arguments[name], np.ndarray)]

        def value(tensors: list[Any]) -> Any:
            return _call(function, function, {**arguments, **dict(zip(names, tensors, strict=True))})

        return run.numpy(run.traced(value, [arguments[name] for name in names]))


def original_answer(dialect: str, case: Case) -> Answer:
    """What the original gives for a case: recorded, or now."""
    original: Original = module_of(dialect).ORIGINAL
    if original.recorded:
        answer = recorded(dialect).answers[str(case)]
        return Answer(np.asarray(answer["value"], np.float64), np.asarray(answer["gradient"], np.float64))
    return run_case(framework_named(original.framework), original.find(case.function), case)


@dataclass(frozen=True)
class Recorded:
    """What :mod:`.record` wrote: answers by case, signatures by function, and the versions that gave them."""

    versions: Mapping[str, str]
    signatures: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@cache
def recorded(dialect: str) -> Recorded:
    """The recorded answers of a dialect's original."""
    return Recorded(**json.loads(files(__package__).joinpath("recorded", f"{dialect}.json").read_text(encoding="utf-8")))
