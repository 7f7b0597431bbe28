"""The differences of Ultralytics."""

from __future__ import annotations

from .base import Shown, inf, value

_SCORED = {"pred_score": [[0.3]], "gt_score": [[0.5]], "label": [[1.0]]}

SHOWN = (
    Shown(
        "ultralytics.FocalLoss",
        "α that float32 does not have, with float64 predictions",
        "pred",
        {"pred": [[0.3]], "label": [[1.0]]},
        {},
        value(0.015389535370582985),
        {"alpha": 0.1},
    ),
    Shown("ultralytics.VarifocalLoss", "float64 predictions", "pred_score", _SCORED, {}, value(0.3521776222342636), {}),
    Shown(
        "ultralytics.VarifocalLoss",
        "infinite logits",
        "pred_score",
        {"pred_score": [[-inf]], "gt_score": [[0.0]], "label": [[0.0]]},
        {},
        {"value": 0.0, "gradient": [[0.0]]},
        {},
    ),
    Shown("ultralytics.VarifocalLoss", "a label that is neither 0 nor 1", "pred_score", {**_SCORED, "label": [[0.5]]}, {}, ValueError, {}),
)
