"""The differences of torchvision."""

from __future__ import annotations

from .base import INFINITE, LIMITS, SATURATED, SIDES, Shown, value

SHOWN = (
    Shown(
        "torchvision.sigmoid_focal_loss",
        SATURATED,
        "inputs",
        {"inputs": [18.0], "targets": [1.0], "gamma": 0.5},
        {},
        {"value": [4.698821626930583e-13], "gradient": [-7.048232440395874e-13]},
        dtype="float32",
    ),
    Shown("torchvision.sigmoid_focal_loss", "infinite logits", "inputs", {"inputs": INFINITE, "targets": SIDES}, {}, value(LIMITS)),
)
