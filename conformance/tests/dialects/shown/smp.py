"""The differences of Segmentation Models PyTorch."""

from __future__ import annotations

from .base import SATURATED, Shown, nan, value

SHOWN = (
    Shown(
        "smp.SoftCrossEntropyLoss",
        "smooth_factor of None, its default",
        "y_pred",
        {"y_pred": [[0.3, 0.0]], "y_true": [0]},
        {},
        value(0.5543552444685271),
        {},
    ),
    Shown(
        "smp.FocalLoss",
        "from_logits=False with mode='multiclass'",
        "y_pred",
        {"y_pred": [[0.7, 0.3]], "y_true": [0]},
        {},
        {"value": 0.03210074495448592, "gradient": [[-0.17128819746733406, 0.17128819746733398]]},
        {"mode": "multiclass", "from_logits": False},
    ),
    Shown(
        "smp.FocalLoss",
        "mean with every row ignored, or none there",
        "y_pred",
        {"y_pred": [[0.3, 0.0]], "y_true": [[0.0, 0.0]]},
        {},
        {"value": 0.0, "gradient": [[0.0, 0.0]]},
        {"mode": "binary", "ignore_index": 0},
    ),
    Shown(
        "smp.FocalLoss",
        SATURATED,
        "y_pred",
        {"y_pred": [[40.0]], "y_true": [[1.0]]},
        {},
        {"value": 8.75651076269652e-27, "gradient": [[-1.3134766144044781e-26]]},
        {"mode": "binary", "gamma": 0.5},
    ),
    Shown(
        "smp.SoftBCEWithLogitsLoss",
        "an ignored entry of NaN or infinite logits",
        "y_pred",
        {"y_pred": [[nan, 0.3]], "y_true": [[-100.0, 1.0]]},
        {},
        {"value": 0.5543552444685271, "gradient": [[0.0, -0.425557483188341]]},
        {"reduction": "sum"},
    ),
    Shown(
        "smp.FocalLoss",
        "class indices below 0 or above C, with mode='multiclass'",
        "y_pred",
        {"y_pred": [[0.3, 0.0]], "y_true": [7]},
        {},
        ValueError,
        {"mode": "multiclass"},
    ),
)
