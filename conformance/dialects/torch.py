"""PyTorch's functional losses."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..truth import tolerances
from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("torch.nn.functional"), name)


ORIGINAL = Original("torch", _find, ("torch",))

_RNG = np.random.default_rng(1)
_X, _Y, _HARD = 3 * _RNG.normal(size=(4, 3)), _RNG.random((4, 3)), np.array([[1.0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 0, 0]])
_P = 1 / (1 + np.exp(-_X))
_WEIGHT, _VECTOR = _RNG.random((4, 3)) + 0.5, np.array([0.5, 1.0, 2.0])
_INDEX = np.array([0, 2, 1, 2])
_IMAGE, _PIXELS = _RNG.normal(size=(2, 3, 2, 2)), _RNG.integers(0, 3, (2, 2, 2))
_SOFT = _Y / _Y.sum(1, keepdims=True)
_REDUCTIONS = ["none", "mean", "sum"]
_EDGES = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 1e-30], [0.25, 1 - 1e-14, 1e-13], [0.0, 1.0, 0.75]])

# torch's smallest p(1 − p) is the float32 number nearest 1e-12, at whatever dtype: 4e-9 away.
_EDGE = {"tolerance": tolerances.SINGLE_PRECISION_CONSTANT}
# Beyond a clip at 1e-7.
_SATURATED = np.copysign(20 + np.abs(_X), _X)


CASES = [
    *cases(
        "binary_cross_entropy",
        "input",
        input=[_P],
        target={"soft": _Y, "hard": _HARD},
        weight={"none": ABSENT, "full": _WEIGHT, "row": _VECTOR},
        reduction=_REDUCTIONS,
    ),
    *cases(
        "binary_cross_entropy", "input", settings=_EDGE, input={"edges": _EDGES}, target={"soft": _Y, "hard": _HARD}, reduction=["none"]
    ),
    *cases(
        "binary_cross_entropy_with_logits",
        "input",
        input=[_X],
        target={"soft": _Y, "hard": _HARD},
        weight={"none": ABSENT, "full": _WEIGHT, "row": _VECTOR},
        pos_weight={"none": ABSENT, "row": _VECTOR},
        reduction=_REDUCTIONS,
    ),
    *cases(
        "cross_entropy",
        "input",
        input=[_X],
        target={"index": _INDEX, "soft": _SOFT, "ignored": np.array([0, -100, 1, 2])},
        weight={"none": ABSENT, "row": _VECTOR},
        label_smoothing=[0.0, 0.1],
        reduction=_REDUCTIONS,
    ),
    *cases(
        "cross_entropy",
        "input",
        input={"image": _IMAGE},
        target={"index": _PIXELS},
        ignore_index=[-100, 1],
        label_smoothing=[0.0, 0.1],
        reduction=_REDUCTIONS,
    ),
    *cases("cross_entropy", "input", input={"vector": _X[0]}, target={"index": np.array(2), "soft": _SOFT[0]}, reduction=_REDUCTIONS),
    *cases(
        "nll_loss",
        "input",
        input=[np.log(_SOFT)],
        target={"index": _INDEX, "ignored": np.array([0, -100, 1, 2])},
        weight={"none": ABSENT, "row": _VECTOR},
        reduction=_REDUCTIONS,
    ),
    *cases("nll_loss", "input", input={"image": _IMAGE}, target={"index": _PIXELS}, ignore_index=[-100, 1], reduction=_REDUCTIONS),
    *cases(
        "binary_cross_entropy_with_logits",
        "input",
        group="saturated",
        input=[_SATURATED],
        target={"soft": _Y, "hard": _HARD},
        reduction=["none"],
    ),
    *cases("cross_entropy", "input", group="saturated", input=[_SATURATED], target={"index": _INDEX, "soft": _SOFT}, reduction=["none"]),
]
