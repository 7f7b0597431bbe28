"""HIPS autograd."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import Framework, Function, NumPyArray


class Autograd(Framework):
    """NumPy's arrays, in boxes of autograd's while they are differentiated."""

    name = module = "autograd"
    dtypes = ("float16", "float32", "float64")
    only_named = True

    def _load(self) -> None:
        self._make_vjp = import_module(self.module).make_vjp

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        return np.asarray(array, dtype)

    def numpy(self, tensor: Array) -> NumPyArray:
        return np.asarray(tensor)

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        pullback, value = self._make_vjp(function)(x)
        return value, pullback(np.ones(value.shape, value.dtype))

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        return self._make_vjp(lambda x: self.gradient(function, x)[1])(x)[0](h)
