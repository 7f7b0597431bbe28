r"""Focal loss of a row's whole cross entropy, class weights among it: (1 − e^−u)^γ·u with u = Σ_c v_c·(−log p_c), p = softmax(x).

With g(u) = r^γ·u, r = 1 − e^−u:

    slope = g′(u)·u′,      second = g″(u)·u′·⟨u′, h⟩ + g′(u)·u″h
    g′ = r^γ + γ·r^(γ−1)·e^−u·u,      g″ = γ·r^(γ−2)·e^−u·[2r + ((γ − 1)·e^−u − r)·u]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ..arrays import Array, Namespace
from .arithmetic import product
from .base import Categorical, Inputs, exponent, power_text
from .jets import Jet, Space
from .softmax import SoftmaxFocal


@dataclass(frozen=True)
class RowFocal(Categorical):
    """(1 − e^−u)^γ·u of a row's cross entropy u."""
