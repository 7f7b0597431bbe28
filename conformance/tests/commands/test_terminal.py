"""What the commands print fits any width, encoding and reader, and needs no more than is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import unifocal
from unifocal.dialects import dialect_names, functions_of

from ...frameworks import usual
from ...parity.columns import Column
from ...parity.verdicts import Report

testing = pytest.importorskip("typer.testing")
Console: Any = pytest.importorskip("rich.console").Console

_WRONG = "def half(logits, labels): return logits - labels / 2\n"


def _run(*arguments: str, cwd: Path | None = None, code: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command in an interpreter of its own, after some code."""
    own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "PYTHONIOENCODING")}
    main = f"{code}\nfrom unifocal.__main__ import main\nsys.argv[1:] = {list(arguments)}\nsys.exit(main())"
    command = [sys.executable, "-c", f"import sys\n{main}"]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, cwd=cwd, env=own | environment)


def _in_process(*arguments: str, **environment: str) -> Any:
    from unifocal.cli import app

    return testing.CliRunner().invoke(app, [*arguments], env=environment)


@pytest.mark.parametrize(
    "arguments",
    [["explain", "torchvision.sigmoid_focal_loss"], ["parity", "--function", "wrong:half", "--like", "optax.sigmoid_focal_loss"]],
    ids=["explain", "parity"],
)
def test_encoding_without_greek(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(_WRONG)
    done = _run(*arguments, cwd=tmp_path, PYTHONIOENCODING="cp1252")
    assert done.returncode == (0 if arguments[0] == "explain" else 1), done.stderr
    assert done.stderr == b""
    text = done.stdout.decode("cp1252")
    assert "?" not in text
    assert ("(1 - p_t)^2·(-y·log p" if arguments[0] == "explain" else "does not agree") in text


def test_everything_printed_has_a_plain_form() -> None:
    """Of each character of each explanation, in full."""
    plain: Any = import_module("unifocal.terminal").plain
    texts = [
        _in_process("explain", f"{dialect}.{name}", "--all").stdout
        for dialect in dialect_names()
        for name, function in functions_of(dialect).items()
        if hasattr(function, "describe")
    ]
    characters = {character for text in texts for character in text if not character.isascii()}
    assert {"σ", "−", "α"} <= characters
    assert {character for character in characters if "?" in plain(character)} == set()
    assert (plain("γ"), plain("Σ"), plain("≥"), plain("é"), plain("漢")) == ("gamma", "sum", ">=", "e", "?")


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize(
    "arguments",
    [
        ["dialects"],
        ["explain", "keras.losses.BinaryFocalCrossentropy"],
        ["explain", "paddle.cross_entropy", "--all"],
        ["parity", "--help"],
        ["record", "--help"],
    ],
    ids=" ".join,
)
def test_columns_are_heeded_and_nothing_is_cut(arguments: list[str], columns: int) -> None:
    done = _in_process(*arguments, COLUMNS=str(columns))
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    unbroken = "Each is a module of"
    assert max(len(line) for line in lines if not line.startswith(unbroken)) <= columns
    assert "…" not in done.stdout
    if arguments == ["dialects"]:
        assert all(name in done.stdout for dialect in dialect_names() for name in functions_of(dialect))


def test_explanation_shows_the_options_given_and_differences_last() -> None:
    done = _in_process("explain", "keras.losses.BinaryFocalCrossentropy", "gamma=0.5", "apply_class_balancing=True")
    rules, known = done.stdout.split("Where the original is known to differ:")
    assert "keras.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.25, gamma=0.5," in rules
    assert "reduction" in rules
    assert ":func:" not in done.stdout
    assert "• float64" in known
    assert "there:" not in known
    assert "there:" in _in_process("explain", "keras.losses.BinaryFocalCrossentropy", "--all").stdout
    of_the_call = _in_process("explain", "mmdet.FocalLoss", "avg_factor=10", COLUMNS="200").stdout
    assert "(pred, target, weight=None, avg_factor=10, reduction_override=None)" in of_the_call


def test_answers_that_depend_on_the_labels_are_told_apart() -> None:
    words = " ".join(_in_process("explain", "torch.nn.functional.cross_entropy").stdout.split())
    assert "ignored with element-wise labels: nothing with class indices: labels of -100: no loss, and not counted in a mean" in words


def test_json() -> None:
    listed = json.loads(_in_process("dialects", "--json").stdout)
    assert {one["dialect"]: one["functions"] for one in listed} == {name: list(functions_of(name)) for name in dialect_names()}
    explained = json.loads(_in_process("explain", "torch.cross_entropy", "--json").stdout)
    assert explained["function"] == "torch.cross_entropy"
    assert [one["labels"] for one in explained["conventions"]] == ["element-wise labels", "class indices"]
    assert explained["conventions"][1]["rules"]["loss"] == "Σ_c y_c·(−log p_c)"
    assert {"condition", "original", "truth"} <= set(explained["differences"][0])


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)], ids=["colour", "NO_COLOR"])
def test_no_color(no_color: str, coloured: bool, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(_WRONG)
    command = ["parity", "--function", "wrong:half", "--like", "optax.sigmoid_focal_loss"]
    done = _run(*command, cwd=tmp_path, FORCE_COLOR="1", NO_COLOR=no_color, TERM="xterm-256color")
    assert done.returncode == 1
    assert (b"\x1b[31m" in done.stdout) == coloured


def test_parity_table_is_split_where_it_does_not_fit() -> None:
    from ...parity.report import _print_in_parts, _table

    columns = [Column(name, "answered", version="1.2.3") for name in usual()]
    report = Report((), tuple(columns), ())
    for width, tables in ((48, 2), (132, 1)):
        console = Console(width=width, record=True, file=StringIO())
        _print_in_parts("title", lambda some: _table(report, some), columns, console)
        text = console.export_text()
        assert text.count("example") == tables
        assert all(name.split("-")[0] in text for name in usual())
        assert "…" not in text


_HIDDEN = """
import importlib.machinery
find = importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = lambda name, *rest: None if name in ("typer", "rich", "mpmath") else find(name, *rest)
"""


def test_without_the_extra_the_version_can_be_had() -> None:
    done = _run("--version", code=_HIDDEN)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, f"unifocal {unifocal.__version__}{os.linesep}", b"")


@pytest.mark.parametrize("command", ["--help", "parity", "record", "dialects", "explain"])
def test_without_the_extra_each_command_says_what_to_install(command: str) -> None:
    done = _run(command, code=_HIDDEN)
    told = f"The unifocal command requires typer, rich, mpmath; try: pip install 'unifocal[cli]'{os.linesep}"
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", told)
