"""How the commands print: as wide as there is room, in whatever encoding the output has, and as JSON."""

from __future__ import annotations

import ast
import codecs
import json
import math
import shutil
import sys
import unicodedata
from collections.abc import Mapping
from io import TextIOWrapper
from typing import Any

from rich.console import Console

_WIDE = 132  # for files and pipes, where COLUMNS says nothing: every table fits
_NARROWEST = 40
_PLAIN = {
    "−": "-",
    "–": "-",
    "·": "*",
    "×": "x",
    "÷": "/",
    "…": "...",
    "’": "'",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "∞": "inf",
    "±": "+-",
    "∓": "-+",
    "Σ": "sum",
    "√": "sqrt",
    "∂": "d",
    "→": "->",
    "•": "*",
    "✓": "ok",
    "✗": "x",
    "′": "'",
    "₋": "-",
    "²": "^2",
    "³": "^3",
}
_HANDLER = "unifocal.plain"


def output(wide: int = _WIDE) -> Console:
    """Standard output: as wide as COLUMNS or the terminal says, and ``wide`` where neither does."""
    return Console(width=max(_NARROWEST, shutil.get_terminal_size((wide, 24)).columns))


def errors() -> Console:
    """Standard error."""
    return Console(stderr=True)


def say(console: Console, text: str) -> None:
    """Print a line as it is, unbroken: a message that may hold paths and anyone's text."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def strict_json(document: Any) -> str:
    """A document as JSON, with NaN and infinities, which JSON lacks, as text."""

    def finite(value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        if isinstance(value, Mapping):
            return {str(key): finite(item) for key, item in value.items()}
        return [finite(item) for item in value] if isinstance(value, (list, tuple)) else value

    return json.dumps(finite(document), indent=1, allow_nan=False)


def print_in_any_encoding() -> None:
    """Make standard output and error spell out what their encoding lacks (σ in a Windows pipe's cp1252), where they would raise."""
    codecs.register_error(_HANDLER, _spelt_out)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _spelt_out(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain, error.object[error.start : error.end])), error.end


def plain(character: str) -> str:
    """A character in ASCII: a Greek letter by its name, a sign by what people type for it."""
    if character in _PLAIN:
        return _PLAIN[character]
    name = unicodedata.name(character, "")
    if name.startswith("GREEK") and "LETTER" in name:
        return name.split()[-1].lower()
    if name.startswith("BOX DRAWINGS"):
        return "-"
    decomposed = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return decomposed or "?"


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
