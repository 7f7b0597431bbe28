"""PolyLoss (Leng et al. 2022, arXiv:2204.12511): focal losses with the first term of their expansion in 1 − p_t changed by ε."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .base import exponent
from .classwise import Classwise
from .derived import Elementwise, held_if
from .elements import Element


@dataclass(frozen=True)
class PolyFocal(Elementwise):
    """Poly-1 focal loss α_t·(1 − p_t)^γ·CE + ε·(1 − p_t)^(γ+1)."""

    gamma: float = 2.0
    poly_epsilon: float = 1.0
    detach_modulator: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        r = 1 - t.p_t
        (modulator,) = held_if(self.detach_modulator, r**self.gamma)
        return -t.alpha_t * modulator * t.log_p_t + self.poly_epsilon * r ** (self.gamma + 1)


@dataclass(frozen=True)
class SoftmaxPolyFocal(Classwise):
    """Σ_c w_c·y_c·[(1 − p_c)^γ·(−log p_c) + ε·(1 − p_c)^(γ+1)]; ``gamma`` = 0 is poly-1 cross entropy."""

    of_targets_alone: ClassVar[bool] = True
    gamma: float = 2.0
    poly_epsilon: float = 1.0
    detach_modulator: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        exponent("gamma", self.gamma)

    def element(self, t: Element) -> Any:
        """The term of one class."""
        (modulator,) = held_if(self.detach_modulator, t.q**self.gamma)
        return t.y * (self.poly_epsilon * t.q ** (self.gamma + 1) - modulator * t.log_p)
