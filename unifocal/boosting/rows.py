"""What the libraries call an objective or a metric with: the margins of rows, their labels and weights, and the layout of an answer.

XGBoost and LightGBM themselves call with ``(margins, data)``, their scikit-learn interfaces with ``(labels, margins)``: XGBoost's with
weights as ``sample_weight=…`` if there are any, LightGBM's always with weights (or None) and groups by position.  So they are told apart.
"""

from __future__ import annotations

from sys import modules
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ..arrays import type_name

Library = Literal["xgboost", "lightgbm", "catboost"]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Numbers: TypeAlias = npt.NDArray[Any]


class Rows(NamedTuple):
    """N rows of K margins each; K is 1 for yes-or-no labels."""

    margins: Floats  # (N, K)
    labels: Numbers  # (N,), or (N, K) where each margin has its own
    weights: Floats | None  # (N,)
    library: Library
    shape: tuple[int, ...]
    """The margins' own: (N,), (N, K), or (N·K,)."""
    native: bool
    """Whether the library itself called, and not its scikit-learn interface."""

    def laid_out(self, values: Floats) -> Floats:
        """(N, K) values as the margins came; for XGBoost before 2.1, which gives a table and takes none, in one dimension."""
        if len(self.shape) == 1:
            return np.reshape(values, self.shape, order="F" if self.library == "lightgbm" else "C")
        return np.ravel(values) if self.library == "xgboost" and _takes_no_tables() else values


def read_rows(a: Any, b: Any, of_lightgbm: tuple[Any, ...], sample_weight: Any) -> Rows:
    """What a library called with; raises TypeError or ValueError where it is no call of one of them."""
    if hasattr(b, "get_label"):
        if of_lightgbm or sample_weight is not None:
            raise TypeError("Margins and data were given, and weights beside them: weights are the data's own, DMatrix(…, weight=…).")
        margins, labels, weights, native = a, b.get_label(), b.get_weight(), True
        library = _library_of(b)
    else:
        if of_lightgbm and sample_weight is not None:
            raise TypeError("sample_weight was given twice, by position and by name.")
        labels, margins, weights, native = a, b, of_lightgbm[0] if of_lightgbm else sample_weight, False
        library = "lightgbm" if of_lightgbm else "xgboost"
    return _rows(_numbers("margins", margins), _numbers("labels", labels), weights, library, native)


def _takes_no_tables() -> bool:
    """Whether this is an XGBoost before 2.1."""
    version = str(getattr(modules.get("xgboost"), "__version__", "3.0"))
    return tuple(int(part) if part.isdigit() else 0 for part in version.split(".")[:2]) < (2, 1)


def _library_of(data: object) -> Library:
    """Whose data set this is."""
    for cls in type(data).__mro__:
        match cls.__module__.partition(".")[0]:
            case "xgboost":
                return "xgboost"
            case "lightgbm":
                return "lightgbm"
    raise TypeError(f"The second argument must be XGBoost's DMatrix or LightGBM's Dataset, or margins; received {type_name(data)}.")


def _numbers(name: str, values: Any) -> Numbers:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be an array of numbers; received dtype {array.dtype}.")
    return array


def _rows(margins: Numbers, labels: Numbers, weights: Any, library: Library, native: bool) -> Rows:
    if margins.dtype.kind != "f" or margins.ndim not in (1, 2):
        raise TypeError(f"margins must be a floating array of one or two dimensions; received {margins.dtype} {margins.shape}.")
    if margins.ndim == 2:
        table = margins
    else:
        rows = len(labels) if labels.ndim else 0
        if not rows or margins.size % rows:
            raise ValueError(f"margins must be as many as labels, or so many for each class; received {margins.shape} and {labels.shape}.")
        # Older versions give the margins of several classes in one dimension: LightGBM class by class, XGBoost row by row.
        table = np.reshape(margins, (rows, -1), order="F" if library == "lightgbm" else "C")
    count, classes = table.shape
    if labels.size == table.size and (labels.ndim == 2 or classes > 1):
        labels = np.reshape(labels, table.shape)
    elif labels.size == count:
        labels = np.reshape(labels, (count,))
    else:
        raise ValueError(f"labels must be one a row, or one a margin; received {labels.shape} beside margins of shape {margins.shape}.")
    return Rows(table, labels, row_weights(weights, count), library, margins.shape, native)


def row_weights(weights: Any, count: int) -> Floats | None:
    """One number a row ≥ 0; None where there are none.  Raises ValueError or TypeError where it is something else."""
    if weights is None or np.size(weights) == 0:
        return None
    array = _numbers("sample weights", weights).astype(np.float64)
    if array.size != count:
        raise ValueError(f"sample weights must be one a row, of which there are {count}; received shape {array.shape}.")
    if not (array >= 0).all():
        raise ValueError(f"sample weights must be ≥ 0; received {array.min()}.")
    return np.reshape(array, (count,))
