"""MONAI's focal loss, which computes in float32.

Recorded, so that tests need no more than the frameworks; it runs beside them, too.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from . import Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("monai.losses"), name)


ORIGINAL = Original("torch", _find, ("monai", "torch"), recorded=True)

_RNG = np.random.default_rng(13)
_IMAGE = 2 * _RNG.normal(size=(2, 3, 2, 2))
_SOFT = _RNG.random((2, 3, 2, 2))
_INDEX = np.array([[[[0, 2], [1, 2]]], [[[1, 0], [2, 0]]]])
_IGNORED = np.array([[[[0, 255], [1, 2]]], [[[1, 255], [255, 0]]]])
_HARD = np.moveaxis(np.eye(3)[_INDEX[:, 0]], -1, 1)
_PARTLY = _HARD * (_IGNORED < 255)
_REDUCTIONS = ["none", "mean", "sum"]
_LIST = [0.5, 1.0, 2.0]
_SINGLE: dict[str, Any] = {"settings": {"dtype": "float32"}, "options": True}

CASES = [
    *cases(
        "FocalLoss",
        "input",
        **_SINGLE,
        input=[_IMAGE],
        target={"soft": _SOFT},
        _use_softmax=[False, True],
        _gamma=[0.5, 2.0],
        _alpha={"none": None, "0.25": 0.25, "list": [0.2, 0.5, 0.9]},
        _reduction=_REDUCTIONS,
    ),
    *cases(
        "FocalLoss",
        "input",
        group="index",
        **_SINGLE,
        input=[_IMAGE],
        target={"index": _INDEX, "floating": _INDEX + 0.5},
        _to_onehot_y=[True],
        _use_softmax=[False, True],
        _alpha={"0.25": 0.25, "list": [0.2, 0.5, 0.9]},
        _weight={"2": 2.0, "list": _LIST},
        _reduction=["none", "mean"],
    ),
    *cases(
        "FocalLoss",
        "input",
        group="ignored index",
        **_SINGLE,
        input=[_IMAGE],
        target=[_IGNORED],
        _to_onehot_y=[True],
        _ignore_index=[255],
        _use_softmax=[False, True],
        _include_background=[True, False],
        _reduction=_REDUCTIONS,
    ),
    *cases(
        "FocalLoss",
        "input",
        group="ignored labels",
        **_SINGLE,
        input=[_IMAGE],
        target={"hard": _HARD, "partly": _PARTLY},
        _ignore_index=[1, -1],
        _use_softmax=[False, True],
        _reduction=_REDUCTIONS,
    ),
    *cases(
        "FocalLoss",
        "input",
        group="no background",
        **_SINGLE,
        input=[_IMAGE],
        target=[_HARD],
        _include_background=[False],
        _use_softmax=[False, True],
        _alpha={"none": None, "list": [0.25, 0.75]},
        _reduction=["none", "mean"],
    ),
    *cases(
        "FocalLoss",
        "input",
        group="one channel",
        **_SINGLE,
        input=[_IMAGE[:, :1]],
        target=[
            _SOFT[:, :1],
        ],
        _reduction=_REDUCTIONS,
    ),
    *cases(
        "FocalLoss",
        "input",
        group="one ignored",
        **_SINGLE,
        input=[_IMAGE[:, :1]],
        target=[_IGNORED % 3 // 2 * 1.0],
        _ignore_index=[0],
        _reduction=["mean"],
    ),
    *cases(
        "FocalLoss",
        "input",
        group="rows",
        **_SINGLE,
        input=[_IMAGE[:, :, 0, 0]],
        target=[np.array([2, 0])],
        _to_onehot_y=[True],
        _reduction=["none", "mean"],
    ),
    *cases(
        "FocalLoss",
        "input",
        group="outside",
        **_SINGLE,
        input=[_IMAGE[:, :1]],
        target=[np.where(_SOFT > 0.9, -100.0, 2 * _SOFT - 0.5)[:, :1]],
        _reduction=["none"],
    ),
    *cases(
        "FocalLoss", "input", group="ignored labels, α", **_SINGLE, input=[_IMAGE], target=[_PARTLY], _ignore_index=[-1], _alpha=[_LIST]
    ),
]
