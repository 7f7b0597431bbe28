"""Time per element and memory against size, a column for each framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .results import Report
from .rows import BY_NAME, size_name

_OURS, _THEIRS, _LIMIT = "tab:blue", "tab:orange", "tab:grey"


def draw(report: Report, path: Path) -> None:
    """Draw the rows that are curves; needs matplotlib."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    curves = [row for row in BY_NAME.values() if row.curve and any(timing.row == row.name for timing in report.timings)]
    if not curves:
        return
    figure, axes = plt.subplots(
        2, len(curves), figsize=(3.2 * len(curves), 5.6), sharex=True, sharey="row", squeeze=False, layout="constrained"
    )
    for row, (time, memory) in zip(curves, axes.T, strict=True):
        time.set_title(f"{row.framework}, {row.mode}\nagainst {row.peer}", fontsize=9)
        _draw_time(report, row.name, time)
        _draw_memory(report, row.name, memory)
        memory.set_xlabel("logits")
        memory.set_xticks([1 << 10, 1 << 15, 1 << 20, 1 << 26], [size_name(1 << power) for power in (10, 15, 20, 26)])
    axes[0, 0].set_ylabel("forward and backward,\nnanoseconds per element")
    axes[1, 0].set_ylabel("peak memory beyond the inputs,\nin arrays of the logits' size")
    axes[0, 0].legend(fontsize=8)
    axes[1, 0].set_ylim(bottom=0)
    figure.suptitle("Sigmoid focal loss, float32, sum, 1 % positives", fontsize=10)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_time(report: Report, name: str, axes: Any) -> None:
    timings = sorted((timing for timing in report.timings if timing.row == name), key=lambda timing: timing.size)
    sizes = [timing.size for timing in timings]
    for label, colour in (("theirs", _THEIRS), ("ours", _OURS), ("limit", _LIMIT)):
        spreads = [getattr(timing, label) for timing in timings]
        scaled = [[value / size * 1e9 for value in values] for size, values in zip(sizes, spreads, strict=True)]
        axes.plot(sizes, [median for median, _, _ in scaled], "." + (":" if label == "limit" else "-"), color=colour, label=label)
        axes.fill_between(sizes, [low for _, low, _ in scaled], [high for _, _, high in scaled], color=colour, alpha=0.2, linewidth=0)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.grid(alpha=0.3)


def _draw_memory(report: Report, name: str, axes: Any) -> None:
    for who, colour in (("theirs", _THEIRS), ("ours", _OURS)):
        found = {each.size: each.peak for each in report.memory if (each.row, each.contestant, each.reduction) == (name, who, "sum")}
        axes.plot(sorted(found), [found[size] for size in sorted(found)], ".-", color=colour)
    axes.grid(alpha=0.3)
