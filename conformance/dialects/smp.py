"""Segmentation Models PyTorch's losses, recorded: it needs torchvision, which does not install beside the CPU builds of PyTorch."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("segmentation_models_pytorch.losses"), name)


ORIGINAL = Original("torch", _find, ("segmentation_models_pytorch", "torch"), recorded=True)

_RNG = np.random.default_rng(15)
_X, _SOFT, _HARD = 3 * _RNG.normal(size=(2, 3, 2)), _RNG.random((2, 3, 2)), _RNG.integers(0, 2, (2, 3, 2)) * 1.0
_IGNORED, _INDEX, _PARTLY = np.where(_SOFT < 0.3, -100.0, _HARD), np.array([[0, 2], [1, 1]]), np.array([[0, -100], [1, 2]])
_WEIGHT, _OTHER = np.array([0.5, 2.0]), np.array([[3.0], [0.25], [1.0]])
_P = 1 / (1 + np.exp(-_X))
_REDUCTIONS = ["none", "mean", "sum"]

CASES = [
    *cases(
        "SoftBCEWithLogitsLoss",
        "y_pred",
        options=True,
        y_pred=[_X],
        y_true={"soft": _SOFT, "ignored": _IGNORED},
        _smooth_factor=[ABSENT, 0.1],
        _reduction=_REDUCTIONS,
    ),
    *cases(
        "SoftBCEWithLogitsLoss",
        "y_pred",
        group="weighted",
        options=True,
        y_pred=[_X],
        y_true=[_IGNORED],
        _ignore_index=[-100, 0, None],
        _weight={"none": ABSENT, "row": _WEIGHT},
        _pos_weight={"none": ABSENT, "classes": _OTHER},
    ),
    *cases(
        "SoftCrossEntropyLoss",
        "y_pred",
        options=True,
        y_pred=[_X],
        y_true={"index": _INDEX, "ignored": _PARTLY},
        _smooth_factor=[0.0, 0.1],
        _reduction=_REDUCTIONS,
    ),
    *cases(
        "SoftCrossEntropyLoss",
        "y_pred",
        group="ignore",
        options=True,
        y_pred=[_X],
        y_true={"index": _INDEX, "kept": _INDEX[:, None]},
        _smooth_factor=[0.1],
        _ignore_index=[None, 1],
        _reduction=_REDUCTIONS[:2],
    ),
    *cases(
        "SoftCrossEntropyLoss",
        "y_pred",
        group="last",
        options=True,
        y_pred=[_X],
        y_true=[np.array([[0, 1, 1], [1, 0, -100]])],
        _smooth_factor=[0.25],
        _dim=[-1],
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        group="binary",
        options=True,
        y_pred={"logits": _X[:, :1]},
        y_true={"hard": _HARD[:, 0], "soft": _SOFT[:, 0]},
        _mode=["binary"],
        _alpha=[None, 0.25],
        _gamma=[0.0, 0.5, 2.0],
        _reduction=["none", "mean"],
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        group="binary reduced",
        options=True,
        y_pred=[_X],
        y_true={"soft": _SOFT, "hard": _HARD},
        _mode=["binary"],
        _reduced_threshold=[0.5],
        _gamma=[1.5],
        _reduction=["sum", "batchwise_mean"],
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        group="binary probabilities",
        options=True,
        y_pred=[_P],
        y_true={"soft": _SOFT, "hard": _HARD},
        _mode=["binary", "multilabel"],
        _from_logits=[False],
        _gamma=[0.5, 2.0],
        _eps=[ABSENT, 0.125],
        _reduction=["mean"],
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        group="binary ignored",
        options=True,
        y_pred=[_X],
        y_true={"numbers": _IGNORED, "integers": np.where(_IGNORED < 0, -100, _IGNORED).astype(np.int64)},
        _mode=["binary"],
        _ignore_index=[-100],
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        group="multilabel",
        options=True,
        y_pred=[_X],
        y_true=[_SOFT],
        _mode=["multilabel"],
        _class_weights={"none": ABSENT, "weights": [0.5, 1.0, 4.0]},
        _reduction=["mean", "sum"],
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        group="multiclass",
        options=True,
        y_pred=[_X],
        y_true={"index": _INDEX, "ignored": _PARTLY},
        _mode=["multiclass"],
        _alpha=[0.25],
        _ignore_index=[-100],
        _class_weights={"none": ABSENT, "weights": [0.5, 1.0, 4.0]},
        _reduction=["mean", "sum", "batchwise_mean"],
    ),
    *cases(
        "FocalLoss",
        "y_pred",
        group="multiclass unweighted",
        options=True,
        y_pred=[_X],
        y_true={"index": _INDEX, "background": _INDEX + 1},
        _mode=["multiclass"],
        _reduction=["none", "batchwise_mean", "mean"],
    ),
]
