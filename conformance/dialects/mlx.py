"""MLX's cross entropies, in float32: its exponentials have no more digits in float64.

Left out: what MLX gives for soft labels that do not add up to 1, for class indices that are no classes, and where a probability is 0 or 1,
whose gradient is NaN in it (differences.toml has them).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("mlx.nn.losses"), name)


ORIGINAL = Original("mlx", _find, ("mlx",))

_RNG = np.random.default_rng(16)
_X, _Y = 3 * _RNG.normal(size=(3, 4)), _RNG.random((3, 4))
_HARD, _INDEX = np.eye(4)[[0, 3, 1]], np.array([0, 3, 1])
_SOFT, _P = _Y / _Y.sum(1, keepdims=True), 1 / (1 + np.exp(-_X))
_IMAGE, _PIXELS = _RNG.normal(size=(2, 3, 2)), np.array([[1, 0], [2, 0]])
_MAPS = _RNG.random((2, 3, 2))
_LABELS = {"soft": _SOFT, "hard": _HARD, "index": _INDEX}
_ROWS, _ENTRIES = {"none": ABSENT, "rows": np.array([0.5, 0.0, 2.0])}, {"none": ABSENT, "entries": _RNG.random((3, 4)) - 0.2}
_REDUCTIONS = ["none", "mean", "sum"]
_SINGLE: dict[str, Any] = {"settings": {"dtype": "float32"}}
_SATURATED = np.copysign(20 + np.abs(_X), _X)


CASES = [
    *cases(
        "cross_entropy",
        "logits",
        **_SINGLE,
        logits=[_X],
        targets=_LABELS,
        weights=_ROWS,
        label_smoothing=[0.0, 0.25],
        reduction=["none", "mean"],
    ),
    *cases("cross_entropy", "logits", **_SINGLE, group="sum", logits=[_X], targets=_LABELS, weights=_ROWS, reduction=["sum"]),
    *cases(
        "cross_entropy", "logits", **_SINGLE, group="image", logits=[_IMAGE], targets=[_MAPS / _MAPS.sum(1, keepdims=True)], axis=[1, -2]
    ),
    *cases(
        "cross_entropy", "logits", **_SINGLE, group="pixels", logits=[_IMAGE], targets=[_PIXELS], axis=[1, -2], label_smoothing=[0.0, 0.125]
    ),
    *cases("cross_entropy", "logits", **_SINGLE, group="columns", logits=[_X.T.copy()], targets=[_INDEX.astype(np.int32)], axis=[0]),
    *cases("cross_entropy", "logits", **_SINGLE, group="vector", logits=[_X[0]], targets={"index": np.array(2), "soft": _SOFT[0]}),
    *cases("cross_entropy", "logits", **_SINGLE, group="saturated", logits=[_SATURATED], targets=_LABELS, label_smoothing=[0.0, 0.25]),
    *cases(
        "binary_cross_entropy",
        "inputs",
        **_SINGLE,
        inputs=[_X],
        targets={"soft": _Y, "hard": _HARD},
        weights=_ENTRIES,
        reduction=_REDUCTIONS,
    ),
    *cases(
        "binary_cross_entropy",
        "inputs",
        **_SINGLE,
        group="probabilities",
        inputs=[_P],
        targets={"soft": _Y, "hard": _HARD},
        weights=_ENTRIES,
        with_logits=[False],
        reduction=_REDUCTIONS,
    ),
    *cases("binary_cross_entropy", "inputs", **_SINGLE, group="saturated", inputs=[_SATURATED], targets=[_Y], reduction=["none"]),
    *cases(
        "binary_cross_entropy",
        "inputs",
        **_SINGLE,
        group="tiny",
        inputs=[np.array([1e-13, 1e-30, 0.25])],
        targets=[np.array([1.0, 0.5, 0.75])],
        with_logits=[False],
        reduction=["none"],
    ),
    *cases("nll_loss", "inputs", **_SINGLE, inputs=[np.log(_SOFT)], targets=[_INDEX], reduction=_REDUCTIONS),
    *cases("nll_loss", "inputs", **_SINGLE, group="pixels", inputs=[_IMAGE], targets=[_PIXELS], axis=[1, -2], reduction=["none"]),
]
