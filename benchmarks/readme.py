"""The README's section on speed, between two marks, from a run's results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .results import Report, Timing
from .rows import Row, size_name
from .table import arrays, memory_rows, ratio, row_sizes, shown, table_sizes

BEGIN, END = "<!-- benchmarks: written by python -m benchmarks --readme -->", "<!-- /benchmarks -->"


def write(report: Report, readme: Path) -> None:
    """Replace what stands between the marks.

    Raises
    ------
    ValueError
        If the file has no such marks.
    """
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme} must hold the lines {BEGIN} and {END}.")
    readme.write_text(before + begin + "\n" + "\n".join(markdown(report)) + "\n" + end + after, encoding="utf-8")


def markdown(report: Report) -> Iterator[str]:
    """Lines of Markdown: the tables, and what they were measured on."""
    sizes = table_sizes(report)
    yield from _speed("theirs ÷ ours", list(shown(report, main=True)), sizes)
    busy = list(shown(report, main=False, busy=True))
    if busy:
        yield ""
        yield from _speed("theirs ÷ ours while other processes occupy all processors", busy, row_sizes(busy))
    beside = list(shown(report, main=False))
    if beside:
        yield from ("", "<details><summary>Soft and smoothed labels, real γ, bool labels</summary>", "")
        yield from _speed("soft and smoothed labels, real γ, bool labels", beside, sizes)
        yield from ("", "</details>")
    if report.memory:
        yield ""
        columns = (("ours", "sum"), ("ours", "mean"), ("theirs", "sum"), ("theirs", "mean"))
        yield from _head(["memory in arrays of the logits' size: retained / peak", "logits", *map(", ".join, columns)])
        for name, size, cells in memory_rows(report):
            yield _line([name, size_name(size), *(arrays(cells[key]) if key in cells else "–" for key in columns)])
    yield ""
    machine, versions = report.machine, report.versions
    yield f"{machine['processor']}, {machine['cores']} cores, {machine.get('memory', '')}; {machine['date']}."
    yield f"{', '.join(f'{name} {version}' for name, version in versions.items())}."


def _speed(title: str, rows: Sequence[tuple[Row, dict[int, Timing]]], sizes: Sequence[int]) -> Iterator[str]:
    yield from _head([title, "against", *map(size_name, sizes)])
    for row, timings in rows:
        yield _line([row.name, row.peer, *(ratio(timings[size]).marked if size in timings else "–" for size in sizes)])


def _head(cells: list[str]) -> Iterator[str]:
    yield _line(cells)
    yield _line(["---"] * len(cells))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
