"""Anyone's own function: found by name, called with the arguments of a recorded call, differentiated by its framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import unifocal
from unifocal.arrays import NumPyArray
from unifocal.dispatch import SHIMS, backend_of
from unifocal.imported import function_from, told

from ..calls.case import Answer, Case, as_operands
from ..frameworks import Framework
from .signed import Signed, described, required, takes


class UnusableError(Exception):
    """A question that cannot be answered; the message says what was required.

    ``argument`` names the option of the command, or the parameter of ``assert_parity``, that is at fault; the message begins with it.
    """

    def __init__(self, message: str, argument: str = "") -> None:
        super().__init__(f"{argument} {message}" if argument else message)
        self.argument = argument


class SubjectError(Exception):
    """What the function did instead of answering: "raised …", "returned …"."""


class _NotTakenError(Exception):
    """The name of an option that the function does not have."""


@dataclass(frozen=True)
class Given:
    """A case's arguments as a function takes them: when it is made, by position, and by name."""

    constructor: Mapping[str, Any]
    tensors: Mapping[str, Any]
    named: Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """A function, or a class whose objects are called; ``name`` is what reports call it."""

    name: str
    function: Callable[..., Any]

    @cached_property
    def signed(self) -> Signed:
        """What it takes.

        Raises
        ------
        UnusableError
            If it has no signature.
        """
        signed = Signed(self.function)
        try:
            _ = signed.options
        except (TypeError, ValueError) as error:
            raise UnusableError(
                f"{self.name} must be a function whose parameters can be read; it is of type {_type(self.function)}."
            ) from error
        return signed

    def check_arity(self, case: Case, optional: Mapping[str, Any]) -> None:
        """Raise UnusableError unless a call can take the case's tensors by position, and requires nothing that the case lacks."""
        tensors, known = len(tensors_of(case)), {*case.arguments, *(case.options or {}), *optional}
        missing = {*required(self.signed.constructor), *required(self.signed.call, tensors)} - known
        if missing or not self.signed.has_room_for(tensors):
            made = f"made with {described(self.signed.constructor)} and " if self.signed.is_class else ""
            raise UnusableError(
                f"{self.name} must take {tensors} tensors by position, and may require options of the original, nothing else; "
                f"it is {made}called with {described(self.signed.call)}{', and requires ' * bool(missing)}{', '.join(sorted(missing))}."
            )

    def given(self, case: Case, optional: Mapping[str, Any]) -> Given:
        """What the function is given for a case.

        The first two tensors go by position.  Of the others, those that the function does not take and that have the value in
        ``optional`` are left out; those that it requires and the case lacks have that value.
        """
        tensors = tensors_of(case)
        constructor: dict[str, Any] = {}
        named: dict[str, Any] = {}
        rest = {name: value for name, value in case.arguments.items() if name not in tensors}
        for name, value in {**(case.options or {}), **rest}.items():
            if takes(self.signed.constructor, name):
                constructor[name] = value
            elif takes(self.signed.call, name):
                named[name] = value
            elif name not in optional or not same_option(optional[name], value):
                raise _NotTakenError(name)
        for own, needed in ((constructor, required(self.signed.constructor)), (named, required(self.signed.call, len(tensors)))):
            own.update({name: optional[name] for name in needed if name not in own and name in optional})
        return Given(constructor, {name: case.arguments[name] for name in tensors}, named)

    def left_out(self, case: Case, optional: Mapping[str, Any]) -> str | None:
        """The option of a case that this function would need and does not have, if there is one."""
        try:
            self.given(case, optional)
        except _NotTakenError as option:
            return str(option)
        return None

    def answer(self, run: Framework, case: Case, optional: Mapping[str, Any], exchanged: bool = False) -> Answer:
        """What the function gives for a case; with its first two arguments ``exchanged``, perhaps.

        Raises
        ------
        SubjectError
            If it raises anything, returns no tensor, or gives no gradient.
        """
        given = self.given(case, optional)
        at = tensors_of(case).index(case.predictions)
        try:
            with run.precision(case.dtype):
                first, constructor, named = (as_operands(run, part, case.dtype) for part in (given.tensors, given.constructor, given.named))
                tensors = list(first.values())
                function = self.function(**constructor) if self.signed.is_class else self.function

                def loss(x: Any) -> Any:
                    own = [*tensors[:at], x, *tensors[at + 1 :]]
                    return _checked(run, function(*(reversed(own) if exchanged else own), **named))

                if not run.differentiates and hasattr(function, "describe"):
                    function = unifocal.value_and_grad(function)
                return _answered(run, loss, tensors[at])
        except (KeyboardInterrupt, SubjectError):
            raise
        except BaseException as error:  # SystemExit too: it is no answer
            raise SubjectError(f"raised {told(error, _HERE)}") from error


def tensors_of(case: Case) -> list[str]:
    """The names of the tensors that are given by position: predictions and labels, which may be several in a tuple."""
    return [name for name, value in case.arguments.items() if isinstance(value, np.ndarray | tuple)][:2]


def _answered(run: Framework, loss: Callable[[Any], Any], x: Any) -> Answer:
    if run.differentiates:
        value, gradient = run.gradient(loss, x)
        if gradient is None:
            raise SubjectError("gave no gradient with respect to the predictions")
        return Answer(run.numpy(value), run.numpy(gradient))
    result = loss(x)
    if isinstance(result, tuple):
        return Answer(_numbers(run, result[0]), _numbers(run, result[1]))
    return Answer(_numbers(run, result), None)


def _checked(run: Framework, result: Any) -> Any:
    """The result, if a loss may return it: a tensor of the framework, for NumPy also a number, or a value with its gradient."""
    shim = SHIMS[run.name].module if run.name in SHIMS else "array_api"
    pair = isinstance(result, tuple) and len(result) == 2 and not run.differentiates
    for part in result if pair else (result,):
        owner = backend_of(part)
        if not (owner is not None and owner.name == shim) and not (run.name == "numpy" and isinstance(part, (int, float))):
            raise SubjectError(f"returned {_type(part)}, not a tensor of {run.name}")
    return result


def _numbers(run: Framework, result: Any) -> NumPyArray:
    return np.asarray(result) if isinstance(result, (int, float)) else run.numpy(result)


def _type(value: object) -> str:
    return type(value).__name__


def same_option(a: Any, b: Any) -> bool:
    """Whether two values of an option are the same, as 2 and 2.0 are, and 1 and True are not."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same_option, a, b))
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return bool(np.array_equal(a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


_HERE = str(Path(__file__).parents[1])


def subject_named(name: str) -> Subject:
    """The function ``package.module:function``.

    Raises
    ------
    UnusableError
        If there is no such module or function, or importing it fails.
    """
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        raise UnusableError(f"must be written package.module:function; received {name}.", "function")
    try:
        return Subject(name, function_from(name))
    except ValueError as error:
        raise UnusableError(str(error)) from error
