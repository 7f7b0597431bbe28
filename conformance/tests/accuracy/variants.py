"""Grids for the variants of focal loss: predictions and labels of which no definition takes a tiny difference, and the truth on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

import unifocal

from ...truth import oracle
from . import definitions
from .grids import EPSILON, Array, GridTruth, clip_bounds, exact_columns, in_dtype, indices, row_truth, rows_of_logits, soft

SMOOTHING = 0.1


class Variant(NamedTuple):
    """A loss with options, and how its labels are smoothed."""

    loss: str
    options: tuple[tuple[str, Any], ...] = ()
    smoothing: float = 0.0

    def __str__(self) -> str:
        words = [f"{name}{value:g}" if value is not True else name for name, value in self.options]
        return "-".join([self.loss.removesuffix("_loss"), *words, *(["smoothed"] if self.smoothing else [])])

    @property
    def function(self) -> Any:
        """The loss."""
        return getattr(unifocal, self.loss)

    @property
    def arguments(self) -> dict[str, Any]:
        """The options of a call."""
        return dict(self.options) | ({"label_smoothing": self.smoothing} if self.smoothing else {})


def variant(loss: str, *, smoothing: float = 0.0, **options: Any) -> Variant:
    """A loss with options."""
    return Variant(loss, tuple(options.items()), smoothing)


BINARY = [
    variant("asymmetric_loss"),
    variant("asymmetric_loss", gamma_pos=0.5, gamma_neg=0.5, margin=0.0, alpha=0.25),
    variant("asymmetric_loss", gamma_pos=2.0, gamma_neg=0.0, margin=0.2, smoothing=SMOOTHING),
    variant("asymmetric_loss", gamma_pos=1.0, gamma_neg=1.5, margin=0.9375),
    variant("quality_focal_loss"),
    variant("quality_focal_loss", beta=0.5, alpha=0.25),
    variant("quality_focal_loss", beta=0.0),
    variant("quality_focal_loss", beta=3.5, smoothing=SMOOTHING),
    variant("varifocal_loss"),
    variant("varifocal_loss", alpha=1.5, gamma=0.5),
    variant("varifocal_loss", gamma=0.0, smoothing=SMOOTHING),
    variant("gaussian_focal_loss"),
    variant("gaussian_focal_loss", alpha=0.5, gamma=0.5),
    variant("gaussian_focal_loss", alpha=0.0, gamma=0.0, smoothing=SMOOTHING),
    variant("poly_focal_loss"),
    variant("poly_focal_loss", gamma=0.0, poly_epsilon=2.0, alpha=0.25),
    variant("poly_focal_loss", gamma=0.5, poly_epsilon=-1.0),
    variant("poly_focal_loss", gamma=1.5, smoothing=SMOOTHING),
]
DETACHED = [
    variant("asymmetric_loss", gamma_pos=1.0, detach_modulator=True),
    variant("quality_focal_loss", detach_modulator=True),
    variant("varifocal_loss", detach_modulator=True),
    variant("gaussian_focal_loss", detach_modulator=True),
    variant("poly_focal_loss", gamma=0.5, alpha=0.25, detach_modulator=True),
]
CATEGORICAL = [
    ("index", variant("softmax_poly_focal_loss")),
    ("index", variant("softmax_poly_focal_loss", gamma=0.0, poly_epsilon=2.0)),
    ("soft", variant("softmax_poly_focal_loss", gamma=0.5, poly_epsilon=-1.0)),
    ("smoothed", variant("softmax_poly_focal_loss", gamma=1.5, smoothing=SMOOTHING)),
    ("index", variant("softmax_poly_focal_loss", gamma=1.0, detach_modulator=True)),
    ("soft", variant("softmax_poly_focal_loss", gamma=2.0, detach_modulator=True)),
]


@cache
def logits(dtype: str) -> Array:
    """From tiny to saturated, infinite ones and zeros among them."""
    rng = np.random.default_rng(2017)
    decades = np.logspace(-8, 3, 14)
    large = np.array([16.7, 30, 37, 87, 88.8, 104.5, 500, 709, 746, 1000])
    x = np.concatenate([decades, -decades, large, -large, [0.0, -0.0, np.inf, -np.inf], rng.normal(size=24) * 5])
    return in_dtype(x, dtype)


@cache
def probabilities(dtype: str) -> Array:
    """From tiny to nearly 1."""
    near_one = 1 - np.logspace(-6 if dtype == "float32" else -14, -0.5, 12)
    ordinary = np.random.default_rng(2018).random(20)
    return np.concatenate([np.logspace(-30, -0.5, 12), near_one, [EPSILON, 1 - EPSILON, 0.5], ordinary]).astype(dtype)


def with_labels(x: Array, p: Array, case: Variant) -> tuple[Array, Array]:
    """Each prediction with the labels 0, 1 and a soft one; where y − p or p − m of the loss would be a tiny difference, the label is the
    farther of 0 and 1.

    p: the predictions' probabilities.
    """
    nearly_certain = np.random.default_rng(2019).beta(0.2, 0.2, x.size)
    some = np.arange(x.size) % 3
    y = np.stack([np.zeros(x.size), np.ones(x.size), np.where(some == 0, 0.3, np.where(some == 1, 0.98, nearly_certain))])
    s = case.smoothing
    seen, m, far = y * (1 - s) + s / 2, case.arguments.get("margin", 0.05), np.where(p < 0.5, 1.0, 0.0)
    if case.loss == "quality_focal_loss":
        above, below = seen * (1 - p), (1 - seen) * p
        y = np.where(np.abs(above - below) < np.maximum(above, below) / 2, far, y)
    elif case.loss == "asymmetric_loss" and m:
        y = np.where((p > 0.99 * m) & (p < 2 * m) & (1 - p > (1 - m) / 2), 1.0, y)
    return np.tile(x, (len(y), 1)), y.astype(np.float64 if x.dtype == np.float64 else np.float32)


def _grid(x: Array, p: Array, case: Variant, of: Callable[..., oracle.Series]) -> GridTruth:
    x, y = with_labels(x, p, case)
    labels = [oracle.smoothed(label, case.smoothing) for label in y.flat]
    series = [of(definitions.DEFINITIONS[case.loss], a, b, **dict(case.options)) for a, b in zip(x.flat, labels, strict=True)]
    return GridTruth(x, y, np.ones_like(y), *exact_columns(series, x.shape))


@cache
def truth_of_logits(dtype: str, case: Variant) -> GridTruth:
    """The truth of a binary loss of logits."""
    x = logits(dtype)
    with np.errstate(over="ignore"):
        return _grid(x, 1 / (1 + np.exp(-x.astype(np.float64))), case, definitions.of_logit)


@cache
def truth_of_probabilities(dtype: str, case: Variant, is_clipped: bool) -> GridTruth:
    """The truth of a binary loss of probabilities."""
    p = probabilities(dtype)
    clip = clip_bounds(dtype) if is_clipped else None
    return _grid(p, p.astype(np.float64), case, partial(definitions.of_probability, clip=clip))


@cache
def truth_of_rows(dtype: str, classes: int, kind: str, case: Variant) -> GridTruth:
    """The truth of a categorical loss of logits."""
    rows = rows_of_logits(dtype, classes)
    return _of_rows(rows, kind, case, definitions.softmax_poly)


@cache
def truth_of_probability_rows(dtype: str, kind: str, case: Variant, is_clipped: bool) -> GridTruth:
    """The truth of a categorical loss of probabilities."""
    rows = np.clip(np.random.default_rng(2023).dirichlet(np.full(5, 0.3), size=12), 1e-30, 1 - 1e-6).astype(dtype)
    return _of_rows(rows, kind, case, partial(definitions.softmax_poly_probability, clip=clip_bounds(dtype) if is_clipped else None))


def _of_rows(rows: Array, kind: str, case: Variant, of: Callable[..., oracle.Row]) -> GridTruth:
    targets = soft(rows) if kind == "soft" else indices(rows)
    classes = rows.shape[1]
    hard = [[float(c == t) for c in range(classes)] for t in targets] if kind != "soft" else targets.tolist()
    weights = [[oracle.smoothed(y, case.smoothing, classes) for y in row] for row in hard]
    return row_truth(rows, targets, weights, of, **dict(case.options))
