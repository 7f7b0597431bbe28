"""The differences of PyTorch."""

from __future__ import annotations

import numpy as np

from .base import INFINITE, LIMITS, ROWS, SIDES, Shown, gradient, inf, nan, value

_EMPTY = "mean with every row ignored, or none there"

SHOWN = (
    Shown("torch.cross_entropy", _EMPTY, "input", {"input": ROWS, "target": [-100, -100, -100]}, value(nan), value(0.0)),
    Shown("torch.nll_loss", _EMPTY, "input", {"input": ROWS, "target": [-100, -100, -100]}, value(nan), value(0.0)),
    Shown(
        "torch.cross_entropy",
        "an ignored row of NaN or infinite logits",
        "input",
        {"input": [[nan, 0.0], [0.0, 0.0]], "target": [-100, 0], "reduction": "sum"},
        gradient([[nan, nan], [-0.5, 0.5]]),
        gradient([[0.0, 0.0], [-0.5, 0.5]]),
    ),
    Shown(
        "torch.cross_entropy",
        "soft labels, and a logit of −inf at a label of 0",
        "input",
        {"input": [[0.0, -inf]], "target": [[1.0, 0.0]]},
        value(nan),
        value(0.0),
    ),
    Shown(
        "torch.cross_entropy",
        "label_smoothing below 0",
        "input",
        {"input": ROWS, "target": [0, 1, 2], "label_smoothing": -0.1},
        value(1.1464822626863056),
        ValueError,
    ),
    Shown(
        "torch.cross_entropy",
        "class indices of integer types other than int64 and uint8",
        "input",
        {"input": ROWS, "target": np.array([0, 1, 2], np.int32)},
        RuntimeError,
        value(1.1464822626863056),
    ),
    Shown(
        "torch.binary_cross_entropy_with_logits",
        "infinite logits",
        "input",
        {"input": INFINITE, "target": SIDES, "reduction": "none"},
        value([nan, nan, inf, nan]),
        value(LIMITS),
    ),
    Shown(
        "torch.binary_cross_entropy_with_logits",
        "float32 logits beyond ±17 on the right side",
        "input",
        {"input": [18.0, -18.0], "target": [1.0, 0.0], "reduction": "none"},
        {"value": [1.5229979055675358e-08, 0.0], "gradient": [0.0, 1.5229980832032197e-08]},
        {"value": [1.5229979055675358e-08] * 2, "gradient": [-1.5229979055675358e-08, 1.5229979055675358e-08]},
        dtype="float32",
    ),
    Shown(
        "torch.binary_cross_entropy",
        "float64 gradient at p(1 − p) below 1e−12",
        "input",
        {"input": [0.0], "target": [1.0]},
        gradient([-1000000003995.8029]),
        gradient([-1e12]),
    ),
    Shown(
        "torch.binary_cross_entropy",
        "gradient with respect to the label where a logarithm is cut at −100",
        "target",
        {"input": [0.0], "target": [1.0]},
        gradient([inf]),
        gradient([100.0]),
    ),
    Shown(
        "torch.binary_cross_entropy_with_logits",
        "gradient with respect to weight, save for soft labels",
        "weight",
        {"input": [0.3], "target": [1.0], "weight": [2.0]},
        RuntimeError,
        gradient([0.5543552444685271]),
    ),
    Shown(
        "torch.cross_entropy",
        "mean with a total weight of 0",
        "input",
        {"input": ROWS, "target": [0, 0, 0], "weight": [0.0, 1.0, 1.0]},
        value(nan),
        value(0.0),
    ),
    Shown(
        "torch.nll_loss",
        "mean with a total weight of 0",
        "input",
        {"input": ROWS, "target": [0, 0, 2], "weight": [1.0, 1.0, -2.0]},
        value(-inf),
        value(0.0),
    ),
)
