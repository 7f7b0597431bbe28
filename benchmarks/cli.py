"""The command line of the benchmarks.  Needs the ``cli`` extra, and for the plot ``examples``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from unifocal.terminal import output

from . import plot as plots
from . import readme as readmes
from .results import Report
from .rows import FRAMEWORKS, KI, MI, ROWS, SIZES
from .session import Choice, Process, processes, run
from .table import show

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_WIDE = 160  # columns of a table that goes to a file or a pipe


@app.command()
def benchmarks(
    framework: Annotated[list[str] | None, typer.Option(help=f"Only this one of {', '.join(FRAMEWORKS)}; repeat it for several.")] = None,
    row: Annotated[list[str] | None, typer.Option(help="Only rows with this in their name; repeat it for several.")] = None,
    size: Annotated[list[str] | None, typer.Option(help="Number of logits, such as 1Ki or 8Mi; repeat it for several.")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Seconds of measurement for each figure.")] = 3.0,
    short: Annotated[
        bool, typer.Option("--short", help="Only the main rows, at 1 Ki and 1 Mi, without memory and curves: less than two minutes.")
    ] = False,
    memory: Annotated[bool, typer.Option(help="Measure memory too (Linux).")] = True,
    curve: Annotated[bool, typer.Option(help="Measure one row of each framework from 1 Ki to 64 Mi, for the plot.")] = True,
    load: Annotated[Path | None, typer.Option(help="Measure nothing; read the results from this JSON file.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the results to this JSON file.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Plot time and memory against size into this file (PNG or SVG).")] = None,
    readme: Annotated[Path | None, typer.Option(help="Write the tables into this file, between its marks.")] = None,
) -> None:
    """Measure unifocal's losses against the frameworks' own, contestants in turns after they have agreed; print the tables.

    The exit status is 0 if all that is installed ran and agreed, 1 if not, 2 if the arguments make no sense.  A missed target is no error.
    """
    if load is not None:
        report = Report.read(load)
    else:
        report = _measured(_choice(framework or [], row or [], size or [], seconds, short, memory, curve))
    show(report, output(_WIDE))
    if json is not None:
        report.write(json)
    if plot is not None:
        plots.draw(report, plot)
    if readme is not None:
        readmes.write(report, readme)
    raise typer.Exit(0 if report.sound else 1)


def _choice(frameworks: list[str], names: list[str], sizes: list[str], seconds: float, short: bool, memory: bool, curve: bool) -> Choice:
    unknown = set(frameworks) - set(FRAMEWORKS)
    if unknown:
        raise typer.BadParameter(f"--framework must be one of {', '.join(FRAMEWORKS)}; received {', '.join(sorted(unknown))}.")
    rows = [row for row in ROWS if not frameworks or row.framework in frameworks]
    rows = [row for row in rows if not names or any(name in row.name for name in names)]
    if not rows:
        raise typer.BadParameter(f"--row must be part of a row's name; the rows are:\n{chr(10).join(row.name for row in ROWS)}")
    elements = tuple(sorted(map(_elements, sizes))) or (SIZES[:2] if short else SIZES)
    if short:
        rows, seconds, memory, curve = [row for row in rows if row.main], min(seconds, 0.5), False, False
    return Choice(rows, elements, seconds, memory, curve)


def _elements(size: str) -> int:
    number, unit = size.rstrip("KMi "), size.lstrip("0123456789 ")
    if not number.isdigit() or unit not in ("", "Ki", "Mi"):
        raise typer.BadParameter(f"--size must be a number, with Ki or Mi if wanted; received {size!r}.")
    return int(number) * {"": 1, "Ki": KI, "Mi": MI}[unit]


def _measured(choice: Choice) -> Report:
    planned = list(processes(choice))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, refresh_per_second=2, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=sum(process.job.figures for process in planned))

        def on_start(process: Process) -> None:
            progress.update(task, description=process.what)

        return run(planned, on_start, lambda process: progress.advance(task))
