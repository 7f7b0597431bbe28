"""``unifocal parity`` of all that is installed: progress, tables or JSON, what does not agree, an exit status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from unifocal.dispatch import SHIMS
from unifocal.terminal import errors, output, say, strict_json

from ..calls.case import PARTS, Part
from ..dialects import golden_record
from ..frameworks import FRAMEWORKS, installed, usual
from ..originals.functions import ORIGINAL_FUNCTIONS
from ..statuses import AGREES, DISAGREES, UNUSABLE
from .columns import Column
from .verdicts import Report, parity_of

_SHOWN = 20  # mismatches told one by one
_EXAMPLES = "Documented examples: largest error in ulp of value and gradient, over float32 and float64; ✗ if any judge disagrees"
_DIALECTS = "Dialects: largest error, in ulp of the largest number; ✗ if the result is not the original's"


def run(backends: Sequence[str], timeout: float, thorough: bool, as_json: bool) -> int:
    """Run the parity check on these backends (all but the slowest where none is named), print it, and return the exit status."""
    refused = [refusal for name in backends if (refusal := _refusal(name))]
    if refused:
        say(errors(), "\n".join(refused))
        return UNUSABLE
    report = _with_progress(list(dict.fromkeys(backends)) or usual(), timeout, thorough, errors())
    if as_json:
        print(strict_json(_document(report)))
    else:
        _print(report, output())
    return AGREES if report.agrees else DISAGREES


def _refusal(name: str) -> str | None:
    """Why this backend cannot be asked, if it cannot."""
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

        return parity_of(names, timeout=timeout, thorough=thorough, progress=progress)


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
        _print_in_parts(_EXAMPLES, lambda columns: _table(report, columns), answered, console)
    _print_originals(report, console)
    if report.distances:
        _print_in_parts(_DIALECTS, lambda columns: _dialects(report, columns), answered, console)
        say(console, _versions(report))
    for column in report.columns:
        if column.state == "absent":
            say(console, f"absent: {column.framework} ({column.reason}; {_remedy(column.framework)})")
        elif column.state == "failed":
            _fault(console, "failed", f"{column.framework}: {column.reason}")
    for column, answer in report.errors:
        _fault(console, "error", f"{answer.example}, {answer.by} on {column.framework}, {answer.dtype}: {answer.error}")
    for verdict in report.mismatches[:_SHOWN]:
        where = f"{verdict.example} on {verdict.framework}, {verdict.dtype}"
        off = f"the {verdict.part} is {verdict.distance:.3g} {verdict.unit} from {_judge(verdict.judge)}"
        _fault(console, "mismatch", f"{where}: {off}; at most {verdict.bar:g} are allowed.")
    for stray in report.strays[:_SHOWN]:
        off = f"the {stray.part} is {stray.from_original:.3g} ulp from the original's; at most {stray.bar:g} are allowed."
        truth = f"Distance from the exact result: {stray.from_truth:.3g} ulp here, {stray.original_from_truth:.3g} there."
        _fault(console, "mismatch", f"{stray.call} on {stray.framework}: {off} {truth}")
    if (more := len(report.mismatches[_SHOWN:]) + len(report.strays[_SHOWN:])) > 0:
        say(console, f"… and {more} more mismatches")
    sampled = [column.framework for column in answered if FRAMEWORKS[column.framework].compiles_each_call]
    if sampled and not report.thorough:
        say(
            console, f"{', '.join(sampled)}: only every fourth recorded call, because each has to be compiled; --thorough runs all of them."
        )
    console.print(_summary(report, answered), highlight=False, soft_wrap=True)


def _fault(console: Console, kind: str, text: str) -> None:
    console.print(f"[red]{kind}[/]: {escape(text)}", highlight=False, soft_wrap=True)


def _print_in_parts(title: str, table: Callable[[Sequence[Column]], Table], columns: Sequence[Column], console: Console) -> None:
    """A table with a column for each framework, or several beside as many as there is room for: nothing in them is cut."""
    console.print(title, style="italic", markup=False, highlight=False, soft_wrap=True)
    while columns:
        fits = [count for count in range(2, len(columns) + 1) if _width(table(columns[:count]), console) <= console.width]
        here = max(fits, default=1)
        console.print(table(columns[:here]))
        columns = columns[here:]


def _width(table: Table, console: Console) -> int:
    return Measurement.get(console, console.options.update(max_width=1000), table).maximum


def _judge(judge: str) -> str:
    return {"truth": "the exact result", "figures": "the documented figures"}.get(judge, judge)


def _table(report: Report, answered: Sequence[Column]) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
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
    table = Table(box=SIMPLE_HEAD, title="The same in the original functions (float32)", title_justify="left", pad_edge=False)
    table.add_column("function")
    for part in PARTS:
        table.add_column(part, justify="right")
    notes = {original.name: original.differs for original in ORIGINAL_FUNCTIONS if original.differs and original.name in largest}
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
    return table


def _versions(report: Report) -> str:
    """Which versions gave the recorded answers."""
    dialects = dict.fromkeys(distances.function.partition(".")[0] for distances in report.distances)
    packages = [
        f"{dialect}: {', '.join(f'{package} {version}' for package, version in golden_record(dialect).versions.items())}"
        for dialect in dialects
    ]
    return f"Originals: {'; '.join(packages)}"


def _summary(report: Report, answered: Sequence[Column]) -> str:
    names = ", ".join(column.framework for column in answered) or "nothing"
    count = f"{len(report.verdicts)} comparisons of {len(report.examples)} documented examples"
    if report.distances:
        farther = sum(distances.original_from_truth > distances.from_truth for distances in report.distances)
        calls = len({distances.call for distances in report.distances})
        count += (
            f" and {len(report.distances)} comparisons with {calls} recorded calls, on {names} "
            f"(in {farther} of the latter, unifocal is closer to the exact result than the original)"
        )
    else:
        count += f" on {names}"
    if report.agrees:
        return f"[bold green]All agree[/]: {count}."
    failed = sum(column.state == "failed" for column in report.columns)
    wrong = len(report.mismatches) + len(report.strays) + len(report.errors) + failed
    return f"[bold red]{wrong} {'does' if wrong == 1 else 'do'} not agree[/]: {count}."
