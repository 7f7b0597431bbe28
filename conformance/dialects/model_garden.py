"""Model Garden's FocalLoss, on TensorFlow and tf_keras, in float32 as it computes.

Recorded from the one file of its wheel that has it: the package around it needs many more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import ABSENT, Original, cases
from .stubs import load


def _find(name: str) -> Any:
    return getattr(load("tf-models-official", "official/vision/losses/focal_loss.py", {}), name)


ORIGINAL = Original("tensorflow", _find, ("tf-models-official", "tf_keras", "tensorflow"), recorded=True)

_RNG = np.random.default_rng(21)
_X, _Y = 2 * _RNG.normal(size=(2, 3, 4)), _RNG.random((2, 3, 4))
_HARD, _MIXED = (_Y > 0.6) * 1.0, np.where(_Y > 0.6, 1.0, _Y)
_SATURATED = np.copysign(20 + np.abs(_X), _X)
_SINGLE: dict[str, Any] = {"settings": {"dtype": "float32"}, "options": True}
_WEIGHTS = {"none": ABSENT, "anchors": _RNG.random((2, 3)), "column": _RNG.random((2, 3, 1)), "entries": _RNG.random((2, 3, 4))}

CASES = [
    *cases(
        "FocalLoss",
        "y_pred",
        **_SINGLE,
        y_true={"hard": _HARD, "mixed": _MIXED, "int": _HARD.astype(np.int32)},
        y_pred=[_X],
        _alpha=[0.25, 0.75],
        _gamma=[0.0, 0.5, 1.5, 2.0],
        _reduction={"default": ABSENT, "none": "none"},
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        **_SINGLE,
        group="weighted",
        y_true=[_MIXED],
        y_pred=[_X],
        sample_weight=_WEIGHTS,
        _alpha=[0.25],
        _gamma=[2.0],
        _reduction=["sum_over_batch_size", "sum"],
    ),
    *cases("FocalLoss", "y_pred", **_SINGLE, group="saturated", y_true=[_MIXED], y_pred=[_SATURATED], _alpha=[0.25], _gamma=[1.5, 2.0]),
]
