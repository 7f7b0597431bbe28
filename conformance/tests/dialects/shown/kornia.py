"""The differences of kornia."""

from __future__ import annotations

import numpy as np

from .base import INFINITE, SIDES, Shown, nan

SHOWN = (
    Shown(
        "kornia.binary_focal_loss_with_logits",
        "an ignored entry of NaN or infinite logits",
        "pred",
        {"pred": [[nan], [0.3]], "target": [[-100.0], [1.0]], "reduction": "sum"},
        {"value": nan, "gradient": [[nan], [-0.048102109828820544]]},
        {"value": 0.02509831887214927, "gradient": [[0.0], [-0.048102109828820565]]},
    ),
    Shown(
        "kornia.binary_focal_loss_with_logits",
        "infinite logits",
        "pred",
        {"pred": np.array(INFINITE)[:2, None], "target": np.array(SIDES)[:2, None]},
        {"value": [[nan], [nan]], "gradient": [[nan], [nan]]},
        {"value": [[0.0], [0.0]], "gradient": [[0.0], [0.0]]},
    ),
    Shown(
        "kornia.focal_loss",
        "0 < γ < 1 and a probability that rounds to 1",
        "pred",
        {"pred": [[40.0, 0.0]], "target": [0], "alpha": 0.25, "gamma": 0.5},
        {"value": [[0.0, 0.0]], "gradient": [[0.0, 0.0]]},
        {"value": [[6.56738307202239e-27, 0.0]], "gradient": [[-9.851074608033586e-27, 9.851074608033586e-27]]},
    ),
)
