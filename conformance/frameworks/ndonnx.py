"""ndonnx."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import Analytic, NumPyArray


class Ndonnx(Analytic):
    """ONNX operations behind the Array API, each computed at once by ONNX Runtime unless an array is an argument of a model."""

    name = module = "ndonnx"
    dtypes = ("float32", "float64")
    only_named = True
    compiles_each_call = True

    def _load(self) -> None:
        self._ndx = import_module(self.module)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        return self._ndx.asarray(np.asarray(array, dtype))

    def numpy(self, tensor: Array) -> NumPyArray:
        values: Any = tensor.unwrap_numpy()
        return np.asarray(values)
