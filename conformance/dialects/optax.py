"""optax's losses.

Left out: what optax gives for class indices that are no classes (a negative one wraps, a large one is NaN) or not among those ``where``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    return getattr(import_module("optax.losses"), name)


ORIGINAL = Original("jax", _find, ("optax",))

_RNG = np.random.default_rng(4)
_X, _Y = 3 * _RNG.normal(size=(4, 3)), _RNG.random((4, 3))
_HARD, _INDEX = np.eye(3)[[0, 2, 1, 2]], np.array([0, 2, 1, 2])
_SOFT = _Y / _Y.sum(1, keepdims=True)
_IMAGE, _PIXELS, _PIXEL_LABELS = _RNG.normal(size=(2, 3, 2)), np.array([[1, 0], [2, 0]]), _RNG.random((2, 3, 2)) / 3
_WHERE = np.array([[True, False, True], [True, True, True], [False, True, True], [False, False, True]])
_ROWS = np.array([True, False, True, True])
_MASKS = {"none": ABSENT, "classes": _WHERE, "one row none": _WHERE & _ROWS[:, None]}
_LABELS = {"soft": _Y, "hard": _HARD, "int": _HARD.astype(np.int32), "bool": _HARD.astype(bool), "row": _Y[0], "one": _Y[:1, :1]}
# Beyond a clip at 1e-7.
_SATURATED = np.copysign(20 + np.abs(_X), _X)
_WITHOUT = np.where(_HARD[::-1] == 1, -np.inf, _X)
_SAFE = {"hard": _HARD, "soft": np.where(_HARD[::-1] == 1, 0.0, _SOFT)}


CASES = [
    *cases("sigmoid_binary_cross_entropy", "logits", logits=[_X], labels=_LABELS),
    *cases(
        "sigmoid_binary_cross_entropy",
        "logits",
        group="edges",
        logits=[np.array([0.0, -0.0, 800, -800, 40, -40, 1e-300])],
        labels={"0": np.zeros(7), "1": np.ones(7), "soft": np.linspace(0, 1, 7)},
    ),
    *cases("sigmoid_binary_cross_entropy", "logits", group="scalar", logits=[np.array(1.5)], labels=[np.array(0.25)]),
    *cases(
        "sigmoid_focal_loss",
        "logits",
        logits=[_X],
        labels=_LABELS,
        alpha={"none": ABSENT, "None": None, "0": 0.0, "0.25": 0.25, "row": np.array([0.0, 0.5, 1.0])},
        gamma={"default": ABSENT, "0": 0.0, "0.5": 0.5},
    )[::2],
    *cases("softmax_cross_entropy", "logits", logits=[_X], labels={**_LABELS, "normalized": _SOFT}, where=_MASKS),
    *cases("softmax_cross_entropy", "logits", logits=[_X], labels=[_SOFT], where={"rows": _ROWS, "column": _ROWS[:, None]}),
    *cases("softmax_cross_entropy", "logits", logits=[_IMAGE], labels={"soft": _PIXEL_LABELS}, axis=[0, 1, -1]),
    *cases("softmax_cross_entropy", "logits", group="vector", logits=[_X[0]], labels=[_SOFT[0]]),
    *cases("softmax_cross_entropy_with_integer_labels", "logits", logits=[_X], labels=[_INDEX], where=_MASKS),
    *cases(
        "softmax_cross_entropy_with_integer_labels",
        "logits",
        logits=[_X],
        labels={"int32": _INDEX.astype(np.int32), "uint8": _INDEX.astype(np.uint8)},
    ),
    *cases("softmax_cross_entropy_with_integer_labels", "logits", group="image", logits=[_IMAGE], labels=[_PIXELS], axis=[1, -2]),
    *cases("softmax_cross_entropy_with_integer_labels", "logits", group="columns", logits=[_X.T.copy()], labels=[_INDEX], axis=[0]),
    *cases("softmax_cross_entropy_with_integer_labels", "logits", group="vector", logits=[_X[0]], labels=[np.array(2)]),
    *cases("sigmoid_focal_loss", "logits", group="saturated", logits=[_SATURATED], labels={"soft": _Y, "hard": _HARD}, gamma=[0.0, 2.0]),
    *cases("softmax_cross_entropy", "logits", group="saturated", logits=[_SATURATED], labels={"soft": _SOFT, "hard": _HARD}),
    *cases("softmax_cross_entropy_with_integer_labels", "logits", group="saturated", logits=[_SATURATED], labels=[_INDEX]),
    *cases(
        "poly_loss_cross_entropy",
        "logits",
        logits=[_X],
        labels={"soft": _Y, "hard": _HARD, "normalized": _SOFT, "row": _Y[0]},
        epsilon={"default": ABSENT, "-1": -1.0, "0": 0.0},
        where=_MASKS,
    )[::5],
    *cases("poly_loss_cross_entropy", "logits", group="image", logits=[_IMAGE], labels=[_PIXEL_LABELS], axis=[1]),
    *cases("poly_loss_cross_entropy", "logits", group="saturated", logits=[_SATURATED], labels={"soft": _SOFT, "hard": _HARD}),
    *cases("safe_softmax_cross_entropy", "logits", logits={"finite": _X, "saturated": _SATURATED, "-inf": _WITHOUT}, labels=_SAFE),
    *cases("safe_softmax_cross_entropy", "logits", group="vector", logits=[_X[0]], labels=[_SOFT[0]]),
]
