"""A loss as a metric of gradient boosting, to stop early by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .row_loss import row_loss
from .rows import read_rows, row_weights


class Metric:
    """The mean loss of rows, weighted by the data's weights; the less, the better.

    It is given as ``custom_metric=`` to ``xgboost.train``, as ``eval_metric=`` to ``XGBClassifier``, ``LGBMClassifier.fit`` and
    ``CatBoostClassifier``, and as ``feval=`` to ``lightgbm.train``.

    Parameters
    ----------
    loss : one of unifocal's losses, or a ``functools.partial`` of one
        Beside an :class:`Objective` the libraries give a metric margins, and it takes a loss of logits.  Beside an objective of their own
        they give it probabilities: then it takes a loss with ``from_logits=False``.
    name : str or None
        What the libraries call it; None is the loss's own name.
    **options
        Of the loss, but reduction and weights of samples.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these; when called, where labels do not fit the predictions.

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> from unifocal.boosting import Metric
    >>> metric = Metric(unifocal.binary_cross_entropy)
    >>> round(metric(np.array([1, 0]), np.array([0.0, 2.0])), 6)  # as XGBoost's scikit-learn interface calls it
    1.410038
    """

    def __init__(self, loss: Callable[..., Any], *, name: str | None = None, **options: Any) -> None:
        self._loss = row_loss(loss, options, "Metric")
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a string or None; received {type(name).__name__}.")
        self.__name__ = self._loss.name if name is None else name

    def __repr__(self) -> str:
        return f"Metric({self._loss})"

    @property
    def of_logits(self) -> bool:
        """Whether predictions are margins, and not probabilities."""
        return self._loss.of_logits

    def __call__(self, a: Any, b: Any, *of_lightgbm: Any, sample_weight: Any = None) -> Any:
        """What the library that calls takes: the mean alone, with its name before it, or with name and False, for "higher is better"."""
        rows = read_rows(a, b, of_lightgbm, sample_weight)
        total = len(rows.labels) if rows.weights is None else float(rows.weights.sum())
        mean = self._loss.value(rows.margins.astype(np.float64), rows.labels, rows.weights) / total if total else 0.0
        if rows.library == "lightgbm":
            return self.__name__, mean, False
        return (self.__name__, mean) if rows.native else mean

    # --- CatBoost ----------------------------------------------------------------------------------------------------------------

    def is_max_optimal(self) -> bool:
        """Whether higher is better."""
        return False

    def evaluate(self, approxes: Sequence[Sequence[float]], target: Sequence[float], weight: Sequence[float] | None) -> tuple[float, float]:
        """The sum over rows, and their weight, as CatBoost asks for them."""
        margins, labels = np.stack([np.array(one, np.float64) for one in approxes], axis=1), np.array(target, np.float64)
        weights = row_weights(None if weight is None else np.array(weight, np.float64), len(labels))
        return self._loss.value(margins, labels, weights), float(len(labels) if weights is None else weights.sum())

    def get_final_error(self, error: float, weight: float) -> float:
        """The mean."""
        return error / weight if weight else 0.0
