"""An array library of this package's own: NumPy's arrays, with a count of the passes that are made over them."""

from __future__ import annotations

from typing import Any

import numpy as np


class Counted(np.ndarray):
    """An array whose element-wise operations and reductions are counted in ``Counted.passes``."""

    passes = 0

    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, *inputs: Any, out: Any = None, **options: Any) -> Any:
        """Count, and let NumPy compute."""
        Counted.passes += 1
        if out is not None:
            options["out"] = tuple(map(_plain, out))
        result = getattr(ufunc, method)(*map(_plain, inputs), **options)
        return counted(result) if isinstance(result, (np.ndarray, np.generic)) else result


def counted(array: Any) -> Counted:
    """NumPy's array, or a list, as one whose passes are counted."""
    return np.asarray(array).view(Counted)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counted) else value
