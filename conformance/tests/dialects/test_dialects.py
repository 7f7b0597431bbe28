"""Dialects give their originals' values and gradients, on every framework's tensors, under the originals' own signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    "ultralytics.VarifocalLoss",
    "paddleseg.BCELoss",
)
_TRACED_IN_FULL = (
    "paddledet.QualityFocalLoss",
    "timm.AsymmetricLossMultiLabel",
    "mmdet.mask_cross_entropy",
    "timm.BinaryCrossEntropy",
    "timm.DistributionBalancedLoss",
    "timm.ZlprLoss",
    "smp.FocalLoss",
    "paddledet._varifocal_loss",
    "keras_cv.BinaryPenaltyReducedFocalCrossEntropy",
    "focal_loss.sparse_categorical_focal_loss",
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


_asked: dict[tuple[str, str, str, str], Answer] = {}


def _once(judge: Callable[[str, Case], Answer], dialect: str, case: Case) -> Answer:
    """What the original gives, or what the dialect means in 50 digits, asked once for all frameworks."""
    key = judge.__name__, dialect, case.function, str(case)
    if key not in _asked:
        _asked[key] = judge(dialect, case)
    return _asked[key]


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


_EACH = pytest.mark.parametrize(("dialect", "function"), _LOSSES, ids=[f"{dialect}.{name}" for dialect, name in _LOSSES])


@_EACH
def test_original(framework: Framework, dialect: str, function: str) -> None:
    """NumPy in every case, the others in few of them, in which every value of every option occurs.

    What compiles each of them is asked one where the original is recorded.
    """
    own = _cases_of(framework, dialect, function)
    few = own if framework.name == "numpy" else _every_value(own)
    _hold(framework, dialect, few[:1] if framework.compiles_each_call and _original(dialect).recorded else few)


@pytest.mark.full
@pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax", "dask", "mlx")
@_EACH
def test_original_in_every_case(framework: Framework, dialect: str, function: str) -> None:
    own = _cases_of(framework, dialect, function)
    _hold(framework, dialect, _every_value(own) if framework.compiles_each_call else own)


def _cases_of(framework: Framework, dialect: str, function: str) -> list[Case]:
    _original(dialect)
    own = [case for case in module_of(dialect).CASES if case.function == function and case.dtype in framework.dtypes]
    assert own, "a function has no cases"
    return own


def _hold(framework: Framework, dialect: str, cases: Sequence[Case]) -> None:
    """Hold the dialect to the original, and to what it means."""
    wrong = []
    for case in cases:
        theirs, ours = _once(original_answer, dialect, case), dialect_answer(framework, dialect, case)
        judges = ("the original", theirs, case.bar), ("the truth", _once(truth_of_case, dialect, case), tolerances.DIALECT)
        for (judge, answer, bar), part in product(judges, ("value", "gradient")):
            far = of_largest(getattr(ours, part), getattr(answer, part), case.dtype)
            if not far <= bar:
                wrong.append(f"{case}: the {part} is {far:.3g} ulp from {judge}")
    assert not wrong, f"{len(wrong)} disagree of {4 * len(cases)}:\n" + "\n".join(wrong)


@pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax", "mlx")
@pytest.mark.parametrize("name", [*_TRACED, *(pytest.param(name, marks=pytest.mark.full) for name in _TRACED_IN_FULL)])
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
