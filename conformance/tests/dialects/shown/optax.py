"""The differences of optax."""

from __future__ import annotations

from .base import INFINITE, LIMITS, SIDES, Shown, inf, nan, value

SHOWN = (
    Shown(
        "optax.softmax_cross_entropy_with_integer_labels",
        "labels below 0",
        "logits",
        {"logits": [[0.2, 0.3, 0.5]], "labels": [-1]},
        value([0.93983106084446]),
        ValueError,
    ),
    Shown(
        "optax.softmax_cross_entropy_with_integer_labels",
        "labels of C and above",
        "logits",
        {"logits": [[0.2, 0.3, 0.5]], "labels": [3]},
        {"value": [nan], "gradient": [[0.2894331103942646, 0.31987305633591967, 0.39069383326981566]]},
        ValueError,
    ),
    Shown(
        "optax.sigmoid_binary_cross_entropy",
        "infinite logits",
        "logits",
        {"logits": INFINITE, "labels": SIDES},
        value([nan, nan, inf, inf]),
        value(LIMITS),
    ),
    Shown(
        "optax.sigmoid_focal_loss",
        "infinite logits",
        "logits",
        {"logits": INFINITE, "labels": SIDES},
        {"value": [nan, nan, inf, inf], "gradient": [nan] * 4},
        {"value": LIMITS, "gradient": [0.0, 0.0, 1.0, -1.0]},
    ),
    Shown(
        "optax.softmax_cross_entropy",
        "a logit of −inf at a label of 0",
        "logits",
        {"logits": [[0.0, -inf]], "labels": [[1.0, 0.0]]},
        value([nan]),
        value([0.0]),
    ),
)
