r"""Losses of probabilities whose logarithms are at least some floor, as in binary_cross_entropy of PyTorch and Paddle.

The derivative of the cross entropy is (p − y)/max(p·(1 − p), 10⁻¹²) in them, the floor or no.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arrays import Array
from .base import Predictions, finite, required
from .derived import Elementwise, OfElement
from .elements import Element, ElementOfProbability, Label
from .expressions import maximum
from .jets import Jet, Space
from .probability import SMALLEST_VARIANCE, clip_to


@dataclass(frozen=True)
class FlooredCrossEntropy(Elementwise):
    """Binary cross entropy whose logarithms are at least ``floor``, with no derivative where they would be less."""

    floor: float = -100.0

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        return -t.y * maximum(t.log_p, self.floor) - (1 - t.y) * maximum(t.log_q, self.floor)


class _FlooredElement(ElementOfProbability):
    """An element by its probability, whose logarithms are at least a floor, with the derivatives that go on beyond it."""

    def __init__(self, space: Space, p: Array, label: Label, floor: float) -> None:
        super().__init__(space, p, 1.0, label)
        xp, q = space.xp, 1 - p
        smallest = space.number(SMALLEST_VARIANCE)
        steep = p * q < smallest
        self._log_p, self._log_q = (
            Jet(
                space,
                xp.where(log < floor, floor, log),
                sign * xp.where(steep, other / smallest, 1 / own),
                xp.where(steep, -1 / smallest, -1 / (own * own)) if space.order > 1 else None,
                steep=True,
            )
            for log, own, other, sign in ((xp.log(p), p, q, 1.0), (xp.log1p(-p), q, p, -1.0))
        )

    @property
    def log_p(self) -> Any:
        """Log p, or the floor."""
        return self._log_p

    @property
    def log_q(self) -> Any:
        """log(1 − p), or the floor."""
        return self._log_q


@dataclass(frozen=True)
class OfFlooredProbabilities(OfElement):
    """A loss ``of`` an element, by its probability, whose logarithms are at least ``log_floor``."""

    of: Elementwise
    log_floor: float = -100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        required(self.of, "Probabilities")
        if not isinstance(self.of, Elementwise):
            raise TypeError(f"A loss of probabilities is one of an element's expression; received {self.of}.")
        object.__setattr__(self, "log_floor", finite("log_floor", self.log_floor))
        if self.log_floor > 0:
            raise ValueError(f"log_floor must be ≤ 0, as logarithms of probabilities are; received {self.log_floor}.")

    @property
    def predictions(self) -> Predictions:
        """Probabilities."""
        return "probabilities"

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """As the loss."""
        return self.of.text(alpha, pos_weight)

    def clip_text(self) -> str:
        """How logarithms are clipped."""
        return f"logarithms at least {self.log_floor:g}; 1/(p·(1 − p)) at most 1e12 in the derivative"

    def numbers(self, space: Space, x: Array, label: Label) -> Element:
        """An element by its probability."""
        return _FlooredElement(space, clip_to(space.xp, None, x)[0], label, self.log_floor)

    def loss(self, t: Element) -> Jet:
        """As the loss."""
        return self.of.loss(t)

    def loss_held(self, t: Element) -> Jet | None:
        """As the loss."""
        return self.of.loss_held(t)
