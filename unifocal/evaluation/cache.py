"""Calls like an earlier one: what depends on options, dtypes and shapes alone is looked up, which is most of what a small call costs.

A loss describes itself by these alone, so where its operands are its arguments as they came, calls like an earlier one are not even
described again.  The others are; their reading is looked up all the same.
"""

from __future__ import annotations

from inspect import signature
from types import FunctionType
from typing import Any, NamedTuple

from ..dispatch import backend_of
from ..operands import Operands
from ..scalars import is_number
from .evaluate import Call, read_call
from .reading import Reading, read_again

_OPTIONS = {float, int, bool, str, type(None)}
_MOST = 4096
_UNKNOWN: Any = object()


class _Entry(NamedTuple):
    """What a call like an earlier one needs."""

    reading: Reading
    operands: tuple[Any, ...]
    """Its operands that are options."""
    routes: tuple[tuple[int, int], ...]
    """By place among the operands, which of the call's tensors are the others."""
    aligns: bool
    """Whether there is more to be done to them, and not only looked at numbers that were looked at."""


_entries: dict[Any, _Entry | None] = {}
"""By describing function, options, dtypes and shapes; None where operands are not the arguments as they came."""


def lookup(describe: Any, args: tuple[Any, ...], options: dict[str, Any], constant: bool) -> Call | None:
    """The call of ``describe``'s loss, if it is one to be looked up; raises TypeError or ValueError where an operand does not fit.

    describe: marked by :func:`described_by`; of an object's method, the attributes are options too.  constant: whether nothing is to be
    differentiated.
    """
    place, name = describe.predictions_at
    parts = [*args, *options.values()]
    at = place if place < len(args) else len(args) + list(options).index(name) if name in options else None
    backend = None if at is None else backend_of(parts[at])
    if at is None or backend is None:
        return None
    key: list[Any] = [len(args), *options]
    if type(describe) is FunctionType:
        key.append(describe)
    else:
        attributes = vars(describe.__self__)
        parts += attributes.values()
        key += describe.__func__, *attributes
    given, places = [], []
    for i, part in enumerate(parts):
        kind = type(part)
        if kind in _OPTIONS:
            key += kind, part
        else:
            given.append(part)
            places.append(i)
            key.append(i)
    # Of torch.compile's calls no more is looked at than this.
    tensors = backend.as_eager(list(given), places.index(at))
    if tensors is None:
        return None
    for where, option in describe.asked_each_time:
        if (args[where] if where < len(args) else options.get(option)) is not None:
            return None
    for tensor in tensors:
        key += tensor.dtype, tuple(tensor.shape)
    x = tensors[places.index(at)]
    xp = backend.namespace(x)
    if x.dtype not in (xp.float32, xp.float64) and backend.autocast(x):
        return None  # which decides what the dtype of a loss of half precision is
    entry = _entries.get(tuple(key), _UNKNOWN)
    if entry is _UNKNOWN:
        if len({id(tensor) for tensor in given}) < len(given):
            return None  # of one that was given twice it would not show which is which
        if len(_entries) >= _MOST:
            clear()
        entry = _entries[tuple(key)] = _entry(describe, args, options, given, places.index(at))
    if entry is None:
        return None
    operands = list(entry.operands)
    for to, i in entry.routes:
        operands[to] = tensors[i]
    if constant:
        operands[0] = backend.stop_gradient(x)
    found = Operands(*operands)
    return Call(entry.reading, entry.reading.align(found) if entry.aligns else found)


def described_by(describe: Any, place: int, name: str, asked_each_time: tuple[str, ...] = ()) -> None:
    """Mark a describing function with the place and name of its predictions.

    asked_each_time: options with which it does more than describe, such as warn.
    """
    describe.predictions_at = place, name
    describe.asked_each_time = tuple((list(signature(describe).parameters).index(option), option) for option in asked_each_time)


def clear() -> None:
    """Know of no earlier call."""
    _entries.clear()
    read_again.cache_clear()


def _entry(describe: Any, args: tuple[Any, ...], options: dict[str, Any], given: list[Any], at: int) -> _Entry | None:
    """What calls like this one need, if its operands are its arguments as they came, the predictions the one at their place."""
    convention, operands = describe(*args, **options)
    reading = read_call(convention, operands).reading
    constants: list[Any] = [None] * len(operands)
    routes: list[tuple[int, int]] = []
    for to, operand in enumerate(operands[:7]):
        came = next((i for i, part in enumerate(given) if part is operand), None)
        if came is not None:
            routes.append((to, came))
        elif to > 1 and (operand is None or is_number(operand)):
            constants[to] = operand if operand is None else float(operand)
        else:
            return None
    constants[7] = operands.loss_weight
    if routes[0] != (0, at) or (operands.given is not None and operands.given is not operands.predictions):
        return None
    aligns = bool(reading.steps or reading.hosted is None or any(place in reading.places for place, _, _ in reading.held))
    return _Entry(reading, tuple(constants), tuple(routes), aligns)
