"""The differences of timm."""

from __future__ import annotations

from .base import SATURATED, Shown, inf, value

SHOWN = (
    Shown(
        "timm.AsymmetricLossMultiLabel",
        "predictions of other dtypes than float32",
        "x",
        {"x": [[0.3]], "y": [[1.0]]},
        {},
        value(0.23591002262828398),
        {},
    ),
    Shown(
        "timm.AsymmetricLossMultiLabel",
        "γ below 1 and 1 − p_t of 0, as of every negative within the margin",
        "x",
        {"x": [[-5.0]], "y": [[0.0]]},
        {},
        {"value": 0.0, "gradient": [[0.0]]},
        {"gamma_neg": 0.5},
    ),
    Shown(
        "timm.PolyBinaryCrossEntropy",
        SATURATED,
        "x",
        {"x": [[40.0]], "target": [[1.0]]},
        {},
        {"gradient": [[-3.9404298432134344e-26]]},
        {"gamma": 0.5},
    ),
    Shown(
        "timm.LabelSmoothingCrossEntropy",
        "infinite logits",
        "x",
        {"x": [[inf, 0.0]], "target": [0]},
        {},
        {"value": 0.0, "gradient": [[0.0, 0.0]]},
        {"smoothing": 0.0},
    ),
    Shown(
        "timm.PolyCrossEntropy",
        "labels that do not sum to 1",
        "x",
        {"x": [[0.3, 0.0]], "target": [[0.5, 0.25]]},
        {},
        value(1.2035450785485),
        {},
        "float32",
    ),
    Shown(
        "timm.SoftTargetCrossEntropy",
        "labels of a shape other than the logits",
        "x",
        {"x": [[0.3, 0.0], [1.0, 2.0]], "target": [[0.5, 0.5]]},
        {},
        ValueError,
        {},
    ),
)
