"""Cases by the hundred, from a seed: losses over options, shapes, layouts and values, in any dtype, judged by 50-digit arithmetic.

Every axis below runs through its values in an order of its own, so that each value meets nearly every other's and none is rare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import unifocal
from unifocal.arrays import NumPyArray

from ...frameworks import Framework
from ...truth import exact, tolerances
from ...truth.oracle import mp
from ...truth.ulp import Exact, Floats, distance

COUNT, VARIANTS_COUNT = 96, 40
TILES = 300
"""How often the big cases repeat a small one of 1000 elements."""

VARIANTS = (
    "asymmetric_loss",
    "quality_focal_loss",
    "varifocal_loss",
    "gaussian_focal_loss",
    "poly_focal_loss",
    "softmax_poly_focal_loss",
    "softmax_poly_focal_loss",
)
_SIGMOID = ("sigmoid_focal_loss", "binary_cross_entropy", *VARIANTS[:5])
_BALANCED = ("sigmoid_focal_loss", "softmax_focal_loss", "asymmetric_loss", "quality_focal_loss", "poly_focal_loss")
_LOSSES = ("sigmoid_focal_loss", "softmax_focal_loss", "sigmoid_focal_loss", "cross_entropy", "binary_cross_entropy", "softmax_focal_loss")
# Shapes, and the class axis.  Softmax losses take a row where there is no axis.
_SHAPES = (((5, 3), -1), ((), -1), ((2, 3, 5), 1), ((7,), -1), ((3, 1, 2, 2, 3), 2), ((0, 3), -1), ((1, 1), -1), ((3, 4), 0), ((13, 2), -1))
_LAYOUTS = ("contiguous", "strided")
_VALUES = ("random", "saturated", "zero", "denormal", "infinite", "random", "wide")
_TARGETS = ("hard", "soft", "index", "smoothed", "ignored", "soft")
_REDUCTIONS = ("none", "mean", "sum", "weighted_mean", "none")
_GAMMAS = (2.0, 0.5, 0.0, 1.0, 3.7, 1.5)
_ALPHAS = ("number", "none", "vector", "end")
_WEIGHTS = ("none", "rows", "number", "full", "normalizer")
_EXTRAS = ("none", "pos_weight", "class_weight", "none")
_FORMS = ("logits", "logits", "probabilities", "logits", "clipped")
IGNORED = -100


class GeneratedCall(NamedTuple):
    """A call: a loss of unifocal's, predictions before they are rounded, targets, options."""

    name: str
    loss: str
    predictions: NumPyArray
    targets: NumPyArray
    options: Mapping[str, Any]
    strided: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def soft(self) -> bool:
        """Whether terms of either sign meet in a gradient."""
        y = self.targets
        if self.options.get("label_smoothing") or self.options.get("z_loss") or (y.dtype.kind == "f" and np.any(y % 1)):
            return True
        several = self.loss not in _SIGMOID and y.dtype.kind == "f" and y.ndim == np.ndim(self.predictions)
        return several and bool(np.any(np.sum(y, self.options["axis"]) > 1))

    def rounded(self, dtype: str) -> GeneratedCall:
        """The case with predictions that the dtype has, and other numbers that float32 has."""
        with np.errstate(over="ignore"):
            options = {key: _single(option) for key, option in self.options.items()}
            return self._replace(predictions=_in_dtype(self.predictions, dtype), targets=_single(self.targets), options=options)


def _single(value: Any) -> Any:
    return value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def _in_dtype(x: NumPyArray, dtype: str) -> NumPyArray:
    """x rounded to numbers of the dtype; of bfloat16 in float32."""
    if dtype != "bfloat16":
        return x.astype(dtype)
    single = x.astype(np.float32)
    return (single.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


def _cycled(axis: tuple[Any, ...], rng: np.random.Generator) -> Iterator[Any]:
    """The values of an axis over and over, shuffled anew each time."""
    while True:
        yield from (axis[i] for i in rng.permutation(len(axis)))


@cache
def all_calls() -> tuple[GeneratedCall, ...]:
    """All of them, the same in every process."""
    rng = np.random.default_rng(4)
    axes = (_LOSSES, _SHAPES, _LAYOUTS, _VALUES, _TARGETS, _REDUCTIONS, _GAMMAS, _ALPHAS, _WEIGHTS, _EXTRAS, _FORMS)
    points = zip(range(COUNT), *(_cycled(axis, rng) for axis in axes), strict=False)
    first = (_case(number, np.random.default_rng([4, number]), *chosen) for number, *chosen in points)
    return (*first, *_variants_calls())


def _variants_calls() -> Iterator[GeneratedCall]:
    """Those of the variants, which have an axis of their own."""
    rng = np.random.default_rng(12)
    axes = (VARIANTS, _SHAPES, _LAYOUTS, _VALUES, _TARGETS, _REDUCTIONS, _GAMMAS, _ALPHAS, _WEIGHTS, _EXTRAS, _FORMS, (False, False, True))
    for number, *chosen in zip(range(COUNT, COUNT + VARIANTS_COUNT), *(_cycled(axis, rng) for axis in axes), strict=False):
        yield _case(number, np.random.default_rng([12, number]), *chosen)


def _exponents(loss: str, gamma: float) -> dict[str, Any]:
    """The options of a loss that has exponents: γ is the one that matters most."""
    match loss:
        case "binary_cross_entropy" | "cross_entropy":
            return {}
        case "asymmetric_loss":
            return {"gamma_pos": 0.5, "gamma_neg": gamma}
        case "quality_focal_loss":
            return {"beta": gamma}
        case "gaussian_focal_loss":
            return {"alpha": gamma, "gamma": 2.0}
        case "poly_focal_loss" | "softmax_poly_focal_loss":
            return {"gamma": gamma, "poly_epsilon": 0.5}
    return {"gamma": gamma}


def _case(
    number: int,
    rng: np.random.Generator,
    loss: str,
    shape_axis: tuple[tuple[int, ...], int],
    layout: str,
    values: str,
    kind: str,
    reduction: str,
    gamma: float,
    alpha: str,
    weights: str,
    extra: str,
    form: str,
    detached: bool = False,
) -> GeneratedCall:
    """The case at one point; what the loss has no use for is left out."""
    shape, axis = shape_axis
    sigmoid = loss in _SIGMOID
    if not sigmoid and (not shape or shape[axis] == 1):
        shape = (*shape[:-1], 3)
    classes = shape[axis] if shape else 1
    by_index = kind in ("index", "ignored") and (classes > 1)
    kind = kind if by_index or kind not in ("index", "ignored") or (sigmoid and kind == "ignored") else "hard"
    options: dict[str, Any] = {"reduction": reduction, "axis": axis}
    options |= _exponents(loss, gamma)
    if detached:
        options["detach_modulator"] = True
    if loss in _BALANCED:
        vector = rng.random(classes) if alpha == "vector" and shape else 0.3
        options["alpha"] = {"none": None, "number": 0.25, "end": 1.0, "vector": vector}[alpha]
    if kind == "smoothed":
        options["label_smoothing"] = 0.1
    if extra == "pos_weight" and loss in ("sigmoid_focal_loss", "binary_cross_entropy"):
        options["pos_weight"] = 2.5
    if extra == "class_weight" and not sigmoid:
        options["class_weight"] = rng.random(classes) + 0.5
    onto = shape if sigmoid else shape[:axis] + shape[axis % len(shape) + 1 :]
    if weights == "number":
        options["sample_weight"] = 0.7
    elif weights == "full":
        options["sample_weight"] = rng.random(onto)
    elif weights == "rows" and onto:
        options["sample_weight"] = rng.random((onto[0], *[1] * (len(onto) - 1)))
    elif weights == "normalizer":
        options["normalizer"] = 3.0
    if kind == "ignored":
        options["ignore_index"] = IGNORED
    if form != "logits":
        options["from_logits"] = False
        options["epsilon"] = 1e-7 if form == "clipped" else None
    elif loss == "cross_entropy":
        options["z_loss"] = (0.3, 0.0, 1e-4)[number % 3]
    x = _logits(rng, shape, axis, values, sigmoid) if form == "logits" else _probabilities(rng, shape, axis, values, sigmoid)
    words = (number, loss, *shape, kind, values, form, layout, *(f"{key}={np.shape(value) or value}" for key, value in options.items()))
    targets = _targets(rng, shape, axis, kind, by_index, sigmoid)
    x = _without_tiny_differences(loss, x, targets, options)
    return GeneratedCall(" ".join(map(str, words)), loss, x, targets, options, layout == "strided" and bool(shape))


def _without_tiny_differences(loss: str, x: Any, y: Any, options: Mapping[str, Any]) -> NumPyArray:
    """Predictions, those replaced where the loss would take a tiny difference: of the label, or a margin, and a probability."""
    logits = options.get("from_logits", True)
    with np.errstate(over="ignore"):
        p = 1 / (1 + np.exp(-x)) if logits else x
    if loss == "asymmetric_loss":
        near, far = (p > 0.0495) & (p < 0.1), np.full_like(p, 0.75)
    elif loss == "quality_focal_loss" and y.dtype.kind == "f":
        s = options.get("label_smoothing", 0.0)
        above, below = (y * (1 - s) + s / 2) * (1 - p), ((1 - y) * (1 - s) + s / 2) * p
        near, far = np.abs(above - below) < np.maximum(above, below) / 2, np.where(y < 0.5, 0.875, 0.125)
    else:
        return np.asarray(x)
    return np.asarray(np.where(near, np.log(far / (1 - far)) if logits else far, x))


def _logits(rng: np.random.Generator, shape: tuple[int, ...], axis: int, values: str, sigmoid: bool) -> NumPyArray:
    x = np.asarray(3 * rng.normal(size=shape))
    some = rng.random(shape) < 0.5
    if values == "saturated":
        x = np.where(some, np.sign(x) * 10 ** rng.uniform(1.3, 4, shape), x)
    elif values == "wide":
        x = x * 30
    elif values == "zero":
        x = np.where(some, np.copysign(0.0, x), x)
    elif values == "denormal":
        x = np.where(some, x * 2.0 ** rng.choice([-1060, -135, -18], shape), x)
    elif values == "infinite" and sigmoid:
        x = np.where(some, np.copysign(np.inf, x), x)
    elif values == "infinite" and x.size:
        # Two of them in a row have no limit.
        place = np.argmax(rng.random(shape), axis=axis, keepdims=True)
        np.put_along_axis(x, place, np.copysign(np.inf, np.take_along_axis(x, place, axis)), axis)
    return x


def _probabilities(rng: np.random.Generator, shape: tuple[int, ...], axis: int, values: str, sigmoid: bool) -> NumPyArray:
    p = np.asarray(rng.random(shape) * 0.998 + 1e-3)
    if not sigmoid and p.size:
        p = p / p.sum(axis=axis, keepdims=True)
    some = rng.random(shape) < 0.5
    if values in ("saturated", "wide"):
        p = np.where(some, 2.0 ** -rng.integers(3, 11, shape), p)
    elif values == "denormal":
        p = np.where(some, 2.0 ** -rng.integers(15, 24, shape), p)
    elif values in ("zero", "infinite"):
        p = np.where(some, np.round(p), p)
    return p


def _targets(rng: np.random.Generator, shape: tuple[int, ...], axis: int, kind: str, by_index: bool, sigmoid: bool) -> NumPyArray:
    if by_index:
        classes = shape[axis]
        rows = np.asarray(rng.integers(classes + sigmoid, size=shape[:axis] + shape[axis % len(shape) + 1 :]))  # the last is background
        return np.where(rng.random(rows.shape) < 0.4, IGNORED, rows) if kind == "ignored" else rows
    if kind == "soft":
        y = np.asarray(rng.random(shape))
        return y if sigmoid or not y.size else y / y.sum(axis=axis, keepdims=True)
    if sigmoid:
        y = np.asarray(rng.integers(2, size=shape))
        return np.where(rng.random(shape) < 0.4, IGNORED, y) if kind == "ignored" else y.astype(np.float64)
    place = np.argmax(rng.random(shape), axis=axis, keepdims=True) if np.prod(shape) else np.zeros(0, np.int64)
    y = np.zeros(shape)
    if y.size:
        np.put_along_axis(y, place, 1.0, axis)
    return y


class GeneratedTruth(NamedTuple):
    """Value and gradient, and the magnitudes of the terms that meet in the gradient."""

    value: Exact
    gradient: Exact
    gradient_terms: Exact


@cache
def numbered_truth(number: int, dtype: str) -> GeneratedTruth:
    """The truth of a case in a dtype."""
    return truth_of_call(all_calls()[number].rounded(dtype), dtype)


def truth_of_call(case: GeneratedCall, dtype: str) -> GeneratedTruth:
    """The truth of a rounded case: unifocal's own function on numbers of 50 digits."""
    value, gradient = _exactly(case, dtype, case.targets)
    terms = gradient
    if case.soft:
        # Of a hard label's gradient the terms have one sign; those of soft labels are theirs, each with its share.
        terms = np.maximum(np.abs(gradient), sum(share * _hard_terms(case, dtype, hard) for share, hard in _shares(case)))
    return GeneratedTruth(*(Exact.of(np.asarray(part, object).flat, np.shape(part)) for part in (value, gradient, terms)))


def _hard_terms(case: GeneratedCall, dtype: str, hard: NumPyArray) -> Any:
    """The magnitudes of what meets in the gradient of hard labels: that of a z-loss is of one sign in a row, and meets the loss's own."""
    whole: Any = _exactly(case, dtype, hard)[1]
    if not case.options.get("z_loss"):
        return np.abs(whole)
    plain: Any = _exactly(case._replace(options={**case.options, "z_loss": 0.0}), dtype, hard)[1]
    return np.abs(plain) + np.abs(whole - plain)


def _shares(case: GeneratedCall) -> Iterator[tuple[Any, NumPyArray]]:
    """The hard labels that soft ones mix, and how much of each."""
    y, smoothing = case.targets, case.options.get("label_smoothing", 0.0)
    if case.loss in _SIGMOID:
        y = y * (1 - smoothing) + smoothing / 2
        yield y.astype(object), np.ones_like(y)
        yield (1 - y).astype(object), np.zeros_like(y)
        return
    if y.ndim < np.ndim(case.predictions):
        yield 1, y
        return
    axis = case.options["axis"]
    y = y * (1 - smoothing) + smoothing / y.shape[axis]
    for c in range(y.shape[axis]):
        hard = np.zeros_like(y)
        np.put_along_axis(hard, np.full([1 if i == axis % y.ndim else n for i, n in enumerate(y.shape)], c), 1.0, axis)
        yield np.take(y, [c], axis).astype(object), hard


def _exactly(case: GeneratedCall, dtype: str, targets: NumPyArray) -> tuple[NumPyArray, NumPyArray]:
    """Value and gradient in 50 digits."""
    smoothed = targets is case.targets
    options = {
        key: exact.asarray(option) if isinstance(option, np.ndarray) else option
        for key, option in case.options.items()
        if smoothed or key != "label_smoothing"
    }
    loss = unifocal.value_and_grad(getattr(unifocal, case.loss))
    x = exact.asarray(case.predictions, dtype="float32" if dtype == "bfloat16" else dtype)
    with mp.workdps(50):
        value, gradient = loss(x, exact.asarray(targets), **options)
    return value.values, gradient.values


def answer_of(run: Framework, case: GeneratedCall, dtype: str) -> tuple[NumPyArray, NumPyArray]:
    """A framework's value and gradient of a rounded case."""
    loss: Callable[..., Any] = getattr(unifocal, case.loss)

    def tensor(array: NumPyArray, of: str | None = None) -> Any:
        # A stride that is no element's size, where the framework has views.
        return run.tensor(np.repeat(array, 2, axis=0), of)[::2, ...] if case.strided and array.ndim else run.tensor(array, of)

    # NumPy mentions float16 losses that overflow.
    with run.precision(dtype), np.errstate(over="ignore"):
        x, targets = tensor(case.predictions, dtype), tensor(case.targets)
        options = {key: tensor(option) if isinstance(option, np.ndarray) else option for key, option in case.options.items()}
        if run.differentiates:
            value, gradient = run.gradient(lambda x: loss(x, targets, **options), x)
        else:
            value, gradient = unifocal.value_and_grad(loss)(x, targets, **options)
        return run.numpy(value), run.numpy(gradient)


def distances(found: tuple[NumPyArray, NumPyArray], true: GeneratedTruth, dtype: str) -> dict[str, Floats]:
    """How far value and gradient are from the truth, in ulp."""
    parts = {"value": (found[0], true.value, true.value), "gradient": (found[1], true.gradient, true.gradient_terms)}
    return {
        part: distance(computed, exactly, dtype, scale) if np.shape(computed) == exactly.high.shape else np.array(np.inf)
        for part, (computed, exactly, scale) in parts.items()
    }


def bar_of(case: GeneratedCall, dtype: str) -> float:
    """How many ulp a case may be off."""
    loss: Any = getattr(unifocal, case.loss)
    spec, _ = loss.describe(case.predictions, case.targets, **case.options)
    finite = np.abs(case.predictions[np.isfinite(case.predictions)])
    return tolerances.for_call(spec, dtype, case.options, largest=float(np.max(finite, initial=0.0)))


def big(loss: str, dtype: str, rng: np.random.Generator) -> tuple[GeneratedCall, GeneratedCall]:
    """A case of some thousand elements, and the same one repeated, both rounded."""
    x = np.where(rng.random((334, 3)) < 0.9, 3 * rng.normal(size=(334, 3)), 30 * rng.normal(size=(334, 3)))
    targets = rng.integers(3, size=334)
    small = GeneratedCall(f"big {loss}", loss, x, targets, {"reduction": "none", "axis": -1}).rounded(dtype)
    tiled = small._replace(predictions=np.tile(small.predictions, (TILES, 1)), targets=np.tile(small.targets, TILES))
    return small, tiled
