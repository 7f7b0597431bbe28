"""The losses as scorers of scikit-learn, for cross-validation and grid searches; requires scikit-learn when one is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .boosting.metric import Metric

__all__ = ["scorer"]


def __dir__() -> list[str]:
    return __all__


def scorer(loss: Callable[..., Any], **options: Any) -> Any:
    """A scorer of estimators that predict probabilities: minus their mean loss, weighted by ``sample_weight`` if it is given.

    Parameters
    ----------
    loss : one of unifocal's losses, or a ``functools.partial`` of one
    **options
        Of the loss, but reduction and weights of samples; ``from_logits=False`` among them, since predictions are probabilities.

    Returns
    -------
    callable
        ``(estimator, X, y, sample_weight=None) -> float``, for ``scoring=``; made by ``sklearn.metrics.make_scorer``.

    Raises
    ------
    TypeError
        If loss is anything else, or takes logits.
    ImportError
        Without scikit-learn.

    Examples
    --------
    >>> import unifocal
    >>> from unifocal.scoring import scorer
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.naive_bayes import GaussianNB
    >>> x, y = load_wine(return_X_y=True)
    >>> round(scorer(unifocal.softmax_focal_loss, from_logits=False)(GaussianNB().fit(x, y), x, y), 4)
    -0.0384
    """
    metric = Metric(loss, **options)
    if metric.of_logits:
        raise TypeError(f"A scorer requires a loss of probabilities, which estimators predict; received {metric}. Pass from_logits=False.")
    from sklearn.metrics import make_scorer

    return make_scorer(metric, response_method="predict_proba", greater_is_better=False)
