"""array-api-strict, by which pure Array API code is known."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import numpy.typing as npt

from unifocal.arrays import Array

from .base import Analytic


class Strict(Analytic):
    """array-api-strict with all that is optional in the standard turned off: what runs here is pure Array API."""

    name, module = "array-api-strict", "array_api_strict"
    dtypes = ("float32", "float64")

    def _load(self) -> None:
        self._xp = import_module(self.module)
        self._xp.set_array_api_strict_flags(boolean_indexing=False, data_dependent_shapes=False, enabled_extensions=())

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        return self._xp.asarray(np.asarray(array, dtype))
