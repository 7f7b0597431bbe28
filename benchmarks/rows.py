"""What is compared: the rows of the table, with the ratios they are to reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

KI, MI = 1 << 10, 1 << 20
SIZES = (KI, MI, 8 * MI)
"""Elements of the logits."""
CURVE_SIZES = tuple(1 << power for power in range(10, 27, 2))

Loss = Literal["sigmoid focal", "binary cross entropy", "softmax focal", "cross entropy", "cross entropy with z-loss"]
Labels = Literal["hard", "bool", "soft", "index", "smoothed"]
Reduction = Literal["sum", "mean"]
ALPHA = 0.25
SMOOTHING = 0.1
Z_LOSS = 1e-4


@dataclass(frozen=True)
class Row:
    """One loss in one framework and mode, against one peer.

    mode: how the framework runs it ("eager", "compiled", …).
    targets: the ratio theirs ÷ ours to reach, by size.
    labels: float32 of 0 and 1, 1 % of them positive ("hard"); the same as bool; float32 in [0, 1], which add up to 1 for softmax ("soft");
        class indices ("index"), or those with label smoothing ("smoothed").
    main: one of the rows that the table is about; the others stand beside them.
    curve: drawn from 1 Ki to 64 Mi.
    busy: measured while other processes occupy all processors, at the sizes that have a target alone.
    """

    framework: str
    mode: str
    loss: Loss
    peer: str
    targets: Mapping[int, float] = field(hash=False)
    labels: Labels = "hard"
    gamma: float = 2.0
    classes: int = 64
    main: bool = True
    curve: bool = False
    busy: bool = False

    @property
    def name(self) -> str:
        """What the row is called in tables and results."""
        notes = []
        if self.categorical:
            notes.append(f"C = {self.classes}")
        if self.labels not in ("hard", "index"):
            notes.append(f"{self.labels} labels")
        if "focal" in self.loss and self.gamma != 2:
            notes.append(f"γ = {self.gamma:g}")
        if self.busy:
            notes.append("busy machine")
        return f"{self.framework} {self.mode} {self.loss}{', ' * bool(notes)}{', '.join(notes)}"

    @property
    def categorical(self) -> bool:
        """Whether the classes of a row are one distribution."""
        return self.loss in ("softmax focal", "cross entropy", "cross entropy with z-loss")

    def sizes(self, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """Those of the sizes that hold a dozen rows of classes at least; on a busy machine those that have a target."""
        return tuple(size for size in wanted if size >= 12 * self.classes and (not self.busy or size in self.targets))


def _targets(*ratios: float) -> dict[int, float]:
    """At the last so many of the sizes."""
    return dict(zip(SIZES[-len(ratios) :], ratios, strict=True))


_MAIN = (
    Row("numpy", "value and gradient", "sigmoid focal", "textbook formula", _targets(1, 2, 3), curve=True),
    Row("torch", "eager", "sigmoid focal", "torchvision's formula", _targets(1, 1.5, 2.5), curve=True),
    Row("torch", "compiled", "sigmoid focal", "torchvision's formula, compiled", _targets(1, 2, 2)),
    Row("torch", "eager", "binary cross entropy", "F.binary_cross_entropy_with_logits", _targets(0.5, 0.8, 1)),
    Row("torch", "eager", "softmax focal", "log_softmax and gather", _targets(1, 1.5, 1.5), "index", classes=80),
    Row("torch", "eager", "softmax focal", "log_softmax and gather", _targets(1.5, 1.5), "index", classes=32_000),
    Row("torch", "eager", "cross entropy", "F.cross_entropy", _targets(0.5, 0.8, 0.9), "index", classes=80),
    Row("torch", "eager", "cross entropy", "F.cross_entropy", _targets(0.8, 0.9), "index", classes=32_000),
    Row("paddle", "eager", "sigmoid focal", "F.sigmoid_focal_loss", _targets(1, 4, 6), curve=True),
    Row("tensorflow", "eager", "sigmoid focal", "keras BinaryFocalCrossentropy", _targets(1, 2, 2.5), curve=True),
    Row("tensorflow", "tf.function", "sigmoid focal", "keras BinaryFocalCrossentropy", _targets(1, 1.2, 1.5)),
    Row("tensorflow", "XLA", "sigmoid focal", "keras BinaryFocalCrossentropy", _targets(1, 1, 1)),
    Row("jax", "jit", "sigmoid focal", "optax.sigmoid_focal_loss", _targets(1, 4, 4), curve=True),
)


def _beside(row: Row) -> tuple[Row, ...]:
    """A row's variants: a real γ, soft labels, and for compilers, which cannot look at values, labels that are hard by their type."""
    changes: tuple[tuple[Labels, float], ...] = ((row.labels, 1.7), ("soft", 1.5)) if "focal" in row.loss else (("soft", 0.0),)
    if row.loss == "cross entropy":
        changes = (*changes, ("smoothed", 0.0))
    if row.mode in ("compiled", "tf.function", "XLA", "jit"):
        changes = (*changes, ("bool", 2.0))
    return tuple(replace(row, targets=_targets(1, 1), labels=labels, gamma=gamma, main=False, curve=False) for labels, gamma in changes)


def _busy(row: Row) -> Row:
    """The row on a busy machine."""
    return replace(row, targets={MI: 1.5 if row.loss == "sigmoid focal" else 0.7}, main=False, curve=False, busy=True)


_Z_LOSS = Row(
    "torch", "eager", "cross entropy with z-loss", "F.cross_entropy and logsumexp", _targets(0.8, 0.9), "index", classes=32_000, main=False
)
ROWS = (
    *_MAIN,
    _Z_LOSS,
    *(_busy(row) for row in _MAIN if (row.framework, row.mode) == ("torch", "eager")),
    *(variant for row in _MAIN if row.classes < 32_000 for variant in _beside(row)),
)
BY_NAME = {row.name: row for row in ROWS}
FRAMEWORKS = tuple(dict.fromkeys(row.framework for row in ROWS))


def size_name(size: int) -> str:
    """1024 is 1 Ki."""
    return f"{size // MI} Mi" if size >= MI else f"{size // KI} Ki" if size >= KI else str(size)
