"""Calls like an earlier one: what depends on options, dtypes and shapes alone is looked up, which is most of what a small call costs.

So known are eager calls of two tensors of one framework, predictions first, with options that are numbers, strings or None.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

from .blocks import Walk
from .dispatch import backend_of
from .operands import context
from .plan import call
from .spec import Operands, Spec

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = {float, int, bool, str, type(None)}
_MOST = 4096
_NEW: Any = object()
_known: dict[Any, Walk | None] = {}
"""By describing function, options, dtypes and shapes: the walk without its tensors; None where that would not be the whole of it."""


def repeated(describe: Callable[..., tuple[Spec, Operands]], args: tuple[Any, ...], options: dict[str, Any], constant: bool) -> Walk | None:
    """The walk of ``describe``'s loss, if it is one to be known; raises TypeError or ValueError where an operand does not fit.

    With ``constant`` nothing is to be differentiated.
    """
    # Tensors first: of an older torch.compile's calls they are all that is looked at, and the sets below cannot be traced.
    if len(args) != 2:
        return None
    backend = backend_of(args[0])
    if backend is None or backend_of(args[1]) is not backend:
        return None
    x, targets = backend.canonical(args[0]), backend.canonical(args[1])
    if not backend.in_blocks(x, (targets,)):
        return None
    types = tuple(map(type, options.values()))
    if not _OPTIONS.issuperset(types) or type(describe) is not FunctionType:  # a method's object could change
        return None
    if not getattr(describe, "asked_each_time", frozenset()).isdisjoint(options):
        return None
    key = describe, x.dtype, backend.shape(x), targets.dtype, backend.shape(targets), tuple(options.items()), types
    known = _known.get(key, _NEW)
    if known is _NEW:
        if len(_known) >= _MOST:
            forget()
        known = _known[key] = _learned(describe, args, options)
    return None if known is None else known.like(backend.stop_gradient(x) if constant else x, targets)


def asked_each_time(*options: str) -> Callable[[F], F]:
    """Mark a describing function that does more than describe, such as warn, where one of these options is given."""

    def mark(describe: F) -> F:
        describe.asked_each_time = frozenset(options)  # type: ignore[attr-defined]
        return describe

    return mark


def forget() -> None:
    """Know nothing."""
    _known.clear()


def _learned(describe: Callable[..., tuple[Spec, Operands]], args: tuple[Any, ...], options: dict[str, Any]) -> Walk | None:
    spec, operands = describe(*args, **options)
    if operands.predictions is not args[0] or operands.targets is not args[1]:
        return None
    ctx = context(spec, operands.predictions, operands.targets)
    if ctx.x.dtype != ctx.dtype:
        return None  # automatic mixed precision decides what a loss of half precision is
    with ctx.backend.computing(ctx.x):
        walk = Walk.of(call(ctx, operands))
    return walk.bare() if walk is not None and walk.call.plain else None
