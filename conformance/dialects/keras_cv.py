"""KerasCV's losses, on Keras 3 and TensorFlow, in float32 as they compute.

Recorded from the two files of its wheel that have them: the package around them does not import here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from . import ABSENT, Original, cases
from .stubs import load

_FILES = {"FocalLoss": "focal", "BinaryPenaltyReducedFocalCrossEntropy": "penalty_reduced_focal_loss"}


def _find(name: str) -> Any:
    keras = import_module("keras")
    imports = {
        "keras_cv.src.api_export": {"keras_cv_export": lambda name: lambda cls: cls},
        "keras_cv.src.backend": {"keras": keras, "ops": keras.ops},
    }
    return getattr(load("keras-cv", f"keras_cv/src/losses/{_FILES[name]}.py", imports), name)


ORIGINAL = Original("tensorflow", _find, ("keras-cv", "keras", "tensorflow"), recorded=True)

_RNG = np.random.default_rng(20)
_X, _Y = 2 * _RNG.normal(size=(3, 4)), _RNG.random((3, 4))
_HARD = np.array([[1.0, 0, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]])
_MIXED = np.where(_Y > 0.6, 1.0, _Y)
_P, _IMAGE, _MAPS = 1 / (1 + np.exp(-_X)), _RNG.random((2, 2, 2, 3)), _RNG.random((2, 2, 2, 3))
_SATURATED = np.where(_HARD[0] == _HARD, 1 - 1e-8, 1e-9)
_LABELS, _ROWS = {"hard": _HARD, "soft": _MIXED}, np.array([0.5, 0.0, 2.0])
_SINGLE: dict[str, Any] = {"settings": {"dtype": "float32"}, "options": True}
_REDUCTIONS = {"default": ABSENT, "None": None, "sum": "sum", "mean": "mean_with_sample_weight"}

CASES = [
    *cases(
        "FocalLoss",
        "y_pred",
        **_SINGLE,
        y_true=_LABELS,
        y_pred=[_P],
        _alpha=[0.25, 0.75],
        _gamma=[0.0, 0.5, 2.0],
        _label_smoothing=[0.0, 0.125],
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        **_SINGLE,
        group="logits",
        y_true=_LABELS,
        y_pred=[_X],
        _from_logits=[True],
        _gamma=[0.0, 0.5, 2.0],
        _label_smoothing=[0.0, 0.125],
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        **_SINGLE,
        group="reduced",
        y_true=[_HARD],
        y_pred=[_P],
        sample_weight={"none": ABSENT, "rows": _ROWS},
        _reduction=_REDUCTIONS,
    ),
    *cases("FocalLoss", "y_pred", **_SINGLE, group="image", y_true=[_MAPS], y_pred=[_IMAGE]),
    *cases("FocalLoss", "y_pred", **_SINGLE, group="saturated", y_true=_LABELS, y_pred=[_SATURATED]),
    *cases(
        "BinaryPenaltyReducedFocalCrossEntropy",
        "y_pred",
        **_SINGLE,
        y_true=[_MIXED],
        y_pred=[_P],
        _alpha=[1.0, 1.5, 2.0],
        _beta=[0.0, 4.0],
        _positive_threshold={"default": ABSENT, "0.5": 0.5},
        _positive_weight=[1.0, 2.0],
    ),
    *cases(
        "BinaryPenaltyReducedFocalCrossEntropy",
        "y_pred",
        **_SINGLE,
        group="logits",
        y_true=[_MIXED],
        y_pred=[np.where(np.abs(_X) > 1.9, 6 * _X, _X / 2)],
        sample_weight={"none": ABSENT, "entries": _Y, "rows": _ROWS[:, None]},
        _from_logits=[True],
        _negative_weight=[1.0, 0.5],
        _reduction={"default": ABSENT, "None": None, "sum": "sum"},
    ),
    *cases(
        "BinaryPenaltyReducedFocalCrossEntropy",
        "y_pred",
        **_SINGLE,
        group="saturated",
        y_true={"mixed": _MIXED, "beyond": 3 * _Y - 1},
        y_pred=[_SATURATED],
        _alpha=[2.0],
    ),
]
