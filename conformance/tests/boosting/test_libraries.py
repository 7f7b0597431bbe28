"""XGBoost, LightGBM and CatBoost train with the objectives: at γ = 0 as with their own, and CatBoost's focal loss is ours.

Derivatives are the libraries' own up to rounding, and so are the trees; each library's conventions are those of ``docs/boosting.md``.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.boosting import Metric, Objective

datasets = pytest.importorskip("sklearn.datasets")
ROUNDS = 8
SAME = 1e-6
"""How far predicted probabilities may be from those of the library's own objective."""


def tumours() -> tuple[Any, Any, Any]:
    """Features, whether they are of a malignant tumour, and weights."""
    x, benign = datasets.load_breast_cancer(return_X_y=True)
    return x, 1 - benign, np.random.default_rng(0).random(len(x)) + 0.1


def wines() -> tuple[Any, Any, Any]:
    """Features, three classes, and weights."""
    x, y = datasets.load_wine(return_X_y=True)
    return x, y, np.random.default_rng(1).random(len(x)) + 0.1


ONE, SEVERAL, REST = (Objective(loss) for loss in (unifocal.binary_cross_entropy, unifocal.cross_entropy, unifocal.binary_cross_entropy))
FOCAL = Objective(unifocal.sigmoid_focal_loss, alpha=0.25, gamma=2.0)
WEIGHTED = pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])


def same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=SAME)


# --- XGBoost ------------------------------------------------------------------------------------------------------------------------

XGB = {"max_depth": 3, "nthread": 1, "seed": 0}


@WEIGHTED
def test_xgboost(weighted: bool) -> None:
    """Its own base_score is a probability, an objective's a margin: 0.5 and 0 are the same."""
    xgboost = pytest.importorskip("xgboost")
    x, y, w = tumours()
    data = xgboost.DMatrix(x, y, weight=w if weighted else None)
    theirs = xgboost.train(XGB | {"objective": "binary:logistic", "base_score": 0.5}, data, ROUNDS)
    ours = xgboost.train(XGB | {"base_score": 0.0}, data, ROUNDS, obj=ONE)
    same(ONE.predict_proba(ours.predict(data, output_margin=True))[:, 1], theirs.predict(data))


@WEIGHTED
def test_xgboost_of_several_classes(weighted: bool) -> None:
    """Its diagonal is 2·p·(1 − p)."""
    xgboost = pytest.importorskip("xgboost")
    x, y, w = wines()
    data = xgboost.DMatrix(x, y, weight=w if weighted else None)
    theirs = xgboost.train(XGB | {"objective": "multi:softprob", "num_class": 3, "base_score": 0.5}, data, ROUNDS)
    ours = xgboost.train(XGB | {"num_class": 3, "base_score": 0.5}, data, ROUNDS, obj=SEVERAL)
    same(SEVERAL.predict_proba(ours.predict(data, output_margin=True)), theirs.predict(data))


@WEIGHTED
def test_xgboosts_classifier(weighted: bool) -> None:
    """It names its own objective in the model, so that base_score is a probability, and predict_proba right by itself."""
    xgboost = pytest.importorskip("xgboost")
    for objective, (x, y, w) in ((ONE, tumours()), (SEVERAL, wines())):
        options = {"n_estimators": ROUNDS, "max_depth": 3, "n_jobs": 1, "base_score": 0.5}
        given = {"sample_weight": w} if weighted else {}
        theirs = xgboost.XGBClassifier(**options).fit(x, y, **given)
        ours = xgboost.XGBClassifier(objective=objective, **options).fit(x, y, **given)
        same(objective.predict_proba(ours.predict(x, output_margin=True)), theirs.predict_proba(x))
        same(ours.predict_proba(x), theirs.predict_proba(x))
        np.testing.assert_array_equal(ours.predict(x), theirs.predict(x))


class Seen(Objective):
    """An objective that keeps the margins that it is called with first."""

    first: Any = None

    def __call__(self, a: Any, b: Any, *of_lightgbm: Any, sample_weight: Any = None) -> Any:
        Seen.first = (a if hasattr(b, "get_label") else b) if Seen.first is None else Seen.first
        return super().__call__(a, b, *of_lightgbm, sample_weight=sample_weight)

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> Any:
        Seen.first = np.array(approxes) if Seen.first is None else Seen.first
        return super().calc_ders_range(approxes, targets, weights)


def starts(expected: Any, train: Callable[[Any], Any]) -> Any:
    """Hold the first margins to the start; what was trained."""
    Seen.first = None
    model = train(Seen(unifocal.sigmoid_focal_loss, alpha=0.25, gamma=2.0))
    np.testing.assert_allclose(Seen.first, np.broadcast_to(expected, np.shape(Seen.first)), atol=1e-5)
    return model


def test_xgboost_starts_at_the_initial_score() -> None:
    """As the documentation says: a margin, and only XGBClassifier, of two classes, takes a probability."""
    xgboost = pytest.importorskip("xgboost")
    x, y, _ = tumours()
    start, data = FOCAL.initial_score(y), xgboost.DMatrix(x, y)
    starts(0.5, lambda objective: xgboost.train(XGB, data, 1, obj=objective))
    starts(start, lambda objective: xgboost.train(XGB | {"base_score": start}, data, 1, obj=objective))
    p = FOCAL.predict_proba([start])[0, 1]
    model = starts(start, lambda given: xgboost.XGBClassifier(objective=given, base_score=p, n_estimators=1, n_jobs=1).fit(x, y))
    same(model.predict_proba(x), FOCAL.predict_proba(model.predict(x, output_margin=True)))
    x, y, _ = wines()
    several, data = FOCAL.initial_score(y), xgboost.DMatrix(x, y)
    starts(several, lambda given: xgboost.train(XGB | {"num_class": 3, "base_score": several}, data, 1, obj=given))
    starts(several, lambda given: xgboost.XGBClassifier(objective=given, base_score=several, n_estimators=1, n_jobs=1).fit(x, y))


def test_lightgbm_starts_at_the_initial_score() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    x, y, _ = tumours()
    start = FOCAL.initial_score(y)
    starts(0.0, lambda given: lightgbm.train(LGB | {"objective": given}, lightgbm.Dataset(x, y), 1))
    starts(start, lambda given: lightgbm.train(LGB | {"objective": given}, lightgbm.Dataset(x, y, init_score=[start] * len(y)), 1))
    classifier = lightgbm.LGBMClassifier(n_estimators=1, n_jobs=1, verbose=-1)
    starts(start, lambda given: classifier.set_params(objective=given).fit(x, y, init_score=[start] * len(y)))
    x, y, _ = wines()
    several = FOCAL.initial_score(y)
    data = lightgbm.Dataset(x, y, init_score=np.tile(several, (len(y), 1)))
    starts(several, lambda given: lightgbm.train(LGB | {"objective": given, "num_class": 3}, data, 1))


@pytest.mark.filterwarnings("ignore:Failed to import numba:UserWarning")
def test_catboost_starts_at_the_initial_score() -> None:
    catboost = pytest.importorskip("catboost")
    x, y, _ = tumours()
    start = FOCAL.initial_score(y)
    for expected, baseline in ((0.0, None), (start, np.full(len(y), start))):
        pool = catboost.Pool(x, y, baseline=baseline)
        starts(expected, lambda given, pool=pool: catboost.CatBoostClassifier(loss_function=given, eval_metric="Logloss", **CAT).fit(pool))  # type: ignore[misc]


def test_xgboost_stops_by_a_metric() -> None:
    xgboost = pytest.importorskip("xgboost")
    x, y, w = tumours()
    train, test = xgboost.DMatrix(x[::2], y[::2], weight=w[::2]), xgboost.DMatrix(x[1::2], y[1::2], weight=w[1::2])
    metric = Metric(unifocal.sigmoid_focal_loss, alpha=0.25, gamma=2.0)
    seen: dict[str, Any] = {}
    model = xgboost.train(
        XGB | {"eta": 1.0, "base_score": FOCAL.initial_score(y), "min_child_weight": 0.01},
        train,
        60,
        obj=FOCAL,
        custom_metric=metric,
        evals=[(test, "test")],
        early_stopping_rounds=2,
        evals_result=seen,
        verbose_eval=False,
    )
    history = seen["test"]["sigmoid_focal_loss"]
    assert model.num_boosted_rounds() < 60
    assert model.best_iteration == int(np.argmin(history))
    margins = model.predict(test, output_margin=True, iteration_range=(0, model.best_iteration + 1))
    assert model.best_score == pytest.approx(metric(margins, test)[1], rel=1e-4)
    classifier = xgboost.XGBClassifier(
        objective=FOCAL, eval_metric=metric, early_stopping_rounds=2, n_estimators=60, learning_rate=1.0, n_jobs=1
    )
    classifier.fit(x[::2], y[::2], eval_set=[(x[1::2], y[1::2])], sample_weight=w[::2], sample_weight_eval_set=[w[1::2]], verbose=False)
    assert classifier.best_iteration < 59
    assert classifier.best_score == pytest.approx(
        metric(y[1::2], classifier.predict(x[1::2], output_margin=True), sample_weight=w[1::2]), rel=1e-4
    )


# --- LightGBM -----------------------------------------------------------------------------------------------------------------------

LGB = {"verbose": -1, "num_leaves": 7, "num_threads": 1, "seed": 0, "boost_from_average": False}


@WEIGHTED
@pytest.mark.parametrize(("theirs", "objective"), [("binary", ONE), ("multiclass", SEVERAL), ("multiclassova", REST)])
def test_lightgbm(weighted: bool, theirs: str, objective: Objective) -> None:
    """Its diagonal is C/(C − 1)·p·(1 − p); boost_from_average must be off, as it is for an objective."""
    lightgbm = pytest.importorskip("lightgbm")
    x, y, w = tumours() if theirs == "binary" else wines()
    several = {} if theirs == "binary" else {"num_class": 3}
    models = [
        lightgbm.train(LGB | several | {"objective": given}, lightgbm.Dataset(x, y, weight=w if weighted else None), ROUNDS)
        for given in (theirs, objective)
    ]
    found = objective.predict_proba(models[1].predict(x, raw_score=True))
    same(found[:, 1] if theirs == "binary" else found, models[0].predict(x))


@WEIGHTED
def test_lightgbms_classifier(weighted: bool) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    for objective, (x, y, w) in ((ONE, tumours()), (SEVERAL, wines())):
        options = {"n_estimators": ROUNDS, "num_leaves": 7, "n_jobs": 1, "verbose": -1, "boost_from_average": False}
        given = {"sample_weight": w} if weighted else {}
        theirs = lightgbm.LGBMClassifier(**options).fit(x, y, **given)
        ours = lightgbm.LGBMClassifier(objective=objective, **options).fit(x, y, **given)
        same(objective.predict_proba(ours.predict(x, raw_score=True)), theirs.predict_proba(x))


@pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")  # by 4.7, for what 4.6 does not have
def test_lightgbm_starts_and_stops() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    x, y, w = tumours()
    metric, start = Metric(unifocal.sigmoid_focal_loss, alpha=0.25, gamma=2.0), FOCAL.initial_score(y[::2])
    train = lightgbm.Dataset(x[::2], y[::2], weight=w[::2], init_score=np.full(len(y[::2]), start))
    test = lightgbm.Dataset(x[1::2], y[1::2], weight=w[1::2], init_score=np.full(len(y[1::2]), start), reference=train)
    model = lightgbm.train(
        LGB | {"objective": FOCAL, "learning_rate": 1.0},
        train,
        60,
        valid_sets=[test],
        feval=metric,
        callbacks=[lightgbm.early_stopping(2, verbose=False)],
    )
    assert model.best_iteration < 60
    margins = model.predict(x[1::2], raw_score=True) + start
    assert model.best_score["valid_0"]["sigmoid_focal_loss"] == pytest.approx(metric(y[1::2], margins, sample_weight=w[1::2]), rel=1e-6)
    classifier = lightgbm.LGBMClassifier(objective=FOCAL, n_estimators=60, learning_rate=1.0, num_leaves=7, n_jobs=1, verbose=-1)
    classifier.fit(
        x[::2],
        y[::2],
        eval_set=[(x[1::2], y[1::2])],
        eval_metric=metric,
        callbacks=[lightgbm.early_stopping(2, verbose=False)],
        sample_weight=w[::2],
    )
    assert classifier.best_iteration_ < 60


# --- CatBoost -----------------------------------------------------------------------------------------------------------------------

CAT = {
    "iterations": ROUNDS,
    "depth": 3,
    "learning_rate": 0.1,
    "verbose": False,
    "random_seed": 0,
    "thread_count": 1,
    "allow_writing_files": False,
    "leaf_estimation_method": "Newton",
    "leaf_estimation_iterations": 1,
    "boost_from_average": False,
    "bootstrap_type": "No",
}
QUIET = pytest.mark.filterwarnings("ignore:Failed to import numba:UserWarning")


def _both(own: str, objective: Objective, metric: Metric, x: Any, y: Any, w: Any, **options: Any) -> tuple[Any, Any]:
    """The library's own model and ours."""
    catboost = pytest.importorskip("catboost")
    models = (
        catboost.CatBoostClassifier(loss_function=own, **CAT | options),
        catboost.CatBoostClassifier(loss_function=objective, eval_metric=metric, **CAT | options),
    )
    theirs, ours = (model.fit(x, y, sample_weight=w) for model in models)
    return theirs, ours


@QUIET
@WEIGHTED
def test_catboost(weighted: bool) -> None:
    x, y, w = tumours()
    theirs, ours = _both("Logloss", ONE, Metric(unifocal.binary_cross_entropy), x, y, w if weighted else None)
    same(ONE.predict_proba(ours.predict(x, prediction_type="RawFormulaVal")), theirs.predict_proba(x))


@QUIET
@WEIGHTED
def test_catboost_of_several_classes(weighted: bool) -> None:
    """It takes the whole Hessian of each row; classes_count tells it how many margins there are."""
    x, y, w = wines()
    theirs, ours = _both(
        "MultiClass", SEVERAL, Metric(unifocal.cross_entropy), x, y, w if weighted else None, classes_count=3, iterations=3
    )
    same(SEVERAL.predict_proba(ours.predict(x, prediction_type="RawFormulaVal")), theirs.predict_proba(x))


@QUIET
@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2.0), (0.75, 1.0)])
def test_catboosts_own_focal_loss(alpha: float, gamma: float) -> None:
    """It is hessian="exact"."""
    x, y, _ = tumours()
    options: dict[str, Any] = {"alpha": alpha, "gamma": gamma}
    objective = Objective(unifocal.sigmoid_focal_loss, hessian="exact", **options)
    own = f"Focal:focal_alpha={alpha};focal_gamma={gamma}"
    theirs, ours = _both(own, objective, Metric(unifocal.sigmoid_focal_loss, **options), x, y, None)
    margins = [model.predict(x, prediction_type="RawFormulaVal") for model in (theirs, ours)]
    np.testing.assert_allclose(margins[1], margins[0], rtol=0, atol=1e-12)


@QUIET
def test_catboost_stops_by_a_metric() -> None:
    catboost = pytest.importorskip("catboost")
    x, y, w = tumours()
    metric = Metric(unifocal.sigmoid_focal_loss, alpha=0.25, gamma=2.0)
    model = catboost.CatBoostClassifier(
        loss_function=FOCAL, eval_metric=metric, early_stopping_rounds=2, **CAT | {"iterations": 60, "learning_rate": 2.0}
    )
    model.fit(x[::2], y[::2], eval_set=catboost.Pool(x[1::2], y[1::2], weight=w[1::2]))
    margins = model.predict(x[1::2], prediction_type="RawFormulaVal")
    assert model.tree_count_ < 60
    (score,) = model.get_best_score()["validation"].values()
    assert score == pytest.approx(metric(y[1::2].astype(float), margins, sample_weight=w[1::2]), rel=1e-6)


# --- all of them ----------------------------------------------------------------------------------------------------------------------


@QUIET
def test_models_with_objectives_can_be_pickled() -> None:
    x, y, _ = tumours()
    for library, name, options in (
        ("xgboost", "XGBClassifier", {"n_estimators": 2, "n_jobs": 1}),
        ("lightgbm", "LGBMClassifier", {"n_estimators": 2, "n_jobs": 1, "verbose": -1}),
    ):
        model = getattr(pytest.importorskip(library), name)(objective=FOCAL, **options).fit(x, y)
        again = pickle.loads(pickle.dumps(model))
        margins = {"output_margin": True} if library == "xgboost" else {"raw_score": True}
        np.testing.assert_array_equal(again.predict(x, **margins), model.predict(x, **margins))
        again.fit(x, y)


@QUIET
def test_errors_reach_the_caller() -> None:
    x, y, _ = wines()
    xgboost, lightgbm, catboost = (pytest.importorskip(name) for name in ("xgboost", "lightgbm", "catboost"))
    with pytest.raises(ValueError, match="labels of one margin must be from 0 to 1"):
        xgboost.train(XGB, xgboost.DMatrix(x, y), 1, obj=ONE)
    with pytest.raises(ValueError, match="a softmax loss, which needs a margin for each class"):
        lightgbm.train(LGB | {"objective": SEVERAL}, lightgbm.Dataset(x, y), 1)
    with pytest.raises(catboost.CatBoostError, match=r"Set num_class .* or classes_count"):
        catboost.CatBoostClassifier(loss_function=SEVERAL, eval_metric=Metric(unifocal.cross_entropy), **CAT).fit(x, y)
