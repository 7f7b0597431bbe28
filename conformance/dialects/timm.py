"""timm's losses, recorded: it does not install beside the CPU builds of PyTorch, as it needs torchvision.  Some compute in float32."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..truth import tolerances
from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("timm.loss"), name)


ORIGINAL = Original("torch", _find, ("timm", "torch"), recorded=True)

_RNG = np.random.default_rng(13)
_X, _Y, _HARD = 3 * _RNG.normal(size=(3, 4)), _RNG.random((3, 4)), np.array([[1.0, 0, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]])
_INDEX, _SOFT = np.array([1, 3, 0]), _Y / _Y.sum(1, keepdims=True)
_VECTOR, _OTHER = np.array([0.5, 1.0, 2.0, 0.25]), np.array([3.0, 0.25, 1.0, 2.0])
# Beyond a clip at 1e-8.
_SATURATED = np.copysign(20 + np.abs(_X), _X)
_LABELS = {"soft": _Y, "hard": _HARD}
_SINGLE: dict[str, Any] = {"dtype": "float32"}
# The original takes the logarithm of 1 − σ(x) as it is.
_CANCELLING = _SINGLE | {"tolerance": tolerances.FLOAT32_AT_CLIP}

CASES = [
    *cases("LabelSmoothingCrossEntropy", "x", options=True, x=[_X], target=[_INDEX], _smoothing=[ABSENT, 0.0, 0.3]),
    *cases("SoftTargetCrossEntropy", "x", options=True, x={"rows": _X}, target={"soft": _SOFT, "off sum": _Y}),
    *cases("SoftTargetCrossEntropy", "x", group="three dimensions", options=True, x=[_X.reshape(3, 2, 2)], target=[_Y.reshape(3, 2, 2)]),
    *cases(
        "BinaryCrossEntropy",
        "x",
        options=True,
        x=[_X],
        target={"index": _INDEX, "column": _INDEX[:, None], "floating": _INDEX + 0.5, "soft": _Y},
        _smoothing=[ABSENT, 0.0, 0.3],
    ),
    *cases("BinaryCrossEntropy", "x", group="dense", options=True, x=[_X], target=_LABELS, _smoothing=[0.0, 0.3], _smooth_dense=[True]),
    *cases(
        "BinaryCrossEntropy",
        "x",
        group="threshold",
        options=True,
        x=[_X],
        target={"index": _INDEX, "soft": _Y},
        _target_threshold=[0.0, 0.3, 0.96],
        _smooth_dense=[False, True],
        _reduction=["sum"],
    ),
    *cases(
        "BinaryCrossEntropy",
        "x",
        group="weighted",
        options=True,
        x=[_X],
        target={"index": _INDEX, "soft": _Y},
        _weight={"none": ABSENT, "row": _VECTOR},
        _pos_weight={"none": ABSENT, "number": 2.5, "row": _OTHER},
        _reduction=["none", "mean"],
        _sum_classes=[False, True],
    ),
    *cases(
        "AsymmetricLossMultiLabel", "x", options=True, settings=_CANCELLING, x=[_X], y=_LABELS, _disable_torch_grad_focal_loss=[False, True]
    ),
    *cases(
        "AsymmetricLossMultiLabel",
        "x",
        group="options",
        options=True,
        settings=_CANCELLING,
        x=[_X],
        y=_LABELS,
        _gamma_neg=[0.0, 2.0],
        _gamma_pos=[0.0, 1.5],
        _clip=[None, 0.2],
        _disable_torch_grad_focal_loss=[False, True],
        _reduction=["none"],
    ),
    *cases(
        "AsymmetricLossMultiLabel",
        "x",
        group="weighted",
        options=True,
        settings=_CANCELLING,
        x=[_X],
        y={"soft": _Y},
        _weight={"none": ABSENT, "row": _VECTOR},
        _pos_weight={"none": ABSENT, "number": 2.5, "row": _OTHER},
        _smoothing=[0.0, 0.125],
        _reduction=["mean"],
    ),
    *cases(
        "AsymmetricLossMultiLabel",
        "x",
        group="clamped",
        options=True,
        settings=_CANCELLING,
        x=[_SATURATED],
        y=[_HARD],
        _clip=[0.0, 0.05],
        _reduction=["batchmean", "sum", "none"],
    ),
    *cases(
        "AsymmetricLossSingleLabel",
        "inputs",
        options=True,
        inputs=[_X],
        target=[_INDEX],
        _eps=[ABSENT, 0.0, 0.3],
        _reduction=["mean", "none"],
    ),
    *cases(
        "AsymmetricLossSingleLabel",
        "inputs",
        group="options",
        options=True,
        inputs=[_X],
        target=[_INDEX],
        _gamma_pos=[0.0, 2.0],
        _gamma_neg=[0.5],
    ),
    *cases(
        "PolyCrossEntropy", "x", options=True, settings=_SINGLE, x=[_X], target={"index": _INDEX, "soft": _SOFT}, _smoothing=[0.0, 0.25]
    ),
    *cases(
        "PolyCrossEntropy",
        "x",
        group="options",
        options=True,
        settings=_SINGLE,
        x=[_X],
        target=[_INDEX],
        _epsilon=[-1.0, 0.0],
        _reduction=["none", "sum"],
    ),
    *cases(
        "PolyBinaryCrossEntropy",
        "x",
        options=True,
        settings=_SINGLE,
        x=[_X],
        target=_LABELS,
        _gamma=[0.0, 0.5, 2.0],
        _alpha=[None, 0.25],
        _smoothing=[0.0, 0.25],
    ),
    *cases(
        "PolyBinaryCrossEntropy",
        "x",
        group="options",
        options=True,
        settings=_SINGLE,
        x=[_X],
        target=[_Y],
        _epsilon=[-1.0],
        _reduction=["batchmean", "sum", "none"],
    ),
    *cases(
        "DistributionBalancedLoss",
        "x",
        options=True,
        settings=_SINGLE,
        x=[_X],
        target=_LABELS,
        _class_counts=[[5, 1, 16, 0]],
        _num_samples=[16],
        _focal_gamma=[0.0, 2.0],
        _smoothing=[0.0, 0.25],
    ),
    *cases(
        "DistributionBalancedLoss",
        "x",
        group="options",
        options=True,
        settings=_SINGLE,
        x=[_X],
        target=[_HARD],
        _class_counts={"list": [5, 1, 9, 2], "tensor": np.array([5.0, 1.0, 9.0, 2.0])},
        _num_samples=[16],
        _map_alpha=[0.5],
        _map_beta=[4.0],
        _map_mu=[0.5],
        _neg_scale=[1.5],
        _init_bias=[0.0, 0.25],
        _reduction=["none", "batchmean", "sum"],
    ),
    *cases("ZlprLoss", "x", options=True, settings=_SINGLE, x={"rows": _X, "saturated": _SATURATED}, target=_LABELS),
]
