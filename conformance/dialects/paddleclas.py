"""PaddleClas's losses.

Recorded from the two files of its repository that have them: its wheel lacks them, and the package around them needs more.
Left out are batches of as many class indices as there are classes, which the original takes for soft labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Original, cases
from .stubs import load

_FILES = {"CELoss": "celoss", "MultiLabelAsymmetricLoss": "multilabelloss"}


def _find(name: str) -> Any:
    module = load("paddleclas", f"ppcls/loss/{_FILES[name]}.py", {"ppcls.utils": {"logger": None}})
    original: Any = getattr(module, name)

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        (loss,) = original.forward(self, *args, **kwargs).values()
        return loss

    return type(name, (original,), {"forward": forward})  # the original gives a dictionary of one loss


ORIGINAL = Original("paddle", _find, ("paddleclas", "paddlepaddle"), recorded=True)

_RNG = np.random.default_rng(18)
_X, _Y = 2 * _RNG.normal(size=(4, 3)), _RNG.random((4, 3))
_INDEX, _SOFT = np.array([0, 2, 1, 2]), _Y / _Y.sum(1, keepdims=True)
_IMAGE, _PIXELS = _RNG.normal(size=(2, 3, 4)), np.array([[1, 0, 3], [2, 0, 1]])
_HARD = np.array([[1.0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 0, 0]])
_LABELS = {"index": _INDEX, "column": _INDEX[:, None], "soft": _SOFT, "logits": 3 * _Y - 1}

_SINGLE: dict[str, Any] = {"dtype": "float32"}  # as labels are smoothed in

CASES = [
    *cases("CELoss", "x", options=True, x=[_X], label=_LABELS, _epsilon=[None, 0.0, 1.0]),
    *cases("CELoss", "x", options=True, group="reduced", x=[_X], label=_LABELS, _reduction=["sum", "none"]),
    *cases(
        "CELoss",
        "x",
        options=True,
        settings=_SINGLE,
        group="smoothed",
        x=[_X],
        label=_LABELS,
        _epsilon=[0.125],
        _reduction=["mean", "sum", "none"],
    ),
    *cases("CELoss", "x", options=True, group="image", x=[_IMAGE], label=[_PIXELS]),
    *cases(
        "MultiLabelAsymmetricLoss",
        "x",
        options=True,
        x=[_X],
        target={"hard": _HARD, "soft": _Y, "int": _HARD.astype(np.int64)},
        _gamma_pos=[0, 1, 1.5],
        _gamma_neg=[1, 4],
        _clip=[0.05, None],
        _disable_focal_loss_grad=[True, False],
    )[::5],
    *cases("MultiLabelAsymmetricLoss", "x", options=True, group="reduced", x=[_X], target=[_HARD], _reduction=["mean", "none"]),
    *cases(
        "MultiLabelAsymmetricLoss",
        "x",
        options=True,
        group="clipped",
        x=[2 * _X],
        target={"hard": _HARD, "soft": _Y},
        _epsilon=[1e-8, 0.125],
        _disable_focal_loss_grad=[True, False],
    ),
]
