"""What a function is held to: the recorded calls of an original, with options set, or those of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from inspect import Parameter
from typing import Any

import numpy as np

from unifocal.dialects import full_name, function_named
from unifocal.dialects.registry import own_dialects

from ..calls.case import Case, run_case
from ..calls.records import Entry, Record
from ..dialects import golden_record
from ..frameworks import framework_named
from ..truth import tolerances
from .made_calls import made_cases
from .signed import Parameters, Signed, described
from .subjects import UnusableError, same_option, tensors_of


@dataclass(frozen=True)
class Reference:
    """What a function is held to: calls with their answers.

    optional: options that a function need not have, with the value that they then must have.  variant: the same calls with some options
    changed, for guesses at what is wrong; None where there are recorded answers only.
    """

    name: str
    entries: tuple[Entry, ...]
    optional: Mapping[str, Any]
    variant: Callable[[Mapping[str, Any]], tuple[Entry, ...]] | None = None


def reference_like(name: str, options: Mapping[str, Any], dtype: str = "float64") -> Reference:
    """The recorded calls of ``dialect.function``, with some options set, and calls that leave all of them at the original's defaults.

    Where this changes a call, and in another dtype, the answer is the dialect's own on NumPy: the suite holds it to the original's.  Of the
    dialects of other packages nothing is recorded: calls are made for them, and all answers are the dialect's own.

    Raises
    ------
    UnusableError
        If there is no such function, or it has no such option, or takes none of its calls with these options.
    """
    if dtype not in tolerances.PORT:
        raise UnusableError(f"must be {' or '.join(tolerances.PORT)}; received {dtype}.", "dtype")
    try:
        name = full_name(name)
    except ValueError as error:
        raise UnusableError(f"must name an original. {error}", "like") from error
    dialect, _, function = name.partition(".")
    original = Signed(function_named(name))
    recorded = _recorded(dialect, function) if dialect in own_dialects() else _made(original, name, dtype)
    if unknown := [option for option in options if option not in original.options]:
        raise UnusableError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(original.options)}.")

    # An original that was also run in another precision rounds as it does there.
    same = [entry for entry in recorded if entry.case.dtype == dtype]
    entries = [replace(entry, case=_ordered(original, entry.case)) for entry in same or recorded]
    variant = partial(_variant, original, entries, _bare(original, entries[0].case), dtype)
    found = variant(options)
    if not found:
        given = ", ".join(f"{key}={value!r}" for key, value in options.items())
        raise UnusableError(f"No recorded call of {name} can be made with {given}.")
    optional = {option: parameter.default for option, parameter in original.options.items() if parameter.default is not Parameter.empty}
    if "dtype" in original.options:  # a function of one's own may have it of its tensors
        optional["dtype"] = dtype
    usual = {**optional, **options}
    named = tuple(replace(entry, case=_named(entry.case, options, usual)) for entry in found)
    return Reference(name, named, usual, lambda changed: variant({**options, **changed}))


def _recorded(dialect: str, function: str) -> list[Entry]:
    """What the original of one of the library's own dialects answered."""
    found = [entry for entry in golden_record(dialect).entries if entry.case.function == function]
    if not found:
        known = dict.fromkeys(entry.case.function for entry in golden_record(dialect).entries)
        others = f"{dialect}.{function} has none, {', '.join(known)} of {dialect} have"
        raise UnusableError(f"must name an original with recorded calls; {others}.", "like")
    return found


def _made(original: Signed, name: str, dtype: str) -> list[Entry]:
    """Calls that were made for another package's function, as far as it takes them."""
    if not (original.is_class or hasattr(original.function, "describe")):
        raise UnusableError(f"must name a loss; {name} is none.", "like")
    function = name.partition(".")[2]
    found = [entry for case in made_cases(function, original) if (entry := _computed(original, case, dtype)) is not None]
    if not found:
        raise UnusableError(
            f"must name a function that can be called with predictions and labels alone; {name} takes {described(original.call)}.", "like"
        )
    return found


def reference_in(record: Record) -> Reference:
    """The calls of a record, whose word on how far an answer may be is not taken."""
    entries = tuple(replace(entry, case=replace(entry.case, tolerance=None)) for entry in record.entries)
    return Reference(record.subject, entries, {})


def _ordered(original: Signed, case: Case) -> Case:
    """The case with its arguments in the order of the signature."""
    return replace(case, arguments={name: case.arguments[name] for name in original.call if name in case.arguments})


def _named(case: Case, options: Mapping[str, Any], usual: Mapping[str, Any]) -> Case:
    """The case with a name that tells each option with an unusual value, and none of the ``options`` that were set for all calls."""
    words = [word for word in case.name.split() if word.partition("=")[0] not in options]
    told = {*tensors_of(case), *(word.partition("=")[0] for word in words)}
    values = {**(case.options or {}), **case.arguments}
    unusual = {name: value for name, value in values.items() if not (name in usual and same_option(usual[name], value))}
    more = [f"{name}={_briefly(value)}" for name, value in unusual.items() if name not in told]
    return replace(case, name=" ".join([*words, *more]) or "defaults")


def _briefly(value: Any) -> str:
    """A value in one word: a short array's numbers, or a long one's shape."""
    if isinstance(value, tuple):
        return f"({','.join(map(_briefly, value))})"
    if not isinstance(value, np.ndarray):
        return repr(value)
    text = str(value.tolist()) if value.size <= 4 else f"array{value.shape}"
    return text.replace(" ", "")


def _with_options(original: Signed, case: Case, options: Mapping[str, Any]) -> Case:
    """The case with some options set."""
    made = {name: value for name, value in options.items() if name in original.constructor}
    called = {name: value for name, value in options.items() if name not in original.constructor}
    constructor = {**(case.options or {}), **made} if original.is_class else None
    return replace(case, arguments={**case.arguments, **called}, options=constructor)


def _bare(original: Signed, case: Case) -> list[Case]:
    """Calls with the tensors, the options that must be given, and the precision, alone; one more with saturated predictions, if logits."""

    def needed(values: Mapping[str, Any], parameters: Parameters) -> dict[str, Any]:
        return {name: value for name, value in values.items() if parameters[name].default is Parameter.empty or name == "dtype"}

    options = None if case.options is None else needed(case.options, original.constructor)
    bare = replace(case, name="defaults", arguments=needed(case.arguments, original.call), options=options)
    x = case.arguments[case.predictions]
    if ((x >= 0) & (x <= 1)).all():
        return [bare]
    # 20 is beyond a clip at 1e-7, and within what originals that cap their logarithms (Paddle's at 64) can tell apart.
    saturated = np.copysign(20 + np.abs(x), x)
    return [bare, replace(bare, name="saturated", arguments={**bare.arguments, case.predictions: saturated})]


def _variant(
    original: Signed, recorded: Sequence[Entry], computed: Sequence[Case], dtype: str, options: Mapping[str, Any]
) -> tuple[Entry, ...]:
    """The calls, recorded ones and those to be computed, each once, with options changed and in this dtype, as far as they are taken."""
    found: dict[Any, Entry] = {}
    for entry in recorded:
        case = _with_options(original, entry.case, options)
        if case.dtype == dtype and _key(case) == _key(entry.case):
            found.setdefault(_key(case), entry)
        elif (answered := _computed(original, case, dtype)) is not None:
            found.setdefault(_key(case), answered)
    for bare in computed:
        case = _with_options(original, bare, options)
        if _key(case) not in found and (answered := _computed(original, case, dtype)) is not None:
            found[_key(case)] = answered
    return tuple(found.values())


def _computed(original: Signed, case: Case, dtype: str) -> Entry | None:
    """A call with the dialect's own answer, from numbers of the dtype; None where an option does not go with the call."""
    exact = replace(case, arguments=_rounded(case.arguments, dtype), options=_rounded(case.options, dtype), dtype="float64")
    try:
        answer = run_case(framework_named("numpy"), original.function, exact)
    except (TypeError, ValueError):
        return None
    return Entry(replace(case, dtype=dtype, tolerance=None), answer)


def _rounded(values: Any, dtype: str) -> Any:
    """Floating arrays with numbers of the dtype, as float64."""

    def rounded(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(rounded, value))
        return value.astype(dtype).astype(np.float64) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value

    return values and {name: rounded(value) for name, value in values.items()}


def _key(case: Case) -> Any:
    def hashable(value: Any) -> Any:
        return (value.shape, value.dtype.name, value.tobytes()) if isinstance(value, np.ndarray) else repr(value)

    parts = sorted({**(case.options or {}), **case.arguments}.items())
    return tuple((name, hashable(value)) for name, value in parts)
