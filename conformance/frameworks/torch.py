"""PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import BOTH, Framework, Function, NumPyArray


class Torch(Framework):
    """PyTorch."""

    name = module = "torch"
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"aot_eager": BOTH, "inductor": BOTH[:1]}  # whose C++ compiler takes half a minute

    def _load(self) -> None:
        self._torch = import_module(self.module)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        return self._torch.tensor(np.asarray(array), dtype=dtype and getattr(self._torch, dtype), device=self.device)

    def _has_accelerator(self) -> bool:
        return bool(self._torch.cuda.is_available())

    def numpy(self, tensor: Array) -> NumPyArray:
        tensor = tensor.detach().cpu()
        return np.asarray(tensor.float() if tensor.dtype == self._torch.bfloat16 else tensor)

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        x = x.detach().requires_grad_()
        value = function(x)
        return value, self._torch.autograd.grad(value, x, self._torch.ones_like(value))[0]

    def compiled(self, function: Function, mode: str) -> Function:
        self._torch.compiler.reset()
        compiled: Function = self._torch.compile(function, fullgraph=True, backend=mode)
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        x = x.detach().requires_grad_()
        value = function(x)
        (gradient,) = self._torch.autograd.grad(value, x, self._torch.ones_like(value), create_graph=True)
        return self._torch.autograd.grad(gradient, x, h)[0]
