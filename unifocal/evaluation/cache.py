"""Calls like an earlier one: what depends on options, dtypes and shapes alone is looked up, which is most of what a small call costs.

A loss describes itself by these alone.  So where all the tensors among its arguments are its operands, as they came, calls like an earlier
one are not even described again.  The others are; their reading is looked up all the same.
"""

from __future__ import annotations

from inspect import signature
from math import prod
from types import FunctionType
from typing import Any, NamedTuple

from ..dispatch import backend_of
from ..operands import Operands
from .alignment import align
from .evaluate import Call, read_call
from .read import read_again
from .reading import Reading

_OPTIONS = {float, int, bool, str, type(None)}
_MOST = 4096
_DIALECTS = f"{__name__.partition('.')[0]}.dialects."
_UNKNOWN: Any = object()


class _Entry(NamedTuple):
    """What a call like an earlier one needs."""

    reading: Reading
    operands: tuple[Any, ...]
    """Its operands that are options."""
    routes: tuple[tuple[int, int], ...]
    """By place among the operands, which of the call's tensors are the others."""
    aligns: bool
    """Whether tensors are still to be aligned or looked at; numbers have been."""


_entries: dict[Any, _Entry | None] = {}
"""By describing function, options, dtypes and shapes; None where tensors among the arguments are not the operands as they came."""


def lookup(describe: Any, args: tuple[Any, ...], options: dict[str, Any], constant: bool) -> Call | None:
    """The call of ``describe``'s loss, if it is one to be looked up; raises TypeError or ValueError where an operand does not fit.

    describe: marked by :func:`mark`; of a method of a dialect's object, the attributes are options too.  constant: whether nothing is to be
    differentiated.
    """
    marked = getattr(describe, "predictions_at", None)
    if marked is None:
        return None
    place, name = marked
    parts = [*args, *options.values()]
    at = place if place < len(args) else len(args) + list(options).index(name) if name in options else None
    backend = None if at is None else backend_of(parts[at])
    if at is None or backend is None:
        return None
    key: list[Any] = [backend, len(args), *options]
    if type(describe) is FunctionType:
        key.append(describe)
    else:
        of = describe.__self__
        if not type(of).__module__.startswith(_DIALECTS):
            return None  # what others' classes depend on is not known
        attributes = vars(of)
        parts += attributes.values()
        key += type(of), *attributes
    given: list[Any] = []
    own = 0
    for i, part in enumerate(parts):
        kind = type(part)
        if kind in _OPTIONS:
            key += kind, part
        else:
            if i == at:
                own = len(given)
            given.append(part)
            key.append(i)
    # Of torch.compile's calls no more is looked at than this.
    tensors = backend.as_eager(list(given), own)
    if tensors is None:
        return None
    for i, option in describe.asked_each_time:
        if (args[i] if i < len(args) else options.get(option)) is not None:
            return None
    for tensor in tensors:
        key += tensor.dtype, tuple(tensor.shape)
    x = tensors[own]
    xp = backend.namespace(x)
    if x.dtype not in (xp.float32, xp.float64) and backend.autocast(x):
        return None  # which decides what the dtype of a loss of half precision is
    entry = _entries.get(tuple(key), _UNKNOWN)
    if entry is _UNKNOWN:
        return _learned(tuple(key), describe, args, options, constant, given, own)
    if entry is None:
        return None
    operands = list(entry.operands)
    for to, i in entry.routes:
        operands[to] = tensors[i]
    if constant:
        operands[0] = backend.stop_gradient(x)
    found = Operands(*operands)
    return Call(entry.reading, align(entry.reading, found) if entry.aligns else found)


def mark(describe: Any, place: int, name: str, asked_each_time: tuple[str, ...] = ()) -> None:
    """Mark a describing function with the place and name of its predictions.

    asked_each_time: options with which it does more than describe, such as warn.
    """
    describe.predictions_at = place, name
    describe.asked_each_time = tuple((list(signature(describe).parameters).index(option), option) for option in asked_each_time)


def clear() -> None:
    """Know of no earlier call."""
    _entries.clear()
    read_again.cache_clear()


def _learned(
    key: Any, describe: Any, args: tuple[Any, ...], options: dict[str, Any], constant: bool, given: list[Any], own: int
) -> Call | None:
    """A call that is the first of its kind, which is known from now on; None where its gradient is that of other predictions."""
    convention, operands = describe(*args, **options)
    call = read_call(convention, operands, constant)
    of_others = operands.given is not None and operands.given is not operands.predictions
    # Of a tensor that was given twice it would not show which is which.
    if len({id(tensor) for tensor in given}) == len(given):
        if len(_entries) >= _MOST:
            _entries.clear()
        _entries[key] = None if of_others else _entry(call.reading, operands, given, own)
    return None if of_others else call


def _entry(reading: Reading, operands: Operands, given: list[Any], own: int) -> _Entry | None:
    """What calls like this one need; None unless each tensor is an operand as it came, the predictions the one at their place."""
    constants: list[Any] = [None] * len(operands)
    routes: list[tuple[int, int]] = []
    for to, operand in enumerate(operands[:7]):
        came = next((i for i, tensor in enumerate(given) if tensor is operand), None)
        if came is not None:
            routes.append((to, came))
        elif to > 1 and (operand is None or type(operand) in (int, float)):
            constants[to] = operand if operand is None else float(operand)
        else:
            return None
    if routes[0] != (0, own) or sorted(i for _, i in routes) != list(range(len(given))):
        return None
    # Whether a tensor of one number is −1, say, is a question that can be asked of it, and its value another time is another.
    if any(to > 1 and prod(given[i].shape) == 1 for to, i in routes) or not isinstance(operands.loss_weight, int | float | None):
        return None
    constants[7] = operands.loss_weight
    aligns = bool(reading.steps or reading.hosted is None or any(place in reading.places for place, _, _ in reading.held))
    return _Entry(reading, tuple(constants), tuple(routes), aligns)
