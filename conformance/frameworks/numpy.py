"""NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import Analytic


class NumPy(Analytic):
    """NumPy, which has no bfloat16."""

    name = module = "numpy"
    dtypes = ("float16", "float32", "float64")

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        return np.asarray(array, dtype)
