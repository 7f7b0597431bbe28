"""PaddleSeg's losses.

Recorded from the three files of its wheel that have them, on Paddle 2.6: on Paddle 3 cross entropy fails, which multiplies floating-point
numbers by integers.  They compute in float32, so cases are in it.  γ and α are exact in float32 here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

from . import ABSENT, Original, cases
from .stubs import load

_FILES = {"BCELoss": "binary_cross_entropy_loss", "CrossEntropyLoss": "cross_entropy_loss"}


class _Losses:
    """``manager.LOSSES``, which lists classes for configurations."""

    @staticmethod
    def add_component(cls: Any) -> Any:
        return cls


class _Manager:
    LOSSES = _Losses


def _with_whole_pos_weight(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def whole(logit: Any, label: Any, *, pos_weight: Any = None, **options: Any) -> Any:
        loss = original(logit, label, **options)
        return loss if pos_weight is None else loss * (1 + (pos_weight - 1) * label)

    return whole


def _find(name: str) -> Any:
    functional: Any = import_module("paddle.nn.functional")
    if version("paddlepaddle").startswith("2.") and not hasattr(functional.binary_cross_entropy_with_logits, "__wrapped__"):
        # Its operator multiplies only one of a positive's two terms, −x + log(1 + eˣ), by pos_weight; Paddle 3's multiplies both.
        functional.binary_cross_entropy_with_logits = _with_whole_pos_weight(functional.binary_cross_entropy_with_logits)
    path = f"paddleseg/models/losses/{_FILES.get(name, 'focal_loss')}.py"
    return getattr(load("paddleseg", path, {"paddleseg.cvlibs": {"manager": _Manager}}), name)


ORIGINAL = Original("paddle", _find, ("paddleseg", "paddlepaddle"), recorded=True)

_RNG = np.random.default_rng(17)
_X, _TWO = _RNG.normal(size=(2, 3, 2, 2)), _RNG.normal(size=(2, 2, 2, 2))
_PIXELS = np.array([[[1, 0], [2, 0]], [[1, 2], [0, 2]]])
_PARTLY = np.array([[[1, 255], [2, 0]], [[255, 2], [0, 2]]])
_BINARY, _NONE = np.where(_PARTLY == 2, 1, _PARTLY), np.full_like(_PIXELS, 255)
_LABELS, _INDEX = {"all": _PIXELS, "partly": _PARTLY}, {"partly": _BINARY, "none": _NONE}
_VECTOR, _SEMANTIC = np.array([0.5, 1.0, 2.0]), 0.5 + _RNG.random((2, 2, 2))
_HARD = (_RNG.random((2, 3, 2, 2)) > 0.5) * 1.0
_IGNORED = np.where(_RNG.random((2, 3, 2, 2)) < 0.25, 255.0, _HARD)
_SOFT = _RNG.random((2, 3, 2, 2)).astype(np.float32).astype(float)
_ROWS = np.array([[1.0, 0.0, 255.0], [0.0, 1.0, 0.0]])
_SINGLE: dict[str, Any] = {"dtype": "float32"}

CASES = [
    *cases(
        "CrossEntropyLoss",
        "logit",
        options=True,
        settings=_SINGLE,
        logit=[_X],
        label=_LABELS,
        semantic_weights={"none": ABSENT, "some": _SEMANTIC},
        _weight={"none": ABSENT, "classes": _VECTOR},
    ),
    *cases("CrossEntropyLoss", "logit", options=True, settings=_SINGLE, group="of all", logit=[_X], label=_LABELS, _avg_non_ignore=[False]),
    *cases("CrossEntropyLoss", "logit", options=True, settings=_SINGLE, group="none", logit=[_X], label=[_NONE], _ignore_index=[255]),
    *cases(
        "CrossEntropyLoss",
        "logit",
        options=True,
        settings=_SINGLE,
        group="last",
        logit=[np.moveaxis(_X, 1, -1).copy()],
        label=[_PARTLY.astype(np.int32)],
        _data_format=["NHWC"],
    ),
    *cases(
        "BCELoss",
        "logit",
        options=True,
        settings=_SINGLE,
        logit=[_X],
        label={"ignored": _IGNORED, "hard": _HARD, "index": _PARTLY},
        _weight={"none": ABSENT, "dynamic": "dynamic", "column": np.array([[0.5], [2.0]])},
        _pos_weight={"none": ABSENT, "dynamic": "dynamic", "2": 2.0},
    ),
    *cases("BCELoss", "logit", options=True, settings=_SINGLE, group="rows", logit=[_X[:, :, 0, 0]], label=[_ROWS]),
    *cases("BCELoss", "logit", options=True, settings=_SINGLE, group="one channel", logit=[_X[:, :1]], label=[_BINARY * 1.0]),
    *cases("BCELoss", "logit", options=True, settings=_SINGLE, group="soft", logit=[_X], label=[_SOFT], _ignore_index=[-100]),
    *cases("FocalLoss", "logit", options=True, settings=_SINGLE, logit=[_TWO], label=_INDEX, _alpha=[0.25, 0.75], _gamma=[0.0, 0.5, 2.0]),
    *cases("FocalLoss", "logit", options=True, settings=_SINGLE, group="other", logit=[_TWO], label=[_BINARY % 254], _ignore_index=[0]),
    *cases(
        "MultiClassFocalLoss",
        "logit",
        options=True,
        settings=_SINGLE,
        logit=[_X],
        label={**_LABELS, "none": _NONE},
        _num_class=[3],
        _alpha=[1.0, 0.25],
        _gamma=[0.0, 0.5, 2.0],
    ),
]
