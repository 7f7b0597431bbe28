"""MLX, for its own losses alone: on its CPU stream, which has float64."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import BOTH, Framework, Function, NumPyArray


class Mlx(Framework):
    """MLX, which unifocal has no backend for: originals run on it."""

    name, module = "mlx", "mlx.core"
    dtypes: ClassVar[tuple[str, ...]] = BOTH
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"compile": BOTH}

    def _load(self) -> None:
        self._mlx = import_module(self.module)
        self._mlx.set_default_device(self._mlx.cpu)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        array = np.asarray(array, dtype)
        return self._mlx.array(array, getattr(self._mlx, array.dtype.name if array.dtype != bool else "bool_"))

    def numpy(self, tensor: Array) -> NumPyArray:
        return np.array(tensor)

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        (value,), (gradient,) = self._mlx.vjp(lambda x: [function(x)], [x], [self._mlx.ones_like(function(x))])
        return value, gradient

    def compiled(self, function: Function, mode: str) -> Function:
        compiled: Function = self._mlx.compile(function)
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        (_,), (along,) = self._mlx.jvp(lambda x: [self.gradient(function, x)[1]], [x], [h])
        return along
