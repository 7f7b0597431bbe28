"""Who competes, one module a framework: each makes the :class:`Duel` of a row.

What is called "theirs" is the framework's own function, or its published formula where the framework has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

import unifocal

from ..problem import Problem
from ..rows import ALPHA, SMOOTHING, Z_LOSS, Reduction, Row

Array = Any
BLOCK = 1 << 16
"""Elements whose arrays stay in a core's cache: where a framework's primitives are as fast as it has them."""


@dataclass(frozen=True)
class Contestant:
    """Forward and backward.

    step: value and gradient, computed when it returns.
    forward: the forward pass alone, which returns what the framework keeps; calling that gives the gradient.  None where one call is both.
    """

    step: Callable[[], tuple[Array, Array]]
    forward: Callable[[], Callable[[], Array]] | None = None


@dataclass(frozen=True)
class Duel:
    """Two contestants with one problem, and what no implementation could beat by much.

    limit: reads logits and labels and writes a gradient once, and for each element takes one exp, one log1p and one division (softmax has
    no log1p for each element) at the framework's own speed: fused where the framework fuses, else on blocks in cache.
    scale: theirs times this is ours.
    """

    ours: Contestant
    theirs: Contestant
    limit: Callable[[], object]
    numpy: Callable[[Array], npt.NDArray[Any]] = np.asarray
    scale: float = 1.0


class Module(Protocol):
    """What a module of this package has."""

    def duel(self, row: Row, problem: Problem, reduction: Reduction) -> Duel:
        """The contestants of a row."""

    def operands(self, problem: Problem) -> tuple[Array, Array]:
        """Logits, which are to be differentiated, and labels as the framework's tensors."""


def module(framework: str) -> Module:
    """The framework's module, and with it the framework, imported."""
    return cast("Module", import_module(f".{framework}", __name__))


def ours(row: Row, reduction: Reduction) -> Callable[..., Array]:
    """unifocal's loss of a row, called with predictions and targets; a partial, so that value_and_grad takes it."""
    options: dict[str, Any] = {"reduction": reduction}
    if "focal" in row.loss:
        options["gamma"] = row.gamma
    if row.loss == "sigmoid focal":
        options["alpha"] = ALPHA
    if row.labels == "smoothed":
        options["label_smoothing"] = SMOOTHING
    if row.loss == "cross entropy with z-loss":
        options["z_loss"] = Z_LOSS
    functions: dict[str, Callable[..., Array]] = {
        "sigmoid focal": unifocal.sigmoid_focal_loss,
        "binary cross entropy": unifocal.binary_cross_entropy,
        "softmax focal": unifocal.softmax_focal_loss,
        "cross entropy": unifocal.cross_entropy,
        "cross entropy with z-loss": unifocal.cross_entropy,
    }
    return partial(functions[row.loss], **options)


def blocks(size: int) -> Iterator[int]:
    """The sizes of the blocks that so many elements make."""
    return (min(BLOCK, size - start) for start in range(0, size, BLOCK))
