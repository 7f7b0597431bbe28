"""Paddle."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array
from unifocal.compilers import leave_unconverted

from .base import BOTH, Framework, Function, NumPyArray


class Paddle(Framework):
    """Paddle."""

    name = module = "paddle"
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"to_static": BOTH}

    def _load(self) -> None:
        self._paddle = import_module(self.module)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        tensor = self._paddle.to_tensor(np.asarray(array), place="cpu" if self.device == "cpu" else "gpu")
        return tensor if dtype is None else tensor.astype(dtype)

    def _has_accelerator(self) -> bool:
        return bool(self._paddle.device.is_compiled_with_cuda() and self._paddle.device.cuda.device_count())

    def numpy(self, tensor: Array) -> NumPyArray:
        values: NumPyArray = (tensor.astype("float32") if tensor.dtype == self._paddle.bfloat16 else tensor).numpy()
        return values

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        return self._gradient(function, self._watched(x))

    def compiled(self, function: Function, mode: str) -> Function:
        function = leave_unconverted(function)

        def call(tensors: Array) -> Array:
            return function(tensors)

        compiled: Function = self._paddle.jit.to_static(call, full_graph=True)
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        x = self._watched(x)
        _, gradient = self._gradient(function, x, create_graph=True)
        return self._paddle.grad([gradient], [x], grad_outputs=[h])[0]

    def _watched(self, x: Array) -> Array:
        x = x.detach()
        x.stop_gradient = False
        return x

    def _gradient(self, function: Function, x: Array, create_graph: bool = False) -> tuple[Array, Array]:
        value = function(x)
        ones = self._paddle.ones_like(value)
        return value, self._paddle.grad([value], [x], grad_outputs=[ones], create_graph=create_graph)[0]
