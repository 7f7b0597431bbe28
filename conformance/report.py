"""``unifocal parity`` of all that is installed: progress, tables or JSON, what does not agree, an exit status."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from unifocal.dispatch import FRAMEWORKS as SHIMS

from . import parity
from .dialects import golden_record
from .documented import PARTS, Part
from .frameworks import FRAMEWORKS, installed
from .originals import ORIGINALS
from .parity import Column, Report

AGREES, DISAGREES, UNUSABLE = 0, 1, 2
"""Exit statuses; the last is for a question that cannot be answered as it was put."""

_WIDE = 132  # columns of a report that goes to a file or a pipe
_SHOWN = 20  # mismatches told one by one


def run(backends: Sequence[str], timeout: float, thorough: bool, as_json: bool) -> int:
    """Run the parity check on these backends (all of them where none is named), print it, and return the exit status."""
    errors = Console(stderr=True)
    refused = [refusal for name in backends if (refusal := _refusal(name))]
    if refused:
        errors.print("\n".join(refused), markup=False, highlight=False, soft_wrap=True)
        return UNUSABLE
    report = _with_progress(list(dict.fromkeys(backends)) or list(FRAMEWORKS), timeout, thorough, errors)
    if as_json:
        print(strict_json(_document(report)))
    else:
        _print(report, output())
    return AGREES if report.agrees else DISAGREES


def output() -> Console:
    """Standard output; wide where it is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDE)


def strict_json(document: Any) -> str:
    """As JSON, in which NaN and infinities, that JSON has not, are text."""

    def finite(value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        if isinstance(value, Mapping):
            return {str(key): finite(item) for key, item in value.items()}
        return [finite(item) for item in value] if isinstance(value, (list, tuple)) else value

    return json.dumps(finite(document), indent=1, allow_nan=False)


def _refusal(name: str) -> str | None:
    """Why this backend cannot be asked, if so."""
    if name not in FRAMEWORKS:
        return f"--backend must be one of {', '.join(FRAMEWORKS)}; received {name}."
    if name not in installed():
        return f"{name} is not installed; try: {_remedy(name)}. Installed: {', '.join(installed())}."
    return None


def _remedy(name: str) -> str:
    shim = SHIMS.get(name)
    return f"pip install 'unifocal[{shim.extra}]'" if shim is not None and shim.extra else f"pip install {name}"


def _with_progress(names: Sequence[str], timeout: float, thorough: bool, console: Console) -> Report:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, refresh_per_second=4, disable=not console.is_terminal) as bars:
        tasks = {name: bars.add_task(name, total=None) for name in names if name in installed()}

        def progress(framework: str, done: int, total: int) -> None:
            bars.update(tasks[framework], completed=done, total=total)

        return parity.run(names, timeout=timeout, thorough=thorough, progress=progress)


def _document(report: Report) -> dict[str, Any]:
    """The report for machines."""
    columns = [{key: getattr(column, key) for key in ("framework", "state", "reason", "version", "seconds")} for column in report.columns]
    return {
        "agrees": report.agrees,
        "frameworks": columns,
        "errors": [{"framework": column.framework, **asdict(answer)} for column, answer in report.errors],
        "examples": [asdict(verdict) | {"agrees": verdict.agrees} for verdict in report.verdicts],
        "dialects": [asdict(distances) | {"agrees": distances.agrees} for distances in report.distances],
    }


def _print(report: Report, console: Console) -> None:
    answered = [column for column in report.columns if column.state == "answered"]
    if answered:
        console.print(_table(report, answered))
    _print_originals(report, console)
    if report.distances:
        console.print(_dialects(report, answered))
    for column in report.columns:
        if column.state == "absent":
            console.print(
                f"absent: {column.framework} ({column.reason}; {_remedy(column.framework)})", markup=False, highlight=False, soft_wrap=True
            )
        elif column.state == "failed":
            console.print(f"[red]failed[/]: {column.framework}: {escape(column.reason)}", highlight=False)
    for column, answer in report.errors:
        console.print(
            f"[red]error[/]: {escape(answer.example)}, {answer.by} on {column.framework}, {answer.dtype}: {escape(str(answer.error))}",
            highlight=False,
        )
    for verdict in report.mismatches[:_SHOWN]:
        console.print(
            f"[red]mismatch[/]: {escape(verdict.example)} on {verdict.framework}, {verdict.dtype}: the {verdict.part} is "
            f"{verdict.distance:.3g} {verdict.unit} from {_judge(verdict.judge)}; the bar is {verdict.bar:g}.",
            highlight=False,
        )
    for stray in report.strays[:_SHOWN]:
        console.print(
            f"[red]mismatch[/]: {escape(stray.call)} on {stray.framework}: the {stray.part} is {stray.from_original:.3g} ulp from the "
            f"original's; the bar is {stray.bar:g}. From the truth: {stray.from_truth:.3g} here, {stray.original_from_truth:.3g} there.",
            highlight=False,
        )
    if (more := len(report.mismatches[_SHOWN:]) + len(report.strays[_SHOWN:])) > 0:
        console.print(f"… and {more} mismatches more", highlight=False)
    sampled = [column.framework for column in answered if FRAMEWORKS[column.framework].compiles_each_call]
    if sampled and not report.thorough:
        console.print(
            f"{', '.join(sampled)}: a quarter of the recorded calls, since each is compiled; --thorough asks all.", highlight=False
        )
    console.print(_summary(report, answered), highlight=False)


def _judge(judge: str) -> str:
    return {"truth": "the truth", "figures": "the documented figures"}.get(judge, escape(judge))


def _table(report: Report, answered: Sequence[Column]) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        title="Documented examples: value and gradient, largest error in ulp (float32, float64)",
        title_justify="left",
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("example", vertical="bottom")
    for column in answered:
        # Narrow, so that all columns fit side by side: array-api-strict in three lines, 2.13.0+cpu without its build.
        name, version = column.framework.replace("-", "\n"), column.version.partition("+")[0]
        table.add_column(f"{name}\n[dim]{version}[/]", justify="right", vertical="bottom", no_wrap=True)
    for example in report.examples:
        table.add_row(escape(example.name), *(_cell(report, column, example.name) for column in answered))
    return table


def _cell(report: Report, column: Column, example: str) -> str:
    """The largest distances of value and gradient from the truth; red where any judge disagrees."""
    here = [verdict for verdict in report.verdicts if (verdict.framework, verdict.example) == (column.framework, example)]
    if any(answer.example == example and answer.error is not None for answer in column.answers):
        return "[red]error[/]"
    numbers = []
    for part in PARTS:
        largest = max(verdict.distance for verdict in here if verdict.part == part and verdict.judge == "truth")
        right = all(verdict.agrees for verdict in here if verdict.part == part)
        numbers.append(_number(largest) if right else f"[bold red]{_number(largest)}✗[/]")
    return " ".join(numbers)


def _number(ulp: float) -> str:
    return f"{ulp:.1f}" if ulp < 1e4 else f"{ulp:.0e}"


def _print_originals(report: Report, console: Console) -> None:
    """How far the frameworks' own functions are from the truth on the same examples."""
    largest: dict[str, dict[Part, float]] = {}
    for original, part, far in report.original_distances():
        here = largest.setdefault(original.name, {})
        here[part] = max(far, here.get(part, 0.0))
    if not largest:
        return
    table = Table(box=SIMPLE_HEAD, title="The original functions: largest error in ulp (float32)", title_justify="left", pad_edge=False)
    table.add_column("function")
    for part in PARTS:
        table.add_column(part, justify="right")
    notes = {original.name: original.differs for original in ORIGINALS if original.differs and original.name in largest}
    marks = {note: "*" * count for count, note in enumerate(dict.fromkeys(notes.values()), 1)}
    for name, here in largest.items():
        gradient = _number(here["gradient"]) if "gradient" in here else marks[notes[name]] if name in notes else "–"
        table.add_row(escape(name), _number(here["value"]), gradient)
    console.print(table)
    for note, mark in marks.items():
        console.print(f"{mark} not compared: {note}.", markup=False, highlight=False)


def _dialects(report: Report, answered: Sequence[Column]) -> Table:
    """How far each function of a dialect, and its original, is from the truth; red where it is too far from the original."""
    table = Table(
        box=SIMPLE_HEAD,
        title="Dialects: largest error in ulp of the largest number; ✗ where it is not the original's result",
        title_justify="left",
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("function", vertical="bottom", no_wrap=True)
    table.add_column("calls", justify="right", vertical="bottom")
    table.add_column("the\noriginal", justify="right", vertical="bottom", no_wrap=True)
    for column in answered:
        table.add_column(column.framework.replace("-", "\n"), justify="right", vertical="bottom", no_wrap=True)
    for function in dict.fromkeys(distances.function for distances in report.distances):
        here = [distances for distances in report.distances if distances.function == function]
        cells = []
        for column in answered:
            own = [distances for distances in here if distances.framework == column.framework]
            largest = _number(max((distances.from_truth for distances in own), default=0.0))
            cells.append(largest if all(distances.agrees for distances in own) else f"[bold red]{largest}✗[/]")
        calls = len({distances.call for distances in here})
        table.add_row(function, str(calls), _number(max(distances.original_from_truth for distances in here)), *cells)
    dialects = dict.fromkeys(distances.function.partition(".")[0] for distances in report.distances)
    table.caption = "Originals: " + "; ".join(
        f"{dialect}: {', '.join(f'{package} {version}' for package, version in golden_record(dialect).versions.items())}"
        for dialect in dialects
    )
    table.caption_justify = "left"
    return table


def _summary(report: Report, answered: Sequence[Column]) -> str:
    names = ", ".join(column.framework for column in answered) or "nothing"
    count = f"{len(report.verdicts)} comparisons of {len(report.examples)} documented examples"
    if report.distances:
        farther = sum(distances.original_from_truth > distances.from_truth for distances in report.distances)
        calls = len({distances.call for distances in report.distances})
        count += (
            f" and {len(report.distances)} of {calls} recorded calls, on {names} "
            f"(in {farther} the original is farther from the truth than unifocal)"
        )
    else:
        count += f" on {names}"
    if report.agrees:
        return f"[bold green]All agree[/]: {count}."
    failed = sum(column.state == "failed" for column in report.columns)
    wrong = len(report.mismatches) + len(report.strays) + len(report.errors) + failed
    return f"[bold red]{wrong} do not agree[/]: {count}."
