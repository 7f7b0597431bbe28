"""What objectives and metrics answer, to calls as the libraries make them; none of these is needed here."""

from __future__ import annotations

import pickle
import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.boosting import Metric, Objective
from unifocal.dialects import keras, torch

from ..losses.test_own_formula import poly1_focal_loss

RNG = np.random.default_rng(11)
X, Y, W = RNG.normal(size=7), np.array([0.0, 1, 1, 0, 0, 1, 0]), RNG.random(7) + 0.1
TABLE, CLASSES = RNG.normal(size=(7, 3)), np.array([0.0, 2, 1, 1, 0, 2, 2])
LIBRARIES = {"xgboost": 2.0, "lightgbm": 1.5}
"""And by what they multiply the Hessian's diagonal of three classes."""


class _Data:
    """What an objective asks of a DMatrix or Dataset."""

    def __init__(self, labels: Any, weights: Any) -> None:
        self.labels, self.weights = labels, weights

    def get_label(self) -> Any:
        return self.labels

    def get_weight(self) -> Any:
        return self.weights


DATA: dict[str, type[_Data]] = {name: type("Data", (_Data,), {"__module__": f"{name}.core"}) for name in LIBRARIES}


def native(library: str, labels: Any, weights: Any = None) -> _Data:
    """The library's data; XGBoost's has empty weights where there are none."""
    return DATA[library](labels, np.array([]) if weights is None and library == "xgboost" else weights)


def derivatives(loss: Any, x: Any, y: Any, hessian: Any, **options: Any) -> Any:
    return unifocal.value_grad_and_hessian(loss, hessian=hessian)(x, y, reduction="sum", **options)[1:]


# --- gradient and Hessian -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hessian", ["exact", "clipped", "held"])
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("weights", [None, W], ids=["", "weighted"])
def test_one_margin(library: str, hessian: Any, weights: Any) -> None:
    objective = Objective(unifocal.sigmoid_focal_loss, alpha=0.3, gamma=1.5, hessian=hessian)
    expected = derivatives(unifocal.sigmoid_focal_loss, X, Y, hessian, alpha=0.3, gamma=1.5, sample_weight=weights)
    by_position = {"xgboost": (), "lightgbm": (weights, None)}[library]
    by_name = {"sample_weight": weights} if library == "xgboost" and weights is not None else {}
    for found in (objective(X, native(library, Y, weights)), objective(Y, X, *by_position, **by_name)):
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    low = objective(X.astype("float32"), native(library, Y.astype("float32"), weights))
    assert [part.dtype for part in low] == ["float32", "float32"]
    np.testing.assert_allclose(low, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("weights", [None, W], ids=["", "weighted"])
def test_a_margin_for_each_class(library: str, weights: Any) -> None:
    by_position = {"xgboost": (), "lightgbm": (weights, None)}[library]
    by_name = {"sample_weight": weights} if library == "xgboost" and weights is not None else {}
    for loss, factor in ((unifocal.softmax_focal_loss, LIBRARIES[library]), (unifocal.sigmoid_focal_loss, 1.0)):
        given = weights if weights is None or factor != 1 else weights[:, np.newaxis]
        gradient, second = derivatives(loss, TABLE, CLASSES.astype(int), "held", gamma=2.0, sample_weight=given)
        for scale, times in (("library", factor), (1, 1.0), (0.5, 0.5 if factor != 1 else 1.0)):
            objective = Objective(loss, gamma=2.0, hessian="held", hessian_scale=scale)  # type: ignore[arg-type]
            for found in (objective(TABLE, native(library, CLASSES, weights)), objective(CLASSES, TABLE, *by_position, **by_name)):
                np.testing.assert_allclose(found, (gradient, second * times), rtol=1e-14)


@pytest.mark.parametrize(("library", "order"), [("xgboost", "C"), ("lightgbm", "F")])
def test_margins_of_several_classes_in_one_dimension(library: str, order: Any) -> None:
    """As older versions give them, XGBoost row by row and LightGBM class by class; the answer has the same layout."""
    objective = Objective(unifocal.softmax_focal_loss, gamma=2.0)
    expected = objective(TABLE, native(library, CLASSES))
    found = objective(TABLE.ravel(order), native(library, CLASSES))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs.ravel(order))


@pytest.mark.parametrize(("version", "flat"), [("1.7.6", True), ("2.0.3", True), ("2.1.0", False), ("3.2.0rc1", False)])
def test_xgboost_before_2_1_takes_no_tables(version: str, flat: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    objective = Objective(unifocal.softmax_focal_loss, gamma=2.0)
    expected = objective(TABLE, native("lightgbm", CLASSES))
    monkeypatch.setitem(sys.modules, "xgboost", SimpleNamespace(__version__=version))
    for ours, theirs in zip(objective(TABLE, native("xgboost", CLASSES)), expected, strict=True):
        assert ours.shape == ((21,) if flat else (7, 3))
        np.testing.assert_allclose(ours / ours.ravel()[0], (theirs.ravel() if flat else theirs) / theirs[0, 0], rtol=1e-12)


def test_a_label_for_each_margin() -> None:
    labels = (RNG.random((7, 3)) > 0.5).astype(float)
    expected = derivatives(unifocal.binary_cross_entropy, TABLE, labels, "exact")
    for given in (labels, labels.ravel()):  # XGBoost's get_label flattens
        np.testing.assert_allclose(Objective(unifocal.binary_cross_entropy)(TABLE, native("xgboost", given)), expected, rtol=1e-14)


def test_losses_of_dialects_and_partials() -> None:
    own = Objective(partial(unifocal.binary_cross_entropy, label_smoothing=0.1))
    for other in (
        Objective(unifocal.binary_cross_entropy, label_smoothing=0.1),
        Objective(keras.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)),
        Objective(keras.binary_crossentropy, from_logits=True, label_smoothing=0.1),
    ):
        np.testing.assert_allclose(other(Y, X), own(Y, X), rtol=1e-13)
        np.testing.assert_allclose(other(Y, X, sample_weight=W), own(Y, X, sample_weight=W), rtol=1e-13)
    plain = Objective(unifocal.binary_cross_entropy)  # PyTorch's weights align from the right
    np.testing.assert_allclose(Objective(torch.binary_cross_entropy_with_logits)(Y, X, W, None), plain(Y, X, W, None), rtol=1e-13)
    softmax = Objective(unifocal.cross_entropy)
    for other in (Objective(torch.cross_entropy), Objective(keras.CategoricalCrossentropy(from_logits=True))):  # indices; one-hot labels
        np.testing.assert_allclose(other(CLASSES, TABLE, W, None), softmax(CLASSES, TABLE, W, None), rtol=1e-13)


@unifocal.elementwise
def own(t: Any, *, gamma: float = 2.0) -> Any:
    return -((1 - t.p_t) ** gamma) * t.log_p_t


def test_losses_of_ones_own() -> None:
    """Written out, or one expression; held derivatives are asked of those alone that say what their modulator is."""
    written, focal = Objective(poly1_focal_loss, gamma=1.5, epsilon=0.7), Objective(unifocal.sigmoid_focal_loss, alpha=None, gamma=1.5)
    np.testing.assert_allclose(written(Y, X), derivatives(poly1_focal_loss, X, Y, "clipped", gamma=1.5, epsilon=0.7), rtol=1e-14)
    np.testing.assert_allclose(Objective(own, gamma=1.5)(Y, X), focal(Y, X), rtol=1e-12)
    assert Objective(own, gamma=1.5).initial_score(Y) == pytest.approx(focal.initial_score(Y), rel=1e-9)
    losses: tuple[Any, ...] = (poly1_focal_loss, own)
    for loss in losses:
        with pytest.raises(TypeError, match="hessian='held' requires a formula that says what its modulator is; "):
            Objective(loss, hessian="held")(Y, X)


@pytest.mark.parametrize("hessian", ["exact", "clipped", "held"])
@pytest.mark.parametrize(
    ("loss", "x", "y"),
    [(unifocal.asymmetric_loss, X, Y), (unifocal.poly_focal_loss, X, Y), (unifocal.softmax_poly_focal_loss, TABLE, CLASSES)],
    ids=["asymmetric", "poly", "softmax poly"],
)
def test_losses_of_expressions(loss: Any, x: Any, y: Any, hessian: Any) -> None:
    gradient, second = Objective(loss, hessian=hessian, hessian_scale=1)(y, x)
    np.testing.assert_allclose((gradient, second), derivatives(loss, x, y.astype(int), hessian), rtol=1e-14)
    step = 1e-5
    if hessian == "exact":
        for j in np.ndindex(x.shape[1:]):
            move = np.zeros_like(x)
            move[:, *j] = step
            up, down = (Objective(loss)(y, x + sign * move)[0] for sign in (1, -1))
            np.testing.assert_allclose(second[:, *j], ((up - down) / (2 * step))[:, *j], rtol=1e-5, atol=1e-8)


def test_catboost_takes_derivatives_of_minus_the_loss() -> None:
    objective = Objective(unifocal.sigmoid_focal_loss, gamma=2.0)
    gradient, second = objective(Y, X, sample_weight=W)
    np.testing.assert_allclose(objective.calc_ders_range(X.tolist(), Y.tolist(), W.tolist()), np.stack([-gradient, -second], axis=1))
    assert objective.calc_ders_range(X, Y, None)[0] != objective.calc_ders_range(X, Y, W)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("hessian", ["exact", "clipped", "held"])
@pytest.mark.parametrize("loss", [unifocal.softmax_focal_loss, unifocal.sigmoid_focal_loss], ids=["softmax", "sigmoid"])
def test_catboost_takes_the_whole_hessian_of_a_row(hessian: Any, loss: Any) -> None:
    objective = Objective(loss, gamma=2.0, hessian=hessian, hessian_scale=1)
    negative = []
    for x, y in zip(TABLE * 4, CLASSES, strict=True):
        first, whole = objective.calc_ders_multi(x.tolist(), float(y), 0.5)
        gradient, second = objective(np.array([y]), x[np.newaxis], sample_weight=[0.5])
        np.testing.assert_allclose(first, -gradient[0], rtol=1e-14)
        np.testing.assert_allclose(whole, np.transpose(whole), rtol=1e-9, atol=1e-14)
        if hessian != "clipped" or loss is unifocal.sigmoid_focal_loss:
            np.testing.assert_allclose(np.diag(whole), -second[0], rtol=1e-12, atol=1e-300)
        negative.append(np.linalg.eigvalsh(whole).max() > 1e-6)
        if hessian != "exact":
            assert np.linalg.eigvalsh(whole).max() <= 1e-12
        if loss is unifocal.softmax_focal_loss:  # all margins together change nothing
            np.testing.assert_allclose(np.sum(whole, axis=1), 0, atol=1e-13)
        if hessian == "exact":
            step = 1e-6

            def at(moved: Any, y: Any = y) -> Any:
                return objective(np.array([y]), moved[np.newaxis], sample_weight=[0.5])[0][0]

            columns = [(at(x + unit) - at(x - unit)) / (2 * step) for unit in np.eye(3) * step]
            np.testing.assert_allclose(whole, -np.stack(columns, axis=1), rtol=1e-5, atol=1e-9)
    assert any(negative) == (hessian == "exact")


# --- before and after training ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hessian", ["exact", "clipped", "held"])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("share", [0.5, 0.1, 1e-3])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_initial_score_is_the_best_constant(hessian: Any, gamma: float, share: float, weighted: bool) -> None:
    y = (np.arange(4000) < 4000 * share).astype(float)
    weights = RNG.random(4000) if weighted else None
    objective = Objective(unifocal.sigmoid_focal_loss, alpha=0.25, gamma=gamma, hessian=hessian)
    score = objective.initial_score(y, weights)
    assert isinstance(score, float)
    slopes, _ = objective(y, np.full(4000, score), sample_weight=weights)
    assert abs(slopes.sum()) <= 1e-9 * np.abs(slopes).sum()
    metric = Metric(unifocal.sigmoid_focal_loss, alpha=0.25, gamma=gamma)
    least = metric(y, np.full(4000, score), sample_weight=weights)
    assert all(metric(y, np.full(4000, other), sample_weight=weights) >= least for other in np.linspace(-12, 12, 97))


def test_initial_score_of_cross_entropy_is_the_prior() -> None:
    y = np.array([0, 1, 1, 1])
    assert Objective(unifocal.binary_cross_entropy).initial_score(y) == pytest.approx(np.log(3), rel=1e-12)
    assert Objective(unifocal.binary_cross_entropy).initial_score([0.25, 0.75, 0.5, 1]) == pytest.approx(np.log(0.625 / 0.375), rel=1e-12)
    assert Objective(unifocal.binary_cross_entropy).initial_score(y, [3, 1, 1, 1]) == pytest.approx(0, abs=1e-12)
    prior = np.log([2 / 7, 2 / 7, 3 / 7])
    np.testing.assert_allclose(Objective(unifocal.cross_entropy).initial_score(CLASSES), prior - prior.mean(), rtol=1e-10)
    rest = np.log([2 / 5, 2 / 5, 3 / 4])
    np.testing.assert_allclose(Objective(unifocal.binary_cross_entropy).initial_score(CLASSES), rest, rtol=1e-10)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_initial_score_of_several_classes(gamma: float) -> None:
    y = np.repeat(np.arange(4), [50, 3, 20, 1]).astype(float)
    for loss, alpha in ((unifocal.softmax_focal_loss, [1.0, 4.0, 1.0, 9.0]), (unifocal.sigmoid_focal_loss, 0.25)):
        objective = Objective(loss, gamma=gamma, alpha=alpha)
        score = objective.initial_score(y)
        slopes, _ = objective(y, np.tile(score, (len(y), 1)))
        assert (np.abs(slopes.sum(axis=0)) <= 1e-9 * np.abs(slopes).sum(axis=0)).all()


def test_initial_score_without_negative_rows_fails() -> None:
    objective = Objective(unifocal.sigmoid_focal_loss)
    with pytest.raises(ValueError, match="requires rows of every class; there are none of 1, the positive: its margin would be −∞"):
        objective.initial_score([0, 0])
    with pytest.raises(ValueError, match="requires rows of every class; there are none of 0, the negative"):
        objective.initial_score([1, 1])
    with pytest.raises(ValueError, match="there are none of class 1, 2: its margin"):
        Objective(unifocal.cross_entropy).initial_score([0, 3, 3])
    with pytest.raises(ValueError, match="requires rows of positive weight"):
        objective.initial_score([0, 1], [0, 0])
    with pytest.raises(ValueError, match=r"has no best constant for these labels: it is least at infinity"):
        Objective(unifocal.sigmoid_focal_loss, alpha=1.0).initial_score([0, 1])


@pytest.mark.parametrize("labels", [[], [[0, 1]], ["a", "b"]])
def test_initial_score_refuses_other_labels(labels: Any) -> None:
    with pytest.raises(ValueError, match=r"labels must be numbers of shape \(N,\), at least one; received"):
        Objective(unifocal.cross_entropy).initial_score(labels)


@pytest.mark.parametrize("labels", [[0, 1.5], [0, -1, 3], [0, np.nan, 2]])
def test_initial_score_refuses_classes_that_are_none(labels: Any) -> None:
    with pytest.raises(ValueError, match="labels of several classes must be whole numbers from 0 on; received"):
        Objective(unifocal.cross_entropy).initial_score(labels)


def test_predict_proba() -> None:
    sigmoid, softmax = Objective(unifocal.sigmoid_focal_loss), Objective(unifocal.softmax_focal_loss)
    x = np.array([-1000.0, -40, -1, 0, 2, 40])
    found = sigmoid.predict_proba(x)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(found, np.stack([1 / (1 + np.exp(x)), 1 / (1 + np.exp(-x))], axis=1), rtol=1e-14)
    np.testing.assert_array_equal(sigmoid.predict_proba(x[:, np.newaxis]), found)
    np.testing.assert_array_equal(sigmoid.predict_proba(x - 1, 1.0), found)
    e = np.exp(TABLE)
    np.testing.assert_allclose(softmax.predict_proba(TABLE), e / e.sum(axis=1, keepdims=True), rtol=1e-13)
    np.testing.assert_allclose(softmax.predict_proba(TABLE * 0, TABLE[0])[3], softmax.predict_proba(TABLE)[0], rtol=1e-13)
    np.testing.assert_allclose(sigmoid.predict_proba(TABLE), 1 / (1 + np.exp(-TABLE)), rtol=1e-13)
    assert softmax.predict_proba(TABLE.astype("float32")).dtype == np.float32


# --- metrics ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, W], ids=["", "weighted"])
def test_metric(weights: Any) -> None:
    for loss, x, y in ((unifocal.sigmoid_focal_loss, X, Y), (unifocal.softmax_focal_loss, TABLE, CLASSES)):
        expected = float(loss(x, y.astype(int), sample_weight=weights, reduction="weighted_mean"))
        metric = Metric(loss)
        by_name = {} if weights is None else {"sample_weight": weights}
        assert metric(y, x, **by_name) == pytest.approx(expected, rel=1e-12)
        assert metric(x, native("xgboost", y, weights)) == (loss.__name__, pytest.approx(expected, rel=1e-12))
        for found in (metric(x, native("lightgbm", y, weights)), metric(y, x, weights, None)):
            assert found == (loss.__name__, pytest.approx(expected, rel=1e-12), False)
        table = x[:, np.newaxis] if x.ndim == 1 else x
        error, weight = metric.evaluate(table.T.tolist(), y.tolist(), weights)
        assert metric.get_final_error(error, weight) == pytest.approx(expected, rel=1e-12)
    assert not metric.is_max_optimal()
    assert metric.get_final_error(0.0, 0.0) == 0


def test_metric_of_probabilities() -> None:
    """Beside an objective of their own, libraries give a metric probabilities."""
    of_margins, of_probabilities = (Metric(unifocal.sigmoid_focal_loss, from_logits=given) for given in (True, False))
    assert of_probabilities(Y, 1 / (1 + np.exp(-X))) == pytest.approx(of_margins(Y, X), rel=1e-12)


# --- both ---------------------------------------------------------------------------------------------------------------------------


def test_names() -> None:
    objective = Objective(unifocal.softmax_focal_loss, gamma=1.5, hessian="exact", hessian_scale=1)
    assert repr(objective) == "Objective(softmax_focal_loss, hessian='exact', hessian_scale=1, gamma=1.5)"
    assert repr(Metric(unifocal.cross_entropy, label_smoothing=0.1)) == "Metric(cross_entropy, label_smoothing=0.1)"
    assert objective.__name__ == "softmax_focal_loss"
    assert Metric(unifocal.cross_entropy, name="ce")(CLASSES, TABLE, None, None)[0] == "ce"
    assert Objective(keras.BinaryCrossentropy(from_logits=True)).__name__ == "BinaryCrossentropy"


def test_can_be_pickled_and_copied() -> None:
    objective = Objective(partial(unifocal.sigmoid_focal_loss, gamma=3.0), alpha=0.3, hessian="clipped")
    again = pickle.loads(pickle.dumps(objective))
    assert repr(again) == repr(objective)
    np.testing.assert_array_equal(again(Y, X), objective(Y, X))
    metric = Metric(unifocal.cross_entropy, label_smoothing=0.1)
    assert pickle.loads(pickle.dumps(metric))(CLASSES, TABLE) == metric(CLASSES, TABLE)


# --- refusals -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [Objective, Metric])
def test_refuses_losses_and_options_that_rows_have_no_use_for(what: Any) -> None:
    with pytest.raises(TypeError, match=f"{what.__name__} takes one of unifocal's losses or a functools.partial of one; received"):
        what(np.sum)
    with pytest.raises(TypeError, match=f"{what.__name__} takes no reduction. Boosting adds up"):
        what(unifocal.cross_entropy, reduction="mean")
    with pytest.raises(TypeError, match=f"{what.__name__} takes no reduction"):
        what(partial(unifocal.cross_entropy, reduction="mean"))
    with pytest.raises(TypeError, match=f"{what.__name__} takes no sample_weight. Weights are the data's"):
        what(unifocal.cross_entropy, sample_weight=W)
    with pytest.raises(TypeError, match=f"{what.__name__} takes no weights of samples"):
        what(torch.binary_cross_entropy_with_logits, weight=np.ones((2, 2)))
    with pytest.raises(TypeError, match="gama"):
        what(unifocal.sigmoid_focal_loss, gama=2.0)


def test_refuses_what_is_no_objective() -> None:
    with pytest.raises(TypeError, match=r"Objective requires a loss of logits, since margins are logits; .* Leave out from_logits=False"):
        Objective(unifocal.sigmoid_focal_loss, from_logits=False)
    with pytest.raises(ValueError, match="hessian must be 'exact', 'clipped' or 'held'; received 'fisher'"):
        Objective(unifocal.cross_entropy, hessian="fisher")  # type: ignore[arg-type]
    for scale in (0, -1.0, float("inf")):
        with pytest.raises(ValueError, match="hessian_scale must be 'library' or a finite number > 0; received"):
            Objective(unifocal.cross_entropy, hessian_scale=scale)
    with pytest.raises(TypeError, match="hessian_scale must be a Python number or 'library'; received str"):
        Objective(unifocal.cross_entropy, hessian_scale="xgboost")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="name must be a string or None; received int"):
        Metric(unifocal.cross_entropy, name=3)  # type: ignore[arg-type]


_CALLS: dict[str, tuple[Any, tuple[Any, ...], type[Exception], str]] = {
    "labels of several classes, one margin": (
        unifocal.binary_cross_entropy,
        (CLASSES, X),
        ValueError,
        "of one margin must be from 0 to 1, yes",
    ),
    "NaN for a label": (
        unifocal.binary_cross_entropy,
        (np.where(Y, np.nan, 0), X),
        ValueError,
        r"received nan at 1 \(3 of 7 are outside\)",
    ),
    "a class too many": (
        unifocal.cross_entropy,
        (CLASSES + 1, TABLE),
        ValueError,
        r"from 0 to 2, the classes .* received 3.0 at 1 \(3 of 7",
    ),
    "half a class": (unifocal.cross_entropy, (CLASSES + 0.5, TABLE), ValueError, "whole numbers from 0 to 2"),
    "a softmax of one margin": (
        unifocal.cross_entropy,
        (Y, X),
        ValueError,
        "softmax loss, which needs a margin for each class; .* num_class",
    ),
    "too few labels": (
        unifocal.binary_cross_entropy,
        (Y[:3], X),
        ValueError,
        r"as many as labels, or so many for each class; received \(7,\)",
    ),
    "labels of no margins": (unifocal.cross_entropy, (Y[:3], TABLE), ValueError, "labels must be one a row, or one a margin"),
    "three dimensions": (unifocal.cross_entropy, (Y, TABLE[None]), TypeError, "floating array of one or two dimensions"),
    "classes for margins": (unifocal.binary_cross_entropy, (Y, Y.astype(int)), TypeError, "margins must be a floating array"),
    "words": (unifocal.binary_cross_entropy, (np.array(["a"] * 7), X), TypeError, "labels must be an array of numbers; received dtype <U1"),
    "weights of other rows": (unifocal.binary_cross_entropy, (Y, X, W[:3], None), ValueError, "sample weights must be one a row, of which"),
    "negative weights": (unifocal.binary_cross_entropy, (Y, X, -W, None), ValueError, "sample weights must be ≥ 0; received -"),
    "somebody else's data": (
        unifocal.binary_cross_entropy,
        (X, _Data(Y, None)),
        TypeError,
        "must be XGBoost's DMatrix or LightGBM's Dataset",
    ),
    "data and weights": (unifocal.binary_cross_entropy, (X, native("xgboost", Y), W), TypeError, "weights are the data's own"),
}


@pytest.mark.parametrize("what", [Objective, Metric])
@pytest.mark.parametrize(("loss", "arguments", "error", "message"), _CALLS.values(), ids=_CALLS.keys())
def test_refuses_calls_that_do_not_fit(what: Any, loss: Any, arguments: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        what(loss)(*arguments)


def test_refuses_weights_given_twice() -> None:
    with pytest.raises(TypeError, match="sample_weight was given twice"):
        Objective(unifocal.binary_cross_entropy)(Y, X, W, None, sample_weight=W)


@pytest.mark.parametrize(
    ("margins", "error", "message"),
    [
        (Y.astype(int), TypeError, r"margins must be a floating array of shape \(N,\) or \(N, C\); received int64"),
        (TABLE[None], TypeError, r"received float64 \(1, 7, 3\)"),
        (X, ValueError, r"margins of a softmax loss must have shape \(N, C\); received \(7,\)"),
    ],
)
def test_predict_proba_refuses_what_are_no_margins(margins: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        Objective(unifocal.cross_entropy).predict_proba(margins)


def test_several_classes_held_must_be_a_cross_entropy(monkeypatch: pytest.MonkeyPatch) -> None:
    """CatBoost's matrix is made of the diagonal then."""
    from unifocal.boosting import row_loss

    objective = Objective(unifocal.softmax_focal_loss, hessian="held")
    monkeypatch.setattr(row_loss.RowLoss, "probabilities", lambda self, margins: np.full_like(margins, 1 / 3))
    with pytest.raises(
        TypeError, match="hessian='held' of several classes requires a loss that is a cross entropy where its modulator is held"
    ):
        objective.calc_ders_multi([0.0, 3.0, 1.0], 1.0, None)
