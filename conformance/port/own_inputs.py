"""The arrays of somebody's ``.npz`` file as one call of their function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from inspect import Parameter
from pathlib import Path
from typing import Any

from unifocal.arrays import NumPyArray

from ..calls.case import Case
from ..calls.records import arrays_in
from .signed import described, takes
from .subjects import Subject, UnusableError

_UNNAMED = re.compile(r"arr_(\d+)")  # what numpy.savez calls arrays that are given to it without a name


def call_with(subject: Subject, path: Path, predictions: str | None, options: Mapping[str, Any], dtype: str) -> Case:
    """The call with a file's arrays: by name if they have names, else in the order of the function's parameters.

    Raises
    ------
    UnusableError
        If they are too few, are no numbers, or do not fit the parameters; or if it is open which are the predictions.
    ValueError
        If the file cannot be read.
    """
    arrays = arrays_in(path)
    if len(arrays) < 2 or any(array.dtype.kind not in "fiub" for array in arrays.values()):
        kinds = ", ".join(f"{name} of {array.dtype}" for name, array in arrays.items())
        raise UnusableError(f"{path} must hold arrays of numbers, the predictions and the labels at least; it holds {kinds or 'nothing'}.")
    parameter_of = _parameters_of(subject, path, list(arrays))
    bound = _ordered(subject, {parameter_of[name]: array for name, array in arrays.items()})
    if twice := sorted(bound.keys() & options.keys()):
        raise UnusableError(f"{', '.join(twice)} is in {path} too; give it once.", "option")
    chosen = _predictions(bound, None if predictions is None else parameter_of.get(predictions, predictions))
    return Case(subject.name, path.name, chosen, {**bound, **options}, {} if subject.signed.is_class else None, dtype)


def _parameters_of(subject: Subject, path: Path, names: list[str]) -> dict[str, str]:
    """Which parameter each array of the file is for."""
    first_two = _by_position(subject)[:2]
    has = f"{subject.name} is called with {described(subject.signed.call)}"
    if all(_UNNAMED.fullmatch(name) for name in names):
        ordered = sorted(names, key=lambda name: int(name.removeprefix("arr_")))
        own = _by_position(subject) or ordered[:2]  # f(*args) names none
        if len(ordered) > len(own):
            raise UnusableError(f"{path} must hold at most {len(own)} arrays if they have no names; it holds {len(names)}, and {has}.")
        return dict(zip(ordered, own, strict=False))
    fit = all(takes(subject.signed.call, name) or takes(subject.signed.constructor, name) or name in first_two for name in names)
    if not fit or len(first_two) < 2 or not {*first_two} <= {*names}:
        raise UnusableError(
            f"The arrays of {path} must have the names of the parameters, {' and '.join(first_two) or 'if there are any'} among them, "
            f"or none, as numpy.savez(file, first, second) saves them, to be taken in the order of the call; "
            f"they are named {', '.join(names)}, and {has}."
        )
    return {name: name for name in names}


def _by_position(subject: Subject) -> list[str]:
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in subject.signed.call.values() if parameter.kind in kinds]


def _ordered(subject: Subject, arrays: Mapping[str, NumPyArray]) -> dict[str, NumPyArray]:
    """The arrays in the order of the function's parameters, whose first two are given by position."""
    order = [*subject.signed.call, *arrays]
    return {name: arrays[name] for name in sorted(arrays, key=order.index)}


def _predictions(arrays: Mapping[str, NumPyArray], named: str | None) -> str:
    """Which of the first two arrays are the predictions: the one that is floating-point, or named."""
    floating = [name for name in list(arrays)[:2] if arrays[name].dtype.kind == "f"]
    if named is None and len(floating) == 1:
        return floating[0]
    if named is None or named not in floating:
        among = f"one of {', '.join(floating)}" if floating else "which must be floating-point; neither of the first two arrays is"
        raise UnusableError(f"must name the predictions, {among}; received {named}.", "predictions")
    return named
