"""A loss as the objective of gradient boosting: its gradient and second derivatives, as each library takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, assert_never

import numpy as np
import numpy.typing as npt

from ..evaluation.hessian import Hessian, hessian_kind
from ..scalars import static
from .constant import best_constant
from .row_loss import row_loss
from .rows import Floats, Library, read_rows, row_weights

Scale = Literal["library"] | float


class Objective:
    """A loss that XGBoost, LightGBM and CatBoost train with.

    It is given as ``obj=`` to ``xgboost.train``, as ``objective=`` to ``XGBClassifier``, ``LGBMClassifier`` and in the parameters of
    ``lightgbm.train``, and as ``loss_function=`` to ``CatBoostClassifier``.  Margins are the predictions; for several classes
    there is one for each (``num_class``), and the loss may be a softmax, or a sigmoid of each class against the rest.

    Parameters
    ----------
    loss : one of unifocal's losses, of logits, or a ``functools.partial`` of one
    hessian : {"clipped", "exact", "held"}
        The second derivatives, as in :func:`unifocal.value_grad_and_hessian`.  Clipped ones are never negative, and bring the loss down
        furthest; of positives as rare as 1 % those of a held modulator may rank better (``docs/boosting.md`` has the figures).
    hessian_scale : "library" or a number > 0
        What multiplies the second derivatives of a softmax loss.  The libraries take more than the Hessian's diagonal for their own, since
        the margins of a row move together: XGBoost 2, LightGBM C/(C − 1) of C classes.  "library" is that factor, with which γ = 0 trains
        as they do; CatBoost takes the whole Hessian, of which it is 1.
    **options
        Of the loss, but reduction and weights of samples: derivatives are summed over rows, and weighted by the data's own weights.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these, or if the loss takes probabilities; when called, where labels do not fit the margins.

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> from unifocal.boosting import Objective
    >>> objective = Objective(unifocal.binary_cross_entropy)
    >>> objective(np.array([1, 0]), np.array([0.0, 2.0]))  # as XGBoost's scikit-learn interface calls it
    (array([-0.5       ,  0.88079708]), array([0.25      , 0.10499359]))
    """

    def __init__(self, loss: Callable[..., Any], *, hessian: Hessian = "clipped", hessian_scale: Scale = "library", **options: Any) -> None:
        self._loss = row_loss(loss, options, "Objective")
        if not self._loss.of_logits:
            raise TypeError(
                f"Objective requires a loss of logits, since margins are logits; {self._loss} takes others. Leave out from_logits=False."
            )
        self._hessian = hessian_kind(hessian)
        if hessian_scale != "library" and not 0 < static("hessian_scale", hessian_scale, "or 'library'") < float("inf"):
            raise ValueError(f"hessian_scale must be 'library' or a finite number > 0; received {hessian_scale!r}.")
        self._scale: Scale = hessian_scale
        self.__name__ = self._loss.name

    def __repr__(self) -> str:
        name, *options = str(self._loss).split(", ")
        scale = [] if self._scale == "library" else [f"hessian_scale={self._scale!r}"]
        return f"Objective({', '.join([name, f'hessian={self._hessian!r}', *scale, *options])})"

    def __call__(self, a: Any, b: Any, *of_lightgbm: Any, sample_weight: Any = None) -> tuple[Floats, Floats]:
        """Gradient and second derivatives in the margins' layout: of ``(margins, data)``, or of ``(labels, margins)`` and weights."""
        rows = read_rows(a, b, of_lightgbm, sample_weight)
        gradient, second = self._loss.derivatives(rows.margins, rows.labels, rows.weights, self._hessian)
        second = second * self._factor(rows.library, rows.margins.shape[1])
        return rows.laid_out(gradient), rows.laid_out(second.astype(gradient.dtype))

    def _factor(self, library: Library, classes: int) -> float:
        """What second derivatives are multiplied by."""
        if not self._loss.categorical:
            return 1.0
        if self._scale != "library":
            return float(self._scale)
        match library:
            case "xgboost":
                return 2.0
            case "lightgbm":
                return classes / (classes - 1)
            case "catboost":
                return 1.0
            case never:
                assert_never(never)

    # --- CatBoost ----------------------------------------------------------------------------------------------------------------

    def calc_ders_range(
        self, approxes: Sequence[float], targets: Sequence[float], weights: Sequence[float] | None
    ) -> list[tuple[float, float]]:
        """First and second derivatives of −L by the margin of each row, as CatBoost asks for them."""
        margins, labels = np.array(approxes, np.float64), np.array(targets, np.float64)
        given = row_weights(None if weights is None else np.array(weights, np.float64), len(margins))
        gradient, second = self._loss.derivatives(margins[:, np.newaxis], labels, given, self._hessian)
        return list(zip((-gradient[:, 0]).tolist(), (-second[:, 0]).tolist(), strict=True))

    def calc_ders_multi(self, approxes: Sequence[float], target: float, weight: float | None) -> tuple[list[float], list[list[float]]]:
        """Gradient and Hessian of −L by the margins of one row of several classes, as CatBoost asks for them."""
        margins = np.array(approxes, np.float64)[np.newaxis]
        labels, given = np.array([target], np.float64), row_weights(None if weight is None else [weight], 1)
        gradient = self._loss.gradient(margins, labels, given)
        whole = self._loss.matrices(margins, labels, given, self._hessian)[0] * self._factor("catboost", margins.shape[1])
        return (-gradient[0]).tolist(), (-whole).tolist()

    # --- before and after training -------------------------------------------------------------------------------------------------

    def initial_score(self, labels: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:
        """The margins, the same for every row, with which the loss is least: where boosting should start, and does not by itself.

        Parameters
        ----------
        labels : array of shape (N,)
            0 or 1, or in between; or classes 0 to C − 1, all of which occur.
        sample_weight : array of shape (N,), or None

        Returns
        -------
        float, or array of shape (C,) for C > 2 classes and for softmax losses
            Those of a softmax loss add up to 0.

        Raises
        ------
        ValueError
            Where a class never occurs, or the loss has no best constant.
        """
        given = np.asarray(labels)
        if given.ndim != 1 or not given.size or given.dtype.kind not in "biuf":
            raise ValueError(f"labels must be numbers of shape (N,), at least one; received {given.dtype} {given.shape}.")
        given = given.astype(np.float64)
        largest = given.max()
        several = self._loss.categorical or largest > 1
        if several and not (np.isfinite(largest) and (given >= 0).all() and (given % 1 == 0).all()):
            raise ValueError(f"labels of several classes must be whole numbers from 0 on; received {given.min()} to {largest}.")
        classes = max(int(largest) + 1, 2) if several else 1
        found = best_constant(self._loss, given, row_weights(sample_weight, given.size), classes)
        return found if several else float(found[0])

    def predict_proba(self, margins: npt.ArrayLike, initial_score: npt.ArrayLike = 0.0) -> Floats:
        """The probabilities that margins stand for, as scikit-learn has them.

        Parameters
        ----------
        margins : array of shape (N,), or (N, C) for several classes
            What the model predicts: ``output_margin=True`` (XGBoost), ``raw_score=True`` (LightGBM), ``prediction_type="RawFormulaVal"``
            (CatBoost).
        initial_score : number or array that broadcasts to the margins
            Added to them, where the library does not: LightGBM's ``init_score``, XGBoost's ``base_margin``, CatBoost's ``baseline``.

        Returns
        -------
        array of shape (N, 2), or (N, C)
            Of C classes against the rest each, rows do not add up to 1.

        Raises
        ------
        TypeError, ValueError
            Where margins are none.
        """
        raw = np.asarray(margins)
        if raw.dtype.kind != "f" or raw.ndim not in (1, 2):
            raise TypeError(f"margins must be a floating array of shape (N,) or (N, C); received {raw.dtype} {raw.shape}.")
        raw = np.asarray(raw + np.asarray(initial_score, raw.dtype))
        table = raw if raw.ndim == 2 else raw[:, np.newaxis]
        if self._loss.categorical and table.shape[1] == 1:
            raise ValueError(f"margins of a softmax loss must have shape (N, C); received {raw.shape}.")
        return self._loss.probabilities(table)
