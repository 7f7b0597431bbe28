"""The differences of mmdet and mmcv."""

from __future__ import annotations

import numpy as np

from .base import SATURATED, Shown, value

SHOWN = (
    Shown(
        "mmdet.FocalLoss",
        SATURATED,
        "pred",
        {"pred": [[18.0]], "target": [[1.0]]},
        {},
        {"value": 4.698821626930583e-13, "gradient": [[-7.048232440395874e-13]]},
        {"gamma": 0.5},
        "float32",
    ),
    Shown(
        "mmdet.FocalLoss",
        "class indices of integer types other than int64",
        "pred",
        {"pred": [[0.0]], "target": np.array([0], np.int32)},
        {},
        value(0.04332169878499658),
        {},
    ),
    Shown(
        "mmdet.sigmoid_focal_loss",
        "probabilities below float32's smallest normal number",
        "input",
        {"input": [[-100.0]], "target": [0], "gamma": 2.0, "alpha": 0.25},
        {},
        value(25.0),
    ),
    Shown(
        "mmdet.softmax_focal_loss",
        "probabilities below float32's smallest normal number",
        "input",
        {"input": [[-100.0, 0.0, 0.0]], "target": [0], "gamma": 2.0, "alpha": 0.25},
        {},
        value(25.173286795139986),
    ),
    Shown(
        "mmdet.sigmoid_focal_loss",
        "weight with a background target",
        "input",
        {"input": [[0.0, 0.0]], "target": [2], "gamma": 2.0, "alpha": 0.25, "weight": [1.0, 2.0]},
        {},
        value(0.0),
    ),
    Shown("mmdet.sigmoid_focal_loss", "targets below 0", "input", {"input": [[0.0, 0.0]], "target": [-1]}, {}, ValueError),
    Shown("mmdet.softmax_focal_loss", "targets of C", "input", {"input": [[0.0, 0.0]], "target": [2]}, {}, ValueError),
)
