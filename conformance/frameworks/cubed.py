"""Cubed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import Analytic, NumPyArray


class Cubed(Analytic):
    """Lazy arrays, in two chunks along the first axis.  A plan takes a second."""

    name = module = "cubed"
    dtypes = ("float32", "float64")
    only_named = True
    compiles_each_call = True

    def _load(self) -> None:
        self._cubed = import_module(self.module)
        self._executor = import_module("cubed.runtime.create").create_executor("single-threaded")

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        values = np.asarray(array, dtype)
        chunks = tuple(-(-n // 2) if i == 0 and n else n for i, n in enumerate(values.shape))
        return self._cubed.asarray(values, chunks=chunks) if values.ndim else self._cubed.asarray(values)

    def numpy(self, tensor: Array) -> NumPyArray:
        # In this thread, where the caller's errstate holds: infinite logits have limits, and NumPy need not mention them.
        with np.errstate(all="ignore"):
            values: Any = tensor.compute(executor=self._executor)
        return np.asarray(values)
