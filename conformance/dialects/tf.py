"""TensorFlow's losses of ``tf.nn``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..frameworks import framework_named
from ..truth import tolerances
from . import Original, cases
from .keras import HARD, INDEX, INDEX3, ONE_HOT, SATURATED, SHARES, SHARES3, SOFT, SOFT3, X3, X


def _find(name: str) -> Any:
    framework_named("tensorflow")  # in the order that imports must have
    return getattr(import_module("tensorflow").nn, name)


ORIGINAL = Original("tensorflow", _find, ("tensorflow",))

_LOGITS = {"usual": X, "saturated": SATURATED}
_NOT_ZERO = {"usual": X, "saturated": np.where(SATURATED, SATURATED, 0.5)}  # the original's gradient at 0 is wrong
_VECTOR = np.array([0.5, 1.0, 2.0])
_POSITIVE = {"number": 2.0, "zero": 0.0, "classes": _VECTOR, "rows": np.array([[0.5], [1.0], [2.0], [3.0]]), "full": SOFT + 0.5}
_SHARES3, _X3 = SHARES3.swapaxes(1, 2), X3.swapaxes(1, 2)
_FLOAT32 = {"dtype": "float32", "tolerance": tolerances.FLOAT32_AT_CLIP}

CASES = [
    *cases("sigmoid_cross_entropy_with_logits", "logits", labels={"soft": SOFT, "hard": HARD}, logits=_LOGITS),
    *cases("sigmoid_cross_entropy_with_logits", "logits", labels=[SOFT3], logits={"three axes": X3, "other logits": X3 + 1}),
    *cases("sigmoid_cross_entropy_with_logits", "logits", labels=[np.array(0.3)], logits={"scalar": np.array(-1.5), "zero": np.array(0.0)}),
    *cases("sigmoid_cross_entropy_with_logits", "logits", settings=_FLOAT32, labels={"float32": SOFT, "float32 hard": HARD}, logits=[X]),
    *cases("weighted_cross_entropy_with_logits", "logits", labels={"soft": SOFT, "hard": HARD}, logits=_NOT_ZERO, pos_weight=_POSITIVE),
    *cases("weighted_cross_entropy_with_logits", "logits", labels=[SOFT3], logits=[X3], pos_weight={"three": _VECTOR, "two": SOFT3[0] + 1}),
    *cases("softmax_cross_entropy_with_logits", "logits", labels={"soft": SHARES, "one-hot": ONE_HOT}, logits=_LOGITS, axis=[-1, 1]),
    *cases("softmax_cross_entropy_with_logits", "logits", labels={"integer": ONE_HOT.astype(np.int64), "soft": SHARES}, logits=[X]),
    *cases(
        "softmax_cross_entropy_with_logits", "logits", labels=[SHARES.T], logits={"first axis": X.T, "saturated": SATURATED.T}, axis=[0]
    ),
    *cases("softmax_cross_entropy_with_logits", "logits", labels=[_SHARES3], logits={"three axes": _X3, "other logits": 3 * _X3}, axis=[1]),
    *cases("sparse_softmax_cross_entropy_with_logits", "logits", labels={"int64": INDEX, "int32": INDEX.astype(np.int32)}, logits=_LOGITS),
    *cases("sparse_softmax_cross_entropy_with_logits", "logits", labels=[INDEX3], logits={"three axes": X3, "other logits": 3 * X3}),
    *cases("sparse_softmax_cross_entropy_with_logits", "logits", labels=[np.array(2)], logits={"vector": X[0], "other vector": X[1]}),
]
