"""Losses as scikit-learn's scorers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.scoring import scorer

pytest.importorskip("sklearn")


def _fitted(several: bool) -> tuple[Any, Any, Any]:
    from sklearn.datasets import load_breast_cancer, load_wine
    from sklearn.naive_bayes import GaussianNB

    x, y = (load_wine if several else load_breast_cancer)(return_X_y=True)
    return GaussianNB().fit(x, y), x, y


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize(("several", "loss"), [(False, unifocal.binary_cross_entropy), (True, unifocal.cross_entropy)])
def test_cross_entropy_is_scikit_learns_log_loss(several: bool, loss: Any, weighted: bool) -> None:
    from sklearn.metrics import log_loss

    model, x, y = _fitted(several)
    weight = np.random.default_rng(0).random(len(y)) if weighted else None
    given = {"sample_weight": weight} if weighted else {}
    # scikit-learn clips probabilities to float64's eps.
    found = scorer(loss, from_logits=False, epsilon=float(np.finfo(np.float64).eps))(model, x, y, **given)
    # Of two classes a scorer is given the positive's probability alone, near 1 without the digits that the other one has.
    rel = 1e-9 if several else 1e-6
    assert found == pytest.approx(-log_loss(y, model.predict_proba(x), sample_weight=weight), rel=rel)


def test_serves_a_search() -> None:
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    _, x, y = _fitted(several=True)
    scoring = scorer(unifocal.softmax_focal_loss, from_logits=False, epsilon=1e-3)
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"min_samples_leaf": [1, 40]}, scoring=scoring, cv=3).fit(x, y)
    assert (search.cv_results_["mean_test_score"] < 0).all()
    assert search.best_score_ == search.cv_results_["mean_test_score"].max()


def test_refuses_losses_of_logits() -> None:
    with pytest.raises(TypeError, match=r"requires a loss of probabilities, .* Metric\(cross_entropy\). Pass from_logits=False"):
        scorer(unifocal.cross_entropy)
    with pytest.raises(TypeError, match="takes one of unifocal's losses"):
        scorer(np.sum, from_logits=False)
