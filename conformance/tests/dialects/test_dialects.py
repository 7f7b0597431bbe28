"""Dialects give their originals' values and gradients, on every framework's tensors, under the originals' own signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from unifocal.arrays import NumPyArray
from unifocal.dialects import dialect_names, functions_of

from ...calls.case import Answer, Case
from ...dialects import Original, dialect_answer, golden_record, module_of, original_answer, plain_signature, traced_value
from ...frameworks import Framework, framework_named
from ...originals.golden import truth_of_case
from ...truth import tolerances
from ...truth.ulp import of_largest

pytestmark = pytest.mark.costly
_FUNCTIONS = [(dialect, name) for dialect in dialect_names() for name in functions_of(dialect)]
# One of each way in which dialects handle tensors before and after the core.
_TRACED = (
    "paddle.sigmoid_focal_loss",
    "paddle.cross_entropy",
    "paddle.softmax_with_cross_entropy",
    "paddle.log_loss",
    "paddledet.FocalLoss",
    "torch.binary_cross_entropy",
    "torch.cross_entropy",
    "torch.nll_loss",
    "keras.BinaryFocalCrossentropy",
    "keras.categorical_focal_crossentropy",
    "keras.SparseCategoricalCrossentropy",
    "keras2.binary_crossentropy",
    "tfa.SigmoidFocalCrossEntropy",
    "optax.softmax_cross_entropy",
    "kornia.binary_focal_loss_with_logits",
    "kornia.focal_loss",
    "mmdet.FocalLoss",
    "mmdet.sigmoid_focal_loss",
    "transformers.ForCausalLMLoss",
    "timm.AsymmetricLossMultiLabel",
    "timm.BinaryCrossEntropy",
    "timm.DistributionBalancedLoss",
    "timm.ZlprLoss",
    "ultralytics.VarifocalLoss",
    "smp.FocalLoss",
    "paddledet.QualityFocalLoss",
    "paddledet._varifocal_loss",
    "paddleseg.BCELoss",
    "keras_cv.BinaryPenaltyReducedFocalCrossEntropy",
    "focal_loss.sparse_categorical_focal_loss",
    "mmdet.mask_cross_entropy",
    "monai.FocalLoss",
)
_LABELS, _PRIOR = np.eye(4)[[0, 2, 1]] * 0.75 + 0.0625, np.array([[0.5, 0.25, 0.125, 0.125]])
_WHERE = np.array([[True, True, True, False], [True, False, True, False], [True] * 4])
# Of labels, not losses.  Paddle's coefficients are float32, which 1/8 and 1/32 are exactly.
_TRANSFORMS: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("paddle", "label_smooth"): [
        {"label": _LABELS, "epsilon": 0.125},
        {"label": _LABELS[0], "epsilon": 0.0},
        {"label": _LABELS, "prior_dist": _PRIOR, "epsilon": 0.125},
        {"label": _LABELS[None], "epsilon": 1.0},
    ],
    ("optax", "smooth_labels"): [
        {"labels": _LABELS, "alpha": 0.1},
        {"labels": _LABELS, "alpha": 0.1, "axis": 0},
        {"labels": _LABELS, "alpha": 0.1, "where": _WHERE},
        {"labels": _LABELS[None], "alpha": 1.0, "axis": 1},
        {"labels": _LABELS[0], "alpha": 0.0},
    ],
}
_LOSSES = [pair for pair in _FUNCTIONS if pair not in _TRANSFORMS]


def _original(dialect: str) -> Original:
    original: Original = module_of(dialect).ORIGINAL
    missing = original.missing()
    if missing and not original.recorded:
        pytest.skip(f"{', '.join(missing)} is not installed")
    return original


@cache
def _answers(dialect: str, function: str) -> dict[str, Answer]:
    """What the original gives, asked once for all frameworks."""
    return {str(case): original_answer(dialect, case) for case in module_of(dialect).CASES if case.function == function}


def _every_value(cases: Sequence[Case]) -> list[Case]:
    """Few of the cases, in which every group and every value of every option occurs."""
    words = {str(case): set(case.name.split()) for case in cases}
    missing, left = set().union(*words.values()), list(cases)
    chosen: list[Case] = []
    while left and (missing or not chosen):
        best = max(left, key=lambda case: len(words[str(case)] & missing))
        missing -= words[str(best)]
        left.remove(best)
        chosen.append(best)
    return chosen


@cache
def _truths(dialect: str, function: str) -> dict[str, Answer]:
    """What the dialect means, in 50 digits."""
    return {str(case): truth_of_case(dialect, case) for case in module_of(dialect).CASES if case.function == function}


@pytest.mark.parametrize(("dialect", "function"), _LOSSES, ids=[f"{dialect}.{name}" for dialect, name in _LOSSES])
def test_original(framework: Framework, dialect: str, function: str) -> None:
    _original(dialect)
    wrong = []
    own = [case for case in module_of(dialect).CASES if case.function == function and case.dtype in framework.dtypes]
    if framework.compiles_each_call or framework.name == "array-api-strict":  # which has NumPy's core
        own = _every_value(own)
    for case in own:
        theirs, ours = _answers(dialect, function)[str(case)], dialect_answer(framework, dialect, case)
        judges = ("the original", theirs, case.bar), ("the truth", _truths(dialect, function)[str(case)], tolerances.DIALECT)
        for (judge, answer, bar), part in product(judges, ("value", "gradient")):
            far = of_largest(getattr(ours, part), getattr(answer, part), case.dtype)
            if not far <= bar:
                wrong.append(f"{case}: the {part} is {far:.3g} ulp from {judge}")
    assert own, "a function has no cases"
    assert not wrong, f"{len(wrong)} disagree of {4 * len(own)}:\n" + "\n".join(wrong)


@pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax", "mlx")
@pytest.mark.parametrize("name", _TRACED)
def test_traced(framework: Framework, name: str) -> None:
    """By the framework's compiler, in one graph, a function gives what it gives eagerly."""
    dialect, _, function = name.partition(".")
    case = next(case for case in module_of(dialect).CASES if case.function == function)
    eager, traced = dialect_answer(framework, dialect, case).value, traced_value(framework, dialect, case)
    assert of_largest(traced, eager, case.dtype) <= tolerances.ORIGINAL[case.dtype]


@pytest.mark.parametrize(("dialect", "function"), _TRANSFORMS, ids=[f"{dialect}.{name}" for dialect, name in _TRANSFORMS])
def test_transform_of_labels(framework: Framework, dialect: str, function: str) -> None:
    for arguments in _TRANSFORMS[dialect, function]:
        assert _distance(framework, dialect, function, arguments) <= 4, arguments


@pytest.mark.parametrize("axis", [1, -1])
def test_softmax_beside_paddles_loss(framework: Framework, axis: int) -> None:
    logits, label = 3 * _LABELS - 1, np.array([[0], [-100], [3]])
    arguments = {"logits": logits, "label": label, "return_softmax": True, "axis": axis}
    assert _distance(framework, "paddle", "softmax_with_cross_entropy", arguments) <= 4


def _distance(run: Framework, dialect: str, function: str, arguments: Mapping[str, Any]) -> float:
    """How far the dialect's tensors are from the original's, in ulp of the largest number."""
    original = _original(dialect)

    def results(run: Framework, called: Callable[..., Any]) -> list[NumPyArray]:
        with run.precision("float64"):
            result = called(**{key: run.tensor(value) if isinstance(value, np.ndarray) else value for key, value in arguments.items()})
            return [run.numpy(part) for part in (result if isinstance(result, tuple) else (result,))]

    ours = results(run, functions_of(dialect)[function])
    theirs = results(framework_named(original.framework), original.find(function))
    return max(of_largest(*parts, "float64") for parts in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("dialect", "function"), _FUNCTIONS, ids=[f"{dialect}.{name}" for dialect, name in _FUNCTIONS])
def test_signature(dialect: str, function: str) -> None:
    original = _original(dialect)
    ours = functions_of(dialect)[function]
    if original.recorded:
        assert plain_signature(ours) == golden_record(dialect).signatures[function]
    else:
        assert plain_signature(ours) == plain_signature(original.find(function))


def test_every_case_is_of_a_function_and_has_its_own_name() -> None:
    for dialect in dialect_names():
        found: list[Case] = module_of(dialect).CASES
        assert {case.function for case in found} <= set(functions_of(dialect))
        assert len({str(case) for case in found}) == len(found)
