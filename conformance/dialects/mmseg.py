"""mmseg's focal loss and cross entropies.

Recorded: mmseg 1.2 refuses to be imported with mmcv 2.2, so its losses' files are loaded alone.  For class indices the focal loss's branch
for CUDA was run, which is another formula than that for a CPU, on a CPU and with the formulas of :mod:`.mmcv_kernels`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from . import ABSENT, Original, cases
from .mmcv_kernels import mmcv_focal_loss
from .stubs import load


@cache
def _mmseg(file: str) -> ModuleType:
    losses = "mmseg/models/losses"
    utils = load("mmsegmentation", f"{losses}/utils.py", {"mmengine.fileio": {"load": None}})
    return load(
        "mmsegmentation",
        f"{losses}/{file}.py",
        {
            "mmcv.ops": {"sigmoid_focal_loss": mmcv_focal_loss().sigmoid_focal_loss},
            "mmseg.registry": {"MODELS": SimpleNamespace(register_module=lambda: lambda cls: cls)},
            "mmseg.models.losses.utils": vars(utils),
        },
    )


def _find(name: str) -> Callable[..., Any]:
    return _focal_loss() if name == "FocalLoss" else getattr(_mmseg("cross_entropy_loss"), name)


@cache
def _focal_loss() -> Callable[..., Any]:
    """The loss, which takes tensors for CUDA's where labels are class indices."""
    import torch

    class OnCuda(torch.Tensor):
        is_cuda = True

    class FocalLoss(_mmseg("focal_loss").FocalLoss):  # type: ignore[misc]
        def forward(self, pred: Any, target: Any, *args: Any, **options: Any) -> Any:
            if pred.shape == target.shape:
                return super().forward(pred, target, *args, **options)
            available = torch.cuda.is_available
            torch.cuda.is_available = lambda: True
            try:
                return super().forward(pred.as_subclass(OnCuda), target, *args, **options).as_subclass(torch.Tensor)
            finally:
                torch.cuda.is_available = available

    return FocalLoss


ORIGINAL = Original(
    "torch",
    _find,
    ("mmsegmentation", "torch"),
    recorded=True,
    versions={"mmcv": "2.2.0 (Python wrapper; kernel formulas transcribed)"},
)

_RNG = np.random.default_rng(12)


def _short(shape: tuple[int, ...]) -> Any:
    """Numbers that float32 has, to which the losses round labels and weights."""
    return np.round(64 * _RNG.random(shape)) / 64


_X, _IMAGE = 3 * _RNG.normal(size=(4, 3)), _RNG.normal(size=(2, 3, 2, 2))
_INDEX, _IGNORED, _BACKGROUND = np.array([0, 2, 1, 2]), np.array([0, 255, 1, 2]), np.array([0, 255, 3, 2])
_PIXELS = np.array([[[1, 0], [2, 255]], [[1, 0], [255, 2]]])
_SOFT, _MAPS, _MAP, _ROWS = _short((4, 3)), _short((2, 3, 2, 2)), _short((2, 2, 2)), _short((4,)) + 0.5
_LIST, _VECTOR = [0.5, 1.0, 2.0], np.array([0.5, 1.0, 2.0])
_REDUCTIONS = ["none", "mean", "sum"]
_SINGLE = {"dtype": "float32"}  # torch computes in it, beside labels that were cast to it

CASES = [
    *cases(
        "cross_entropy",
        "pred",
        pred=[_X],
        label={"index": _INDEX},
        weight={"none": None, "row": _ROWS},
        reduction=["none", "mean"],
        class_weight={"none": None, "vector": _VECTOR},
        ignore_index=[-100, 2],
        avg_non_ignore=[False, True],
    ),
    *cases("cross_entropy", "pred", group="ignored", pred=[_X], label=[_IGNORED], ignore_index=[255], avg_non_ignore=[False, True]),
    *cases("cross_entropy", "pred", group="soft", pred=[_X], label=[_SOFT], reduction=_REDUCTIONS),
    *cases(
        "cross_entropy",
        "pred",
        group="image",
        pred=[_IMAGE],
        label=[_PIXELS],
        weight={"none": None, "map": _MAP},
        avg_factor={"none": None, "3": 3.0},
        ignore_index=[255],
    ),
    *cases(
        "binary_cross_entropy",
        "pred",
        settings=_SINGLE,
        pred=[_X],
        label={"index": _INDEX, "ignored": _IGNORED, "soft": _SOFT},
        reduction=_REDUCTIONS,
        class_weight={"none": None, "vector": _VECTOR},
        ignore_index=[255],
        avg_non_ignore=[False, True],
    ),
    *cases(
        "binary_cross_entropy",
        "pred",
        settings=_SINGLE,
        group="image",
        pred=[_IMAGE],
        label=[_PIXELS],
        weight={"none": None, "map": _MAP},
        avg_factor={"none": None, "3": 3.0},
        ignore_index=[255],
    ),
    *cases(
        "binary_cross_entropy",
        "pred",
        settings=_SINGLE,
        group="one class",
        pred=[_IMAGE[:, :1]],
        label=[_PIXELS % 2],
        weight={"none": None, "map": _MAP},
        ignore_index=[-100],
    ),
    *cases(
        "mask_cross_entropy",
        "pred",
        pred=[_IMAGE],
        target=[_MAP],
        label=[np.array([2, -3])],
        class_weight={"none": None, "row": _VECTOR[1:]},
    ),
    *cases(
        "CrossEntropyLoss",
        "cls_score",
        settings=_SINGLE,
        options=True,
        cls_score=[_X],
        label=[_INDEX],
        weight={"none": None, "row": _ROWS},
        reduction_override=[None, "none"],
        _use_sigmoid=[False, True],
        _class_weight=[None, _LIST],
        _avg_non_ignore=[True],
    ),
    *cases(
        "CrossEntropyLoss",
        "cls_score",
        group="of the call",
        options=True,
        cls_score=[_X],
        label=[_IGNORED],
        avg_factor=[2.0],
        ignore_index=[255],
        _loss_weight=[1.5],
    ),
    *cases(
        "CrossEntropyLoss",
        "cls_score",
        group="masks",
        options=True,
        cls_score=[_IMAGE],
        label=[_MAP],
        weight=[np.array([2, 0])],
        ignore_index=[None],
        _use_mask=[True],
    ),
    *cases(
        "FocalLoss",
        "pred",
        options=True,
        pred=[_X],
        target={"background": _BACKGROUND, "soft": _SOFT},
        weight={"none": None, "row": _ROWS},
        reduction_override=[None, "none", "sum"],
        _alpha={"0.25": 0.25, "list": [0.2, 0.5, 0.9]},
    ),
    *cases(
        "FocalLoss",
        "pred",
        group="image",
        options=True,
        pred=[_IMAGE],
        target={"index": _PIXELS, "soft": _MAPS},
        weight={"none": None, "row": _short((8,))},
        avg_factor={"none": ABSENT, "2": 2.0},
        _gamma=[0.5, 2.0],
        _class_weight={"none": None, "list": _LIST},
        _loss_weight=[1.5],
    ),
    *cases(
        "FocalLoss", "pred", group="one class", options=True, pred=[_X[:, :1]], target=[np.array([0, 1, 255, 1])], _reduction=_REDUCTIONS
    ),
    *cases(
        "FocalLoss", "pred", group="entries", options=True, pred=[_X], target=[_INDEX], weight={"(N, 1)": _ROWS[:, None], "(N, C)": _SOFT}
    ),
]
