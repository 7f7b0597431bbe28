"""``unifocal dialects`` and ``unifocal explain``, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .dialects import Difference
from .dialects.registry import PLUGINS, dialect_names, functions_of, module_of, own_dialects
from .explain import Explanation, explain
from .plugins import PluginError
from .terminal import errors, output, read_option, say, strict_json

EXPLAINED, UNKNOWN = 0, 2


def print_dialects(as_json: bool) -> int:
    """Every dialect, what it mirrors, and its functions; the exit status, which says whether all could be loaded."""
    listed, broken = [], []
    try:
        names = dialect_names()
    except PluginError as error:
        names, broken = own_dialects(), [str(error)]
    for name in names:
        try:
            listed.append(_listed(name))
        except PluginError as error:
            broken.append(str(error))
    if as_json:
        print(strict_json(listed))
    else:
        _print_list(listed, output())
    for fault in broken:
        say(errors(), fault)
    return UNKNOWN if broken else EXPLAINED


def _listed(name: str) -> dict[str, Any]:
    """A dialect for machines; ``package`` is None for the library's own."""
    module = module_of(name)
    mirrors = " ".join((module.__doc__ or "").partition("\n")[0].replace("``", "").split())
    package = None if name in own_dialects() else PLUGINS.package(name)
    return {"dialect": name, "module": module.__name__, "mirrors": mirrors, "package": package, "functions": list(functions_of(name))}


def _print_list(listed: Sequence[dict[str, Any]], console: Console) -> None:
    for dialect in listed:
        package = f" (of {dialect['package']})" if dialect["package"] else ""
        console.print(Text.assemble((dialect["dialect"], "bold"), f": {dialect['mirrors']}{package}"))
        console.print(Padding(Text(", ".join(dialect["functions"])), (0, 0, 1, 4)))
    say(console, f"Each is a module of {__package__}.dialects. unifocal explain DIALECT.FUNCTION says what a function computes.")


def print_explanation(function: str, options: Sequence[str], *, everything: bool = False, as_json: bool = False) -> int:
    """The explanation of a function, known differences in full with ``everything``, or why there is none; the exit status."""
    try:
        explanation = explain(function, **dict(map(read_option, options)))
    except ValueError as error:
        say(errors(), str(error))
        return UNKNOWN
    if as_json:
        print(strict_json(_document(explanation)))
    else:
        _print(explanation, everything, output())
    return EXPLAINED


def _document(explanation: Explanation) -> dict[str, Any]:
    """An explanation for machines."""
    rules = [{"labels": formats, "rules": dict(rows)} for formats, rows in explanation.conventions]
    return asdict(explanation) | {"conventions": rules}


def _print(explanation: Explanation, everything: bool, console: Console) -> None:
    console.print(Text(explanation.signature, style="bold"))
    console.print(Text(explanation.summary))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for asked, answer in _rules(explanation):
        table.add_row(asked, Text(answer))
    console.print(Padding(table, (1, 0)))
    if explanation.differences:
        _print_differences(explanation.differences, everything, console)


def _rules(explanation: Explanation) -> list[tuple[str, str]]:
    """What is asked and the answer; an answer that depends on the labels' format is given for each."""
    answers = {formats: dict(rows) for formats, rows in explanation.conventions}
    rules = []
    for asked in dict.fromkeys(asked for rows in answers.values() for asked in rows):
        told = {formats: rows[asked] for formats, rows in answers.items() if asked in rows}
        same = len(told) == len(answers) and len(set(told.values())) == 1
        each = [f"with {formats}: {answer}" for formats, answer in told.items()]
        rules.append((asked, next(iter(told.values())) if same else "\n".join(each)))
    return rules


def _print_differences(differences: Sequence[Difference], everything: bool, console: Console) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")
    for known in differences:
        if everything:
            told = f"{known.condition} ({known.versions})\nthere: {known.original}\nhere: {known.truth}"
            table.add_row("•", Text(told), end_section=True)
        else:
            table.add_row("•", Text(known.condition))
    console.print(Text("Where the original is known to differ:"))
    console.print(table)
    if not everything:
        console.print(Text("With --all: what it gives there, and what is right."))
