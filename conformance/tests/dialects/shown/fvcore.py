"""The differences of fvcore."""

from __future__ import annotations

from .base import SATURATED, Shown, inf, value

_DTYPE = "predictions of other dtypes than float32"

SHOWN = (
    Shown("fvcore.sigmoid_focal_loss", _DTYPE, "inputs", {"inputs": [0.3], "targets": [1.0]}, {}, value([0.10039327548859707])),
    Shown(
        "fvcore.sigmoid_focal_loss",
        SATURATED,
        "inputs",
        {"inputs": [40.0], "targets": [1.0], "gamma": 0.5},
        {},
        {"value": [8.75651076269652e-27], "gradient": [-1.3134766144044781e-26]},
    ),
    Shown("fvcore.sigmoid_focal_loss", "infinite logits", "inputs", {"inputs": [inf, -inf], "targets": [1.0, 1.0]}, {}, value([0.0, inf])),
    Shown("fvcore.sigmoid_focal_loss", "γ below 0", "inputs", {"inputs": [0.3], "targets": [1.0], "gamma": -1.0}, {}, ValueError),
    Shown("fvcore.sigmoid_focal_loss_star", "γ of 0 or below", "inputs", {"inputs": [0.3], "targets": [1.0], "gamma": 0}, {}, ValueError),
    Shown(
        "fvcore.sigmoid_focal_loss_star",
        "labels of a shape other than the logits",
        "inputs",
        {"inputs": [0.3], "targets": [[1.0], [0.0]]},
        {},
        ValueError,
    ),
)
