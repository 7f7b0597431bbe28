"""``unifocal dialects`` and ``unifocal explain`` for people."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .dialects import dialect_names, functions_of
from .explain import explain

EXPLAINED, UNKNOWN = 0, 2
_WIDE = 132


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_WIDE)


def print_dialects() -> None:
    """Every dialect, what it mirrors, and its functions."""
    table = Table("dialect", "mirrors", "functions", box=SIMPLE_HEAD, show_lines=True)
    for name in dialect_names():
        mirrored = (import_module(f"unifocal.dialects.{name}").__doc__ or "").split("\n", 1)[0]
        table.add_row(f"unifocal.dialects.{name}", mirrored.replace("``", ""), "\n".join(functions_of(name)))
    _console().print(table)


def print_explanation(function: str, options: Sequence[str]) -> int:
    """The explanation of a function, or why there is none; the exit status."""
    try:
        explanation = explain(function, **dict(map(read_option, options)))
    except ValueError as error:
        Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
        return UNKNOWN
    console = _console()
    console.print(Text(explanation.signature, style="bold"))
    console.print(Text(explanation.summary))
    table = Table("", *(f"with {formats}" for formats, _ in explanation.conventions), box=SIMPLE_HEAD)
    answers = [dict(rows) for _, rows in explanation.conventions]
    for asked in answers[0]:
        table.add_row(asked, *(Text(one.get(asked, "")) for one in answers))
    console.print(table)
    if explanation.differences:
        table = Table("The original differs", "there", "here", box=SIMPLE_HEAD, show_lines=True)
        for known in explanation.differences:
            table.add_row(Text(f"{known.condition} ({known.versions})"), Text(known.original), Text(known.truth))
        console.print(table)
    return EXPLAINED


def read_option(text: str) -> tuple[str, Any]:
    """The name and value of an option written ``name=value``; a value that is no Python literal is text.

    Raises
    ------
    ValueError
        If it is not so written.
    """
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise ValueError(f"Options are written name=value; received {text!r}.")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value
