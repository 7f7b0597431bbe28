"""The results for people: tables on the terminal, and the same in Markdown for the README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .results import Memory, Report, Timing
from .rows import BY_NAME, Row, size_name

LAYER = 30.0
"""Microseconds that the Python layer may take."""
RETAINED, PEAK = 1.2, 2.2
"""Arrays of the logits' size that may be held."""


class Ratio(NamedTuple):
    """A cell of the table, as text, and whether it reaches its target (None where there is none)."""

    text: str
    reached: bool | None
    beside: str

    @property
    def marked(self) -> str:
        """The ratio with its target."""
        return self.text + ("" if self.reached is None else " ✓" if self.reached else " ✗")


def ratio(timing: Timing) -> Ratio:
    """theirs ÷ ours, its quartiles and target, and how many times the physical limit ours takes."""
    target = BY_NAME[timing.row].targets.get(timing.size)
    # What the table prints decides, so that it never contradicts itself.
    reached = None if target is None else round(timing.ratio.median, 2) >= target
    goal = "" if target is None else f" (≥ {target:g})"
    beside = f"{timing.ratio.low:.2f} … {timing.ratio.high:.2f}"
    if not BY_NAME[timing.row].busy:
        beside += f"; limit × {_short(timing.ours.median / timing.limit.median)}"
    return Ratio(f"{timing.ratio.median:.2f}{goal}", reached, beside)


def _short(number: float) -> str:
    return f"{number:.1f}" if number < 10 else f"{number:.0f}"


def shown(report: Report, main: bool, busy: bool = False) -> Iterator[tuple[Row, dict[int, Timing]]]:
    """The rows of the first table, of those on a busy machine, or of the others, with what there is of them at the sizes of the table."""
    sizes = table_sizes(report)
    for row in BY_NAME.values():
        timings = {timing.size: timing for timing in report.timings if timing.row == row.name and timing.size in sizes}
        if timings and (row.main, row.busy) == (main, busy):
            yield row, timings


def table_sizes(report: Report) -> tuple[int, ...]:
    """The sizes that any row was measured at which is not a curve alone; curves run over more."""
    plain = {timing.size for timing in report.timings if not BY_NAME[timing.row].curve}
    return tuple(sorted(plain or {timing.size for timing in report.timings}))


def row_sizes(rows: Sequence[tuple[Row, dict[int, Timing]]]) -> tuple[int, ...]:
    """The sizes that any of these rows has."""
    return tuple(sorted({size for _, timings in rows for size in timings}))


def show(report: Report, console: Console) -> None:
    """Print all of it."""
    for main, title in ((True, "theirs ÷ ours, forward and backward"), (False, "further rows")):
        rows = list(shown(report, main))
        if rows:
            console.print(_speed(rows, table_sizes(report), f"{title}: median, quartiles, distance from the physical limit"))
    busy = list(shown(report, main=False, busy=True))
    if busy:
        console.print(_speed(busy, row_sizes(busy), "while other processes occupy all processors: median, quartiles"))
    if report.memory:
        console.print(_memory(report))
    if report.layers:
        table = _table(f"The Python layer at a small call, µs (at most {LAYER:g})", ("row",), ("call", "kernel", "layer"))
        for layer in report.layers:
            parts = (part.median * 1e6 for part in (layer.call, layer.kernel))
            table.add_row(
                layer.row, *(f"{part:.1f}" for part in parts), _coloured(f"{layer.microseconds:.1f}", layer.microseconds <= LAYER)
            )
        console.print(table)
    for note in report.notes:
        console.print(str(note), markup=False, highlight=False, soft_wrap=True)


def _table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in left:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right")
    return table


def _coloured(text: str, good: bool | None) -> str:
    return escape(text) if good is None else f"[{'green' if good else 'red'}]{escape(text)}[/]"


def _speed(rows: Sequence[tuple[Row, dict[int, Timing]]], sizes: Sequence[int], title: str) -> Table:
    table = _table(title, ("ours", "theirs"), [size_name(size) for size in sizes])
    for row, timings in rows:
        cells = {size: ratio(timing) for size, timing in timings.items()}
        texts = [
            f"{_coloured(cells[size].text, cells[size].reached)}\n[dim]{cells[size].beside}[/]" if size in cells else "–" for size in sizes
        ]
        table.add_row(row.name, row.peer, *texts)
    return table


def _memory(report: Report) -> Table:
    title = f"Memory beyond inputs, retained / peak, in arrays of the logits' size (at most {RETAINED} / {PEAK})"
    table = _table(title, ("row", "size"), ("ours, sum", "ours, mean", "theirs, sum", "theirs, mean"))
    for row, size, cells in memory_rows(report):
        texts = (
            "–" if (found := cells.get(key)) is None else _coloured(arrays(found), within(found) if key[0] == "ours" else None)
            for key in (("ours", "sum"), ("ours", "mean"), ("theirs", "sum"), ("theirs", "mean"))
        )
        table.add_row(row, size_name(size), *texts)
    return table


def memory_rows(report: Report) -> Iterator[tuple[str, int, dict[tuple[str, str], Memory]]]:
    """What was measured of memory row by row; at the sizes of curves it is for the plot, and of the sum alone."""
    for row, size in dict.fromkeys((found.row, found.size) for found in report.memory if found.reduction == "mean"):
        here = [found for found in report.memory if (found.row, found.size) == (row, size)]
        yield row, size, {(found.contestant, found.reduction): found for found in here}


def arrays(found: Memory) -> str:
    """Retained / peak."""
    return f"{'–' if found.retained is None else f'{max(found.retained, 0):.1f}'} / {found.peak:.1f}"


def within(found: Memory) -> bool:
    """Whether both are within the targets."""
    return round(found.retained or 0, 1) <= RETAINED and round(found.peak, 1) <= PEAK
