"""The differences of Keras, 3 and 2."""

from __future__ import annotations

import numpy as np

from .base import INFINITE, LIMITS, OFF_SUM, ON_SUM, SIDES, Shown, gradient, inf, nan, value

_Y, _P = [[1.0, 0.0], [1.0, 0.0]], [[0.9, 0.2], [0.3, 0.6]]
_ALONG_1 = np.eye(3)[[[0, 1], [1, 2]]].transpose(0, 2, 1)
_TENTHS = np.arange(1, 13).reshape(2, 3, 2) / 10
_THIRDS = np.full((2, 3, 3), 1 / 3)
EXAMPLE = {"y_true": [[0.0, 0.0, 1.0, 1.0]], "y_pred": [[1.0, 1.0, 1.0, 0.0]]}
_SMOOTHED = "label_smoothing along an axis other than the last"
_MEAN = {"reduction": "mean_with_sample_weight", "dtype": "float64"}

SHOWN = (
    Shown(
        "keras.BinaryCrossentropy",
        "reduction='mean_with_sample_weight' with weights that broadcast",
        "y_pred",
        {"y_true": _Y, "y_pred": _P, "sample_weight": 0.5},
        value(1.2243838015860635),
        value(0.6121919007930318),
        _MEAN,
    ),
    Shown(
        "keras.BinaryCrossentropy",
        "sample weights that broadcast the losses to a larger shape",
        "y_pred",
        {"y_true": _Y, "y_pred": _P, "sample_weight": np.ones((2, 2))},
        value([[0.164252033486018, 1.0601317681000455]] * 2),
        ValueError,
        {"reduction": None, "dtype": "float64"},
    ),
    Shown(
        "keras.BinaryCrossentropy",
        "losses of shape (0,)",
        "y_pred",
        {"y_true": np.zeros((0, 2)), "y_pred": np.zeros((0, 2))},
        value([]),
        value(0.0),
        {"dtype": "float64"},
    ),
    Shown(
        "keras.BinaryCrossentropy",
        "classes without dtype, on float64 predictions",
        "y_pred",
        EXAMPLE,
        value(12.000716209411621),
        value(12.08857176348192),
        {},
    ),
    Shown(
        "keras.categorical_crossentropy",
        _SMOOTHED,
        "y_pred",
        {"y_true": _ALONG_1, "y_pred": _TENTHS, "axis": 1, "label_smoothing": 0.3},
        value([[2.1206007337713206, 1.3065564428360932], [1.2710006918911394, 1.1419023413905962]]),
        value([[1.9264195572259981, 1.1273804959132876], [1.103676661949985, 0.9750693983643669]]),
    ),
    *(
        Shown(
            f"{dialect}.categorical_focal_crossentropy",
            _SMOOTHED,
            "y_pred",
            {"y_true": _ALONG_1, "y_pred": _TENTHS, "axis": 1, "label_smoothing": 0.3},
            value([[0.39158089926439255, 0.15691648492532934], [0.1433588424194949, 0.1150618552391515]]),
            value([[0.36232518908229316, 0.1330935307675409], [0.12405510243031796, 0.0959500088621249]]),
        )
        for dialect in ("keras", "keras2")
    ),
    Shown(
        "keras.categorical_focal_crossentropy",
        "a vector alpha along an axis other than the last",
        "y_pred",
        {"y_true": _THIRDS, "y_pred": _THIRDS, "axis": 1, "gamma": 0.0, "alpha": [1.0, 2.0, 3.0]},
        value(np.log(3) * np.array([[1.0, 2.0, 3.0]] * 2)),
        value(np.full((2, 3), 2 * np.log(3))),
    ),
    Shown(
        "keras.categorical_focal_crossentropy",
        "labels of a shape other than the predictions",
        "y_pred",
        {"y_true": [[1.0], [0.0]], "y_pred": _P},
        value([0.2869571864734732, 0.0]),
        ValueError,
    ),
    Shown(
        "keras2.binary_crossentropy",
        "labels of a shape other than the predictions",
        "y_pred",
        {"y_true": [[1.0]], "y_pred": _P},
        value([0.8573989084904733, 0.8573989640459981]),
        ValueError,
    ),
    *(
        Shown(
            f"{dialect}.categorical_crossentropy",
            "from_logits=True with labels that do not sum to 1",
            "y_pred",
            {"y_true": [[1.0, 1.0, 0.0]], "y_pred": [[0.2, 0.3, 0.5]], "from_logits": True},
            OFF_SUM,
            ON_SUM,
        )
        for dialect in ("keras", "keras2")
    ),
    *(
        Shown(
            f"{dialect}.binary_focal_crossentropy",
            "γ < 1 and a probability that is its label",
            "y_pred",
            {"y_true": [[1.0]], "y_pred": [[1.0]], "gamma": gamma},
            gradient([[nan]]),
            gradient([[0.0]]),
        )
        for dialect in ("keras", "keras2")
        for gamma in (0.0, 0.5)
    ),
    *(
        Shown(
            f"{dialect}.binary_crossentropy",
            "from_logits=True and infinite logits",
            "y_pred",
            {"y_true": np.array(SIDES)[:, None], "y_pred": np.array(INFINITE)[:, None], "from_logits": True},
            value([nan, nan, nan, inf]),
            value(LIMITS),
        )
        for dialect in ("keras", "keras2")
    ),
    Shown(
        "keras.binary_focal_crossentropy",
        "γ below 0",
        "y_pred",
        {"y_true": [[1.0]], "y_pred": [[0.5]], "gamma": -1.0},
        value([1.3862943611198906]),
        ValueError,
    ),
    Shown(
        "keras2.binary_focal_crossentropy",
        "γ below 0",
        "y_pred",
        {"y_true": [[1.0]], "y_pred": [[0.5]], "gamma": -1.0},
        value([1.3862939611199308]),
        ValueError,
    ),
    Shown(
        "keras.sparse_categorical_crossentropy",
        "an axis other than the last",
        "y_pred",
        {"y_true": [[0]], "y_pred": [[[0.2], [0.3]]], "axis": 1},
        ValueError,
        value([[np.log(2.5)]]),
    ),
    Shown("keras.BinaryCrossentropy", "dtype='float16'", "y_pred", EXAMPLE, value(nan), value(12.0), {"dtype": "float16"}, "float32"),
    Shown(
        "keras.SparseCategoricalCrossentropy",
        "class indices beyond what dtype holds",
        "y_pred",
        {"y_true": [2049], "y_pred": np.eye(2051)[[2048]]},
        value(6.625),
        value(7.625),
        {"dtype": "float16", "from_logits": True},
        "float32",
    ),
    Shown(
        "keras2.SparseCategoricalCrossentropy",
        "mean with every row of ignore_class",
        "y_pred",
        {"y_true": [-1, -1], "y_pred": _P},
        value(nan),
        value(0.0),
        {"ignore_class": -1},
    ),
)
