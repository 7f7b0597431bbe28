"""Paddle's functional losses.

Left out are calls in which Paddle is wrong (differences.toml has them): 1-D focal loss, logits of exactly 0, ignored labels in a summed
``nll_loss`` anywhere but first, smoothed or soft means with ``ignore_index`` ≥ 0.  Numbers that Paddle rounds to float32 (γ, the smoothing)
are exact in it here.
"""

from __future__ import annotations

from importlib import import_module
from inspect import unwrap
from typing import Any

import numpy as np

from . import ABSENT, Original, cases


def _find(name: str) -> Any:
    function = getattr(import_module("paddle.nn.functional"), name)
    # Its decorator warns of deprecation at every call.
    return unwrap(function) if name == "softmax_with_cross_entropy" else function


ORIGINAL = Original("paddle", _find, ("paddlepaddle",))

_RNG = np.random.default_rng(2)
_X, _Y = 3 * _RNG.normal(size=(3, 4)), _RNG.random((3, 4))
_HARD = np.array([[1.0, 0, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]])
_IGNORED = np.where(_RNG.random((3, 4)) < 0.3, -100.0, _HARD)
_P, _SOFT = 1 / (1 + np.exp(-_X)), _Y / _Y.sum(1, keepdims=True)
_WEIGHT, _VECTOR = _RNG.random((3, 4)) + 0.5, np.array([0.5, 1.0, 2.0, 0.25])
_INDEX, _PARTLY, _PARTLY_FIRST = np.array([0, 3, 1]), np.array([0, -100, 1]), np.array([-100, 0, 1])
_IMAGE, _PIXELS = _RNG.normal(size=(2, 3, 2, 2)), np.array([[[1, 0], [2, 0]], [[1, 2], [0, 2]]])
_MAPS = _RNG.random((2, 3, 2, 2))
_DISTRIBUTIONS = _MAPS / _MAPS.sum(1, keepdims=True)
_REDUCTIONS = ["none", "mean", "sum"]
_LABELS = {"soft": _Y, "hard": _HARD}
_MAYBE_ROW = {"none": ABSENT, "row": _VECTOR}
_WEIGHTS = {"none": ABSENT, "full": _WEIGHT, "row": _VECTOR, "column": _WEIGHT[:, :1]}
_EDGES = np.array([[0.0, 1.0, 0.5, 1e-13], [1.0, 0.0, 1e-30, 0.5], [0.25, 0.0, 1.0, 0.75]])
_SINGLE: dict[str, Any] = {"dtype": "float32"}  # log_loss takes nothing else
# Beyond a clip at 1e-7; for Paddle's softmax within its cap at 64.
_SATURATED = np.copysign(20 + np.abs(_X), _X)


CASES = [
    *cases("sigmoid_focal_loss", "logit", logit=[_X], label=_LABELS, alpha=[0.25, 0.75], gamma=[0.0, 0.5, 2.0], reduction=_REDUCTIONS),
    *cases(
        "sigmoid_focal_loss",
        "logit",
        group="normalized",
        logit=[_X],
        label={"ignored": _IGNORED, "soft": _Y},
        normalizer={"scalar": np.array(2.5), "one": np.array([2.5]), "row": _VECTOR},
        reduction=_REDUCTIONS,
    ),
    *cases("sigmoid_focal_loss", "logit", group="scalar", logit=[np.array(1.5)], label={"soft": np.array(0.25), "hard": np.array(1.0)}),
    *cases("sigmoid_focal_loss", "logit", group="image", logit=[_IMAGE], label=[_MAPS]),
    *cases("binary_cross_entropy", "input", input=[_P], label=_LABELS, weight=_WEIGHTS, reduction=_REDUCTIONS),
    *cases("binary_cross_entropy", "input", group="edges", input=[_EDGES], label=_LABELS, reduction=["none"]),
    *cases("binary_cross_entropy", "input", group="vector", input=[_P[0]], label=[_HARD[0]], weight=_MAYBE_ROW),
    *cases("binary_cross_entropy", "input", group="scalar", input=[np.array(0.75)], label={"soft": np.array(0.25), "hard": np.array(1.0)}),
    *cases(
        "binary_cross_entropy_with_logits",
        "logit",
        logit=[_X],
        label={"soft": _Y, "ignored": _IGNORED},
        weight={"none": ABSENT, "full": _WEIGHT, "row": _VECTOR},
        pos_weight=_MAYBE_ROW,
        reduction=_REDUCTIONS,
    ),
    *cases(
        "binary_cross_entropy_with_logits",
        "logit",
        group="broadcast",
        logit=[_X],
        label=_LABELS,
        weight={"column": _WEIGHT[:, :1], "none": ABSENT},
        pos_weight={"scalar": np.array(2.5), "one": np.array([2.5])},
        reduction=["none", "mean"],
    ),
    *cases("binary_cross_entropy_with_logits", "logit", group="vector", logit=[_X[0]], label=[_Y[0]], pos_weight=_MAYBE_ROW),
    *cases("cross_entropy", "input", input=[_X], label={"index": _INDEX, "ignored": _PARTLY}, weight=_MAYBE_ROW, reduction=_REDUCTIONS),
    *cases(
        "cross_entropy",
        "input",
        group="formats",
        input=[_X],
        label={"column": _INDEX[:, None], "int32": _INDEX.astype(np.int32)},
        reduction=["none", "mean"],
    ),
    *cases(
        "cross_entropy", "input", group="ignore 1", input=[_X], label=[_INDEX], weight=_MAYBE_ROW, ignore_index=[1], reduction=_REDUCTIONS
    ),
    *cases(
        "cross_entropy",
        "input",
        group="smoothed",
        input=[_X],
        label=[_INDEX],
        weight=_MAYBE_ROW,
        label_smoothing=[0.125],
        reduction=_REDUCTIONS,
    ),
    *cases(
        "cross_entropy",
        "input",
        group="soft",
        input=[_X],
        label=[_SOFT],
        soft_label=[True],
        weight=_MAYBE_ROW,
        label_smoothing=[0.0, 0.125],
        reduction=_REDUCTIONS,
    ),
    *cases(
        "cross_entropy",
        "input",
        group="probabilities",
        input=[_SOFT],
        label=[_PARTLY],
        weight=_MAYBE_ROW,
        use_softmax=[False],
        reduction=["none", "mean"],
    ),
    *cases(
        "cross_entropy",
        "input",
        group="soft probabilities",
        input=[_SOFT],
        label=[_SOFT[::-1].copy()],
        soft_label=[True],
        weight=_MAYBE_ROW,
        use_softmax=[False],
        reduction=["none", "mean"],
    ),
    *cases(
        "cross_entropy",
        "input",
        group="image",
        input=[_IMAGE],
        label={"index": _PIXELS, "kept": _PIXELS[:, None]},
        weight={"none": ABSENT, "row": _VECTOR[:3]},
        ignore_index=[-100, 1],
        axis=[1],
        reduction=["mean"],
    ),
    *cases("cross_entropy", "input", group="image", input=[_IMAGE], label=[_PIXELS[:, None]], axis=[1], reduction=["none"]),
    *cases(
        "cross_entropy",
        "input",
        group="soft image",
        input=[_IMAGE],
        label=[_DISTRIBUTIONS],
        soft_label=[True],
        axis=[1],
        reduction=_REDUCTIONS,
    ),
    *cases(
        "cross_entropy", "input", group="vector", input=[_X[0]], label={"scalar": np.array(2), "one": np.array([2])}, reduction=["none"]
    ),
    *cases(
        "softmax_with_cross_entropy",
        "logits",
        logits=[_X],
        label={"index": _INDEX[:, None], "ignored": _PARTLY[:, None], "uint8": _INDEX[:, None].astype(np.uint8)},
        numeric_stable_mode=[True, False],
    ),
    *cases("softmax_with_cross_entropy", "logits", group="ignore 1", logits=[_X], label=[_INDEX[:, None]], ignore_index=[1]),
    *cases("softmax_with_cross_entropy", "logits", group="soft", logits=[_X], label=[_SOFT], soft_label=[True], ignore_index=[-100, 1]),
    *cases(
        "softmax_with_cross_entropy", "logits", group="image", logits=[_IMAGE], label=[_PIXELS[:, None]], ignore_index=[-100, 1], axis=[1]
    ),
    *cases(
        "softmax_with_cross_entropy", "logits", group="soft image", logits=[_IMAGE], label=[_DISTRIBUTIONS], soft_label=[True], axis=[1]
    ),
    *cases(
        "nll_loss",
        "input",
        input=[np.log(_SOFT)],
        label={"index": _INDEX, "column": _INDEX[:, None], "first ignored": _PARTLY_FIRST},
        weight=_MAYBE_ROW,
        reduction=_REDUCTIONS,
    ),
    *cases("nll_loss", "input", group="ignored", input=[np.log(_SOFT)], label=[_PARTLY], weight=_MAYBE_ROW, reduction=["none"]),
    *cases(
        "nll_loss",
        "input",
        group="image",
        input=[_IMAGE],
        label=[_PIXELS],
        weight={"none": ABSENT, "row": _VECTOR[:3]},
        reduction=_REDUCTIONS,
    ),
    *cases("nll_loss", "input", group="image, ignore 1", input=[_IMAGE], label=[_PIXELS], ignore_index=[1], reduction=["none"]),
    *cases(
        "log_loss",
        "input",
        settings=_SINGLE,
        input={"inside": _P[:, :1], "edges": np.array([[0.0], [1.0], [0.0]])},
        label={"hard": _HARD[:, :1], "soft": _Y[:, :1]},
        epsilon={"default": ABSENT, "0.01": 0.01},
    ),
    *cases("sigmoid_focal_loss", "logit", group="saturated", logit=[_SATURATED], label=_LABELS, gamma=[0.0, 2.0], reduction=["none"]),
    *cases("binary_cross_entropy_with_logits", "logit", group="saturated", logit=[_SATURATED], label=_LABELS, reduction=["none"]),
    *cases("cross_entropy", "input", group="saturated", input=[_SATURATED], label=[_INDEX], reduction=["none"]),
    *cases("softmax_with_cross_entropy", "logits", group="saturated", logits=[_SATURATED], label=[_INDEX[:, None]]),
]
