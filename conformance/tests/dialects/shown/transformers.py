"""The differences of Hugging Face transformers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .base import Shown, nan, value

_ONE = {"logits": [[[0.3, 0.0]]], "labels": [[0]], "vocab_size": 2}
_EMPTY = "mean with every row ignored, or none there"

SHOWN = (
    Shown("transformers.ForMaskedLMLoss", "predictions of other dtypes than float32", "logits", _ONE, {}, value(0.5543552444685271)),
    Shown(
        "transformers.LabelSmoother",
        "float64 predictions",
        "model_output",
        {"model_output": [[[0.3, 0.0]]], "labels": [[0]]},
        {},
        value(0.5693552444685271),
        {},
    ),
    Shown("transformers.fixed_cross_entropy", _EMPTY, "source", {"source": [[0.3, 0.0]], "target": [-100]}, {}, value(0.0)),
    Shown(
        "transformers.LabelSmoother",
        "an ignored row of NaN or infinite logits",
        "model_output",
        {"model_output": [[[0.3, 0.0], [nan, 0.0]]], "labels": [[0, -100]]},
        {},
        {"gradient": [[[-0.37555748318834103, 0.37555748318834103], [0.0, 0.0]]]},
        {},
    ),
    Shown(
        "transformers.ForSequenceClassificationLoss",
        "config.problem_type of None",
        "pooled_logits",
        {"labels": np.array([1]), "pooled_logits": [[0.3, 0.0]], "config": SimpleNamespace(num_labels=2, problem_type=None)},
        {},
        value(0.8543552444685272),
    ),
)
