"""Keras 3's probabilistic losses, on its TensorFlow backend."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from ..calls.case import Case
from ..frameworks import framework_named
from ..truth import tolerances
from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    framework_named("tensorflow")  # in the order that imports must have
    return getattr(import_module("keras.losses"), name)


ORIGINAL = Original("tensorflow", _find, ("keras", "tensorflow"))

_RNG = np.random.default_rng(3)
X, SOFT = 3 * _RNG.normal(size=(4, 3)), _RNG.random((4, 3))
HARD = np.array([[1.0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 0, 0]])
P = 1 / (1 + np.exp(-X))
X3, SOFT3 = _RNG.normal(size=(2, 2, 3)), _RNG.random((2, 2, 3))
P3 = 1 / (1 + np.exp(-X3))
# Probabilities at the clip's bounds, inside and outside.
EDGES = np.array([[0.0, 1.0, 1e-7], [1.0, 0.0, 1 - 1e-7], [0.25, 1 - 1e-9, 1e-9], [3e-7, 1 - 3e-7, 0.75]])

# Labels' rows sum to 1 where there are logits: TensorFlow's gradient is else not that of its loss.
ONE_HOT = np.eye(3)[[0, 2, 1, 2]]
SHARES = SOFT / SOFT.sum(1, keepdims=True)
SHARES3 = SOFT3 / SOFT3.sum(2, keepdims=True)
ROWS = P + 0.1  # not normalized
EXTREME = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [3e-8, 1.0, 2e-7], [0.5, 1.0, 2.0]])
SATURATED = np.array([[-17.0, 0.0, -40.0], [50.0, 0.0, 1.0], [0.0, -15.0, 3.0], [1.0, 2.0, 3.0]])
INDEX, IGNORED, INDEX3 = np.array([0, 2, 1, 2]), np.array([0, -1, 1, 2]), np.array([[0, 2], [1, 2]])

_GAMMAS = [0.0, 0.5, 2.0]
_ALPHAS = {"number": 0.75, "classes": np.array([0.5, 1.0, 2.0])}
_VECTOR, _COLUMN, _MATRIX = np.array([0.5, 1.0, 0.0, 2.0]), np.array([[1.0], [3.0]]), np.array([[1.0, 3.0], [0.5, 0.0]])
_WEIGHTS = {"none": ABSENT, "number": 0.5, "vector": _VECTOR}
_WEIGHTS3 = {"vector": np.array([1.0, 3.0]), "rows": _COLUMN, "columns": _COLUMN.T, "full": _MATRIX, "deeper": _MATRIX[..., None]}

_FOCAL: dict[str, dict[str, Any]] = {
    "binary": {"gamma": _GAMMAS, "apply_class_balancing": [False, True], "alpha": [0.75]},
    "categorical": {"gamma": _GAMMAS, "alpha": _ALPHAS},
}


def group(name: str, function: str, dtype: str = "float64", tolerance: float | None = None, **axes: Any) -> list[Case]:
    """The cases of a grid, under a common name."""
    found = cases(function, "y_pred", options=function[0].isupper(), settings={"dtype": dtype, "tolerance": tolerance}, **axes)
    return [replace(case, name=f"{name} {case.name}".rstrip()) for case in found]


def _binary(function: str, **focal: Any) -> list[Case]:
    """A function's formulas; ``focal`` has the focal one's options."""
    labels, gamma = {"soft": SOFT, "hard": HARD}, {"gamma": focal["gamma"]} if focal else {}
    smoothing = [0.1] if focal else [0.0, 0.1]
    return [
        *group("probabilities", function, y_true=labels, y_pred=[P], label_smoothing=[0.0, 0.1], **focal),
        *group("logits", function, y_true=labels, y_pred=[X], label_smoothing=smoothing, from_logits=[True], **focal),
        # The originals' focal gradient is NaN where 1 − p_t is 0 and γ < 1: there labels are soft.
        *group("edges", function, y_true={"soft": SOFT}, y_pred=[EDGES], label_smoothing=[0.0, 0.1], **gamma),
        *group("edges", function, y_true={"hard": HARD, "integer": HARD.astype(np.int64)}, y_pred=[EDGES]),
        *group("saturated", function, y_true=labels, y_pred=[SATURATED], from_logits=[True]),
        *group("axis", function, y_true=[SOFT], y_pred=[P], axis=[0, 1, -2]),
        *group("three axes", function, y_true=[SOFT3], y_pred=[X3], from_logits=[True], axis=[-1, 0, 1]),
        *group("vector", function, y_true=[SOFT[:, 0]], y_pred={"probabilities": P[:, 0], "edges": EDGES[:, 1]}),
        *group("float32", function, "float32", tolerances.FLOAT32_AT_CLIP, y_true=labels, y_pred=[EDGES]),
    ]


def _categorical(function: str, **focal: Any) -> list[Case]:
    smoothing = [0.0, 0.1]
    return [
        *group("probabilities", function, y_true={"soft": SOFT, "one-hot": ONE_HOT}, y_pred=[ROWS], label_smoothing=smoothing, **focal),
        *group("logits", function, y_true={"soft": SHARES}, y_pred=[X], label_smoothing=smoothing, from_logits=[True], **focal),
        *group("edges", function, y_true={"soft": SOFT, "integer": ONE_HOT.astype(np.int64)}, y_pred=[EXTREME], label_smoothing=smoothing),
        *group("saturated", function, y_true={"soft": SHARES, "one-hot": ONE_HOT}, y_pred=[SATURATED], from_logits=[True]),
        # Without smoothing, whose share is the last axis's whatever ``axis`` is.
        *group("axis", function, y_true=[SOFT], y_pred=[ROWS], axis=[0, 1, -2]),
        *group("axis of logits", function, y_true=[SHARES3.swapaxes(1, 2)], y_pred=[X3.swapaxes(1, 2)], from_logits=[True], axis=[1]),
        *group("three axes", function, y_true=[SHARES3], y_pred=[X3], from_logits=[True]),
        *group("vector", function, y_true=[SHARES[0]], y_pred=[ROWS[0]]),
        *group("float32", function, "float32", tolerances.FLOAT32_AT_CLIP, y_true=[ONE_HOT], y_pred=[EXTREME]),
    ]


def _sparse(function: str) -> list[Case]:
    labels = {"index": INDEX, "floating": INDEX + 0.5, "column": INDEX[:, None]}
    ignore = {"index": INDEX, "ignored": IGNORED, "floating": IGNORED.astype(np.float64), "column": IGNORED[:, None]}
    return [
        *group("probabilities", function, y_true=labels, y_pred={"rows": ROWS, "extreme": EXTREME, "edges": EDGES}),
        *group("logits", function, y_true=labels, y_pred={"": X, "saturated": SATURATED}, from_logits=[True]),
        *group("ignore", function, y_true=ignore, y_pred=[ROWS], ignore_class=[-1]),
        *group("ignore in logits", function, y_true=ignore, y_pred=[X], from_logits=[True], ignore_class=[-1]),
        *group("three axes", function, y_true={"": INDEX3, "column": INDEX3[..., None]}, y_pred=[P3], axis=[-1, 2]),
        *group("vector", function, y_true=[np.array(2)], y_pred={"probabilities": ROWS[0]}),
        *group("float32", function, "float32", tolerances.FLOAT32_AT_CLIP, y_true=[INDEX], y_pred=[EXTREME]),
    ]


FUNCTIONS = [
    *_binary("binary_crossentropy"),
    *_binary("binary_focal_crossentropy", **_FOCAL["binary"]),
    *_categorical("categorical_crossentropy"),
    *_categorical("categorical_focal_crossentropy", **_FOCAL["categorical"]),
    *_sparse("sparse_categorical_crossentropy"),
]
"""Keras 3's, which are Keras 2's too."""


def class_cases(dtype: Mapping[str, Any], mean: str, reductions: list[Any]) -> list[Case]:
    """What classes add: options, weights and reductions; ``dtype`` is among the options, and ``mean`` the default reduction."""
    found = []
    for function, y_true, options in (
        ("BinaryCrossentropy", SOFT, {"label_smoothing": [0.0, 0.1]}),
        ("BinaryFocalCrossentropy", SOFT, {"label_smoothing": [0.1]} | _FOCAL["binary"]),
        ("CategoricalCrossentropy", SHARES, {"label_smoothing": [0.0, 0.1]}),
        ("CategoricalFocalCrossentropy", SHARES, {"label_smoothing": [0.1]} | _FOCAL["categorical"]),
        ("SparseCategoricalCrossentropy", INDEX, {"ignore_class": [None, 2]}),
    ):
        own: dict[str, Any] = {f"_{name}": values for name, values in options.items()}
        three = INDEX3 if y_true is INDEX else SHARES3
        everywhere: dict[str, Any] = {f"_{name}": [value] for name, value in dtype.items()}
        found += [
            *group("probabilities", function, y_true=[y_true], y_pred=[ROWS - 0.1], **own, **everywhere),
            *group("logits", function, y_true=[y_true], y_pred=[X], _from_logits=[True], **own, **everywhere),
            *group("weights", function, y_true=[y_true], y_pred=[P], sample_weight=_WEIGHTS, _reduction=reductions, **everywhere),
            # A column makes Keras 3's unreduced loss a column.
            *group(
                "column", function, y_true=[y_true], y_pred=[P], sample_weight=[_VECTOR[:, None]], _reduction=["sum", mean], **everywhere
            ),
            *group("three axes", function, y_true=[three], y_pred=[P3], sample_weight=_WEIGHTS3, _reduction=["none", mean], **everywhere),
            *group("nothing counts", function, y_true=[y_true], y_pred=[P], sample_weight=[0.0], _reduction=[mean], **everywhere),
        ]
        if y_true is INDEX:
            weights = {"none": ABSENT, "vector": _VECTOR}
            ignoring = everywhere | {"y_true": [IGNORED], "y_pred": [P], "_ignore_class": [-1]}
            found += group("ignore", function, sample_weight=weights, _reduction=reductions, **ignoring)
            found += group("column labels", function, y_true=[INDEX[:, None]], y_pred=[P], _reduction=["none"], **everywhere)
        else:
            found += group("ranks", function, y_true=[y_true], y_pred={"deeper": P[..., None]}, _reduction=["none"], **everywhere)
            labels = {"integer": ONE_HOT.astype(np.int64), "deeper": SHARES[..., None]}
            found += group("ranks", function, y_true=labels, y_pred=[P], _reduction=["none"], **everywhere)
            found += group(
                "axis",
                function,
                y_true=[y_true],
                y_pred=[P],
                sample_weight=[_VECTOR[:3]],
                _axis=[0],
                _reduction=["none", mean],
                **everywhere,
            )
    for function in ("BinaryCrossentropy", "BinaryFocalCrossentropy"):
        vector: dict[str, Any] = {"y_true": [SOFT[:, 0]], "y_pred": {"flat": P[:, 0], "column": P[:, :1]}, "_reduction": ["none", mean]}
        vector |= {f"_{name}": [value] for name, value in dtype.items()}
        found += group("vector", function, **vector)
    return found


_MEAN = "sum_over_batch_size"


def _own() -> list[Case]:
    """What only Keras 3's classes do."""
    found = []
    for function, y_true in (
        ("BinaryCrossentropy", SOFT),
        ("BinaryFocalCrossentropy", SOFT),
        ("CategoricalCrossentropy", SHARES),
        ("CategoricalFocalCrossentropy", SHARES),
        ("SparseCategoricalCrossentropy", INDEX),
    ):
        more: dict[str, Any] = {"y_true": [y_true], "y_pred": [P], "sample_weight": [_VECTOR]}
        # Keras divides by the sum of the weights as given, so that they must have the losses' shape.
        found += group("reductions", function, **more, _reduction=["mean", None, "mean_with_sample_weight"], _dtype=["float64"])
        found += group("float32", function, "float32", tolerances.FLOAT32_AT_CLIP, **more)
        if y_true is INDEX:
            ignoring: dict[str, Any] = {"y_pred": [P], "sample_weight": {"none": ABSENT, "vector": _VECTOR}, "_ignore_class": [-1]}
            found += group("ignore", function, y_true=[IGNORED], **ignoring, _reduction=["mean_with_sample_weight"], _dtype=["float64"])
            found += group("all ignored", function, y_true=[np.full(4, -1)], **ignoring, _reduction=["sum", _MEAN], _dtype=["float64"])
    return found


CASES = [*FUNCTIONS, *class_cases({"dtype": "float64"}, _MEAN, ["none", "sum", _MEAN]), *_own()]
