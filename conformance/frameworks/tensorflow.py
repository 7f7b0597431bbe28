"""TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import BOTH, Framework, Function, NumPyArray
from .paddle import Paddle


class TensorFlow(Framework):
    """TensorFlow."""

    name = module = "tensorflow"
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"graph": BOTH, "xla": BOTH}

    def _load(self) -> None:
        # Importing paddle 3.3.1 after tensorflow 2.21 crashes the interpreter; the other order is fine.
        if find_spec(Paddle.module) is not None:
            import_module(Paddle.module)
        self._tf = import_module(self.module)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        with self._tf.device("CPU" if self.device == "cpu" else "GPU"):
            tensor = self._tf.constant(np.asarray(array))
            return tensor if dtype is None else self._tf.cast(tensor, dtype)

    def _has_accelerator(self) -> bool:
        return bool(self._tf.config.list_physical_devices("GPU"))

    def numpy(self, tensor: Array) -> NumPyArray:
        return np.asarray(self._tf.cast(tensor, "float32") if tensor.dtype == self._tf.bfloat16 else tensor)

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        with self._tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return value, tape.gradient(value, x)

    def compiled(self, function: Function, mode: str) -> Function:
        compiled: Function = self._tf.function(function, autograph=False, jit_compile=mode == "xla")
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        with self._tf.GradientTape() as outer:
            outer.watch(x)
            _, gradient = self.gradient(function, x)
        return outer.gradient(gradient, x, output_gradients=h)
