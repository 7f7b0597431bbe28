"""Faults planted in the library turn the suite red: which of its own tests, called here one by one, notice each of them.

Planted where calls pass whatever the formulas look like: between a signature and its evaluation, in the formulas, in the choice of
the compute dtype, and in a shim's namespace.  Every judge passes before anything is planted; it has then computed its truth, which a fault
in the formulas would otherwise take part in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache as kept
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pytest

import unifocal
from unifocal.convention import Convention
from unifocal.evaluation import cache
from unifocal.expressions import constant, log, maximum, where
from unifocal.formulas import CategoricalProbabilityFocal, Formula, Linked, Mixture, ProbabilityFocal, SigmoidFocal, SoftmaxFocal, WithZLoss
from unifocal.formulas.asymmetric import AsymmetricFocal
from unifocal.formulas.gaussian import GaussianFocal
from unifocal.formulas.poly import PolyFocal, SoftmaxPolyFocal
from unifocal.formulas.quality import QualityFocal, Varifocal
from unifocal.formulas.sigmoid import HardSigmoidFocal
from unifocal.formulas.softmax_index import IndexSoftmaxFocal
from unifocal.operands import Operands

from ...frameworks import framework_named, installed
from ..dialects import test_dialects
from ..losses import test_dtypes, test_options, test_targets
from . import generated, test_accuracy, test_namespaces, test_variants, variants
from .grids import Options

Plant = Callable[[pytest.MonkeyPatch], None]

_GRADIENT, _LOSS, _EVALUATE, _READ = (
    import_module(f"unifocal.{name}") for name in ("gradient", "loss", "evaluation.evaluate", "evaluation.read")
)

if not {"paddle", "torch"} <= set(installed()):
    pytest.skip("the shim and two originals are Paddle's and torch's", allow_module_level=True)


# --- judges ------------------------------------------------------------------------------------------------------------------------


def measure(distances: Any, bar: float, *what: object) -> None:
    """What the fixture of this name does, without the record."""
    assert float(np.max(distances, initial=0.0)) <= bar, what


def _generated(dtype: str) -> None:
    run = framework_named("numpy")
    for number, case in enumerate(generated.all_calls()):
        found = generated.distances(generated.answer_of(run, case.rounded(dtype), dtype), generated.numbered_truth(number, dtype), dtype)
        for part, far in found.items():
            measure(far, generated.bar_of(case, dtype), case, part)


def _names() -> None:
    for name in test_namespaces.CALLS:
        test_namespaces.test_name(framework_named("paddle"), "float64", name)


def _oracle(name: str, dtype: str, *arguments: Any, on: str = "numpy") -> Callable[[], None]:
    return lambda: getattr(test_accuracy, name)(framework_named(on), dtype, *arguments, measure)


def _definition(case: variants.Variant) -> Callable[[], None]:
    return lambda: test_variants.test_binary(framework_named("numpy"), "float64", case, measure)


def _original(dialect: str, function: str) -> Callable[[], None]:
    return lambda: test_dialects.test_original(framework_named("numpy"), dialect, function)


_VARIANTS = [*(variants.BINARY[i] for i in (0, 2, 4, 7, 8, 11, 14)), variants.DETACHED[1]]
JUDGES: dict[str, Callable[[], None]] = {
    "oracle: sigmoid": _oracle("test_sigmoid", "float64", Options(2.0, 0.25)),
    "oracle: sigmoid, float32": _oracle("test_sigmoid", "float32", Options(0.5, 0.25)),
    "oracle: sigmoid, float16": _oracle("test_sigmoid_half", "float16", Options(2.0, 0.25)),
    "oracle: sigmoid, second": _oracle("test_sigmoid_second", "float64", Options(2.0, 0.25)),
    "oracle: sigmoid, clipped": _oracle("test_sigmoid_probability", "float64", 2.0, True),
    "oracle: softmax": _oracle("test_softmax", "float64", 3, "index", 2.0),
    "oracle: softmax, soft": _oracle("test_softmax", "float64", 10, "soft", 2.0),
    "oracle: softmax, second": _oracle("test_softmax_second", "float64", 3, "index", 2.0),
    "oracle: z-loss": _oracle("test_z_loss", "float64", 3, "index", 0.3),
    # Paddle's eager losses are computed in NumPy's blocks; their second derivatives are not.
    "oracle: softmax on Paddle, second": _oracle("test_softmax_second", "float64", 10, "soft", 2.0, on="paddle"),
    **{f"definition: {case}": _definition(case) for case in _VARIANTS},
    "definition: softmax poly": lambda: test_variants.test_categorical(
        framework_named("numpy"), "float64", *variants.CATEGORICAL[2], measure
    ),
    "original: paddle.sigmoid_focal_loss": _original("paddle", "sigmoid_focal_loss"),
    "original: paddle.cross_entropy": _original("paddle", "cross_entropy"),
    "original: torch.cross_entropy": _original("torch", "cross_entropy"),
    "original: tfa.SigmoidFocalCrossEntropy": _original("tfa", "SigmoidFocalCrossEntropy"),
    "original: mmdet.softmax_focal_loss": _original("mmdet", "softmax_focal_loss"),
    "generated: float64": lambda: _generated("float64"),
    "generated: float32": lambda: _generated("float32"),
    "generated: float16": lambda: _generated("float16"),
    "arithmetic: alpha": lambda: test_options.test_sigmoid_alpha_and_gamma(framework_named("numpy"), 0.5, test_options.VECTOR),
    "arithmetic: reductions": lambda: test_options.test_reductions(
        framework_named("numpy"), unifocal.sigmoid_focal_loss, test_options.SOFT
    ),
    "arithmetic: clip": lambda: test_options.test_epsilon_clips_value_and_derivative(framework_named("numpy")),
    "arithmetic: ignored": lambda: test_targets.test_ignored_rows_count_nowhere(
        framework_named("numpy"), unifocal.cross_entropy, -100, "mean", True
    ),
    "arithmetic: half": lambda: test_dtypes.test_half_is_computed_in_float32_and_rounded_once(
        framework_named("numpy"), "float16", unifocal.sigmoid_focal_loss
    ),
    "arithmetic: names on Paddle": _names,
}


def _passes(judge: str) -> bool:
    try:
        JUDGES[judge]()
    except (Exception, pytest.fail.Exception):  # whatever goes wrong: it did not before
        return False
    return True


@kept
def _passes_unplanted(judge: str) -> bool:
    return _passes(judge)


# --- faults ------------------------------------------------------------------------------------------------------------------------


def _of_call(change: Callable[[Convention, Operands], tuple[Convention, Operands]]) -> Plant:
    """Another description of the loss than the signature gave."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        for module, name in ((_LOSS, "evaluate"), (_GRADIENT, "evaluate_with_gradient")):
            right = getattr(module, name)
            monkeypatch.setattr(module, name, lambda convention, operands, right=right: right(*change(convention, operands)))

    return plant


def _of_convention(change: Callable[[Convention], dict[str, Any]]) -> Plant:
    return _of_call(lambda convention, operands: (replace(convention, **change(convention)), operands))


def _of_formula(change: Callable[[Any], Formula]) -> Plant:
    return _of_convention(lambda convention: {"formula": _within(convention.formula, change)})


def _within(formula: Any, change: Callable[[Any], Formula]) -> Formula:
    """A formula with another in its innermost place."""
    return replace(formula, of=_within(formula.of, change)) if isinstance(formula, Linked | Mixture | WithZLoss) else change(formula)


def _gradient_without_z_loss(right: Callable[..., Any]) -> Callable[..., Any]:
    """The value of a loss with z-loss, and the gradient of the loss without."""

    def detached(formula: Any, xp: Any, x: Any, inputs: Any, *out: Any) -> Any:
        found = right(formula, xp, x, inputs, *out)
        return found and (found[0], formula.of.value_slope(xp, x, inputs)[1])

    return detached


def _z_loss_of_rows_alone(right: Callable[..., Any]) -> Callable[..., Any]:
    """A z-loss that no weight weighs."""
    return lambda formula, xp, inputs, log_sum: right(replace(formula, by_index=True), xp, inputs._replace(weight=None), log_sum)


_FORMULAS = (SigmoidFocal, HardSigmoidFocal, ProbabilityFocal, CategoricalProbabilityFocal, SoftmaxFocal, IndexSoftmaxFocal)


def _of_method(
    name: str, change: Callable[[Callable[..., Any]], Callable[..., Any]], formulas: tuple[type[Formula], ...] = _FORMULAS
) -> Plant:
    """Another value_slope, fast form or second derivative of the formulas."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        owners = {next(cls for cls in formula.__mro__ if name in vars(cls)) for formula in formulas}
        for owner in owners - {Formula}:  # whose fast form is none
            monkeypatch.setattr(owner, name, change(getattr(owner, name)))

    return plant


def _each(*plants: Plant) -> Plant:
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        for one in plants:
            one(monkeypatch)

    return plant


def _of_compute_dtype(choose: Callable[[Any, Any], Any]) -> Plant:
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        right = _READ.read

        def read(*arguments: Any) -> Any:
            found = right(*arguments)
            return _computing_in(found, choose)

        for name in ("read", "read_again"):
            monkeypatch.setattr(_EVALUATE, name, read)

    return plant


def _computing_in(reading: Any, choose: Callable[[Any, Any], Any]) -> Any:
    host = None if reading.hosted is None else _computing_in(reading.hosted, choose)
    return replace(reading, dtype=choose(reading.xp, reading.own_dtype), casts=True, looks_for_hard_labels=False, hosted=host)


def _without_keepdims(monkeypatch: pytest.MonkeyPatch) -> None:
    xp = import_module("unifocal.backends.paddle.namespace").xp
    right = xp.sum
    monkeypatch.setattr(xp, "sum", lambda x, axis=None, keepdims=False: right(x, axis=axis))


def _negated(right: Callable[..., Any]) -> Callable[..., Any]:
    def negated(*arguments: Any) -> Any:
        found = right(*arguments)
        return found and (found[0], -found[1])

    return negated


def _flat(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda formula, xp, x, inputs, h: xp.zeros_like(x)


def _swapped(convention: Convention, operands: Operands) -> tuple[Convention, Operands]:
    balanced = not convention.formula.categorical and operands.alpha is not None
    return convention, operands._replace(alpha=1 - operands.alpha) if balanced else operands


def _widely_clipped(formula: Any) -> Any:
    return replace(formula, epsilon=10 * formula.epsilon) if getattr(formula, "epsilon", None) else formula


def _other_family(convention: Convention) -> dict[str, Any]:
    formula = convention.formula
    return {"formula": formula.of if isinstance(formula, Mixture) else formula if formula.categorical else Mixture(formula)}


def _of_element(formula: type, element: Callable[[Any, Any], Any]) -> Plant:
    """Another expression of a loss."""
    return lambda monkeypatch: monkeypatch.setattr(formula, "element", element)


def _attached(formula: Any, t: Any) -> Any:
    return -(abs(t.y - t.p) ** formula.beta) * t.log_p_t


def _detached(formula: Any, t: Any) -> Any:
    return -constant(abs(t.y - t.p) ** formula.beta) * t.log_p_t


def _without_abs(formula: Any, t: Any) -> Any:
    return -((t.y - t.p) ** formula.beta) * t.log_p_t


def _without_margin(formula: Any, t: Any) -> Any:
    return -t.y * t.q**formula.gamma_pos * t.log_p - (1 - t.y) * t.p**formula.gamma_neg * t.log_q


def _margin_in_the_modulator_alone(formula: Any, t: Any) -> Any:
    shifted = maximum(t.p - formula.margin, 0.0)
    return -t.y * t.q**formula.gamma_pos * t.log_p - (1 - t.y) * shifted**formula.gamma_neg * t.log_q


def _unlimited_margin(formula: Any, t: Any) -> Any:
    shifted = t.p - formula.margin
    return -t.y * t.q**formula.gamma_pos * t.log_p - (1 - t.y) * shifted**formula.gamma_neg * log(1 - shifted)


def _any_positive(formula: Any, t: Any) -> Any:
    of_negative = (1 - t.y) ** formula.gamma * t.p**formula.alpha * t.log_q
    return where(t.y > 0, -(t.q**formula.alpha) * t.log_p, -of_negative)


def _whole_positives_alone(formula: Any, t: Any) -> Any:
    return where(t.y == 1, -t.y * t.log_p_t, -formula.alpha * t.p**formula.gamma * t.log_q)


def _quality_dropped(formula: Any, t: Any) -> Any:
    return where(t.y > 0, -t.log_p_t, -formula.alpha * t.p**formula.gamma * t.log_q)


def _poly_dropped(formula: Any, t: Any) -> Any:
    return -t.alpha_t * (1 - t.p_t) ** formula.gamma * t.log_p_t


def _poly_of_one_power_less(formula: Any, t: Any) -> Any:
    r = 1 - t.p_t
    return -t.alpha_t * r**formula.gamma * t.log_p_t + formula.poly_epsilon * r**formula.gamma


def _softmax_poly_dropped(formula: Any, t: Any) -> Any:
    return -t.y * t.q**formula.gamma * t.log_p


class Fault(NamedTuple):
    """What is planted, and the judges that are known to notice."""

    plant: Plant
    noticed_by: tuple[str, ...]


_VALUES = ("oracle: sigmoid", "oracle: sigmoid, float32", "oracle: sigmoid, clipped", "original: paddle.sigmoid_focal_loss")
_GENERATED = ("generated: float64", "generated: float32", "generated: float16")
_ORIGINALS = tuple(judge for judge in JUDGES if judge.startswith("original"))
_SOFTMAX = ("oracle: softmax", "oracle: softmax, soft")
_ASYMMETRIC = ("definition: asymmetric", f"definition: {variants.BINARY[2]}")
_SIGMOID_OF_OTHERS = ("oracle: sigmoid, float16", "original: tfa.SigmoidFocalCrossEntropy", "arithmetic: alpha")
FAULTS = {
    "alpha swapped with its complement": Fault(_of_call(_swapped), (*_VALUES, *_SIGMOID_OF_OTHERS, *_GENERATED)),
    "alpha off": Fault(
        _of_call(lambda convention, operands: (convention, operands._replace(alpha=None))),
        (*_VALUES, *_SIGMOID_OF_OTHERS, *_GENERATED, "original: mmdet.softmax_focal_loss"),
    ),
    "mean for sum": Fault(
        _of_convention(lambda convention: {"reduction": "mean" if convention.reduction == "sum" else convention.reduction}),
        (*_ORIGINALS, *_GENERATED, "arithmetic: reductions"),
    ),
    "gamma off by 1e-6": Fault(
        _of_formula(lambda formula: replace(formula, gamma=formula.gamma + 1e-6) if getattr(formula, "gamma", 0) else formula),
        (*_VALUES, *_SOFTMAX, *_GENERATED[:2], "original: tfa.SigmoidFocalCrossEntropy", "original: mmdet.softmax_focal_loss"),
    ),
    "gradient's sign": Fault(
        _each(*(_of_method(name, _negated) for name in ("value_slope", "differentiable", "fast"))),
        (*_VALUES, *_SOFTMAX, *_ORIGINALS, *_GENERATED, "arithmetic: clip"),
    ),
    "second derivative detached": Fault(
        _of_method("second", _flat), ("oracle: sigmoid, second", "oracle: sigmoid, clipped", "oracle: softmax, second")
    ),
    "z-loss detached": Fault(
        _each(*(_of_method(name, _gradient_without_z_loss, (WithZLoss,)) for name in ("value_slope", "fast"))),
        ("oracle: z-loss", *_GENERATED),
    ),
    "z-loss that no weight weighs": Fault(_of_method("_scaled", _z_loss_of_rows_alone, (WithZLoss,)), _GENERATED),
    "clip ten times as wide": Fault(
        _of_formula(_widely_clipped),
        ("oracle: sigmoid, clipped", "arithmetic: clip", *_GENERATED),
    ),
    "soft labels of the other family": Fault(
        _of_convention(_other_family),
        (*_VALUES, *_SIGMOID_OF_OTHERS, *_GENERATED),
    ),
    "float32 for float64": Fault(
        _of_compute_dtype(lambda xp, dtype: xp.float32), ("oracle: sigmoid", *_SOFTMAX, *_ORIGINALS, "generated: float64")
    ),
    "half computed natively": Fault(
        _of_compute_dtype(lambda xp, dtype: dtype), ("oracle: sigmoid, float16", "generated: float16", "arithmetic: half")
    ),
    "ignored entries in the denominator": Fault(
        _of_convention(lambda convention: {"count_ignored": convention.ignore_index is not None}),
        ("original: paddle.cross_entropy", "original: torch.cross_entropy", "arithmetic: ignored", *_GENERATED),
    ),
    "modulator detached": Fault(_of_element(QualityFocal, _detached), ("definition: quality_focal",)),
    "modulator that stays attached": Fault(_of_element(QualityFocal, _attached), ("definition: quality_focal-detach_modulator",)),
    "|y − p| without its size": Fault(_of_element(QualityFocal, _without_abs), (f"definition: {variants.BINARY[7]}",)),
    "margin dropped": Fault(_of_element(AsymmetricFocal, _without_margin), _ASYMMETRIC),
    "margin in the modulator alone": Fault(_of_element(AsymmetricFocal, _margin_in_the_modulator_alone), _ASYMMETRIC),
    "margin below which a negative costs": Fault(_of_element(AsymmetricFocal, _unlimited_margin), _ASYMMETRIC),
    "γ₊ and γ₋ exchanged": Fault(
        _of_formula(
            lambda formula: (
                replace(formula, gamma_pos=formula.gamma_neg, gamma_neg=formula.gamma_pos)
                if isinstance(formula, AsymmetricFocal)
                else formula
            )
        ),
        _ASYMMETRIC,
    ),
    "any positive label for a centre": Fault(_of_element(GaussianFocal, _any_positive), ("definition: gaussian_focal",)),
    "positives of quality 1 alone": Fault(_of_element(Varifocal, _whole_positives_alone), ("definition: varifocal",)),
    "quality that weighs nothing": Fault(_of_element(Varifocal, _quality_dropped), ("definition: varifocal",)),
    "poly's ε dropped": Fault(_of_element(PolyFocal, _poly_dropped), ("definition: poly_focal",)),
    "poly's term of one power less": Fault(_of_element(PolyFocal, _poly_of_one_power_less), ("definition: poly_focal",)),
    "softmax poly's ε dropped": Fault(_of_element(SoftmaxPolyFocal, _softmax_poly_dropped), ("definition: softmax poly",)),
    "keepdims ignored by Paddle's shim": Fault(_without_keepdims, ("arithmetic: names on Paddle", "oracle: softmax on Paddle, second")),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]) -> None:
    fault = FAULTS[name]
    assert not [judge for judge in JUDGES if not _passes_unplanted(judge)]
    with monkeypatch.context() as planted:
        fault.plant(planted)
        cache.clear()
        for module in (_LOSS, _GRADIENT):  # what is known of earlier calls has no faults
            planted.setattr(module, "lookup", lambda *_, **__: None)
        noticed = [judge for judge in JUDGES if not _passes(judge)]
    cache.clear()
    record_property("noticed by", noticed)
    assert noticed
    assert not set(fault.noticed_by) - set(noticed)
