"""TensorFlow Addons' sigmoid focal cross entropy, as recorded in an environment of TensorFlow 2.15."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..calls.case import Case
from ..frameworks import framework_named
from ..truth import tolerances
from . import ABSENT, Original
from .keras import EDGES, HARD, P3, SATURATED, SOFT, SOFT3, P, X, group


def _find(name: str) -> Any:
    framework_named("tensorflow")  # in the order that imports must have
    return getattr(import_module("tensorflow_addons.losses"), name)


ORIGINAL = Original("tensorflow", _find, ("tensorflow_addons", "tensorflow"), recorded=True)

_LABELS = {"soft": SOFT, "hard": HARD}
_GAMMAS = [0.0, 0.5, 2.0]  # and α of quarters: both go through float32 in the original
# The original is always a graph, in which log((1 − p) + ε) became log((1 + ε) − p): they round apart, at p = 1 by 1e-9 in float64.
_NEAR, _AT_ONE = tolerances.REASSOCIATED, tolerances.SINGLE_PRECISION_CONSTANT
_WEIGHT = np.array([0.5, 1.0, 0.0, 2.0])
_PAIR = np.array([1.0, 3.0])
_WEIGHTS3 = {"vector": _PAIR, "rows": _PAIR[:, None], "columns": _PAIR[None], "full": SOFT3[0, :, :2], "deeper": SOFT3[..., :1]}


def _class(function: str) -> list[Case]:
    some: dict[str, Any] = {"y_true": [SOFT], "y_pred": [P]}
    return [
        *group("options", function, tolerance=_NEAR, **some, _alpha=[0.25, None], _gamma=[0.0, 2.0]),
        *group("logits", function, y_true=[SOFT], y_pred=[X], _from_logits=[True], _alpha=[0.75], _gamma=[0.5, 2.0]),
        *group(
            "weights",
            function,
            tolerance=_NEAR,
            **some,
            sample_weight={"none": ABSENT, "number": 0.5, "vector": _WEIGHT, "column": _WEIGHT[:, None]},
            _reduction=["none", "sum", "auto", "sum_over_batch_size"],
        ),
        *group(
            "three axes",
            function,
            tolerance=_NEAR,
            y_true=[SOFT3],
            y_pred=[P3],
            sample_weight=_WEIGHTS3,
            _reduction=["none", "sum_over_batch_size"],
        ),
    ]


_FUNCTION = "sigmoid_focal_crossentropy"
CASES = [
    *group("probabilities", _FUNCTION, tolerance=_NEAR, y_true=_LABELS, y_pred=[P], alpha=[0.25, 0.75], gamma=_GAMMAS),
    *group("logits", _FUNCTION, y_true=_LABELS, y_pred=[X], from_logits=[True], alpha=[0.25, 0.75], gamma=_GAMMAS),
    *group("off", _FUNCTION, tolerance=_NEAR, y_true=[HARD], y_pred=[P], alpha=[None, 0.0, 0.25], gamma=[None, 0.0]),
    *group("edges", _FUNCTION, tolerance=_AT_ONE, y_true=[SOFT], y_pred=[EDGES], gamma=_GAMMAS),
    *group("edges", _FUNCTION, tolerance=_AT_ONE, y_true={"hard": HARD, "integer": HARD.astype(np.int64)}, y_pred=[EDGES]),
    *group("saturated", _FUNCTION, y_true=_LABELS, y_pred=[SATURATED], from_logits=[True]),
    *group("three axes", _FUNCTION, tolerance=_NEAR, y_true=[SOFT3], y_pred=[P3]),
    *_class("SigmoidFocalCrossEntropy"),
]
