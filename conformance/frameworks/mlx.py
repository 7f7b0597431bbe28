"""MLX."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import BOTH, Framework, Function, NumPyArray


class Mlx(Framework):
    """MLX, on the CPU, which alone has float64."""

    name, module = "mlx", "mlx.core"
    seldom = True
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"compile": BOTH}

    def _load(self) -> None:
        self._mx = import_module(self.module)
        self._mx.set_default_device(self._mx.cpu)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        values = np.asarray(array)
        return self._mx.array(
            np.ascontiguousarray(values).reshape(values.shape), getattr(self._mx, dtype or values.dtype.name, self._mx.bool_)
        )

    def numpy(self, tensor: Array) -> NumPyArray:
        return np.asarray(tensor.astype(self._mx.float32) if tensor.dtype == self._mx.bfloat16 else tensor)

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        def summed(x: Array) -> tuple[Array, Array]:
            value = function(x)
            return value.sum(), value

        (_, value), gradient = self._mx.value_and_grad(summed)(x)
        return value, gradient

    def compiled(self, function: Function, mode: str) -> Function:
        compiled: Function = self._mx.compile(function)
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        return self._mx.vjp(lambda x: self.gradient(function, x)[1], [x], [h])[1][0]
