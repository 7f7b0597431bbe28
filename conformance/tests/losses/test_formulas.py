"""Every formula keeps the contract of one, and the check of that notices what breaks it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pytest

from unifocal.arrays import Array, Namespace
from unifocal.backend import Backend
from unifocal.dispatch import backend_of
from unifocal.formulas import (
    CategoricalProbabilityFocal,
    Classwise,
    Elementwise,
    Formula,
    Inputs,
    Linked,
    Mixture,
    NegativeLogLikelihood,
    OfClassProbabilities,
    OfProbabilities,
    ProbabilityFocal,
    SigmoidFocal,
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
from unifocal.formulas.base import Predictions
from unifocal.formulas.clamped import ClampedFocal
from unifocal.formulas.clamped_asymmetric import ClampedAsymmetric, SoftmaxAsymmetric
from unifocal.formulas.cross_entropy_focal import CrossEntropyFocal
from unifocal.formulas.floored import FlooredCrossEntropy, OfFlooredProbabilities
from unifocal.formulas.floored_quality import FlooredQualityFocal
from unifocal.formulas.gaussian import GaussianFocal
from unifocal.formulas.label_probability import LabelProbabilityAsymmetric
from unifocal.formulas.marked import MarkedFocal
from unifocal.formulas.negative_tolerant import NegativeTolerant
from unifocal.formulas.poly import PolyFocal, SoftmaxPolyFocal
from unifocal.formulas.quality import QualityFocal, Varifocal
from unifocal.formulas.quality_varifocal import QualityVarifocal
from unifocal.formulas.renormalized import RenormalizedFocal
from unifocal.formulas.row_focal import RowFocal
from unifocal.formulas.scored_varifocal import ScoredVarifocal
from unifocal.formulas.sigmoid_star import FocalStar
from unifocal.formulas.signed import SignedFocal
from unifocal.formulas.softened import SoftenedFocal
from unifocal.formulas.softmax_label_probability import SoftmaxLabelProbabilityAsymmetric
from unifocal.formulas.zlpr import Zlpr

from ...truth.contract import assert_formula, faults
from ..every_formula import every_formula

_EXPRESSIONS: list[Any] = [
    AsymmetricFocal(),
    AsymmetricFocal(0.5, 2.0, 0.0),
    AsymmetricFocal(1.0, 1.5, 0.3),
    QualityFocal(),
    QualityFocal(1.5),
    Varifocal(),
    Varifocal(0.3, 0.5),
    GaussianFocal(),
    GaussianFocal(0.5, 1.0),
    PolyFocal(),
    PolyFocal(0.5, -1.0),
    PolyFocal(0.0, 2.0),
    SoftmaxPolyFocal(),
    SoftmaxPolyFocal(0.5, -1.0),
    SoftmaxPolyFocal(0.0, 2.0),
    BalancedPolyFocal(),
    BalancedPolyFocal(0.5, -1.0),
    ClampedAsymmetric(),
    ClampedAsymmetric(0.5, 2.0, 0.0),
    ClampedAsymmetric(0.0, 1.5, 0.3, 0.13),
    ClampedAsymmetric(0.0, 0.0),
    CrossEntropyFocal(),
    CrossEntropyFocal(0.5, 0.3),
    NegativeTolerant(),
    NegativeTolerant(0.0, 0.5),
    ScoredVarifocal(),
    ScoredVarifocal(0.5, 0.3),
    SoftmaxAsymmetric(),
    SoftmaxAsymmetric(2.0, 0.5, 0.9, 0.05),
    QualityVarifocal(0.3, 1.5),
    QualityVarifocal(0.3, 2.0, weighted=False),
    ScoredVarifocal(1.5, 0.3),
    MarkedFocal(1.5),
    MarkedFocal(0.5, 2.0, marks_all=True),
    ClampedFocal(1.5, 2.0, 0.2, hard=False),
    ClampedFocal(0.5, 1.0, 0.2),
    FlooredCrossEntropy(-1.0),
    LabelProbabilityAsymmetric(1.0, 1.5, 0.3, 0.1),
    LabelProbabilityAsymmetric(0.5, 2.0, 0.0),
]
"""Formulas by their expressions.  A modulator that is held out of the derivative is none of the contract's, and tested with its loss."""


def _of_probabilities(formula: Formula) -> Any:
    return OfClassProbabilities if formula.categorical else OfProbabilities


FORMULAS: list[Formula] = [
    *(RowFocal(gamma) for gamma in (0.0, 0.5, 1.0, 2.7)),
    *(SignedFocal(gamma) for gamma in (0.0, 0.5, 1.0, 2.7)),
    SoftenedFocal(0.5, 0.1),
    SoftenedFocal(2.0, 0.2),
    QualityVarifocal(),
    QualityVarifocal(0.3, 0.5, weighted=False),
    LabelProbabilityAsymmetric(),
    LabelProbabilityAsymmetric(0.0, 1.5, 0.3),
    SoftmaxLabelProbabilityAsymmetric(),
    SoftmaxLabelProbabilityAsymmetric(0.0, 1.5, 0.3),
    OfProbabilities(FlooredQualityFocal(1.5)),
    OfProbabilities(AddedGaussianFocal()),
    OfProbabilities(AddedGaussianFocal(1.5, 0.0, 0.1, 2.0, 0.5)),
    *(of(gamma) for of in (SigmoidFocal, SoftmaxFocal, ProbabilityFocal, CategoricalProbabilityFocal) for gamma in (0.0, 0.5, 1.0, 2.7)),
    ProbabilityFocal(2.0, epsilon=0.3),
    ProbabilityFocal(2.0, epsilon=0.3, clip="cross_entropy"),
    ProbabilityFocal(0.5, log_epsilon=0.01),
    ProbabilityFocal(1.5, log_floor=-100.0),
    CategoricalProbabilityFocal(2.0, epsilon=0.3),
    Mixture(SigmoidFocal(2.0)),
    Mixture(ProbabilityFocal(0.5)),
    binary_focal(2.0, epsilon=0.3),
    categorical_focal(0.5, epsilon=0.2),
    normalized_focal(2.0, epsilon=0.2, clipped_first=True),
    normalized_focal(2.0, epsilon=0.2, clipped_first=False),
    NegativeLogLikelihood(),
    FocalStar(),
    FocalStar(0.5),
    Zlpr(),
    RenormalizedFocal(1.5, epsilon=0.2),
    OfFlooredProbabilities(QualityFocal(1.5)),
    OfFlooredProbabilities(Varifocal(0.3, 0.5)),
    WithZLoss(SoftmaxFocal(), 0.3),
    WithZLoss(SoftmaxFocal(2.0), 0.3),
    WithZLoss(Linked(SoftmaxLink(), CategoricalProbabilityFocal(epsilon=0.2)), 0.3),
    *_EXPRESSIONS,
    *(of(formula, epsilon) for formula in _EXPRESSIONS for epsilon in (None, 0.3) for of in [_of_probabilities(formula)]),
]


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_contract(formula: Formula) -> None:
    assert_formula(formula)


_GAMMA_ZERO = [
    formula
    for formula in FORMULAS
    if getattr(formula, "gamma", None) == 0.0 and (hasattr(formula, "detach_modulator") or not isinstance(formula, Elementwise | Classwise))
]


@pytest.mark.parametrize("formula", _GAMMA_ZERO, ids=str)
def test_holding_no_modulator_changes_nothing(formula: Formula) -> None:
    x = np.array([[0.3, 0.6, 0.05], [0.9, 0.2, 0.4]])
    xp, inputs = (
        cast("Backend", backend_of(x)).namespace(x),
        Inputs(np.array([[0.3, 0.9, 0.1], [1.0, 0.0, 0.0]]), weight=np.array([[0.5], [2.0]])),
    )
    held = formula.held(xp, x, inputs)
    assert held is not None
    for found, expected in zip(held, (formula.value_slope(xp, x, inputs)[1], formula.curvature(xp, x, inputs)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


@pytest.mark.parametrize("formula", [formula for formula in _EXPRESSIONS if hasattr(formula, "detach_modulator")], ids=str)
def test_held_is_what_a_detached_modulator_leaves(formula: Any) -> None:
    x = np.array([[0.3, 0.6, 0.05], [0.9, 0.2, 0.4]])
    xp, inputs = (
        cast("Backend", backend_of(x)).namespace(x),
        Inputs(np.array([[0.3, 0.9, 0.1], [1.0, 0.0, 0.0]]), weight=np.array([[0.5], [2.0]])),
    )
    detached = replace(formula, detach_modulator=True)
    expected = detached.value_slope(xp, x, inputs)[1], detached.curvature(xp, x, inputs)
    for found, theirs in zip(formula.held(xp, x, inputs), expected, strict=True):
        np.testing.assert_allclose(found, theirs, rtol=1e-13)


def test_every_formula_is_held_to_the_contract() -> None:
    """In itself, or as the form of one for some labels."""
    forms = [formula.for_labels(True, -1, s) for formula in FORMULAS if formula.takes_indices for s in (0.0, 0.1 * formula.smooths_indices)]
    within = [formula.of for formula in FORMULAS if isinstance(formula, OfProbabilities)]
    held: set[type] = {type(formula) for formula in (*FORMULAS, *forms, *within, *(formula.of_hard_labels for formula in FORMULAS))}
    assert every_formula() == held


# --- the check itself ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Faulty(Formula):
    """A formula that is all right but for one fault, named by what is wrong."""

    of: Formula
    fault: str

    @property
    def dropped_axis(self) -> int | None:
        return self.of.dropped_axis

    @property
    def predictions(self) -> Predictions:
        return self.of.predictions

    @property
    def takes_pos_weight(self) -> bool:
        return self.fault == "pos_weight taken and not used" or self.of.takes_pos_weight

    @property
    def takes_indices(self) -> bool:
        return self.of.takes_indices

    @property
    def smooths_indices(self) -> bool:
        return self.of.smooths_indices

    @property
    def of_hard_labels(self) -> Formula:
        return SigmoidFocal(1.5).of_hard_labels if self.fault == "another form for hard labels" else self

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        match self.fault:
            case "indices taken for labels" if by_index:
                return replace(self, of=self.of.for_labels(False, axis, smoothing))
            case "held curvature twice" | "nothing held" if by_index:
                return self.of.for_labels(True, axis, smoothing)
            case "smoothing of indices dropped" if by_index:
                return self.of.for_labels(True, axis, 0.0)
            case "smoothing dropped" | "deaf to its axis":
                return self
        return replace(self, of=self.of.for_labels(by_index, axis, smoothing))

    def text(self, alpha: bool, pos_weight: bool) -> str:
        return "" if self.fault == "no text" else self.of.text(alpha, pos_weight)

    def differentiable(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        value, slope = self.value_slope(xp, x, inputs)
        return (value * 2.0, slope) if self.fault == "another form for automatic differentiation" else (value, slope)

    def fast(self, xp: Namespace, x: Array, inputs: Inputs, out: Array | None) -> tuple[Array, Array] | None:
        value, slope = self.value_slope(xp, x, inputs)
        return (value, slope * 1.001) if self.fault == "another form in fewer passes" else None

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        value, slope = self.of.value_slope(xp, x, self._seen(inputs))
        match self.fault:
            case "slope of a positive scaled":
                slope = slope * (1.0 + 0.001 * inputs.labels)
            case "value of a constant more":
                value = value + 0.01
            case "class axis kept":
                value = xp.expand_dims(value, axis=-1)
            case "float64 made of float32":
                value = value * xp.ones_like(value, dtype=xp.float64)
            case "0·∞":
                value = value * (1.0 if inputs.weight is None else inputs.weight / inputs.weight)
            case "NaN at infinity":
                value = value + 0.0 * x
            case "an offset that α does not move, nor weights":
                value = value + x * x
                slope = slope + 2.0 * x
        return value, slope

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        found = self.of.second(xp, x, self._seen(inputs), h)
        match self.fault:
            case "second without h":
                return self.of.second(xp, x, inputs, xp.ones_like(h))
            case "no second derivative":
                return xp.zeros_like(x) * h
            case "an offset that α does not move, nor weights":
                return found + 2.0 * h
        return found

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array | None:
        if self.fault == "curvature along all classes at once":
            return self.of.second(xp, x, inputs, xp.ones_like(x))
        return self.of.curvature(xp, x, inputs)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array] | None:
        found = self.of.held(xp, x, inputs)
        if found is not None and self.fault == "held curvature twice":
            return found[0], 2.0 * found[1]
        return None if self.fault == "nothing held" else found

    def _seen(self, inputs: Inputs) -> Inputs:
        match self.fault:
            case "weight not used":
                return inputs._replace(weight=None)
            case "α not used":
                return inputs._replace(alpha=None)
            case "α the other way round":
                return inputs._replace(alpha=None if inputs.alpha is None else 1 - inputs.alpha)
            case "pos_weight taken and not used":
                return inputs._replace(pos_weight=None)
            case "pos_weight taken for a weight" if inputs.pos_weight is not None:
                weight = inputs.pos_weight if inputs.weight is None else inputs.weight * inputs.pos_weight
                return inputs._replace(pos_weight=None, weight=weight)
        return inputs


_BINARY, _CATEGORICAL = SigmoidFocal(2.0), SoftmaxFocal(0.0)
_FAULTS: dict[str, tuple[Formula, str]] = {
    "weight not used": (_BINARY, "Weight: "),
    "α not used": (_BINARY, "α: does not move"),
    "α the other way round": (_BINARY, "α: the value of positives"),
    "pos_weight taken and not used": (_BINARY, "pos_weight: does not move"),
    "pos_weight taken for a weight": (_BINARY, "pos_weight: the value of negatives"),
    "an offset that α does not move, nor weights": (_BINARY, "Weight: "),
    "smoothing dropped": (_BINARY, "Label smoothing: "),
    "slope of a positive scaled": (_BINARY, "Derivatives .*the slope"),
    "no second derivative": (_BINARY, "Derivatives .*the second"),
    "second without h": (_BINARY, "Derivatives .*the second"),
    "value of a constant more": (_BINARY, "Weight: "),
    "class axis kept": (_CATEGORICAL, "Shapes: "),
    "float64 made of float32": (_BINARY, "Shapes: "),
    "0·∞": (_BINARY, "Weight 0 at"),
    "NaN at infinity": (_BINARY, "Logits of"),
    "another form for hard labels": (_BINARY, "For hard labels: "),
    "another form for automatic differentiation": (_BINARY, "For automatic differentiation: "),
    "another form in fewer passes": (_BINARY, "In fewer passes"),
    "indices taken for labels": (_CATEGORICAL, "Forms: raises TypeError"),
    "smoothing of indices dropped": (_CATEGORICAL, "For smoothed class indices: "),
    "deaf to its axis": (_CATEGORICAL, "Class axis -2: "),
    "no text": (_BINARY, "Text: "),
    "curvature along all classes at once": (_CATEGORICAL, "Diagonal .*: the curvature"),
    "held curvature twice": (_CATEGORICAL, "For class indices: the held curvature"),
    "nothing held": (_CATEGORICAL, "For class indices: the modulator must be held"),
}


@pytest.mark.parametrize("of", [_BINARY, _CATEGORICAL], ids=str)
def test_no_fault_is_none(of: Formula) -> None:
    assert faults(_Faulty(of, "none")) == []


@pytest.mark.parametrize(("fault", "of", "noticed"), [(fault, *row) for fault, row in _FAULTS.items()], ids=_FAULTS.keys())
def test_a_broken_contract_is_noticed(fault: str, of: Formula, noticed: str) -> None:
    with pytest.raises(AssertionError, match=f"breaks the contract of a formula:(.|\n)*\n{noticed}"):
        assert_formula(_Faulty(of, fault))
