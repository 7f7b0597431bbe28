"""Dask arrays."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import Analytic, NumPyArray


class Dask(Analytic):
    """Lazy arrays, in two chunks along the first axis."""

    name, module = "dask", "dask.array"
    dtypes = ("float16", "float32", "float64")
    compiles_each_call = True

    def _load(self) -> None:
        self._da = import_module(self.module)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        values = np.asarray(array, dtype)
        return self._da.from_array(values, chunks=tuple(-(-n // 2) if i == 0 and n else -1 for i, n in enumerate(values.shape)))

    def numpy(self, tensor: Array) -> NumPyArray:
        # Computed in this thread, where the caller's errstate holds: infinite logits have limits, and NumPy need not mention them.
        with np.errstate(all="ignore"):
            return np.asarray(tensor.compute(scheduler="synchronous"))
