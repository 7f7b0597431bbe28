"""The differences of MONAI, effdet and fastai."""

from __future__ import annotations

from .base import SATURATED, Shown, inf, nan, value

_NONE = {"reduction": "none"}
SHOWN = (
    Shown(
        "monai.FocalLoss",
        "predictions of other dtypes than float32",
        "input",
        {"input": [[0.3]], "target": [[1.0]]},
        {},
        {"value": [[0.10039327548859708]], "gradient": [[-0.19240843931528226]]},
        _NONE,
    ),
    Shown(
        "monai.FocalLoss",
        "an ignored entry of NaN or infinite logits",
        "input",
        {"input": [[[nan, 0.3]]], "target": [[[0.0, 1.0]]]},
        {},
        {"value": 0.10039327548859708, "gradient": [[[0.0, -0.19240843931528226]]]},
        {"ignore_index": 0},
    ),
    Shown(
        "monai.FocalLoss",
        "infinite logits",
        "input",
        {"input": [[inf, -inf]], "target": [[1.0, 0.0]]},
        {},
        {"value": [[0.0, 0.0]], "gradient": [[0.0, 0.0]]},
        _NONE,
    ),
    Shown(
        "monai.FocalLoss",
        "reduction 'sum' of predictions (B, C)",
        "input",
        {"input": [[0.3, 0.6]], "target": [[1.0, 0.0]]},
        {},
        value(0.5328930206182375),
        {"reduction": "sum"},
    ),
    Shown(
        "monai.FocalLoss",
        "soft labels with an ignore_index that is a class",
        "input",
        {"input": [[0.3, 0.6]], "target": [[0.5, 0.5]]},
        {},
        value([[0.1760888111171318, 0.18437198762147142]]),
        {**_NONE, "ignore_index": 0},
    ),
    Shown(
        "effdet.new_focal_loss",
        SATURATED,
        "logits",
        {"logits": [[18.0]], "targets": [[1.0]], "alpha": 0.25, "gamma": 0.5, "normalizer": 1.0},
        {},
        {"value": [[2.7767204e-06]], "gradient": [[-1.2340987e-06]]},
        None,
        "float32",
    ),
    Shown(
        "effdet.new_focal_loss",
        "label_smoothing below 0",
        "logits",
        {"logits": [[0.3]], "targets": [[1.0]], "alpha": 0.25, "gamma": 2.0, "normalizer": 1.0, "label_smoothing": -0.1},
        {},
        ValueError,
    ),
    Shown(
        "fastai.FocalLoss",
        "a probability that rounds to 1",
        "inp",
        {"inp": [[40.0, 0.0]], "targ": [0]},
        {},
        {"value": 8.75651076269652e-27, "gradient": [[-1.313476614404478e-26, 1.313476614404478e-26]]},
        {"gamma": 0.5},
    ),
    Shown("fastai.FocalLoss", "an unknown reduction", "inp", {"inp": [[1.0, 0.0]], "targ": [0]}, {}, ValueError, {"reduction": "avg"}),
)
