"""Anyone's own function: found by name, called with the arguments of a recorded call, differentiated by its framework."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from inspect import Parameter, isclass, signature
from traceback import extract_tb
from typing import Any

import numpy as np

import unifocal
from unifocal.protocol import NumPyArray

from .calls import Answer, Case
from .frameworks import Framework

_NAMED = {Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD}


class UnusableError(Exception):
    """A question that cannot be answered as it was put; the message says what was required."""


class SubjectError(Exception):
    """What went wrong inside the function."""


class _NotTakenError(Exception):
    """The name of an option that the function has not."""


def tensors_of(case: Case) -> list[str]:
    """The names of the tensors that are given by position: predictions and labels."""
    return [name for name, value in case.arguments.items() if isinstance(value, np.ndarray)][:2]


@dataclass(frozen=True)
class Subject:
    """A function, or a class whose objects are called; ``name`` is what reports call it."""

    name: str
    function: Callable[..., Any]

    @cached_property
    def _options(self) -> Mapping[str, Parameter] | None:
        """What the class's constructor takes; None for a function."""
        return signature(self.function).parameters if isclass(self.function) else None

    @cached_property
    def _parameters(self) -> Mapping[str, Parameter]:
        """What a call takes."""
        if not isclass(self.function):
            return signature(self.function).parameters
        # A module's own __call__ takes anything; what it takes is in forward, or call.
        called = next(
            (getattr(self.function, name) for name in ("forward", "call") if hasattr(self.function, name)), self.function.__call__
        )
        return dict(list(signature(called).parameters.items())[1:])

    def _required(self, parameters: Mapping[str, Parameter], tensors: int) -> list[str]:
        """The names that must be given, beyond so many tensors by position."""
        own = list(parameters.values())[tensors:]
        return [p.name for p in own if p.default is p.empty and p.kind in {*_NAMED, Parameter.POSITIONAL_ONLY}]

    def check_arity(self, case: Case, optional: Mapping[str, Any]) -> None:
        """Raise UnusableError unless a call can take the case's two tensors by position, and needs nothing that nobody has."""
        tensors, known = len(tensors_of(case)), {*case.arguments, *(case.options or {}), *optional}
        by_position = [p for p in self._parameters.values() if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
        anything = any(p.kind is Parameter.VAR_POSITIONAL for p in self._parameters.values())
        required = {*self._required(self._options or {}, 0), *self._required(self._parameters, tensors)}
        if (len(by_position) < tensors and not anything) or required - known:
            raise UnusableError(
                f"{self.name} must be called with {tensors} tensors, and require no other arguments than the original's options; "
                f"it takes ({', '.join(map(str, self._parameters.values()))})."
            )

    def arguments(self, case: Case, optional: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any], dict[str, Any]]:
        """A case's arguments as this function takes them: the constructor's, by position, and by name.

        The first two tensors go by position.  Of the others, those that the function does not take and that have the value in
        ``optional`` are left out; those that it requires and the case has not have that value.
        """
        tensors = tensors_of(case)
        constructor: dict[str, Any] = {}
        named: dict[str, Any] = {}
        rest = {name: value for name, value in case.arguments.items() if name not in tensors}
        for name, value in {**(case.options or {}), **rest}.items():
            if self._options is not None and _takes(self._options, name):
                constructor[name] = value
            elif _takes(self._parameters, name):
                named[name] = value
            elif name not in optional or not _same(optional[name], value):
                raise _NotTakenError(name)
        for given, required in (
            (constructor, self._required(self._options or {}, 0)),
            (named, self._required(self._parameters, len(tensors))),
        ):
            given.update({name: optional[name] for name in required if name not in given and name in optional})
        return constructor, [case.arguments[name] for name in tensors], named

    def left_out(self, case: Case, optional: Mapping[str, Any]) -> str | None:
        """The option of a case that this function has not and would need, if there is one."""
        try:
            self.arguments(case, optional)
        except _NotTakenError as option:
            return str(option)
        return None

    def answer(self, run: Framework, case: Case, optional: Mapping[str, Any], exchanged: bool = False) -> Answer:
        """What the function gives for a case; with its first two arguments ``exchanged``, perhaps.

        Raises
        ------
        SubjectError
            If it raises anything, or returns what is no tensor.
        """

        def operand(value: Any) -> Any:
            if not isinstance(value, np.ndarray):
                return value
            return run.tensor(value, case.dtype) if value.dtype.kind == "f" else run.tensor(value)

        constructor, tensors, named = self.arguments(case, optional)
        at = tensors_of(case).index(case.predictions)
        try:
            with run.precision(case.dtype), redirect_stdout(sys.stderr):
                tensors = [operand(value) for value in tensors]
                named = {name: operand(value) for name, value in named.items()}
                function = self.function
                if self._options is not None:
                    function = function(**{name: operand(value) for name, value in constructor.items()})

                def loss(x: Any) -> Any:
                    given = [*tensors[:at], x, *tensors[at + 1 :]]
                    return function(*(reversed(given) if exchanged else given), **named)

                return _answered(run, function, loss, tensors[at], tensors, named)
        except Exception as error:
            raise SubjectError(_told(error)) from error


def _answered(
    run: Framework, function: Callable[..., Any], loss: Callable[[Any], Any], x: Any, tensors: list[Any], named: Mapping[str, Any]
) -> Answer:
    if run.differentiates:
        value, gradient = run.gradient(loss, x)
        if gradient is None:
            raise ValueError("no gradient comes back to the predictions")
        return Answer(run.numpy(value), run.numpy(gradient))
    if hasattr(function, "describe"):
        value, gradient = unifocal.value_and_grad(function)(*tensors, **named)
        return Answer(run.numpy(value), run.numpy(gradient))
    result = loss(x)
    if isinstance(result, tuple) and len(result) == 2:
        return Answer(_numbers(run, result[0]), _numbers(run, result[1]))
    return Answer(_numbers(run, result), None)


def _numbers(run: Framework, result: Any) -> NumPyArray:
    array = run.numpy(result)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"it returns {type(result).__name__}, and no numbers")
    return array


def _takes(parameters: Mapping[str, Parameter], name: str) -> bool:
    if name in parameters:
        return parameters[name].kind in _NAMED
    return any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values())


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return bool(np.array_equal(a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _told(error: Exception) -> str:
    """An exception in one line, with the place in the function's own code that it came from."""
    text = " ".join(str(error).split()) or "no message"
    elsewhere = tuple(f"{os.sep}{folder}{os.sep}" for folder in ("site-packages", "conformance", "importlib"))
    frames = [frame for frame in extract_tb(error.__traceback__) if not any(part in frame.filename for part in elsewhere)]
    where = f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {text[:300]}{where}"


def subject_named(name: str) -> Subject:
    """The function ``package.module:function``.

    Raises
    ------
    UnusableError
        If there is no such module or function, or importing it fails.
    """
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        raise UnusableError(f"--function must be written package.module:function; received {name}.")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as ``python -m`` has it
    try:
        with redirect_stdout(sys.stderr):
            found: Any = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise UnusableError(f"There is no module {error.name}, from {os.getcwd()} or among what is installed.") from error
        raise UnusableError(f"Importing {module_name} failed: {_told(error)}.") from error
    except Exception as error:
        raise UnusableError(f"Importing {module_name} failed: {_told(error)}.") from error
    for attribute in path.split("."):
        if not hasattr(found, attribute):
            raise UnusableError(f"{module_name} has no {path}.")
        found = getattr(found, attribute)
    if not callable(found):
        raise UnusableError(f"{name} must be a function; it is of type {type(found).__name__}.")
    return Subject(name, found)
