"""mmdet's ``FocalLoss``, and mmcv's ``sigmoid_focal_loss`` and ``softmax_focal_loss``.

Recorded.  mmdet 3.3 refuses to be imported with mmcv 2.2, so its loss's file is loaded alone.  mmcv's operators have CUDA, NPU and MLU
kernels only: the answers recorded here are those of its Python wrapper, with the formulas of its CUDA kernels
(mmcv/ops/csrc/common/cuda/*_focal_loss_cuda_kernel.cuh) written once more in torch below.  No CUDA kernel was run; what the kernels add
to the formulas, γ and α and the exponential in single precision, is not in the answers.
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
from .stubs import load


@cache
def _mmcv() -> ModuleType:
    utils = {"ext_loader": SimpleNamespace(load_ext=lambda *_: _kernels())}
    return load("mmcv-lite", "mmcv/ops/focal_loss.py", {"mmcv.utils": utils})


@cache
def _mmdet() -> ModuleType:
    losses = "mmdet/models/losses"
    utils = load("mmdet", f"{losses}/utils.py", {})
    return load(
        "mmdet",
        f"{losses}/focal_loss.py",
        {
            "mmcv.ops": {"sigmoid_focal_loss": None},  # on CUDA tensors only
            "mmdet.registry": {"MODELS": SimpleNamespace(register_module=lambda: lambda cls: cls)},
            "mmdet.models.losses.accuracy": {"accuracy": None},
            "mmdet.models.losses.utils": vars(utils),
        },
    )


def _kernels() -> SimpleNamespace:
    import torch

    tiny = float(np.finfo(np.float32).tiny)

    def log(p: Any) -> Any:
        return torch.log(p.clamp_min(tiny))

    def one_hot(target: Any, like: Any) -> Any:
        return (target[:, None] == torch.arange(like.shape[1])).to(like.dtype)

    def weighted(value: Any, weight: Any, target: Any) -> Any:
        return value * weight[target].reshape(-1, *[1] * (value.ndim - 1)) if weight.numel() else value

    def sigmoid_forward(x: Any, target: Any, weight: Any, output: Any, gamma: float, alpha: float) -> None:
        p, y = 1 / (1 + torch.exp(-x)), one_hot(target, x)
        loss = -y * alpha * (1 - p) ** gamma * log(p) - (1 - y) * (1 - alpha) * p**gamma * log(1 - p)
        output.copy_(weighted(loss, weight, target))

    def sigmoid_backward(x: Any, target: Any, weight: Any, grad_input: Any, gamma: float, alpha: float) -> None:
        p, y = 1 / (1 + torch.exp(-x)), one_hot(target, x)
        positive = -alpha * (1 - p) ** gamma * (1 - p - gamma * p * log(p))
        negative = -(1 - alpha) * p**gamma * (gamma * (1 - p) * log(1 - p) - p)
        grad_input.copy_(weighted(torch.where(y == 1, positive, negative), weight, target))

    def softmax_forward(softmax: Any, target: Any, weight: Any, output: Any, gamma: float, alpha: float) -> None:
        p = softmax.gather(1, target.clamp_min(0)[:, None])[:, 0]
        loss = weighted(-alpha * (1 - p) ** gamma * log(p), weight, target)
        output.copy_(torch.where(target >= 0, loss, 0.0))

    def softmax_backward(softmax: Any, target: Any, weight: Any, buff: Any, grad_input: Any, gamma: float, alpha: float) -> None:
        p = softmax.gather(1, target.clamp_min(0)[:, None])[:, 0]
        factor = weighted(alpha * (-((1 - p) ** gamma) + gamma * (1 - p) ** (gamma - 1) * p * log(p)), weight, target)
        grad_input.copy_(torch.where(target >= 0, factor, 0.0)[:, None] * (one_hot(target, softmax) - softmax))

    return SimpleNamespace(
        sigmoid_focal_loss_forward=sigmoid_forward,
        sigmoid_focal_loss_backward=sigmoid_backward,
        softmax_focal_loss_forward=softmax_forward,
        softmax_focal_loss_backward=softmax_backward,
    )


def _find(name: str) -> Callable[..., Any]:
    if name == "FocalLoss":
        return _mmdet().FocalLoss  # type: ignore[no-any-return]
    function = {"sigmoid_focal_loss": "SigmoidFocalLossFunction", "softmax_focal_loss": "SoftmaxFocalLossFunction"}[name]
    operator = getattr(_mmcv(), function)

    def applied(*arguments: Any) -> Any:
        return operator.apply(*arguments)

    # What apply takes is what forward does after its context, and by position only.
    _, *taken = signature(operator.forward).parameters.values()
    applied.__signature__ = signature(applied).replace(  # type: ignore[attr-defined]
        parameters=[parameter.replace(kind=Parameter.POSITIONAL_ONLY) for parameter in taken]
    )
    return applied


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
_TARGETS = {"index": _INDEX, "one-hot": _ONE_HOT, "soft": _SOFT}
_REDUCTIONS = ["none", "mean", "sum"]
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
]
