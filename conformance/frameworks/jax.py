"""JAX."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import BOTH, Framework, Function, NumPyArray


def enable_x64(enabled: bool) -> AbstractContextManager[Any]:
    """JAX's context in which arrays of 64 bits are made, or none."""
    jax = import_module("jax")
    context: Any = jax.enable_x64 if hasattr(jax, "enable_x64") else import_module("jax.experimental").enable_x64  # before 0.8
    entered: AbstractContextManager[Any] = context(enabled)
    return entered


class Jax(Framework):
    """JAX, in 64 bits only where float64 is asked for."""

    name = module = "jax"
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"jit": BOTH}
    compiles_each_call = True

    def _load(self) -> None:
        self._jax = import_module(self.module)

    def precision(self, dtype: str) -> AbstractContextManager[Any]:
        # JAX has float64 only on request, and is to be tested as it comes where nobody asked.
        return enable_x64(True) if dtype == "float64" else nullcontext()

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        # On the CPU uncommitted, as a user's arrays are.
        place = None if self.device == "cpu" else self._jax.devices(self.device)[0]
        return self._jax.device_put(self._jax.numpy.asarray(np.asarray(array), dtype), place)

    def _has_accelerator(self) -> bool:
        try:
            return bool(self._jax.devices(self.device))
        except RuntimeError:
            return False

    def numpy(self, tensor: Array) -> NumPyArray:
        return np.asarray(tensor.astype("float32") if tensor.dtype == "bfloat16" else tensor)

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        value, pullback = self._jax.vjp(function, x)
        return value, pullback(self._jax.numpy.ones_like(value))[0]

    def compiled(self, function: Function, mode: str) -> Function:
        compiled: Function = self._jax.jit(function)
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        return self._jax.jvp(lambda x: self.gradient(function, x)[1], (x,), (h,))[1]
