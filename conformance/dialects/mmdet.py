"""mmdet's losses, and mmcv's ``sigmoid_focal_loss`` and ``softmax_focal_loss``.

Recorded.  mmdet 3.3 refuses to be imported with mmcv 2.2, so its losses' files are loaded alone.  The answers for mmcv's
are those of :mod:`.mmcv_kernels`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import Parameter, signature
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from unifocal.arrays import NumPyArray

from ..calls.case import Case
from ..truth import tolerances
from . import ABSENT, Original, cases
from .mmcv_kernels import mmcv_focal_loss
from .stubs import load


@cache
def _mmdet(file: str) -> ModuleType:
    losses = "mmdet/models/losses"
    utils = load("mmdet", f"{losses}/utils.py", {})
    return load(
        "mmdet",
        f"{losses}/{file}.py",
        {
            "mmcv.ops": {"sigmoid_focal_loss": None},  # on CUDA tensors only
            "mmdet.registry": {"MODELS": SimpleNamespace(register_module=lambda: lambda cls: cls)},
            "mmdet.models.losses.accuracy": {"accuracy": None},
            "mmdet.models.losses.utils": vars(utils),
        },
    )


_FILES = {
    "FocalLoss": "focal_loss",
    "QualityFocalLoss": "gfocal_loss",
    "VarifocalLoss": "varifocal_loss",
    "varifocal_loss": "varifocal_loss",
    "GaussianFocalLoss": "gaussian_focal_loss",
    "gaussian_focal_loss": "gaussian_focal_loss",
    **dict.fromkeys(("quality_focal_loss", "quality_focal_loss_with_prob", "quality_focal_loss_tensor_target"), "gfocal_loss"),
    **dict.fromkeys(("cross_entropy", "binary_cross_entropy", "mask_cross_entropy", "CrossEntropyLoss"), "cross_entropy_loss"),
}


def _find(name: str) -> Callable[..., Any]:
    if name in _FILES:
        return _whole(getattr(_mmdet(_FILES[name]), name))
    function = {"sigmoid_focal_loss": "SigmoidFocalLossFunction", "softmax_focal_loss": "SoftmaxFocalLossFunction"}[name]
    operator = getattr(mmcv_focal_loss(), function)

    def applied(*arguments: Any) -> Any:
        return operator.apply(*arguments)

    # What apply takes is what forward does after its context, and by position only.
    _, *taken = signature(operator.forward).parameters.values()
    applied.__signature__ = signature(applied).replace(  # type: ignore[attr-defined]
        parameters=[parameter.replace(kind=Parameter.POSITIONAL_ONLY) for parameter in taken]
    )
    return applied


def _whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that mmdet's ``weighted_loss`` wraps, with the signature of both; others as they are."""
    inner = getattr(function, "__wrapped__", None)
    if inner is not None:
        *outer, _ = signature(function, follow_wrapped=False).parameters.values()
        _, target, *options = signature(inner).parameters.values()
        outer[1] = outer[1].replace(name=target.name)
        own = [option.replace(kind=Parameter.KEYWORD_ONLY) for option in options]

        def whole(*arguments: Any, **keywords: Any) -> Any:
            if target.name in keywords:
                keywords["target"] = keywords.pop(target.name)
            return function(*arguments, **keywords)

        whole.__signature__ = signature(function).replace(parameters=[*outer, *own])  # type: ignore[attr-defined]
        return whole
    return function


ORIGINAL = Original(
    "torch",
    _find,
    ("mmdet", "torch"),
    recorded=True,
    versions={"mmcv": "2.2.0 (Python wrapper; kernel formulas transcribed)"},
)

_RNG = np.random.default_rng(10)
_X = 3 * _RNG.normal(size=(4, 3))
_P = 1 / (1 + np.exp(-_X))
_INDEX, _CLASSES, _IGNORED = np.array([0, 3, 2, 1]), np.array([0, 2, 2, 1]), np.array([0, -1, 2, 1])  # 3 is background
_ONE_HOT, _SOFT = np.eye(4)[_INDEX][:, :3], _RNG.random((4, 3))
_ROWS, _ENTRIES, _VECTOR = _RNG.random(4) + 0.5, _RNG.random((4, 3)) + 0.5, np.array([0.5, 1.0, 2.0])


def _short(numbers: Any) -> Any:
    """Numbers that float32 has, to which some of the losses round labels and weights."""
    return np.round(64 * numbers) / 64


_SHORT, _SHORT_ROWS, _SHORT_ENTRIES = _short(_SOFT), _short(_ROWS), _short(_ENTRIES)
_PAIRS = (np.array([0, 3, -1, 1]), np.array([0.9, 0.4, 0.3, 0.0]))
_SOME, _BUMPS = np.where(_SOFT > 0.5, _SOFT, 0.0), np.where(_ONE_HOT == 1, 1.0, _SOFT)
_SINGLE = {"dtype": "float32"}  # torch computes in it, beside labels that were cast to it
_TARGETS = {"index": _INDEX, "one-hot": _ONE_HOT, "soft": _SOFT}
_REDUCTIONS = ["none", "mean", "sum"]
_IMAGE, _PIXELS, _MAP = _RNG.normal(size=(2, 3, 2, 2)), np.array([[[1, 0], [2, 255]], [[1, 0], [255, 2]]]), _short(_RNG.random((2, 2, 2)))
_EDGES, _EDGE_LABELS = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 1e-30]]), np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]])


def _softmax(x: NumPyArray, classes: NumPyArray, ignored: NumPyArray, reductions: list[str]) -> list[Case]:
    return cases(
        "softmax_focal_loss",
        "input",
        input=[x],
        target={"classes": classes, "negative": ignored},
        gamma=[0.0, 0.5, 2.0],
        alpha=[0.25],
        weight={"none": None, "row": _VECTOR},
        reduction={f"{reduction}, N = {len(x)}": reduction for reduction in reductions},
    )


CASES = [
    *cases("FocalLoss", "pred", options=True, pred=[_X], target=_TARGETS, _gamma=[0, 0.5, 2.0], _reduction=_REDUCTIONS),
    *cases(
        "FocalLoss",
        "pred",
        options=True,
        pred=[_X],
        target={"index": _INDEX},
        weight={"(N,)": _ROWS, "(N, 1)": _ROWS[:, None], "(N, C)": _ENTRIES, "(N·C,)": _ENTRIES.reshape(-1)},
        avg_factor={"none": ABSENT, "2": 2.0},
        _reduction=["none", "mean"],
    ),
    *cases(
        "FocalLoss",
        "pred",
        options=True,
        pred={"p": _P},
        target={"index": _INDEX, "soft": _SOFT},
        _activated=[True],
        _gamma=[0.5, 2.0],
        _loss_weight=[1.0, 1.5],
    ),
    # torch's smallest p(1 − p) is the float32 number nearest 1e-12.
    *cases(
        "FocalLoss",
        "pred",
        options=True,
        settings={"tolerance": tolerances.SINGLE_PRECISION_CONSTANT},
        pred={"edges": _EDGES},
        target=[_EDGE_LABELS],
        _activated=[True],
        _reduction=["none"],
    ),
    *cases(
        "FocalLoss",
        "pred",
        options=True,
        pred=[_X],
        target={"soft": _SOFT},
        weight={"sum of rows": _ROWS},
        reduction_override=["none", "mean", "sum"],
        _alpha=[0.6],
        _loss_weight=[2.0],
    ),
    *cases(
        "sigmoid_focal_loss",
        "input",
        input=[_X],
        target={"classes": _CLASSES},
        gamma=[0.0, 0.5, 2.0],
        alpha=[0.25, 0.5],
        weight={"none": None, "row": _VECTOR},
        reduction=_REDUCTIONS,
    ),
    *cases(
        "sigmoid_focal_loss",
        "input",
        input=[_X],
        target={"background": _INDEX},
        gamma=[2.0],
        alpha=[0.25],
        weight=[None],
        reduction=_REDUCTIONS,
    ),
    *_softmax(_X, _CLASSES, _IGNORED, ["mean", "sum"]),
    # Its backward pass multiplies (N, C) by the (N,) gradients it is given: it runs only for N = C, and is right only for equal ones.
    *_softmax(_X[:3], _CLASSES[:3], _IGNORED[:3], ["none"]),
    *cases(
        "softmax_focal_loss", "input", input=[_X], target=[_CLASSES], gamma=[2.0], alpha=[0.6], weight=[None], reduction=["mean", "sum"]
    ),
    *cases(
        "FocalLoss", "pred", options=True, pred={"one class": _X[:, :1]}, target={"index": np.array([0, 1, 1, 0])}, _reduction=_REDUCTIONS
    ),
    *cases("softmax_focal_loss", "input", input=[_X], target={"defaults": _CLASSES}),
    *cases("sigmoid_focal_loss", "input", input=[_X], target={"defaults": _INDEX}),
    *cases(
        "cross_entropy",
        "pred",
        pred=[_X],
        label={"index": _CLASSES, "ignored": _IGNORED},
        weight={"none": None, "row": _SHORT_ROWS},
        reduction=["none", "mean"],
        class_weight={"none": None, "vector": _VECTOR},
        ignore_index=[-1],
        avg_non_ignore=[False, True],
    ),
    *cases(
        "cross_entropy", "pred", pred=[_X], label={"soft": _SHORT}, class_weight={"none": None, "vector": _VECTOR}, reduction=_REDUCTIONS
    ),
    *cases(
        "cross_entropy",
        "pred",
        group="image",
        pred=[_IMAGE],
        label=[_PIXELS],
        weight={"none": None, "map": _MAP},
        avg_factor=[ABSENT, 3.0],
        ignore_index=[255],
    ),
    *cases(
        "binary_cross_entropy",
        "pred",
        settings=_SINGLE,
        pred=[_X],
        label={"index": _INDEX, "negative": np.array([0, -3, 5, 1]), "soft": _SHORT, "some": np.where(_SHORT > 0.5, _SHORT, -1.0)},
        reduction=["none", "mean"],
        avg_non_ignore=[False, True],
    ),
    *cases(
        "binary_cross_entropy",
        "pred",
        group="class weights",
        settings=_SINGLE,
        pred=[_X],
        label={"index": _INDEX, "soft": _SHORT},
        class_weight=[_VECTOR],
        ignore_index=[None, 1],
        reduction=["mean", "sum"],
    ),
    *cases(
        "binary_cross_entropy",
        "pred",
        settings=_SINGLE,
        group="weighted",
        pred=[_X],
        label=[_INDEX],
        weight={"(N,)": _SHORT_ROWS, "(N, 1)": _SHORT_ROWS[:, None]},
        avg_factor=[2.0],
    ),
    *cases(
        "binary_cross_entropy",
        "pred",
        settings=_SINGLE,
        group="weighted",
        pred=[_X],
        label=[_SHORT],
        weight={"(C,)": _VECTOR, "(N, C)": _SHORT_ENTRIES},
        reduction=["mean"],
    ),
    *cases(
        "binary_cross_entropy",
        "pred",
        settings=_SINGLE,
        group="flat",
        pred=[_X[:, 0]],
        label=[np.array([1, 0, -1, 1])],
        avg_non_ignore=[False, True],
    ),
    *cases("binary_cross_entropy", "pred", settings=_SINGLE, group="one class", pred=[_X[:, :1]], label=[np.array([0, 1, -1, 1])]),
    *cases(
        "mask_cross_entropy",
        "pred",
        pred=[_IMAGE],
        target=[_MAP],
        label={"classes": np.array([2, 0]), "from the end": np.array([-1, 1])},
        class_weight={"none": None, "row": np.array([0.5, 2.0])},
    ),
    *cases(
        "CrossEntropyLoss",
        "cls_score",
        settings=_SINGLE,
        options=True,
        cls_score=[_X],
        label=[_IGNORED],
        weight={"none": None, "row": _SHORT_ROWS},
        reduction_override=[None, "none"],
        _use_sigmoid=[False, True],
        _class_weight=[None, [0.5, 1.0, 2.0]],
        _ignore_index=[-1],
        _avg_non_ignore=[True],
    ),
    *cases(
        "CrossEntropyLoss",
        "cls_score",
        group="of the call",
        options=True,
        cls_score=[_X],
        label=[_CLASSES],
        avg_factor=[2.0],
        ignore_index=[2],
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
        _use_mask=[True],
        _loss_weight=[1.5],
    ),
    *cases(
        "quality_focal_loss",
        "pred",
        pred=[_X],
        target={"pairs": _PAIRS},
        weight={"none": None, "row": _ROWS},
        reduction=["none", "mean"],
        beta=[0.5, 2.0],
    ),
    *cases("quality_focal_loss", "pred", group="averaged", pred=[_X], target=[_PAIRS], avg_factor=[2.0]),
    *cases("quality_focal_loss_with_prob", "pred", pred=[_P], target=[_PAIRS], reduction=["none", "mean"], beta=[1.0, 2.5]),
    *cases(
        "quality_focal_loss_tensor_target",
        "pred",
        pred=[_P],
        target={"soft": _SOFT, "some": _SOME},
        weight={"none": None, "row": _ROWS},
        reduction=["none", "mean"],
        activated=[False, True],
    ),
    *cases(
        "QualityFocalLoss",
        "pred",
        options=True,
        pred=[_P],
        target={"pairs": _PAIRS, "some": _SOME},
        reduction_override=[None, "none"],
        _beta=[1.5],
        _loss_weight=[1.5],
        _activated=[False, True],
    ),
    *cases(
        "varifocal_loss",
        "pred",
        pred=[_X],
        target={"some": _SOME, "below 0": _SOME - 0.25},
        weight={"none": None, "(C,)": _VECTOR},
        gamma=[1.0, 2.0],
        iou_weighted=[True, False],
        reduction=["none", "mean"],
    ),
    *cases(
        "VarifocalLoss",
        "pred",
        options=True,
        pred=[_X],
        target=[_SOME],
        avg_factor=[ABSENT, 2.0],
        _alpha=[0.5],
        _gamma=[0.5, 3.0],
        _loss_weight=[1.5],
    ),
    *cases(
        "gaussian_focal_loss",
        "pred",
        pred=[_P],
        gaussian_target={"bumps": _BUMPS},
        weight={"none": None, "(N, C)": _ENTRIES},
        reduction=["none", "mean"],
        alpha=[1.0, 2.5],
        gamma=[0.0, 4.0],
        pos_weight=[0.75],
        neg_weight=[1.5],
    ),
    *cases("gaussian_focal_loss", "pred", group="edges", pred=[_EDGES], gaussian_target=[_EDGE_LABELS * 0.5 + 0.5], reduction=["none"]),
    *cases(
        "GaussianFocalLoss",
        "pred",
        options=True,
        pred=[_P],
        target=[_BUMPS],
        avg_factor=[ABSENT, 2.0],
        reduction_override=[None, "none"],
        _loss_weight=[1.5],
    ),
    *cases(
        "binary_cross_entropy", "pred", settings=_SINGLE, group="ignored", pred=[_X], label=[np.array([0, 255, 3, 7])], ignore_index=[255]
    ),
]
