"""Calls like an earlier one: what depends on options, dtypes and shapes alone is looked up, which is most of what a small call costs.

A loss describes itself by these alone, so where its operands are its arguments as they came, calls like an earlier one are not even
described again.  The others are; their reading is looked up all the same.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any, NamedTuple

from ..convention import Operands
from ..dispatch import backend_of
from ..scalars import is_number
from .evaluate import Call, call_of
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


_entries: dict[Any, _Entry | None] = {}
"""By describing function, options, dtypes and shapes; None where operands are not the arguments as they came."""


def lookup(describe: Any, args: tuple[Any, ...], options: dict[str, Any], constant: bool) -> Call | None:
    """The call of ``describe``'s loss, if it is one to be looked up; raises TypeError or ValueError where an operand does not fit.

    describe: marked by :func:`described_by`; of an object's method, the attributes are options too.  constant: whether nothing is to be
    differentiated.
    """
    place, name = describe.predictions_at
    at = place if place < len(args) else len(args) + list(options).index(name) if name in options else None
    backend = None if at is None else backend_of((*args, *options.values())[at])
    if at is None or backend is None:
        return None
    function, own = (describe, {}) if type(describe) is FunctionType else (describe.__func__, vars(describe.__self__))
    parts = (*args, *options.values(), *own.values())
    tensors = {i: part for i, part in enumerate(parts) if type(part) not in _OPTIONS}
    # Tensors first: of torch.compile's calls they are all that is looked at.
    if not all(backend_of(part) is backend for part in tensors.values()):
        return None
    tensors = {i: backend.canonical(part) for i, part in tensors.items()}
    x = tensors[at]
    if not backend.in_blocks(x, [part for part in tensors.values() if part is not x]):
        return None
    if any(options.get(option) is not None for option in describe.asked_each_time):
        return None
    half = x.dtype not in (backend.namespace(x).float32, backend.namespace(x).float64)
    key = (
        function,
        half and backend.autocast(x),
        len(args),
        *options,
        *((part.dtype, backend.shape(part)) if (part := tensors.get(i)) is not None else (type(o), o) for i, o in enumerate(parts)),
    )
    entry = _entries.get(key, _UNKNOWN)
    if entry is _UNKNOWN:
        if len(_entries) >= _MOST:
            clear()
        entry = _entries[key] = _entry(describe, args, options, parts)
    if entry is None:
        return None
    operands = list(entry.operands)
    for to, i in entry.routes:
        operands[to] = tensors[i]
    if constant:
        operands[0] = backend.stop_gradient(x)
    return Call(entry.reading, entry.reading.aligned(Operands(*operands)))


def described_by(describe: Any, place: int, name: str, asked_each_time: tuple[str, ...] = ()) -> None:
    """Mark a describing function with the place and name of its predictions.

    asked_each_time: options with which it does more than describe, such as warn.
    """
    describe.predictions_at = place, name
    describe.asked_each_time = asked_each_time


def clear() -> None:
    """Know of no earlier call."""
    _entries.clear()
    read_again.cache_clear()


def _entry(describe: Any, args: tuple[Any, ...], options: dict[str, Any], parts: tuple[Any, ...]) -> _Entry | None:
    """What calls like this one need, if its operands are its arguments as they came."""
    convention, operands = describe(*args, **options)
    reading = call_of(convention, operands).reading
    constants: list[Any] = [None] * len(operands)
    routes: list[tuple[int, int]] = []
    for to, operand in enumerate(operands[:7]):
        came = next((i for i, part in enumerate(parts) if part is operand and type(part) not in _OPTIONS), None)
        if came is not None:
            routes.append((to, came))
        elif to > 1 and (operand is None or is_number(operand)):
            constants[to] = operand if operand is None else float(operand)
        else:
            return None
    constants[7] = operands.loss_weight
    if operands.given is not None and operands.given is not operands.predictions:
        return None
    return _Entry(reading, tuple(constants), tuple(routes))
