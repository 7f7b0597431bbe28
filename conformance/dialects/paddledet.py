"""PaddleDetection's FocalLoss.

Recorded from the one file of its wheel that has it: the package around it does not import beside Paddle 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Original, cases
from .stubs import load


def _find(name: str) -> Any:
    # ``register`` lists classes for configurations.
    return getattr(load("paddledet", "ppdet/modeling/losses/focal_loss.py", {"ppdet.core.workspace": {"register": lambda cls: cls}}), name)


ORIGINAL = Original("paddle", _find, ("paddledet", "paddlepaddle"), recorded=True)

_RNG = np.random.default_rng(3)
_X, _INDEX = 3 * _RNG.normal(size=(4, 3)), np.array([0, 3, 2, 1])

CASES = [
    *cases(
        "FocalLoss",
        "pred",
        options=True,
        pred=[_X],
        target=[_INDEX],
        reduction=["none", "mean", "sum"],
        _alpha=[0.25, 0.75],
        _gamma=[0.0, 0.5, 2.0],
        _loss_weight=[1.0, 1.5],
    ),
    *cases("FocalLoss", "pred", options=True, pred=[_X], target={"int32": _INDEX.astype(np.int32), "background": np.full(4, 3)}),
    *cases("FocalLoss", "pred", options=True, group="one class", pred=[_X[:, :1]], target=[np.array([0, 1, 1, 0])], reduction=["mean"]),
]
