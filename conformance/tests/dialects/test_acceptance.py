"""A dialect takes what its original takes and refuses what it refuses, unless a recorded difference says why not."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dialects import differences, functions_of, keras, kornia, mmdet, optax, paddle, tfa, torch, torchvision

from ...calls.case import Answer, Case, run_case
from ...dialects import Original, dialect_answer, module_of, original_answer, shows, traced_value
from ...frameworks import Framework, framework_named
from ...originals.golden import truth_of_case
from ...truth import tolerances
from ...truth.ulp import of_largest
from .odd import BEYOND, ODD

# By a difference's condition, the odd calls that show it.
pytestmark = pytest.mark.costly
_BROADCAST = ("labels ()", "labels (1,)", "labels (3,)", "labels (1, 1)", "labels (1, 3)", "labels (2, 1)", "labels (1, 2, 3)")
_OFF_SUM = ("labels 2", "labels NaN", "labels (2, 3)", "three dimensions")
_SHOWN_BY: Mapping[str, Collection[str]] = {
    "labels of bool or integer types": ("labels int64", "labels int8", "labels bool", "labels (2, 3)"),
    "labels of bool": ("labels bool",),
    "class indices of integer types other than int64": ("labels int32", "labels uint8"),
    "class indices of integer types other than int64 and uint8": ("labels int32",),
    "class indices of integer types other than int32 and int64": ("labels uint8",),
    "class indices of uint8, int8 or int16": ("labels uint8",),
    "class indices of other types than int64": ("labels floating", "labels int32", "labels uint8"),
    "gradient for floating-point class indices": ("labels floating",),
    "labels below 0": ("labels -1", "labels -100"),
    "labels of C and above": ("labels 3",),
    "soft labels that do not sum to 1": _OFF_SUM,
    "labels that do not sum to 1": _OFF_SUM,
    "labels so far outside [0, 1] that p_t is, too": ("labels 2",),
    "labels one rounding outside [0, 1]": ("labels one rounding above 1",),
    "labels of a shape other than the logits": _BROADCAST,
    "labels of a shape other than the predictions": _BROADCAST,
    "labels that broadcast the logits to a larger shape": ("labels (1, 2, 3)",),
    "a label of more columns than one": ("labels (2, 3)",),
    "any 1-D tensor": ("one dimension",),
    "predictions outside [0, 1]": ("predictions outside [0, 1]",),
    "no classes": ("no classes",),
    "losses of shape (0,)": ("no rows",),
    "predictions of one class": ("one class",),
    "weights of integer types": ("weight integer", "pos_weight integer", "normalizer integer"),
    "a Python number for a weight": ("weight number", "pos_weight number", "normalizer number"),
    "weight that broadcasts the loss to a larger shape": ("weight (1, 2, 3)",),
    "pos_weight that broadcasts the loss to a larger shape": ("pos_weight (1, 2, 3)",),
    "a normalizer of 0 or below": ("normalizer negative",),
    "label_smoothing below 0": ("label_smoothing -0.1",),
    "from_logits that is no bool": ("from_logits 1", "from_logits None"),
    "ε as a tensor": ("epsilon 1.5",),
    "no rows": ("no rows",),
    "integers for predictions": ("predictions int64",),
    "class indices that are no classes": ("labels -1", "labels -100", "labels 3"),
    "class indices of floating or boolean types": ("labels floating", "labels bool", "labels (2,)"),
    "class indices that broadcast to the rows": ("labels (1,)",),
    "labels that sum to 0": ("labels (2, 3)",),
    "labels outside [0, 1]": ("labels 1.1 and -0.1", "labels one rounding above 1", "labels 2", "labels NaN"),
    "labels that broadcast the predictions to a larger shape": ("labels (1, 2, 3)",),
    "sample weights that broadcast the loss to a larger shape": ("sample_weight (1, 2, 3)",),
    "soft labels of integer types": ("labels (2, 3)", "labels int64", "labels int8", "labels bool"),
    "predictions of one dimension": ("one dimension",),
    "floating labels that are no soft labels": ("labels (2,)", "labels (2, 1)"),
    "γ below 0": ("gamma -1.0", "gamma_neg -1.0", "beta -1.0"),
    "γ as a tensor": ("gamma 1.5", "gamma_neg 1.5", "beta 1.5"),
    "weight of more dimensions than the loss": ("weight (1, 1)", "weight (2, 1)", "weight (1, 2, 3)"),
    "labels or a weight of one row for several": ("labels (1,)", "weight (1,)", "weight (1, 1)"),
    "a normalizer that broadcasts the loss to a larger shape": ("normalizer (1, 2, 3)",),
    "a mean of nothing": ("no rows", "no classes"),
    "γ of 0 or below": ("gamma -1.0",),
    "α as a tensor of one number": ("alpha 0.25",),
    "mean with every row ignored, or none there": ("no rows",),
    "class indices of another shape than the rows'": ("labels (1,)",),
    "no class axis, or no classes": ("no dimension", "no classes"),
    "three dimensions": ("three dimensions",),
}
_ELSEWHERE = {
    "labels one rounding outside [0, 1]",
    "predictions of one class",
    "three dimensions",
    "mean with every row ignored, or none there",
    "class indices of floating or boolean types",
}
"""Conditions that not every function shows here; of floating class indices MLX's error comes or does not, as its threads run."""


def _outcome(run: Framework, function: Callable[..., Any], case: Case) -> Answer | Exception:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return run_case(run, function, case)
        except Exception as refusal:  # whatever each framework raises
            return refusal


def _agree(theirs: Answer | Exception, ours: Answer | Exception, case: Case) -> bool:
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        return isinstance(theirs, Exception) and isinstance(ours, Exception)
    parts: list[tuple[Any, Any]] = [(theirs.value, ours.value), (theirs.gradient, ours.gradient)]
    return all(np.shape(a) == np.shape(b) and (np.size(a) == 0 or of_largest(b, a, case.dtype) <= case.bar) for a, b in parts)


def _told(outcome: Answer | Exception) -> str:
    if isinstance(outcome, Exception):
        return f"{type(outcome).__name__}: {str(outcome).strip().partition(chr(10))[0][:100]}"
    return f"{np.asarray(outcome.value).tolist()}, gradient {np.asarray(outcome.gradient).tolist()}"


@pytest.mark.parametrize("function", sorted({odd.function for odd in ODD}))
def test_odd_calls(function: str) -> None:
    dialect, _, name = function.partition(".")
    original: Original = module_of(dialect).ORIGINAL
    if original.missing():
        pytest.skip(f"{', '.join(original.missing())} is not installed")
    run, theirs, ours = framework_named(original.framework), original.find(name), functions_of(dialect)[name]
    entries = [entry for entry in differences() if entry.concerns(function) and shows(dialect, entry)]
    known = {what: entry.condition for entry in entries for what in _SHOWN_BY.get(entry.condition, ())}
    wrong, agreed = [], defaultdict(list)
    for case in (case for odd in ODD if odd.function == function for case in odd.cases()):
        outcomes = _outcome(run, theirs, case), _outcome(run, ours, case)
        agree = _agree(*outcomes, case)
        if case.name in known:
            agreed[known[case.name]].append(agree)
        elif not agree:
            wrong.append(f"{case.name}:\n  theirs {_told(outcomes[0])}\n  ours   {_told(outcomes[1])}")
    assert not wrong, f"{len(wrong)} differ, and no recorded difference says so:\n" + "\n".join(wrong)
    gone = {condition for condition, found in agreed.items() if all(found)} - _ELSEWHERE
    assert not gone, f"recorded as a difference, and none: {gone}"


@cache
def _answers(number: int) -> tuple[Answer, Answer]:
    """What the original gives for a call, and what the dialect means, in 50 digits."""
    dialect, case = BEYOND[number]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return original_answer(dialect, case), truth_of_case(dialect, case)


@pytest.mark.parametrize("number", range(len(BEYOND)), ids=[f"{dialect}.{case}" for dialect, case in BEYOND])
def test_numbers_outside_the_usual_ranges(framework: Framework, number: int) -> None:
    dialect, case = BEYOND[number]
    original: Original = module_of(dialect).ORIGINAL
    if original.missing():
        pytest.skip(f"{', '.join(original.missing())} is not installed")
    (theirs, truth), ours = _answers(number), dialect_answer(framework, dialect, case)
    for part in ("value", "gradient"):
        assert of_largest(getattr(ours, part), getattr(theirs, part), case.dtype) <= case.bar, part
        assert of_largest(getattr(ours, part), getattr(truth, part), case.dtype) <= tolerances.DIALECT, part


_ONE_OF_EACH_WAY = [
    ("torch", "binary_cross_entropy_with_logits"),
    ("torch", "cross_entropy"),
    ("optax", "sigmoid_binary_cross_entropy"),  # of integers, which are not all 0 and 1
]


@pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax", "mlx")
@pytest.mark.filterwarnings("ignore:Tensor do not have 'place' interface:UserWarning")  # Paddle's graphs
@pytest.mark.parametrize(("dialect", "function"), _ONE_OF_EACH_WAY, ids=[".".join(pair) for pair in _ONE_OF_EACH_WAY])
def test_traced_numbers_outside_the_usual_ranges(framework: Framework, dialect: str, function: str) -> None:
    case = next(case for owner, case in BEYOND if (owner, case.function) == (dialect, function))
    eager, traced = dialect_answer(framework, dialect, case).value, traced_value(framework, dialect, case)
    assert np.all(np.isfinite(eager))
    assert of_largest(traced, eager, case.dtype) <= tolerances.ORIGINAL[case.dtype]


def test_labels_outside_the_range_in_many_blocks() -> None:
    """Eager evaluation in blocks, each of which would choose a form of its own for labels that are all 0 or 1."""
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(1 << 17)), np.concatenate([rng.integers(0, 2, 1 << 16) * 1.0, 2 * rng.random(1 << 16) - 0.5])
    value, gradient = unifocal.value_and_grad(torch.binary_cross_entropy_with_logits)(x, y, reduction="none")
    np.testing.assert_allclose(value, np.logaddexp(0, x) - x * y, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(gradient, 1 / (1 + np.exp(-x)) - y, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("loss", [unifocal.sigmoid_focal_loss, unifocal.binary_cross_entropy, unifocal.cross_entropy])
def test_canonical_losses_stay_strict(framework: Framework, loss: Callable[..., Any]) -> None:
    x, y = framework.tensor([[0.3, -0.6]], "float32"), framework.tensor([[1.1, -0.1]], "float32")
    if framework.name == "dask":
        assert np.all(np.isnan(framework.numpy(loss(x, y, reduction="none"))))
        return
    with pytest.raises(ValueError, match=r"targets must be in \[0, 1\]; received 1.1"):
        loss(x, y)


def _formula(x: Any, y: Any, alpha: float, gamma: float) -> Any:
    """torchvision's, PaddleDetection's, mmdet's and TensorFlow Addons' focal loss, as they write it."""
    p = 1 / (1 + np.exp(-x))
    p_t, cross_entropy = p * y + (1 - p) * (1 - y), np.logaddexp(0, x) - x * y
    return (alpha * y + (1 - alpha) * (1 - y)) * (1 - p_t) ** gamma * cross_entropy


@pytest.mark.parametrize("dialect", ["torchvision", "mmdet", "tfa"])
def test_originals_that_are_not_here_compute_so_too(dialect: str) -> None:
    x, y = BEYOND[1][1].arguments["input"], BEYOND[1][1].arguments["target"]
    alpha = 0.25 if dialect == "torchvision" else -0.5  # torchvision holds α to [0, 1]
    losses = {
        "torchvision": lambda: torchvision.sigmoid_focal_loss(x, y, alpha=alpha),
        "mmdet": lambda: mmdet.FocalLoss(alpha=alpha, reduction="none")(x, y),
        "tfa": lambda: tfa.sigmoid_focal_crossentropy(y, x, alpha=alpha, from_logits=True),
    }
    expected = _formula(x, y, alpha, 2.0)
    np.testing.assert_allclose(losses[dialect](), expected.sum(-1) if dialect == "tfa" else expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param(lambda t: torch.binary_cross_entropy_with_logits(t(0.3), t(1.0), pos_weight=t(-0.5)), -0.277177622, id="torch"),
        pytest.param(lambda t: paddle.binary_cross_entropy_with_logits(t(0.3), t(1.0), pos_weight=t(-0.5)), -0.277177622, id="paddle"),
        pytest.param(
            lambda t: paddle.cross_entropy(t([[1.0, 2, 3], [0, 1, 0]]), t([0, 2]), soft_label=True, label_smoothing=0.1, reduction="none"),
            [[2.307606], [1.518111]],
            id="paddle indices with soft_label",
        ),
        pytest.param(
            lambda t: paddle.cross_entropy(input=t([[1.0, 2, 3], [0, 1, 0]]), target=t([0, 2])),  # type: ignore[call-arg]
            1.97952533,
            id="paddle target",
        ),
        pytest.param(
            lambda t: kornia.binary_focal_loss_with_logits(
                t([[[0.3], [-0.6], [1.0]]]), t([[[1.0], [0], [0.5]]]), pos_weight=t([[2.0], [3], [0.5]])
            ),
            [[[0.0501966377], [0.0411980609], [0.2646167424]]],
            id="kornia",
        ),
        pytest.param(lambda t: optax.smooth_labels(t([[0.0, 1, 0]]), t(0.1)), [[1 / 30, 14 / 15, 1 / 30]], id="optax"),
    ],
)
def test_right_values(framework: Framework, call: Callable[..., Any], expected: Any) -> None:
    def tensor(values: Any) -> Any:
        array = np.asarray(values)
        return framework.tensor(array, "float32" if array.dtype.kind == "f" else None)

    np.testing.assert_allclose(framework.numpy(call(tensor)), expected, rtol=2e-6)


@pytest.mark.frameworks("torch", "tensorflow", "paddle", "jax", "mlx")
def test_slope_where_a_label_outside_makes_the_modulator_zero(framework: Framework) -> None:
    """1 − p_t is 0 at p = 3/4 for the label 3/2, and the cross entropy is not: (r·CE)′ = r′·CE."""
    p, y = (framework.tensor([[value]], "float32") for value in (0.75, 1.5))
    _, gradient = framework.gradient(lambda p: keras.binary_focal_crossentropy(y, p, gamma=1.0), p)
    expected = -2 * (-1.5 * np.log(0.75) + 0.5 * np.log(0.25))
    np.testing.assert_allclose(framework.numpy(gradient), [[expected]], rtol=1e-6)


@pytest.mark.frameworks("jax")
def test_smoothing_may_be_traced(framework: Framework) -> None:
    tensors = [framework.tensor([[0.0, 1.0, 0.0]], "float32"), framework.tensor(0.1, "float32")]
    smoothed = framework.traced(lambda tensors: optax.smooth_labels(*tensors), tensors)
    np.testing.assert_allclose(framework.numpy(smoothed), np.array([[1 / 30, 14 / 15, 1 / 30]]), rtol=1e-6)
