"""torchvision's focal loss.

Recorded, from its file: importing torchvision fails beside the CPU builds of PyTorch, since its wheel's operators are linked to CUDA.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from . import Original, cases
from .stubs import load


@cache
def _file() -> ModuleType:
    return load("torchvision", "torchvision/ops/focal_loss.py", {"torchvision.utils": {"_log_api_usage_once": lambda _: None}})


def _find(name: str) -> Any:
    return getattr(_file(), name)


ORIGINAL = Original("torch", _find, ("torchvision", "torch"), recorded=True)

_RNG = np.random.default_rng(9)
_X, _SOFT, _HARD = 3 * _RNG.normal(size=(3, 2)), _RNG.random((3, 2)), np.array([[1.0, 0], [0, 1], [1, 1]])
_REDUCTIONS = ["none", "mean", "sum"]

CASES = [
    *cases(
        "sigmoid_focal_loss",
        "inputs",
        inputs=[_X],
        targets={"hard": _HARD, "soft": _SOFT},
        alpha=[0.25, -1, 0.0],
        gamma=[0, 0.5, 2],
        reduction=_REDUCTIONS,
    ),
    *cases("sigmoid_focal_loss", "inputs", inputs={"vector": 10 * _X[:, 0]}, targets={"vector": _HARD[:, 1]}, reduction=_REDUCTIONS),
]
