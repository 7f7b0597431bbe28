"""Grids of predictions and targets, from ordinary to saturated and infinite, and the truth of each loss on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...truth import oracle
from ...truth.ulp import Exact

Array = npt.NDArray[Any]
GAMMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.5, 5.0)
EPSILON = 1e-7
SMOOTHING = 0.1


class Options(NamedTuple):
    """A loss's numbers."""

    gamma: float
    alpha: float | None = None
    pos_weight: float | None = None
    smoothing: float = 0.0

    def __str__(self) -> str:
        parts = (("alpha", self.alpha), ("pos_weight", self.pos_weight), ("smoothing", self.smoothing or None))
        return "-".join([f"gamma{self.gamma:g}", *(f"{name}{value:g}" for name, value in parts if value is not None)])


class GridTruth(NamedTuple):
    """A grid of predictions and targets, and what the loss is there."""

    predictions: Array
    targets: Array
    h: Array
    value: Exact
    slope: Exact
    second: Exact
    value_terms: Exact
    slope_terms: Exact
    second_terms: Exact

    def of(self, rows: Any, columns: Any) -> GridTruth:
        """A part of the grid."""

        def cut(part: Any) -> Any:
            return part[rows] if columns is ... else part[rows, columns]

        x, y, h, *exact = self
        return GridTruth(cut(x), cut(y), cut(h), *(Exact(*map(cut, part)) for part in exact))


# Every γ once; other options where they are likeliest to hurt.  Each case costs every framework a run, and JAX a compilation.
SIGMOID_CASES = [
    *(Options(gamma, 0.25) for gamma in GAMMAS),
    Options(0.0),
    Options(2.0),
    Options(2.0, pos_weight=2.5),
    Options(0.0, smoothing=SMOOTHING),
    Options(5.0, smoothing=SMOOTHING),
    Options(1.5, 0.25, 0.7, 0.2),
    Options(2.0, 1.0),
]
SOFTMAX_CASES = [
    *((3, "index", gamma) for gamma in GAMMAS),
    *((10, "soft", gamma) for gamma in (0.0, 0.5, 2.0)),
    *((10, "one-hot", gamma) for gamma in (0.5, 2.0)),
    (2, "index", 2.0),
    (2, "soft", 5.0),
    *((3, "smoothed", gamma) for gamma in (0.0, 2.0)),
    *((1000, "index", gamma) for gamma in (0.0, 2.0)),
    *((1000, kind, 2.0) for kind in ("one-hot", "soft")),
]
Z_LOSS_CASES = [(3, "index", 0.3), (10, "soft", 1e-4)]
PROBABILITY_CASES = [(0.0, False), (0.5, False), (2.0, True)]
SOFTMAX_PROBABILITY_CASES = [(0.5, "index", False), (2.0, "soft", False), (2.0, "index", True)]


def in_dtype(x: Array, dtype: str) -> Array:
    """x rounded to numbers of the dtype, in a NumPy dtype that has them (bfloat16: a truncated float32)."""
    if dtype == "bfloat16":
        bits = x.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
        return bits.view(np.float32)
    return x.astype(dtype)


@cache
def _logits(dtype: str) -> Array:
    rng = np.random.default_rng(2017)
    decades = np.logspace(-10, 4, 90)
    large = np.array([15, 16.7, 20, 30, 37, 50, 87, 88.8, 90, 103, 104.5, 200, 500, 700, 709, 710, 745, 746, 800, 1000])
    return in_dtype(np.concatenate([decades, -decades, large, -large, [0.0, -0.0, np.inf, -np.inf], rng.normal(size=297) * 10]), dtype)


@cache
def _probabilities(dtype: str) -> Array:
    rng = np.random.default_rng(2018)
    tails = np.logspace(-30, -0.5, 60)
    near_one = 1 - np.logspace(-7 if dtype == "float32" else -15, -0.5, 40)
    return np.concatenate([tails, near_one, [EPSILON, 1 - EPSILON], rng.random(100)]).astype(dtype)


def with_labels(x: Array) -> tuple[Array, Array]:
    """Each prediction with the labels 0, 1, 0.3 and a random one, often nearly certain, in rows."""
    rng = np.random.default_rng(2019)
    labels = np.stack([np.zeros(x.size), np.ones(x.size), np.full(x.size, 0.3), rng.beta(0.2, 0.2, x.size)])
    return np.tile(x, (4, 1)), labels.astype(np.float64 if x.dtype == np.float64 else np.float32)


def exact_columns(numbers: Iterable[Sequence[Any]], shape: tuple[int, ...]) -> list[Exact]:
    """Each number of the oracle's answers, over an array of this shape."""
    return [Exact.of(column, shape) for column in zip(*numbers, strict=True)]


@cache
def sigmoid_truth(dtype: str, case: Options) -> GridTruth:
    """The truth of sigmoid losses of logits."""
    x, y = with_labels(_logits(dtype))
    gamma, alpha, pos_weight, smoothing = case
    series = [
        oracle.sigmoid(a, oracle.smoothed(b, smoothing), gamma, alpha, 1.0 if pos_weight is None else pos_weight)
        for a, b in zip(x.flat, y.flat, strict=True)
    ]
    return GridTruth(x, y, np.ones_like(y), *exact_columns(series, x.shape))


def clip_bounds(dtype: str) -> tuple[float, float]:
    """The bounds of a clip, as the dtype has them."""
    rounded = np.dtype(dtype).type
    return float(rounded(EPSILON)), float(rounded(1 - EPSILON))


@cache
def sigmoid_probability_truth(dtype: str, gamma: float, clipped: bool) -> GridTruth:
    """The truth of sigmoid losses of probabilities."""
    x, y = with_labels(_probabilities(dtype))
    clip = clip_bounds(dtype) if clipped else None
    series = [oracle.sigmoid_probability(a, b, gamma, 0.25, clip=clip) for a, b in zip(x.flat, y.flat, strict=True)]
    return GridTruth(x, y, np.ones_like(y), *exact_columns(series, x.shape))


@cache
def rows_of_logits(dtype: str, classes: int) -> Array:
    """Rows of logits: ordinary, wide, saturated, infinite (of three classes), and with ties."""
    rng = np.random.default_rng(classes)
    few = 1 if classes > 10 else 8
    ordinary = [rng.normal(size=(few, classes)) * width for width in (1.0, 10.0, 60.0)]
    saturated = rng.normal(size=(8, classes))
    saturated[np.arange(8), np.arange(8) % classes] += np.array([15, -15, 40, -40, 100, -104, 700, 1000.0])
    tied = np.zeros((1, classes))
    close = 20 + rng.normal(size=(1, classes)) * 1e-3
    rows = [*ordinary, saturated[::3] if few == 1 else saturated, tied, close]
    if classes == 3:
        inf = np.inf
        rows.append(np.array([[inf, 0, 1], [inf, 0, 1], [-inf, 0, 1], [-inf, 0, 1], [-inf, 2, -inf], [-3, inf, -inf]]))
    return in_dtype(np.concatenate(rows), dtype)


def soft(rows: Array) -> Array:
    """Label distributions: spread out, and in every third row all but certain of the largest logit."""
    rng = np.random.default_rng(2020)
    labels = rng.dirichlet(np.ones(rows.shape[1]), size=rows.shape[0])
    labels[::3] *= 1e-9
    labels[np.arange(rows.shape[0]), rows.argmax(-1)] += np.arange(rows.shape[0]) % 3 == 0
    return np.clip(labels, 0, 1).astype(np.float64 if rows.dtype == np.float64 else np.float32)


def indices(rows: Array) -> Array:
    """Of each row the largest logit, the smallest, or some other."""
    other = np.random.default_rng(2021).integers(rows.shape[1], size=rows.shape[0])
    kind = np.arange(rows.shape[0]) % 3
    return np.where(kind == 0, rows.argmax(-1), np.where(kind == 1, rows.argmin(-1), other))


def _index_weights(index: Array, classes: int, smoothing: float = 0.0) -> list[list[Any]]:
    return [[oracle.smoothed(float(c == t), smoothing, classes) for c in range(classes)] for t in index]


def row_truth(rows: Array, targets: Array, weights: Sequence[Sequence[Any]], row: Callable[..., oracle.Row], **options: Any) -> GridTruth:
    """The truth of rows of which each loss is one of the oracle's, and depends on labels by their weights alone."""
    h = np.random.default_rng(2022).normal(size=rows.shape)
    # Second derivatives have a bar in float64 only.
    along = h.tolist() if rows.dtype == np.float64 else [None] * len(h)
    results = [row(x, v, h=k, **options) for x, v, k in zip(rows.tolist(), weights, along, strict=True)]

    def exact(part: str) -> Exact:
        numbers = [getattr(result, part) for result in results]
        if isinstance(numbers[0], list):
            return Exact.of(chain.from_iterable(numbers), rows.shape)
        return Exact.of(numbers, rows.shape[:1])

    return GridTruth(rows, targets, h, *map(exact, oracle.Row._fields))


@cache
def softmax_truth(dtype: str, classes: int, kind: str, gamma: float) -> GridTruth:
    """The truth of softmax losses of logits."""
    rows = rows_of_logits(dtype, classes)
    if kind == "one-hot":
        truth = softmax_truth(dtype, classes, "index", gamma)
        return truth._replace(targets=np.eye(classes, dtype=rows.dtype)[truth.targets])
    targets = soft(rows) if kind == "soft" else indices(rows)
    weights = targets.tolist() if kind == "soft" else _index_weights(targets, classes, SMOOTHING if kind == "smoothed" else 0.0)
    return row_truth(rows, targets, weights, oracle.softmax, gamma=gamma)


@cache
def z_loss_truth(dtype: str, classes: int, kind: str, z_loss: float) -> GridTruth:
    """The truth of cross entropy with a z-loss, of logits; also where a row's log Σ e^x is all but 0."""
    rows = rows_of_logits(dtype, classes)
    near_one = np.full((2, classes), -40.0)
    near_one[:, 0] = 2.0**-20, -(2.0**-20)
    rows = np.concatenate([rows, in_dtype(near_one, dtype)])
    targets = soft(rows) if kind == "soft" else indices(rows)
    weights = targets.tolist() if kind == "soft" else _index_weights(targets, classes, SMOOTHING if kind == "smoothed" else 0.0)
    return row_truth(rows, targets, weights, oracle.with_z_loss, z_loss=z_loss)


@cache
def softmax_probability_truth(dtype: str, kind: str, gamma: float, clipped: bool) -> GridTruth:
    """The truth of softmax losses of probabilities."""
    rng = np.random.default_rng(2023)
    rows = np.concatenate([rng.dirichlet(np.full(5, width), size=8) for width in (0.1, 1.0)])
    rows = np.clip(rows, 1e-30, 1 - 1e-6).astype(dtype)
    targets = soft(rows) if kind == "soft" else indices(rows)
    weights = targets.tolist() if kind == "soft" else _index_weights(targets, 5)
    return row_truth(rows, targets, weights, oracle.softmax_probability, gamma=gamma, clip=clip_bounds(dtype) if clipped else None)
