"""kornia's focal losses, as functions and as modules."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("kornia.losses"), name)


ORIGINAL = Original("torch", _find, ("kornia",))

_RNG = np.random.default_rng(5)
_X, _Y, _HARD = 3 * _RNG.normal(size=(4, 3)), _RNG.random((4, 3)), np.array([[1.0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 0, 0]])
_IGNORED = np.where(_RNG.random((4, 3)) < 0.3, -100.0, _HARD)
_VECTOR, _OTHER = np.array([0.5, 1.0, 2.0]), np.array([3.0, 0.25, 1.0])
_INDEX, _PARTLY = np.array([0, 2, 1, 2]), np.array([0, -100, 1, 2])
_IMAGE, _MAPS = _RNG.normal(size=(2, 3, 2, 2)), _RNG.random((2, 3, 2, 2))
_PIXELS = np.array([[[1, 0], [2, 0]], [[1, -100], [0, 2]]])
_REDUCTIONS = ["none", "mean", "sum"]
_LABELS = {"soft": _Y, "hard": _HARD, "ignored": _IGNORED}
# Beyond a clip at 1e-7.
_SATURATED = np.copysign(20 + np.abs(_X), _X)


CASES = [
    *cases(
        "binary_focal_loss_with_logits",
        "pred",
        pred=[_X],
        target=_LABELS,
        alpha=[None, 0.25],
        gamma=[0.0, 0.5, 2.0],
        reduction=_REDUCTIONS[:2],
    ),
    *cases(
        "binary_focal_loss_with_logits",
        "pred",
        group="weighted",
        pred=[_X],
        target={"ignored": _IGNORED, "soft": _Y},
        pos_weight={"none": ABSENT, "row": _OTHER},
        weight=[_VECTOR],
        reduction=["mean", "sum"],
    ),
    *cases(
        "binary_focal_loss_with_logits",
        "pred",
        group="ignore",
        pred=[_X],
        target=[_HARD],
        ignore_index=[None, 1, 0],
        reduction=["none", "mean"],
    ),
    *cases("binary_focal_loss_with_logits", "pred", group="image", pred=[_IMAGE], target=[_MAPS], pos_weight=[_OTHER], weight=[_VECTOR]),
    *cases(
        "focal_loss",
        "pred",
        pred=[_X],
        target={"index": _INDEX, "ignored": _PARTLY},
        alpha=[None, 0.25],
        gamma=[0.0, 0.5, 2.0],
        reduction=["none", "mean"],
    ),
    *cases(
        "focal_loss", "pred", group="weighted", pred=[_X], target=[_PARTLY], alpha=[None, 0.25], weight=[_VECTOR], reduction=_REDUCTIONS
    ),
    *cases(
        "focal_loss",
        "pred",
        group="ignore",
        pred=[_X],
        target=[_INDEX],
        alpha=[None, 0.75],
        ignore_index=[None, 1, -100],
        reduction=["sum"],
    ),
    *cases("focal_loss", "pred", group="image", pred=[_IMAGE], target=[_PIXELS], alpha=[0.25], weight=[_VECTOR], reduction=_REDUCTIONS),
    *cases(
        "BinaryFocalLossWithLogits",
        "pred",
        options=True,
        pred=[_X],
        target=[_IGNORED],
        _alpha=[None, 0.25],
        _reduction=_REDUCTIONS,
    ),
    *cases(
        "BinaryFocalLossWithLogits",
        "pred",
        group="all options",
        options=True,
        pred=[_X],
        target=[_Y],
        _alpha=[0.25],
        _gamma=[0.5, 3.0],
        _pos_weight={"none": ABSENT, "row": _OTHER},
        _weight={"none": ABSENT, "row": _VECTOR},
        _ignore_index=[None],
    ),
    *cases("FocalLoss", "pred", options=True, pred=[_X], target=[_PARTLY], _alpha=[None, 0.25], _reduction=_REDUCTIONS),
    *cases(
        "FocalLoss",
        "pred",
        group="all options",
        options=True,
        pred=[_X],
        target=[_INDEX],
        _alpha=[0.25],
        _gamma=[0.5, 3.0],
        _weight={"none": ABSENT, "row": _VECTOR},
        _ignore_index=[1],
    ),
    *cases(
        "binary_focal_loss_with_logits", "pred", group="saturated", pred=[_SATURATED], target={"soft": _Y, "hard": _HARD}, gamma=[0.0, 2.0]
    ),
    *cases("focal_loss", "pred", group="saturated", pred=[_SATURATED], target=[_INDEX], alpha=[0.25], gamma=[2.0]),
]
