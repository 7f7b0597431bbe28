"""effdet's focal loss.

Recorded from the one file that has it: the package around it needs torchvision and more.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from . import ABSENT, Original, cases
from .stubs import load


@cache
def _loss() -> ModuleType:
    return load("effdet", "effdet/loss.py", {})


def _find(name: str) -> Any:
    return getattr(_loss(), name)


ORIGINAL = Original("torch", _find, ("effdet", "torch"), recorded=True)

_RNG = np.random.default_rng(14)
_X, _SOFT = 3 * _RNG.normal(size=(4, 3)), _RNG.random((4, 3))
_HARD = np.array([[1.0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 0, 0]])
_ROW = np.array([1.0, 2.0, 4.0])

CASES = [
    *cases(
        "new_focal_loss",
        "logits",
        logits=[_X],
        targets={"hard": _HARD, "soft": _SOFT, "integers": _HARD.astype(np.int64)},
        alpha=[0.25],
        gamma=[0.5, 2.0],
        normalizer={"8": 8.0, "classes": _ROW},
        label_smoothing={"default": ABSENT, "off": 0.0, "0.2": 0.2},
    ),
    *cases(
        "new_focal_loss",
        "logits",
        group="other",
        logits=[_X],
        targets=[_SOFT],
        alpha=[0.6],
        gamma=[0.0, 1.0],
        normalizer=[1.0],
        label_smoothing=[0.1],
    ),
]
