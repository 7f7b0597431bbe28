"""focal-loss's functions and classes, on TensorFlow and its Keras 3.

In float32, as the classes compute and the sparse function requires; γ and the smoothing are exact in it here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("focal_loss"), name)


ORIGINAL = Original("tensorflow", _find, ("focal-loss", "tensorflow", "keras"), recorded=True)

_RNG = np.random.default_rng(19)
_X, _Y = 2 * _RNG.normal(size=(3, 4)), _RNG.random((3, 4))
_HARD, _INDEX = np.array([[1.0, 0, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]]), np.array([0, 3, 1])
_P, _E = 1 / (1 + np.exp(-_X)), np.exp(_X)
_SOFTMAX, _OFF = _E / _E.sum(1, keepdims=True), 0.7 * _P
_IMAGE, _PIXELS = _RNG.normal(size=(2, 3, 2)), np.array([[1, 0], [2, 0]])
_CLASSES, _ROWS = np.array([0.5, 1.0, 2.0, 0.25]), np.array([0.5, 0.0, 2.0])
_EDGES = np.array([[0.0, 1.0, 0.5, 1e-9], [1.0, 0.0, 1e-30, 0.5], [0.25, 0.0, 1.0, 0.75]])
_SINGLE: dict[str, Any] = {"settings": {"dtype": "float32"}}
_GAMMAS = [0.0, 0.5, 1.0, 2.0]
_REDUCTIONS = {"default": ABSENT, "none": "none", "sum": "sum", "mean": "mean_with_sample_weight"}

CASES = [
    *cases(
        "binary_focal_loss",
        "y_pred",
        **_SINGLE,
        y_true={"hard": _HARD, "soft": _Y, "row": _HARD[0]},
        y_pred=[_X],
        gamma=_GAMMAS,
        pos_weight={"none": ABSENT, "2": 2.0},
        from_logits=[True],
        label_smoothing={"none": ABSENT, "0": 0.0, "0.125": 0.125},
    )[::2],
    *cases(
        "binary_focal_loss",
        "y_pred",
        **_SINGLE,
        group="probabilities",
        y_true={"hard": _HARD, "soft": _Y},
        y_pred=[_P],
        gamma=_GAMMAS,
        pos_weight={"none": ABSENT, "2": 2.0},
        label_smoothing={"none": ABSENT, "0": 0.0, "0.125": 0.125},
    )[::2],
    *cases("binary_focal_loss", "y_pred", **_SINGLE, group="edges", y_true={"hard": _HARD, "soft": _Y}, y_pred=[_EDGES], gamma=[1.0, 2.0]),
    *cases(
        "BinaryFocalLoss",
        "y_pred",
        **_SINGLE,
        options=True,
        y_true=[_HARD],
        y_pred=[_X],
        sample_weight={"none": ABSENT, "entries": _Y},
        _gamma=[2.0],
        _pos_weight={"none": ABSENT, "2": 2.0},
        _from_logits=[True],
        _reduction=_REDUCTIONS,
    ),
    *cases(
        "BinaryFocalLoss", "y_pred", **_SINGLE, options=True, group="p", y_true=[_HARD], y_pred=[_P], _gamma=[0.5], _label_smoothing=[0.125]
    ),
    *cases(
        "BinaryFocalLoss",
        "y_pred",
        **_SINGLE,
        options=True,
        group="weighted",
        y_true=[_HARD],
        y_pred=[_P],
        sample_weight={"row": _CLASSES, "column": _ROWS[:, None]},
        _gamma=[2.0],
    ),
    *cases(
        "sparse_categorical_focal_loss",
        "y_pred",
        **_SINGLE,
        y_true=[_INDEX],
        y_pred=[_X],
        gamma=_GAMMAS,
        class_weight={"none": ABSENT, "classes": _CLASSES},
        from_logits=[True],
    ),
    *cases(
        "sparse_categorical_focal_loss",
        "y_pred",
        **_SINGLE,
        group="probabilities",
        y_true=[_INDEX],
        y_pred={"softmax": _SOFTMAX, "off": _OFF},
        gamma=_GAMMAS,
        class_weight={"none": ABSENT, "classes": _CLASSES},
    ),
    *cases(
        "sparse_categorical_focal_loss",
        "y_pred",
        **_SINGLE,
        group="image",
        y_true=[_PIXELS],
        y_pred=[_IMAGE],
        gamma=[2.0],
        from_logits=[True],
        axis=[1, -2],
    ),
    *cases("sparse_categorical_focal_loss", "y_pred", **_SINGLE, group="column", y_true=[_INDEX[:, None]], y_pred=[_SOFTMAX], gamma=[2.0]),
    *cases(
        "sparse_categorical_focal_loss", "y_pred", **_SINGLE, group="edges", y_true=[np.array([3, 0, 0])], y_pred=[_EDGES], gamma=[1.0, 2.0]
    ),
    *cases(
        "SparseCategoricalFocalLoss",
        "y_pred",
        **_SINGLE,
        options=True,
        y_true=[_INDEX],
        y_pred=[_X],
        sample_weight={"none": ABSENT, "rows": _ROWS},
        _gamma=[2.0],
        _class_weight={"none": ABSENT, "classes": _CLASSES},
        _from_logits=[True],
        _reduction=_REDUCTIONS,
    ),
    *cases(
        "SparseCategoricalFocalLoss", "y_pred", **_SINGLE, options=True, group="p", y_true=[_INDEX], y_pred=[_SOFTMAX], _gamma=[0.5, 2.0]
    ),
]
