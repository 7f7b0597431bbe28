"""A description that means nothing is refused where it is made: an option out of its set, and options with no meaning beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.arrays import Array, Namespace
from unifocal.convention import Convention
from unifocal.dialects import kornia, paddle
from unifocal.evaluation.evaluate import evaluate
from unifocal.formulas import (
    Binary,
    Categorical,
    CategoricalProbabilityFocal,
    Formula,
    Inputs,
    Linked,
    Mixture,
    NegativeLogLikelihood,
    Normalized,
    OfClassProbabilities,
    OfProbabilities,
    ProbabilityFocal,
    SigmoidFocal,
    SigmoidLink,
    SoftmaxFocal,
    SoftmaxLink,
    WithZLoss,
    binary_focal,
    categorical_focal,
    normalized_focal,
)
from unifocal.formulas.added_gaussian import AddedGaussianFocal
from unifocal.formulas.asymmetric import AsymmetricFocal
from unifocal.formulas.balanced_poly import BalancedPolyFocal
from unifocal.formulas.clamped import ClampedFocal
from unifocal.formulas.clamped_asymmetric import ClampedAsymmetric, SoftmaxAsymmetric
from unifocal.formulas.classwise import IndexClasswise
from unifocal.formulas.cross_entropy_focal import CrossEntropyFocal
from unifocal.formulas.derived import OfHardLabels
from unifocal.formulas.floored import FlooredCrossEntropy, OfFlooredProbabilities
from unifocal.formulas.floored_quality import FlooredQualityFocal
from unifocal.formulas.gaussian import GaussianFocal
from unifocal.formulas.label_probability import LabelProbabilityAsymmetric
from unifocal.formulas.log_probability import IndexNegativeLogLikelihood
from unifocal.formulas.marked import MarkedFocal
from unifocal.formulas.negative_tolerant import NegativeTolerant
from unifocal.formulas.poly import PolyFocal, SoftmaxPolyFocal
from unifocal.formulas.probability import IndexProbabilityFocal
from unifocal.formulas.quality import QualityFocal, Varifocal
from unifocal.formulas.quality_varifocal import QualityVarifocal
from unifocal.formulas.renormalized import RenormalizedFocal
from unifocal.formulas.row_focal import RowFocal
from unifocal.formulas.scored_varifocal import ScoredVarifocal
from unifocal.formulas.sigmoid import HardSigmoidFocal
from unifocal.formulas.sigmoid_star import FocalStar
from unifocal.formulas.signed import SignedFocal
from unifocal.formulas.softened import SoftenedFocal
from unifocal.formulas.softmax_index import IndexSoftmaxFocal, SmoothedIndexCrossEntropy
from unifocal.formulas.softmax_label_probability import SoftmaxLabelProbabilityAsymmetric
from unifocal.formulas.zlpr import Zlpr
from unifocal.loss import Description, loss
from unifocal.operands import Operands

from ...frameworks import Framework
from ..every_formula import every_formula

NAN, INF = float("nan"), float("inf")
_TEXTS: dict[str, tuple[Any, ...]] = {"another word": ("avg",), "none": (None,), "truth": (True,), "array": (np.array(["sum", "mean"]),)}
_NOT_NUMBERS = ("2", None, True, np.array([1.0, 2.0]), 1j)

# By option: values out of its set.
_NUMBERS: dict[str, tuple[Any, ...]] = {
    "gamma": (*_NOT_NUMBERS, -1, NAN, INF),
    "z_loss": (*_NOT_NUMBERS, -1, NAN, INF),
    "by_index": (None, 1, "indices", np.array([True, False])),
    "epsilon": ("0.1", True, np.array([0.1]), -0.1, 0.5, 2, NAN, INF),
    "log_epsilon": (*_NOT_NUMBERS, NAN, INF),
    "log_floor": ("-100", True, np.array([-1.0]), 1e-3, NAN, INF, -INF),
    "clip": ("logits", None, True, np.array(["loss", "loss"])),
    "smoothed": (*_NOT_NUMBERS, NAN, INF),
    "smoothing": (*_NOT_NUMBERS, NAN, INF),
    "axis": ("1", None, True, 1.0, np.array([-1, -2]), 0, 1),
    "of": (None, "sigmoid", SigmoidFocal, SigmoidLink()),
    "link": (None, "sigmoid", SigmoidLink, SigmoidFocal()),
    "gamma_pos": (*_NOT_NUMBERS, -1, NAN, INF),
    "gamma_neg": (*_NOT_NUMBERS, -1, NAN, INF),
    "margin": (*_NOT_NUMBERS, -0.1, 1, NAN, INF),
    "beta": (*_NOT_NUMBERS, -1, NAN, INF),
    "alpha": (*_NOT_NUMBERS, -1, NAN, INF),
    "poly_epsilon": (*_NOT_NUMBERS, NAN, INF),
    "reduced_threshold": (*_NOT_NUMBERS, -0.1, NAN, INF),
    "threshold": (*_NOT_NUMBERS, NAN, INF),
    "scale": (*_NOT_NUMBERS, 0, -1, NAN, INF),
    "balance": (*_NOT_NUMBERS, NAN, INF),
    "on": (*_NOT_NUMBERS, NAN, INF),
    "off": (*_NOT_NUMBERS, NAN, INF),
    "detach_modulator": (None, 1, 0.0, "yes", np.array([True, False])),
    "hard": (None, 1, "yes"),
    "marks_all": (None, 1, "yes"),
    "floor": (*_NOT_NUMBERS, NAN, INF),
    "least": (*_NOT_NUMBERS, NAN, INF),
    "pos_weight": (*_NOT_NUMBERS, NAN, INF),
    "neg_weight": (*_NOT_NUMBERS, NAN, INF),
    "softening": (*_NOT_NUMBERS, NAN, INF),
    "weighted": (None, 1, "yes", np.array([True, False])),
    "of_target": (None, "probabilities", ProbabilityFocal, SigmoidFocal()),
}
_FORMULAS: dict[type, dict[str, Any]] = {
    SigmoidFocal: {},
    HardSigmoidFocal: {},
    SoftmaxFocal: {},
    IndexSoftmaxFocal: {},
    SmoothedIndexCrossEntropy: {},
    ProbabilityFocal: {},
    CategoricalProbabilityFocal: {},
    IndexProbabilityFocal: {"of_target": ProbabilityFocal()},
    NegativeLogLikelihood: {},
    RenormalizedFocal: {},
    MarkedFocal: {},
    ScoredVarifocal: {},
    QualityVarifocal: {},
    ClampedFocal: {},
    FlooredCrossEntropy: {},
    LabelProbabilityAsymmetric: {},
    OfFlooredProbabilities: {"of": QualityFocal()},
    IndexNegativeLogLikelihood: {},
    Mixture: {"of": SigmoidFocal()},
    Linked: {"link": SigmoidLink(), "of": ProbabilityFocal()},
    WithZLoss: {"of": SoftmaxFocal(), "z_loss": 0.1},
    AsymmetricFocal: {},
    QualityFocal: {},
    Varifocal: {},
    GaussianFocal: {},
    AddedGaussianFocal: {},
    FlooredQualityFocal: {},
    SoftmaxLabelProbabilityAsymmetric: {},
    RowFocal: {},
    SignedFocal: {},
    SoftenedFocal: {},
    PolyFocal: {},
    SoftmaxPolyFocal: {},
    BalancedPolyFocal: {},
    ClampedAsymmetric: {},
    SoftmaxAsymmetric: {},
    CrossEntropyFocal: {},
    FocalStar: {},
    NegativeTolerant: {},
    Zlpr: {},
    OfProbabilities: {"of": PolyFocal()},
    OfHardLabels: {"of": PolyFocal()},
    OfClassProbabilities: {"of": SoftmaxPolyFocal()},
    IndexClasswise: {"of": SoftmaxPolyFocal()},
    SoftmaxLink: {},
    Normalized: {},
}
_CONVENTION: dict[str, tuple[Any, ...]] = {
    "formula": (None, "sigmoid", SigmoidFocal, SigmoidLink()),
    "labels": ("one-hot", None, True, np.array(["any", "any"])),
    "label_smoothing": (*_NOT_NUMBERS, -0.1, 1.1, NAN, INF),
    "axis": ("1", None, True, 1.0, np.array([0, 1])),
    "ignore_index": ("1", True, 1.0, np.array([0, 1])),
    "count_ignored": (None, 1, "yes", np.array([True, False])),
    "background": (None, 1, "yes", np.array([True, False])),
    "class_weight": ("rows", None, True),
    "weights": ("left", None, True),
    "class_axis": ("none", None, True),
    "reduction": ("avg", None, True, np.array(["sum", "mean"])),
    "dtype": ("float64", "half", 32, np.float16),
    "held": ("some", None, True),
}


def _shown(value: object) -> str:
    return f"{type(value).__name__}-{value}".replace("\n", "").replace(" ", "")


def _cases(of: dict[str, tuple[Any, ...]], names: tuple[str, ...]) -> list[tuple[str, Any]]:
    return [(name, value) for name in names for value in of[name]]


@pytest.mark.parametrize(
    ("formula", "name", "value"),
    [
        pytest.param(formula, name, value, id=f"{formula.__name__}-{name}-{_shown(value)}")
        for formula in _FORMULAS
        for name, value in _cases(_NUMBERS, tuple(option.name for option in fields(formula)))  # of every option that there is
    ],
)
def test_an_option_of_a_formula_out_of_its_set(formula: Any, name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"received|requires") as refused:
        formula(**{**_FORMULAS[formula], name: value})
    assert name in str(refused.value) or name in ("of", "link")


def test_every_formula_is_among_them() -> None:
    assert every_formula() == {cls for cls in _FORMULAS if issubclass(cls, Formula)}


@pytest.mark.parametrize("formula", _FORMULAS, ids=lambda cls: cls.__name__)
def test_an_option_that_a_formula_does_not_know(formula: Any) -> None:
    with pytest.raises(TypeError, match="gama"):
        formula(**_FORMULAS[formula], gama=2.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(name, value, id=f"{name}-{_shown(value)}") for name, value in _cases(_CONVENTION, tuple(_CONVENTION))],
)
def test_an_option_of_a_convention_out_of_its_set(name: str, value: Any) -> None:
    assert set(_CONVENTION) == {option.name for option in fields(Convention) if option.init}
    with pytest.raises((TypeError, ValueError), match="received"):
        Convention(**{"formula": SigmoidFocal(), "ignore_index": 7, name: value})


def test_an_option_that_a_convention_does_not_know() -> None:
    with pytest.raises(TypeError, match="gamma"):
        Convention(SigmoidFocal(), gamma=2.0)  # type: ignore[call-arg]


_MEANINGLESS: dict[str, Callable[[], object]] = {
    "binary, class axis kept": lambda: Convention(SigmoidFocal(), class_axis="kept"),
    "binary, spread": lambda: Convention(SigmoidFocal(), class_axis="spread", labels="indices"),
    "categorical, summed over classes": lambda: Convention(SoftmaxFocal(), class_axis="sum"),
    "categorical, mean of classes": lambda: Convention(SoftmaxFocal(), class_axis="mean"),
    "linked categorical, mean of classes": lambda: Convention(categorical_focal(epsilon=0.1), class_axis="mean"),
    "spread without indices": lambda: Convention(SoftmaxFocal(), class_axis="spread"),
    "spread and smoothed": lambda: Convention(SoftmaxFocal(), class_axis="spread", labels="indices", label_smoothing=0.1),
    "ignored where classes are summed": lambda: Convention(SigmoidFocal(), class_axis="sum", ignore_index=0),
    "ignored where classes are averaged": lambda: Convention(SigmoidFocal(), class_axis="mean", ignore_index=0),
    "ignored among soft labels": lambda: Convention(SoftmaxFocal(), labels="elements", ignore_index=0),
    "ignored ones counted, none ignored": lambda: Convention(SigmoidFocal(), count_ignored=True),
    "smoothing beyond 1": lambda: Convention(SigmoidFocal(), label_smoothing=1.5, held="labels"),
    "infinite smoothing, nothing held": lambda: Convention(SigmoidFocal(), label_smoothing=INF, held="nothing"),
    "smoothing of the formula": lambda: Convention(SigmoidFocal(smoothed=0.1)),
    "smoothing in a mixture": lambda: Convention(Mixture(SigmoidFocal(smoothed=0.1))),
    "smoothing in a link": lambda: Convention(Linked(SigmoidLink(), ProbabilityFocal(smoothed=0.1))),
    "axis of the formula": lambda: Convention(SoftmaxFocal(axis=-2)),
    "axis of a link": lambda: Convention(Linked(SoftmaxLink(axis=-2), CategoricalProbabilityFocal())),
    "axis in a link": lambda: Convention(Linked(SoftmaxLink(), CategoricalProbabilityFocal(axis=-2))),
    "form for hard labels": lambda: Convention(HardSigmoidFocal()),
    "form for hard labels in a mixture": lambda: Convention(Mixture(HardSigmoidFocal())),
    "form for hard labels, smoothed": lambda: HardSigmoidFocal(smoothed=0.1),
    "form for indices": lambda: Convention(IndexSoftmaxFocal()),
    "form for smoothed indices": lambda: Convention(SmoothedIndexCrossEntropy()),
    "form for indices of probabilities": lambda: Convention(IndexProbabilityFocal(ProbabilityFocal())),
    "form for indices of log-probabilities": lambda: Convention(IndexNegativeLogLikelihood()),
    "form for indices in a link": lambda: Convention(Linked(SoftmaxLink(), IndexProbabilityFocal(ProbabilityFocal()))),
    "mixture of a categorical formula": lambda: Mixture(SoftmaxFocal()),
    "sigmoid link of a categorical formula": lambda: Linked(SigmoidLink(), CategoricalProbabilityFocal()),
    "softmax link of a binary formula": lambda: Linked(SoftmaxLink(), ProbabilityFocal()),
    "normalized binary formula": lambda: Linked(Normalized(), ProbabilityFocal()),
    "link of a formula of logits": lambda: Linked(SigmoidLink(), SigmoidFocal()),
    "link of a link": lambda: Linked(SoftmaxLink(), normalized_focal(epsilon=0.1, clipped_first=True)),
    "link of log-probabilities": lambda: Linked(SoftmaxLink(), NegativeLogLikelihood()),
    "z-loss of a binary formula": lambda: WithZLoss(SigmoidFocal(), 0.1),
    "z-loss of probabilities": lambda: WithZLoss(CategoricalProbabilityFocal(), 0.1),
    "z-loss of a class index": lambda: Convention(WithZLoss(SoftmaxFocal(), 0.1, by_index=True)),
    "z-loss beside probabilities": lambda: unifocal.cross_entropy(np.full((1, 2), 0.5), [0], from_logits=False, z_loss=0.1),
    "link that is none": lambda: Linked("softmax", CategoricalProbabilityFocal()),  # type: ignore[arg-type]
    "clip of the cross entropy without epsilon": lambda: ProbabilityFocal(clip="cross_entropy"),
    "clip of the cross entropy with epsilon 0": lambda: ProbabilityFocal(epsilon=0.0, clip="cross_entropy"),
    "floor and added epsilon": lambda: ProbabilityFocal(log_floor=-100.0, log_epsilon=1e-7),
    "logits, clip without epsilon": lambda: binary_focal(clip="cross_entropy"),
    "logits, clip of no such kind": lambda: binary_focal(clip="logits"),  # type: ignore[arg-type]
    "logits, epsilon that is no number": lambda: binary_focal(epsilon=False),
    "logits, added epsilon that is no number": lambda: binary_focal(log_epsilon=None),  # type: ignore[arg-type]
    "logits, categorical epsilon that is no number": lambda: categorical_focal(epsilon=False),
    "from_logits that is no truth": lambda: binary_focal(from_logits="no"),  # type: ignore[arg-type]
    "clipped_first that is no truth": lambda: normalized_focal(epsilon=0.1, clipped_first="no"),  # type: ignore[arg-type]
    "normalized without epsilon": lambda: normalized_focal(epsilon=None, clipped_first=True),  # type: ignore[arg-type]
    "epsilon beside logits": lambda: unifocal.sigmoid_focal_loss(np.zeros(2), [0, 1], epsilon=0.1),
}


@pytest.mark.parametrize("make", _MEANINGLESS.values(), ids=_MEANINGLESS.keys())
def test_options_without_a_meaning(make: Callable[[], object]) -> None:
    with pytest.raises((TypeError, ValueError), match=r"received|do not go together"):
        make()


def test_a_negative_epsilon_in_logarithms_which_paddle_takes() -> None:
    found = paddle.log_loss(np.array([[0.5], [0.2]]), np.array([[1.0], [0.0]]), epsilon=-0.01)
    np.testing.assert_allclose(found, -np.log([[0.49], [0.79]]), rtol=1e-15)


@pytest.mark.parametrize(
    ("function", "targets"),
    [(kornia.binary_focal_loss_with_logits, np.eye(3)), (kornia.focal_loss, np.arange(3))],
    ids=["binary", "softmax"],
)
def test_a_dialect_that_may_ignore_nothing(function: Any, targets: Any) -> None:
    x = np.arange(9.0).reshape(3, 3)
    for reduction in ("none", "mean"):
        all_counted = function(x, targets, alpha=0.25, reduction=reduction)  # no label is −100
        np.testing.assert_array_equal(function(x, targets, alpha=0.25, reduction=reduction, ignore_index=None), all_counted)


@pytest.mark.parametrize("formula", [SoftmaxFocal(), categorical_focal(epsilon=0.1), NegativeLogLikelihood()], ids=str)
def test_pos_weight_of_a_formula_that_takes_none(formula: Formula) -> None:
    with pytest.raises(TypeError, match="pos_weight"):
        evaluate(Convention(formula, held="nothing"), Operands(np.full((2, 3), 0.3), np.array([0, 1]), pos_weight=2.0))


# --- formulas of one's own ----------------------------------------------------------------------------------------------------------


class _Scaled(Binary):
    """What the classes below have in common: factor·x², which is no loss of anything."""

    factor = 1.0

    def text(self, alpha: bool, pos_weight: bool) -> str:
        return "factor·x²"

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        return self.factor * x * x, 2 * self.factor * x

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        return 2 * self.factor * h


def _like(name: str, **body: Any) -> Any:
    """A class with _Scaled's methods, which no formula may derive from."""
    methods = {key: value for key, value in vars(_Scaled).items() if key in ("text", "value_slope", "second")}
    return type(name, (Binary,), {**methods, "__annotations__": {"factor": float}, "factor": 1.0, **body})


def _set_factor(self: Any, factor: float) -> None:
    object.__setattr__(self, "factor", factor)
    object.__setattr__(self, "smoothed", 0.0)


_FORGETFUL: dict[str, tuple[Callable[[], Any], str]] = {
    "no dataclass": (lambda: Convention(_like("Undecorated", __init__=_set_factor)(2.0)), "Undecorated is no dataclass of its own"),
    "no dataclass, its option passed": (lambda: _like("Undecorated")(factor=2.0), "unexpected keyword argument"),
    "not frozen": (lambda: dataclass(_like("Thawed"))(2.0), "cannot inherit non-frozen dataclass"),
    "without equality": (lambda: Convention(dataclass(frozen=True, eq=False)(_like("Unequal"))(2.0)), "no equality of its own"),
    "an option that is not compared": (
        lambda: Convention(dataclass(frozen=True)(_like("Hidden", factor=field(default=1.0, compare=False)))(2.0)),
        "does not compare factor",
    ),
    "a tensor for an option": (lambda: Convention(dataclass(frozen=True)(_like("Held"))(np.ones(3))), "static option"),
    "a list for an option": (lambda: Convention(dataclass(frozen=True)(_like("Listed"))([1.0])), "static option"),
    "no second": (lambda: dataclass(frozen=True)(_like("Flat", second=Formula.second))(2.0), "abstract method"),
    "no value_slope": (lambda: dataclass(frozen=True)(_like("Empty", value_slope=Formula.value_slope))(2.0), "abstract method"),
    "in a mixture": (lambda: Mixture(_like("Undecorated", __init__=_set_factor)(2.0)), "no dataclass of its own"),
    "below a formula": (lambda: type("Poly1", (SigmoidFocal,), {}), "Poly1 cannot derive from SigmoidFocal"),
    "below a formula of one's own": (lambda: type("Poly1", (_Scaled,), {}), "Poly1 cannot derive from _Scaled"),
}


@pytest.mark.parametrize(("make", "message"), _FORGETFUL.values(), ids=_FORGETFUL.keys())
def test_a_formula_of_ones_own_that_forgets_something(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_a_formula_of_ones_own_that_forgets_nothing() -> None:
    formula = dataclass(frozen=True)(_like("Scaled"))
    x = np.array([1.0, 2.0])
    for factor in (2.0, 3.0):  # another option is another formula, to the cache too
        np.testing.assert_array_equal(evaluate(Convention(formula(factor), reduction="none"), Operands(x, x / 2)), factor * x * x)


@dataclass(frozen=True)
class _AlongOneAxis(Categorical):
    """Σ v·x² along the last axis, whatever it is asked for."""

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        return self

    def text(self, alpha: bool, pos_weight: bool) -> str:
        return "Σ_c y_c·x_c²"

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        return xp.sum(inputs.labels * x * x, axis=-1), 2 * inputs.labels * x

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        return 2 * inputs.labels * h


@dataclass(frozen=True)
class _AlongItsAxis(Categorical):
    """Σ v·x², which says nothing of class indices or its axis, and leaves both to Categorical."""

    def text(self, alpha: bool, pos_weight: bool) -> str:
        return "Σ_c y_c·x_c²"

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        v = inputs.labels if inputs.weight is None else inputs.labels * inputs.weight
        return xp.sum(v * x * x, axis=self.axis), 2 * v * x

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        v = inputs.labels if inputs.weight is None else inputs.labels * inputs.weight
        return 2 * v * h


@loss
def _squares(predictions: Array, targets: Array, class_weight: Any = None, label_smoothing: float = 0.0, axis: int = -1) -> Description:
    convention = Convention(_AlongItsAxis(), label_smoothing=label_smoothing, axis=axis, ignore_index=-1, reduction="sum")
    return convention, Operands(predictions, targets, class_weight=class_weight)


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_a_categorical_formula_that_has_no_form_for_indices_is_given_labels(framework: Framework, smoothing: float) -> None:
    x, index, weight = np.arange(12.0).reshape(4, 3), np.array([2, 0, -1]), np.array([0.5, 1.0, 2.0, 4.0])
    labels = np.eye(5)[:4, index] * (1 - smoothing) + smoothing / 4
    labels[:, 2] = 0.0  # ignored
    true = labels * weight[:, np.newaxis]
    options = {"class_weight": weight, "label_smoothing": smoothing, "axis": 0}
    value, gradient = framework.value_and_gradient(_squares, x, index, dtype="float64", **options)
    np.testing.assert_allclose(value, (true * x * x).sum(), rtol=1e-14)
    np.testing.assert_allclose(gradient, 2 * true * x, rtol=1e-14)
    np.testing.assert_allclose(framework.second(_squares, x, index, 1 + x, dtype="float64", **options), 2 * true * (1 + x), rtol=1e-14)


def test_a_categorical_formula_that_is_deaf_to_its_axis() -> None:
    with pytest.raises(TypeError, match="along axis -2"):
        evaluate(Convention(_AlongOneAxis(), axis=0), Operands(np.zeros((3, 2)), np.array([0, 2])))


def test_a_loss_that_takes_no_labels() -> None:
    with pytest.raises(TypeError, match="predictions and labels before all else; lonely takes predictions"):

        @loss
        def lonely(predictions: Array, *, reduction: str = "mean") -> Description:
            return Convention(SigmoidFocal()), Operands(predictions, predictions)


def test_an_option_to_be_asked_each_time_that_there_is_not() -> None:
    with pytest.raises(TypeError, match="options of misspelt; received sise_average"):

        @loss(asked_each_time=("sise_average",))
        def misspelt(predictions: Array, targets: Array, size_average: bool | None = None) -> Description:
            return Convention(SigmoidFocal()), Operands(predictions, targets)
