"""PaddleDetection's classification losses.

Recorded from the files of its wheel that have them, on Paddle 2.6: on Paddle 3 the quality focal loss fails, which multiplies numbers by
booleans.  It casts to float32, so its cases are in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import ABSENT, Original, cases
from .stubs import load

_FILES = {"FocalLoss": "focal_loss", "VarifocalLoss": "varifocal_loss", "QualityFocalLoss": "gfocal_loss", "CTFocalLoss": "ctfocal_loss"}
_OF_HEAD = {
    "..bbox_utils": ("batch_distance2bbox",),
    "..losses": ("GIoULoss",),
    "..initializer": ("bias_init_with_prob", "constant_", "normal_"),
    "..assigners.utils": ("generate_anchors_for_grid_cell",),
    "..backbones.cspresnet": ("ConvBNLayer", "RepVggBlock"),
    "..ops": ("get_static_shape", "get_act_fn"),
    "..layers": ("MultiClassNMS",),
}
"""What the head imports, for other things than its losses."""


def _same(cls: Any) -> Any:
    """What lists classes for configurations, and leaves them as they are."""
    return cls


def _find(name: str) -> Any:
    imports: dict[str, dict[str, Any]] = {"ppdet.core.workspace": {"register": _same, "serializable": _same}}
    if name in _FILES:
        return getattr(load("paddledet", f"ppdet/modeling/losses/{_FILES[name]}.py", {**imports, "ppdet.modeling": {"ops": None}}), name)
    others = {f"ppdet.modeling.{module.removeprefix('..')}": dict.fromkeys(names) for module, names in _OF_HEAD.items()}
    return getattr(load("paddledet", "ppdet/modeling/heads/ppyoloe_head.py", {**imports, **others}).PPYOLOEHead, name)


ORIGINAL = Original("paddle", _find, ("paddledet", "paddlepaddle"), recorded=True)

_RNG = np.random.default_rng(3)
_X, _INDEX = 3 * _RNG.normal(size=(4, 3)), np.array([0, 3, 2, 1])
_SCORES = np.array([[0.0, 0.75, 0.0], [0.25, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
_P, _HARD, _Y = 1 / (1 + np.exp(-_X)), (_SCORES > 0) * 1.0, _RNG.random((4, 3))
_ROWS, _ENTRIES = np.array([0.5, 0.0, 2.0, 1.0]), _RNG.random((4, 3))
_PAIR = (_INDEX, np.array([0.25, 0.5, 1.0, 0.75]))
_HEAT = np.array([[[0.5, 1.0, 0.25], [0.0, 0.75, 1.0]]])
_SINGLE: dict[str, Any] = {"dtype": "float32"}
_AVERAGED = {"none": ABSENT, "2.5": 2.5}
_CLIPPED, _TARGETS = np.array([[1e-14, 1 - 1e-13, 0.5]]), np.array([[0.25, 0.5, 0.75]])

CASES = [
    *cases(
        "FocalLoss",
        "pred",
        options=True,
        pred=[_X],
        target=[_INDEX],
        reduction=["none", "mean", "sum"],
        _alpha=[0.25, 0.75],
        _gamma=[0.0, 0.5, 2.0],
        _loss_weight=[1.0, 1.5],
    ),
    *cases("FocalLoss", "pred", options=True, pred=[_X], target={"int32": _INDEX.astype(np.int32), "background": np.full(4, 3)}),
    *cases("FocalLoss", "pred", options=True, group="one class", pred=[_X[:, :1]], target=[np.array([0, 1, 1, 0])], reduction=["mean"]),
    *cases(
        "VarifocalLoss",
        "pred",
        options=True,
        pred=[_X],
        target={"scores": _SCORES, "hard": _HARD},
        _alpha=[0.75, 0.25],
        _gamma=[0.0, 1.0, 1.5, 2.0],
        _iou_weighted=[True, False],
        _reduction=["mean", "none", "sum"],
    )[::5],
    *cases(
        "VarifocalLoss",
        "pred",
        options=True,
        group="weighted",
        pred=[_X],
        target=[_SCORES],
        weight={"entries": _ENTRIES, "column": _ROWS[:, None]},
        avg_factor=_AVERAGED,
        _loss_weight=[1.5],
        _reduction=["mean", "none"],
    ),
    *cases(
        "VarifocalLoss",
        "pred",
        options=True,
        group="probabilities",
        pred=[_P],
        target=[_SCORES],
        weight={"none": ABSENT, "rows": _ROWS},
        avg_factor=_AVERAGED,
        _use_sigmoid=[False],
        _iou_weighted=[True, False],
    ),
    *cases("VarifocalLoss", "pred", options=True, group="clipped", pred=[_CLIPPED], target=[_TARGETS], _use_sigmoid=[False]),
    *cases(
        "QualityFocalLoss",
        "pred",
        options=True,
        settings=_SINGLE,
        pred=[_X],
        target={"pair": _PAIR, "background": (np.full(4, 3), _PAIR[1])},
        _beta=[0.5, 1.0, 2.0],
        _reduction=["mean", "none"],
    ),
    *cases(
        "QualityFocalLoss",
        "pred",
        options=True,
        settings=_SINGLE,
        group="weighted",
        pred=[_P],
        target=[_PAIR],
        weight={"none": ABSENT, "rows": _ROWS},
        avg_factor=_AVERAGED,
        _use_sigmoid=[False],
        _loss_weight=[1.5],
    ),
    *cases(
        "CTFocalLoss",
        "pred",
        options=True,
        pred=[1 / (1 + np.exp(-_X.reshape(1, 2, 6)[..., :3]))],
        target={"peaks": _HEAT, "none": _HEAT / 2},
        _gamma=[1.0, 1.5, 2.0],
        _loss_weight=[1.0, 0.5],
    ),
    *cases("_focal_loss", "score", score=[_P], label={"scores": _SCORES, "soft": _Y}, alpha=[0.25, 0.75, -1.0], gamma=[0.0, 2.0, 4.0]),
    *cases("_varifocal_loss", "pred_score", pred_score=[_P], gt_score=[_Y], label=[_HARD], alpha=[0.75, 0.25], gamma=[1.0, 1.5, 2.0]),
    *cases("_varifocal_loss", "pred_score", group="no score", pred_score=[_P], gt_score=[_SCORES], label=[1 - _HARD]),
    *cases("_varifocal_loss", "pred_score", group="clipped", pred_score=[_CLIPPED], gt_score=[_TARGETS], label=[np.array([[0.0, 1, 0]])]),
]
