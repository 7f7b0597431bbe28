"""What dialects are held to: their originals, over grids of options.

One module a dialect, of the dialect's name, with ``ORIGINAL`` and ``CASES``.  What each original answers is recorded in ``golden/``,
with the versions that gave it; originals that do not install beside current frameworks are known by that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import as_file, files
from inspect import Parameter, getmro, isclass, signature
from itertools import product
from typing import Any

import numpy as np

from unifocal.arrays import NumPyArray
from unifocal.dialects import Difference, functions_of

from ..calls.case import Answer, Case, bind, call, run_case
from ..calls.records import Entry, Record
from ..frameworks import Framework, framework_named


@dataclass(frozen=True)
class Original:
    """The library that a dialect mirrors.

    framework: whose tensors it takes.  find: its function or class of a name; imports it.  recorded: whether it cannot be run beside
    current frameworks, and its recorded answers stand for it.
    """

    framework: str
    find: Callable[[str], Callable[..., Any]]
    packages: tuple[str, ...]
    """The distributions whose versions matter; those that must be installed to run it."""
    recorded: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    """More versions to record: of what is no distribution, or was not run whole."""

    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [package for package in self.packages if not _installed(package)]


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def shows(dialect: str, entry: Difference) -> bool:
    """Whether a dialect's installed original is none of the versions that were seen not to differ so."""
    return version(module_of(dialect).ORIGINAL.packages[0]) not in entry.versions.partition(", not ")[2].split(", ")


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


def plain_signature(function: Callable[..., Any]) -> str:
    """A signature without annotations, and without whether 2 is 2.0, or a string an enumeration's.

    What a class passes on to its base is spelled out.  Modules of torch that have no options say that they take anything, and refuse it.
    """
    parameters = []
    own = signature(function).parameters.values()
    if [parameter.kind for parameter in own] == [Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD]:
        return "()"
    for parameter in _spelled_out(function):
        default = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
        if isinstance(default, (int, float)) and not isinstance(default, bool):
            default = float(default)
        parameters.append(parameter.replace(annotation=Parameter.empty, default=default))
    return str(signature(function).replace(parameters=parameters, return_annotation=signature(function).empty))


def _spelled_out(function: Callable[..., Any]) -> Iterator[Parameter]:
    for parameter in signature(function).parameters.values():
        base = next((cls for cls in getmro(function)[1:] if "__init__" in vars(cls)), object) if isclass(function) else object
        if parameter.kind is not Parameter.VAR_KEYWORD or base is object:
            yield parameter
        else:
            _, *passed_on = signature(vars(base)["__init__"]).parameters.values()
            yield from (other.replace(kind=Parameter.KEYWORD_ONLY) for other in passed_on)


def module_of(dialect: str) -> Any:
    """The module with a dialect's ``ORIGINAL`` and ``CASES``."""
    return import_module(f"{__package__}.{dialect}")


def dialect_answer(run: Framework, dialect: str, case: Case) -> Answer:
    """What the dialect gives for a case, on a framework's tensors."""
    return run_case(run, functions_of(dialect)[case.function], case)


def traced_value(run: Framework, dialect: str, case: Case) -> NumPyArray:
    """The dialect's value for a case, from the framework's compiler; tensors are inputs of the graph, and none is a constant in it."""
    with run.precision(case.dtype):
        function, arguments = bind(run, functions_of(dialect)[case.function], case)
        names = [name for name in arguments if isinstance(case.arguments[name], np.ndarray)]

        def value(tensors: list[Any]) -> Any:
            return call(function, {**arguments, **dict(zip(names, tensors, strict=True))})

        return run.numpy(run.traced(value, [arguments[name] for name in names]))


def original_answer(dialect: str, case: Case) -> Answer:
    """What the original gives for a case: now, or where it cannot be run here, as it was recorded."""
    original: Original = module_of(dialect).ORIGINAL
    if original.recorded:
        return golden_record(dialect).answer(case)
    return run_case(framework_named(original.framework), original.find(case.function), case)


@cache
def golden_record(dialect: str) -> Record:
    """The recorded answers of a dialect's original, as they ship with the package."""
    with as_file(files(__package__).joinpath("golden", f"{dialect}.npz")) as path:
        return Record.read(path)


def record_original(dialect: str) -> Record:
    """Every case of a dialect, run on its original here and now."""
    module = module_of(dialect)
    original: Original = module.ORIGINAL
    run = framework_named(original.framework)
    return Record(
        dialect,
        original.framework,
        {package: version(package) for package in original.packages} | dict(original.versions),
        tuple(Entry(case, run_case(run, original.find(case.function), case)) for case in module.CASES),
        {name: plain_signature(original.find(name)) for name in sorted({case.function for case in module.CASES})},
    )
