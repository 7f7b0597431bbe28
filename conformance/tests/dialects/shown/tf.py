"""The differences of TensorFlow."""

from __future__ import annotations

import numpy as np

from .base import INFINITE, LIMITS, OFF_SUM, ON_SUM, SIDES, ZERO_LOGIT, Shown, gradient, inf, nan, value

SHOWN = (
    Shown(
        "tf.weighted_cross_entropy_with_logits",
        ZERO_LOGIT,
        "logits",
        {"labels": [0.0, 1.0], "logits": [0.0, 0.0], "pos_weight": 2.0},
        gradient([1.0, 0.0]),
        gradient([0.5, -1.0]),
    ),
    Shown(
        "tf.softmax_cross_entropy_with_logits",
        "labels that do not sum to 1",
        "logits",
        {"labels": [[1.0, 1.0, 0.0]], "logits": [[0.2, 0.3, 0.5]]},
        OFF_SUM,
        ON_SUM,
    ),
    Shown(
        "tf.softmax_cross_entropy_with_logits",
        "a logit of −inf at a label of 0",
        "logits",
        {"labels": [[1.0, 0.0]], "logits": [[0.0, -inf]]},
        value([nan]),
        value([0.0]),
    ),
    Shown(
        "tf.softmax_cross_entropy_with_logits",
        "labels of a shape other than the logits",
        "logits",
        {"labels": [[1.0], [0.0]], "logits": [[0.2, 0.3], [0.1, 0.4]]},
        value([1.3887933201471419, 0.0]),
        ValueError,
    ),
    Shown(
        "tf.softmax_cross_entropy_with_logits",
        "negative axes other than −1",
        "logits",
        {"labels": [[[1.0], [0.0]]], "logits": [[[0.0], [0.0]]], "axis": -2},
        Exception,
        value([[np.log(2)]]),
    ),
    Shown(
        "tf.sigmoid_cross_entropy_with_logits",
        "infinite logits",
        "logits",
        {"labels": SIDES, "logits": INFINITE},
        value([nan, nan, nan, inf]),
        value(LIMITS),
    ),
    Shown(
        "tf.weighted_cross_entropy_with_logits",
        "infinite logits",
        "logits",
        {"labels": SIDES, "logits": INFINITE, "pos_weight": 2.0},
        value([nan, nan, inf, nan]),
        value(LIMITS),
    ),
    Shown(
        "tf.sparse_softmax_cross_entropy_with_logits",
        "class indices of integer types other than int32 and int64",
        "logits",
        {"labels": np.array([1], np.int8), "logits": [[0.2, 0.3]]},
        Exception,
        value([0.6443966600735709]),
    ),
)
