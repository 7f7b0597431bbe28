"""Ultralytics' losses, recorded: it needs torchvision, which does not install beside the CPU builds of PyTorch.

``VarifocalLoss`` computes in float32, whatever it is given.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("ultralytics.utils.loss"), name)


ORIGINAL = Original("torch", _find, ("ultralytics", "torch"), recorded=True)

_RNG = np.random.default_rng(14)
_X, _SOFT, _HARD = 3 * _RNG.normal(size=(3, 2)), _RNG.random((3, 2)), np.array([[1.0, 0], [0, 1], [1, 1]])
_ANCHORS, _SCORES = 3 * _RNG.normal(size=(2, 3, 2)), _RNG.random((2, 3, 2))
_ALPHA = {"default": ABSENT, "off": 0.0, "below 0": -1.0, "list": [0.25, 0.75]}

CASES = [
    *cases("FocalLoss", "pred", options=True, pred=[_X], label={"hard": _HARD, "soft": _SOFT}, _gamma=[0.0, 0.5, 1.5, 2.0], _alpha=_ALPHA),
    *cases("FocalLoss", "pred", group="anchors", options=True, pred=[_ANCHORS], label=[_SCORES], _alpha=_ALPHA),
    *cases(
        "VarifocalLoss",
        "pred_score",
        options=True,
        settings={"dtype": "float32"},
        pred_score=[_X],
        gt_score={"scores of positives": _SOFT * _HARD, "any scores": _SOFT, "a positive without": _SOFT * np.array([0.0, 1.0])},
        label=[_HARD],
        _gamma=[0.0, 1.5, 2.0],
        _alpha=[0.75, 0.25],
    ),
    *cases(
        "VarifocalLoss",
        "pred_score",
        group="anchors",
        options=True,
        settings={"dtype": "float32"},
        pred_score=[_ANCHORS],
        gt_score=[_SCORES],
        label=[(_SCORES > 0.5) * 1.0],
    ),
]
