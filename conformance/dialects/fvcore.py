"""fvcore's focal losses, recorded.  They compute in float32, whatever they are given."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..truth import tolerances
from . import Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("fvcore.nn"), name)


ORIGINAL = Original("torch", _find, ("fvcore", "torch"), recorded=True)

_RNG = np.random.default_rng(11)
_X, _SOFT, _HARD = 3 * _RNG.normal(size=(3, 2)), _RNG.random((3, 2)), np.array([[1.0, 0], [0, 1], [1, 1]])
_LABELS, _REDUCTIONS = {"hard": _HARD, "soft": _SOFT}, ["none", "mean", "sum"]
_SINGLE: dict[str, Any] = {"dtype": "float32"}
# Of soft labels the original's 1 − p_t is a difference: its own gradient is 5 ulp from the truth.
_CANCELLING = _SINGLE | {"tolerance": tolerances.FLOAT32_AT_CLIP}

CASES = [
    *cases(
        "sigmoid_focal_loss",
        "inputs",
        settings=_CANCELLING,
        inputs=[_X],
        targets=_LABELS,
        alpha=[-1, -0.5, 0.0, 0.25],
        gamma=[0, 0.5, 2],
        reduction=["none", "mean"],
    ),
    *cases("sigmoid_focal_loss", "inputs", group="defaults", settings=_SINGLE, inputs=[_X[:, 0]], targets=[_SOFT[:, 0]]),
    *cases(
        "sigmoid_focal_loss_star",
        "inputs",
        settings=_SINGLE,
        inputs=[_X],
        targets=_LABELS,
        alpha=[-1, 0.0, 0.25],
        gamma=[0.5, 1, 2],
        reduction=["none", "mean"],
    ),
    *cases("sigmoid_focal_loss_star", "inputs", group="defaults", settings=_SINGLE, inputs=[10 * _X[:, 0]], targets=[_SOFT[:, 0]]),
    *cases("sigmoid_focal_loss", "inputs", group="sum", settings=_SINGLE, inputs=[_X], targets=[_HARD], reduction=["sum"]),
    *cases("sigmoid_focal_loss_star", "inputs", group="sum", settings=_SINGLE, inputs=[_X], targets=[_HARD], reduction=["sum"]),
]
