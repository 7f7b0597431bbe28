"""What a run found, and its JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from .rows import Reduction

Contestants = Literal["ours", "theirs"]
State = Literal["absent", "crashed", "failed", "refused", "skipped"]


class Spread(NamedTuple):
    """A median between its quartiles."""

    median: float
    low: float
    high: float


class Timing(NamedTuple):
    """One row at one size: seconds a call of forward and backward, and theirs ÷ ours."""

    row: str
    size: int
    ours: Spread
    theirs: Spread
    limit: Spread
    ratio: Spread


class Memory(NamedTuple):
    """Memory beyond the inputs, in arrays of the logits' size: kept between forward and backward, and at the most."""

    row: str
    size: int
    reduction: Reduction
    contestant: Contestants
    retained: float | None
    peak: float


class Layer(NamedTuple):
    """Seconds of a small forward pass: the user's call, and the kernel alone on the operands that it prepares."""

    row: str
    size: int
    call: Spread
    kernel: Spread

    @property
    def microseconds(self) -> float:
        """What the call costs over the bare kernel."""
        return (self.call.median - self.kernel.median) * 1e6


class Note(NamedTuple):
    """What was not measured, and why; of a whole framework, if no row is named."""

    state: State
    framework: str
    reason: str
    row: str = ""
    size: int = 0

    def __str__(self) -> str:
        return f"{self.state}: {self.row or self.framework}{f' at {self.size}' if self.size else ''}: {self.reason}"


@dataclass
class Report:
    """All of a run."""

    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    timings: list[Timing] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether all that was there ran and agreed; targets are another matter."""
        return not any(note.state in ("crashed", "failed", "refused") for note in self.notes)

    def add(self, message: dict[str, Any]) -> None:
        """Take in what a worker says: one :func:`message`."""
        (kind, values), *_ = message.items()
        getattr(self, kind).append(_KINDS[kind](*(Spread(*v) if isinstance(v, list) else v for v in values)))

    def write(self, path: Path) -> None:
        """Write JSON."""
        fields = asdict(self)
        for kind in _KINDS:
            fields[kind] = [each._asdict() for each in getattr(self, kind)]
        path.write_text(json.dumps(fields, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Report:
        """What :meth:`write` wrote."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        report = cls(fields["machine"], fields["versions"])
        for kind in _KINDS:
            for each in fields[kind]:
                report.add({kind: list(each.values())})
        return report


_KINDS: dict[str, Any] = {"timings": Timing, "memory": Memory, "layers": Layer, "notes": Note}


def message(result: Timing | Memory | Layer | Note) -> dict[str, Any]:
    """A result as JSON, named after the report's list that it belongs to."""
    kind = next(kind for kind, cls in _KINDS.items() if isinstance(result, cls))
    return {kind: result}
