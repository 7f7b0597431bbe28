"""mmcv's focal losses without its compiled operators.

These have CUDA, NPU and MLU kernels only: here is the Python wrapper, with the formulas of the CUDA kernels
(mmcv/ops/csrc/common/cuda/*_focal_loss_cuda_kernel.cuh) written once more in torch.  No CUDA kernel was run; what the kernels add to the
formulas, γ and α and the exponential in single precision, is not in the answers.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from .stubs import load


@cache
def mmcv_focal_loss() -> ModuleType:
    """``mmcv.ops.focal_loss``."""
    utils = {"ext_loader": SimpleNamespace(load_ext=lambda *_: _kernels())}
    return load("mmcv-lite", "mmcv/ops/focal_loss.py", {"mmcv.utils": utils})


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
