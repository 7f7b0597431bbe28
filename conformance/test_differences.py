"""The recorded differences between originals and dialects: each is well formed, originals still show it, and dialects give the truth.

A test that fails because an original no longer differs says that its entry in ``differences.toml`` is out of date.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from unifocal.dialects import dialect_names, functions_of
from unifocal.dialects.differences import Difference, differences

from .calls import Case, run_case
from .dialects import shows
from .frameworks import framework as framework_named
from .frameworks import installed

Outcome = Mapping[str, Any] | type[Exception]
inf, nan = float("inf"), float("nan")

# Each dialect's framework, and where its original is; nothing where it does not run beside current frameworks.
_ORIGINALS = {
    "paddle": ("paddle", "paddle.nn.functional"),
    "paddledet": ("paddle", None),
    "torch": ("torch", "torch.nn.functional"),
    "torchvision": ("torch", None),
    "mmdet": ("torch", None),
    "keras": ("tensorflow", "keras.losses"),
    "keras2": ("tensorflow", "tf_keras.losses"),
    "tf": ("tensorflow", "tensorflow"),
    "tfa": ("tensorflow", None),
    "optax": ("jax", "optax"),
    "kornia": ("torch", "kornia.losses"),
}


@dataclass(frozen=True)
class Shown:
    """A call of a dialect's function and of its original, and what each gives: some of value and gradient, or an exception."""

    function: str
    condition: str
    """Of the difference that this shows."""
    predictions: str
    """The argument with respect to which the gradient is taken."""
    arguments: Mapping[str, Any]
    theirs: Outcome
    """Empty where the original does not run beside current frameworks."""
    ours: Outcome
    options: Mapping[str, Any] | None = None
    dtype: str = "float64"

    def __str__(self) -> str:
        return f"{self.function}: {self.condition}"

    @property
    def case(self) -> Case:
        """This, as a case."""
        arguments = {name: np.asarray(value) if isinstance(value, list) else value for name, value in self.arguments.items()}
        return Case(self.function, self.condition, self.predictions, arguments, self.options, self.dtype)


def _value(value: Any) -> Outcome:
    return {"value": value}


def _gradient(gradient: Any) -> Outcome:
    return {"gradient": gradient}


_ROWS = [[2.0, 0.0, -1.0], [0.0, 1.0, 2.0], [1.0, 1.0, 0.0]]
_Y, _P = [[1.0, 0.0], [1.0, 0.0]], [[0.9, 0.2], [0.3, 0.6]]
_INFINITE = [inf, -inf, inf, -inf]
_SIDES = [1.0, 0.0, 0.0, 1.0]
_LIMITS = [0.0, 0.0, inf, inf]
_ALONG_1 = np.eye(3)[[[0, 1], [1, 2]]].transpose(0, 2, 1)
_TENTHS = np.arange(1, 13).reshape(2, 3, 2) / 10
_THIRDS = np.full((2, 3, 3), 1 / 3)
_SQUARE = [[[1.0, 2.0, 0.0], [0.0, 1.0, 0.0], [2.0, 0.0, 1.0]]]
_EXAMPLE = {"y_true": [[0.0, 0.0, 1.0, 1.0]], "y_pred": [[1.0, 1.0, 1.0, 0.0]]}
_OFF_SUM = {"value": [2.37966212168892], "gradient": [[-0.7105668896057353, -0.6801269436640803, 0.39069383326981566]]}
_ON_SUM = {"value": [2.37966212168892], "gradient": [[-0.4211337792114708, -0.36025388732816077, 0.7813876665396313]]}
_ZERO_LOGIT = "gradient at logits of exactly ±0"
_FAR = "a logit 64 or more below its row's largest"
_EMPTY = "mean with every row ignored, or none there"
_SMOOTHED = "label_smoothing along an axis other than the last"
_SATURATED = "0 < γ < 1 and a probability that rounds to its label"
_MEAN = {"reduction": "mean_with_sample_weight", "dtype": "float64"}

SHOWN = [
    Shown(
        "paddle.sigmoid_focal_loss",
        "any 1-D tensor",
        "logit",
        {"logit": [0.3], "label": [1.0]},
        ValueError,
        {"value": 0.02509831887214927, "gradient": [-0.048102109828820565]},
    ),
    Shown(
        "paddle.sigmoid_focal_loss",
        _ZERO_LOGIT,
        "logit",
        {"logit": [[0.0]], "label": [[0.0]]},
        _gradient([[0.036215096354989734]]),
        _gradient([[0.22371509635498976]]),
    ),
    Shown(
        "paddle.binary_cross_entropy_with_logits",
        f"{_ZERO_LOGIT}, without pos_weight",
        "logit",
        {"logit": [0.0, 0.0], "label": [0.0, 1.0], "reduction": "none"},
        _gradient([-0.5, -1.5]),
        _gradient([0.5, -0.5]),
    ),
    Shown("paddle.cross_entropy", _FAR, "input", {"input": [[100.0, 0.0]], "label": [1]}, _value(64.0), _value(100.0)),
    Shown(
        "paddle.softmax_with_cross_entropy",
        _FAR,
        "logits",
        {"logits": [[100.0, 0.0]], "label": [[1]]},
        _value([[64.0]]),
        _value([[100.0]]),
    ),
    Shown(
        "paddle.cross_entropy",
        "use_softmax=False, and a target class of probability 0",
        "input",
        {"input": [[0.0, 1.0]], "label": [0], "use_softmax": False},
        _value(1e20),
        _value(inf),
    ),
    Shown(
        "paddle.cross_entropy",
        "use_softmax=False, soft labels, and a class of probability 0 and label 0",
        "input",
        {"input": [[0.0, 1.0]], "label": [[0.0, 1.0]], "use_softmax": False, "soft_label": True},
        _gradient([[nan, -1.0]]),
        _gradient([[0.0, -1.0]]),
    ),
    Shown(
        "paddle.cross_entropy",
        "mean of soft or smoothed labels with ignore_index >= 0",
        "input",
        {"input": _ROWS, "label": [0, 1, 2], "label_smoothing": 0.1, "ignore_index": 5},
        _value(0.3932718687666888),
        _value(1.1798155960196388),
    ),
    Shown(
        "paddle.cross_entropy",
        "soft labels that do not sum to 1",
        "input",
        {"input": [[1.0, 0.0]], "label": [[0.4, 0.0]], "soft_label": True},
        _gradient([[0.3310585786300049, 0.26894142136999516]]),
        _gradient([[-0.10757656854799805, 0.10757656854799805]]),
    ),
    Shown(
        "paddle.cross_entropy",
        "label_smoothing of class indices along an axis other than the last",
        "input",
        {"input": _SQUARE, "label": [[0, 0, 1]], "label_smoothing": 0.1, "axis": 1, "reduction": "none"},
        _value([[[3.5744513483132225, 2.3076059771670363, 0.12181114441281769]]]),
        _value([[[1.40760596444438, 0.5076059644443802, 1.5181113805987176]]]),
    ),
    Shown(
        "paddle.cross_entropy",
        "soft labels with weight along an axis other than the last",
        "input",
        {
            "input": np.zeros((1, 3, 3)),
            "label": np.eye(3)[None, [1, 2, 0]],
            "weight": [1.0, 2.0, 4.0],
            "axis": 1,
            "reduction": "none",
            "soft_label": True,
        },
        _value(np.log(3) * np.array([[[2.0, 4.0, 1.0]]])),
        _value(np.log(3) * np.array([[[4.0, 1.0, 2.0]]])),
    ),
    Shown(
        "paddle.cross_entropy",
        "label_smoothing with ignored labels",
        "input",
        {"input": _ROWS, "label": [0, -100, 2], "label_smoothing": 0.1},
        ValueError,
        _value(0.7106136078715123),
    ),
    Shown(
        "paddle.cross_entropy",
        "label_smoothing below 0",
        "input",
        {"input": _ROWS, "label": [0, 1, 2], "label_smoothing": -0.1},
        _value(1.1464822626863056),
        ValueError,
    ),
    Shown(
        "paddle.cross_entropy",
        "class indices of uint8, int8 or int16",
        "input",
        {"input": _ROWS, "label": np.array([0, 1, 2], np.uint8)},
        RuntimeError,
        _value(1.1464822626863056),
    ),
    Shown(
        "paddle.cross_entropy",
        "gradient for floating-point class indices",
        "input",
        {"input": _ROWS, "label": [0.0, 1.0, 2.0]},
        OSError,
        _value(1.1464822626863056),
    ),
    Shown(
        "paddle.softmax_with_cross_entropy",
        "class indices without the class axis",
        "logits",
        {"logits": _ROWS, "label": [0, 1, 2]},
        ValueError,
        _value([[0.16984601955628567], [1.4076059644443804], [1.8619948040582512]]),
    ),
    Shown(
        "paddle.sigmoid_focal_loss",
        "float64 tensors with a γ that is no float32 number",
        "logit",
        {"logit": [[0.3]], "label": [[1.0]], "alpha": 0.9, "gamma": 0.7},
        _value(0.27434777136532645),
        _value(0.27434776857117454),
    ),
    Shown(
        "paddle.sigmoid_focal_loss",
        _SATURATED,
        "logit",
        {"logit": [[20.0]], "label": [[1.0]], "gamma": 0.5},
        {"value": 0.0, "gradient": [[nan]]},
        {"value": 2.3394058974615488e-14, "gradient": [[-3.5091087614890284e-14]]},
        dtype="float32",
    ),
    Shown(
        "paddle.sigmoid_focal_loss",
        "gradient with respect to the label",
        "label",
        {"logit": [[0.3]], "label": [[0.4]]},
        _gradient([[-0.1592671099386908]]),
        _gradient([[-0.20301028813631655]]),
    ),
    Shown(
        "paddle.binary_cross_entropy_with_logits",
        "gradient with respect to the label, of all losses but sigmoid_focal_loss",
        "label",
        {"logit": [0.3], "label": [0.4]},
        ValueError,
        _gradient([-0.3]),
    ),
    Shown(
        "paddle.binary_cross_entropy_with_logits",
        "float32 logits beyond ±17 on the right side",
        "logit",
        {"logit": [18.0, -18.0], "label": [1.0, 0.0], "reduction": "none"},
        _value([0.0, 0.0]),
        _value([1.5229979055675358e-08, 1.5229979055675358e-08]),
        dtype="float32",
    ),
    Shown(
        "paddle.binary_cross_entropy_with_logits",
        "infinite logits",
        "logit",
        {"logit": _INFINITE, "label": _SIDES, "reduction": "none"},
        _value([nan, nan, nan, inf]),
        _value(_LIMITS),
    ),
    Shown(
        "paddle.binary_cross_entropy_with_logits",
        "pos_weight of a shape other than the label's classes",
        "logit",
        {"logit": [0.3, 0.3], "label": [1.0, 0.0], "pos_weight": [[1.0], [2.0]], "reduction": "none"},
        _value([0.554355244468527, 0.854355244468527]),
        ValueError,
    ),
    Shown(
        "paddle.binary_cross_entropy",
        "weight that broadcasts the loss to a larger shape",
        "input",
        {"input": [0.3, 0.3], "label": [1.0, 0.0], "weight": [[1.0], [2.0]], "reduction": "none"},
        _value([[1.2039728043259361, 0.35667494393873245], [2.4079456086518722, 0.7133498878774649]]),
        ValueError,
    ),
    Shown(
        "paddle.log_loss",
        "float64 tensors",
        "input",
        {"input": [[1.0]], "label": [[1.0]]},
        RuntimeError,
        _value([[-9.999500033329732e-05]]),
    ),
    Shown(
        "paddle.label_smooth",
        "float64 labels",
        "label",
        {"label": [[0.0, 1.0, 0.0]]},
        _value([[0.03333333507180214, 0.9333333112299442, 0.03333333507180214]]),
        _value([[1 / 30, 28 / 30, 1 / 30]]),
    ),
    Shown(
        "paddle.binary_cross_entropy_with_logits",
        "float16 and bfloat16 tensors",
        "logit",
        {"logit": [0.0], "label": [1.0]},
        RuntimeError,
        {"gradient": [-0.5]},
        dtype="bfloat16",
    ),
    Shown("torch.cross_entropy", _EMPTY, "input", {"input": _ROWS, "target": [-100, -100, -100]}, _value(nan), _value(0.0)),
    Shown("torch.nll_loss", _EMPTY, "input", {"input": _ROWS, "target": [-100, -100, -100]}, _value(nan), _value(0.0)),
    Shown(
        "torch.cross_entropy",
        "an ignored row of NaN or infinite logits",
        "input",
        {"input": [[nan, 0.0], [0.0, 0.0]], "target": [-100, 0], "reduction": "sum"},
        _gradient([[nan, nan], [-0.5, 0.5]]),
        _gradient([[0.0, 0.0], [-0.5, 0.5]]),
    ),
    Shown(
        "torch.cross_entropy",
        "soft labels, and a logit of −inf at a label of 0",
        "input",
        {"input": [[0.0, -inf]], "target": [[1.0, 0.0]]},
        _value(nan),
        _value(0.0),
    ),
    Shown(
        "torch.cross_entropy",
        "label_smoothing below 0",
        "input",
        {"input": _ROWS, "target": [0, 1, 2], "label_smoothing": -0.1},
        _value(1.1464822626863056),
        ValueError,
    ),
    Shown(
        "torch.cross_entropy",
        "class indices of integer types other than int64 and uint8",
        "input",
        {"input": _ROWS, "target": np.array([0, 1, 2], np.int32)},
        RuntimeError,
        _value(1.1464822626863056),
    ),
    Shown(
        "torch.binary_cross_entropy_with_logits",
        "infinite logits",
        "input",
        {"input": _INFINITE, "target": _SIDES, "reduction": "none"},
        _value([nan, nan, inf, nan]),
        _value(_LIMITS),
    ),
    Shown(
        "torch.binary_cross_entropy_with_logits",
        "float32 logits beyond ±17 on the right side",
        "input",
        {"input": [18.0, -18.0], "target": [1.0, 0.0], "reduction": "none"},
        {"value": [1.5229979055675358e-08, 0.0], "gradient": [0.0, 1.5229980832032197e-08]},
        {"value": [1.5229979055675358e-08] * 2, "gradient": [-1.5229979055675358e-08, 1.5229979055675358e-08]},
        dtype="float32",
    ),
    Shown(
        "torch.binary_cross_entropy",
        "float64 gradient at p(1 − p) below 1e−12",
        "input",
        {"input": [0.0], "target": [1.0]},
        _gradient([-1000000003995.8029]),
        _gradient([-1e12]),
    ),
    Shown(
        "torch.binary_cross_entropy",
        "gradient with respect to the label where a logarithm is cut at −100",
        "target",
        {"input": [0.0], "target": [1.0]},
        _gradient([inf]),
        _gradient([100.0]),
    ),
    Shown(
        "torch.binary_cross_entropy_with_logits",
        "gradient with respect to weight, save for soft labels",
        "weight",
        {"input": [0.3], "target": [1.0], "weight": [2.0]},
        RuntimeError,
        _gradient([0.5543552444685271]),
    ),
    Shown(
        "torchvision.sigmoid_focal_loss",
        _SATURATED,
        "inputs",
        {"inputs": [18.0], "targets": [1.0], "gamma": 0.5},
        {},
        {"value": [4.698821626930583e-13], "gradient": [-7.048232440395874e-13]},
        dtype="float32",
    ),
    Shown("torchvision.sigmoid_focal_loss", "infinite logits", "inputs", {"inputs": _INFINITE, "targets": _SIDES}, {}, _value(_LIMITS)),
    Shown(
        "mmdet.FocalLoss",
        _SATURATED,
        "pred",
        {"pred": [[18.0]], "target": [[1.0]]},
        {},
        {"value": 4.698821626930583e-13, "gradient": [[-7.048232440395874e-13]]},
        {"gamma": 0.5},
        "float32",
    ),
    Shown(
        "mmdet.FocalLoss",
        "class indices of integer types other than int64",
        "pred",
        {"pred": [[0.0]], "target": np.array([0], np.int32)},
        {},
        _value(0.04332169878499658),
        {},
    ),
    Shown(
        "mmdet.sigmoid_focal_loss",
        "probabilities below float32's smallest normal number",
        "input",
        {"input": [[-100.0]], "target": [0], "gamma": 2.0, "alpha": 0.25},
        {},
        _value(25.0),
    ),
    Shown(
        "mmdet.softmax_focal_loss",
        "probabilities below float32's smallest normal number",
        "input",
        {"input": [[-100.0, 0.0, 0.0]], "target": [0], "gamma": 2.0, "alpha": 0.25},
        {},
        _value(25.173286795139986),
    ),
    Shown(
        "mmdet.sigmoid_focal_loss",
        "weight with a background target",
        "input",
        {"input": [[0.0, 0.0]], "target": [2], "gamma": 2.0, "alpha": 0.25, "weight": [1.0, 2.0]},
        {},
        _value(0.0),
    ),
    Shown("mmdet.sigmoid_focal_loss", "targets below 0", "input", {"input": [[0.0, 0.0]], "target": [-1]}, {}, ValueError),
    Shown("mmdet.softmax_focal_loss", "targets of C", "input", {"input": [[0.0, 0.0]], "target": [2]}, {}, ValueError),
    Shown(
        "keras.BinaryCrossentropy",
        "reduction='mean_with_sample_weight' with weights that broadcast",
        "y_pred",
        {"y_true": _Y, "y_pred": _P, "sample_weight": 0.5},
        _value(1.2243838015860635),
        _value(0.6121919007930318),
        _MEAN,
    ),
    Shown(
        "keras.BinaryCrossentropy",
        "sample weights that broadcast the losses to a larger shape",
        "y_pred",
        {"y_true": _Y, "y_pred": _P, "sample_weight": np.ones((2, 2))},
        _value([[0.164252033486018, 1.0601317681000455]] * 2),
        ValueError,
        {"reduction": None, "dtype": "float64"},
    ),
    Shown(
        "keras.BinaryCrossentropy",
        "losses of shape (0,)",
        "y_pred",
        {"y_true": np.zeros((0, 2)), "y_pred": np.zeros((0, 2))},
        _value([]),
        _value(0.0),
        {"dtype": "float64"},
    ),
    Shown(
        "keras.BinaryCrossentropy",
        "classes without dtype, on float64 predictions",
        "y_pred",
        _EXAMPLE,
        _value(12.000716209411621),
        _value(12.08857176348192),
        {},
    ),
    Shown(
        "keras.categorical_crossentropy",
        _SMOOTHED,
        "y_pred",
        {"y_true": _ALONG_1, "y_pred": _TENTHS, "axis": 1, "label_smoothing": 0.3},
        _value([[2.1206007337713206, 1.3065564428360932], [1.2710006918911394, 1.1419023413905962]]),
        _value([[1.9264195572259981, 1.1273804959132876], [1.103676661949985, 0.9750693983643669]]),
    ),
    *(
        Shown(
            f"{dialect}.categorical_focal_crossentropy",
            _SMOOTHED,
            "y_pred",
            {"y_true": _ALONG_1, "y_pred": _TENTHS, "axis": 1, "label_smoothing": 0.3},
            _value([[0.39158089926439255, 0.15691648492532934], [0.1433588424194949, 0.1150618552391515]]),
            _value([[0.36232518908229316, 0.1330935307675409], [0.12405510243031796, 0.0959500088621249]]),
        )
        for dialect in ("keras", "keras2")
    ),
    Shown(
        "keras.categorical_focal_crossentropy",
        "a vector alpha along an axis other than the last",
        "y_pred",
        {"y_true": _THIRDS, "y_pred": _THIRDS, "axis": 1, "gamma": 0.0, "alpha": [1.0, 2.0, 3.0]},
        _value(np.log(3) * np.array([[1.0, 2.0, 3.0]] * 2)),
        _value(np.full((2, 3), 2 * np.log(3))),
    ),
    Shown(
        "keras.categorical_focal_crossentropy",
        "labels of a shape other than the predictions",
        "y_pred",
        {"y_true": [[1.0], [0.0]], "y_pred": _P},
        _value([0.2869571864734732, 0.0]),
        ValueError,
    ),
    Shown(
        "keras2.binary_crossentropy",
        "labels of a shape other than the predictions",
        "y_pred",
        {"y_true": [[1.0]], "y_pred": _P},
        _value([0.8573989084904733, 0.8573989640459981]),
        ValueError,
    ),
    *(
        Shown(
            f"{dialect}.categorical_crossentropy",
            "from_logits=True with labels that do not sum to 1",
            "y_pred",
            {"y_true": [[1.0, 1.0, 0.0]], "y_pred": [[0.2, 0.3, 0.5]], "from_logits": True},
            _OFF_SUM,
            _ON_SUM,
        )
        for dialect in ("keras", "keras2")
    ),
    *(
        Shown(
            f"{dialect}.binary_focal_crossentropy",
            "γ < 1 and a probability that is its label",
            "y_pred",
            {"y_true": [[1.0]], "y_pred": [[1.0]], "gamma": gamma},
            _gradient([[nan]]),
            _gradient([[0.0]]),
        )
        for dialect in ("keras", "keras2")
        for gamma in (0.0, 0.5)
    ),
    *(
        Shown(
            f"{dialect}.binary_crossentropy",
            "from_logits=True and infinite logits",
            "y_pred",
            {"y_true": np.array(_SIDES)[:, None], "y_pred": np.array(_INFINITE)[:, None], "from_logits": True},
            _value([nan, nan, nan, inf]),
            _value(_LIMITS),
        )
        for dialect in ("keras", "keras2")
    ),
    Shown(
        "torch.cross_entropy",
        "mean with a total weight of 0",
        "input",
        {"input": _ROWS, "target": [0, 0, 0], "weight": [0.0, 1.0, 1.0]},
        _value(nan),
        _value(0.0),
    ),
    Shown(
        "torch.nll_loss",
        "mean with a total weight of 0",
        "input",
        {"input": _ROWS, "target": [0, 0, 2], "weight": [1.0, 1.0, -2.0]},
        _value(-inf),
        _value(0.0),
    ),
    Shown(
        "paddle.binary_cross_entropy_with_logits",
        "labels between −101 and −100",
        "logit",
        {"logit": [0.3], "label": [-100.99]},
        _value(0.0),
        _value(np.logaddexp(0, 0.3) + 0.3 * 100.99),
    ),
    Shown(
        "paddle.sigmoid_focal_loss",
        "a normalizer of 0 or below",
        "logit",
        {"logit": [[0.3]], "label": [[1.0]], "normalizer": [0.0]},
        _value(inf),
        ValueError,
    ),
    Shown(
        "keras.binary_focal_crossentropy",
        "γ below 0",
        "y_pred",
        {"y_true": [[1.0]], "y_pred": [[0.5]], "gamma": -1.0},
        _value([1.3862943611198906]),
        ValueError,
    ),
    Shown(
        "keras2.binary_focal_crossentropy",
        "γ below 0",
        "y_pred",
        {"y_true": [[1.0]], "y_pred": [[0.5]], "gamma": -1.0},
        _value([1.3862939611199308]),
        ValueError,
    ),
    Shown(
        "keras.sparse_categorical_crossentropy",
        "an axis other than the last",
        "y_pred",
        {"y_true": [[0]], "y_pred": [[[0.2], [0.3]]], "axis": 1},
        ValueError,
        _value([[np.log(2.5)]]),
    ),
    Shown("keras.BinaryCrossentropy", "dtype='float16'", "y_pred", _EXAMPLE, _value(nan), _value(12.0), {"dtype": "float16"}, "float32"),
    Shown(
        "keras.SparseCategoricalCrossentropy",
        "class indices beyond what dtype holds",
        "y_pred",
        {"y_true": [2049], "y_pred": np.eye(2051)[[2048]]},
        _value(6.625),
        _value(7.625),
        {"dtype": "float16", "from_logits": True},
        "float32",
    ),
    Shown(
        "keras2.SparseCategoricalCrossentropy",
        "mean with every row of ignore_class",
        "y_pred",
        {"y_true": [-1, -1], "y_pred": _P},
        _value(nan),
        _value(0.0),
        {"ignore_class": -1},
    ),
    Shown(
        "tf.weighted_cross_entropy_with_logits",
        _ZERO_LOGIT,
        "logits",
        {"labels": [0.0, 1.0], "logits": [0.0, 0.0], "pos_weight": 2.0},
        _gradient([1.0, 0.0]),
        _gradient([0.5, -1.0]),
    ),
    Shown(
        "tf.softmax_cross_entropy_with_logits",
        "labels that do not sum to 1",
        "logits",
        {"labels": [[1.0, 1.0, 0.0]], "logits": [[0.2, 0.3, 0.5]]},
        _OFF_SUM,
        _ON_SUM,
    ),
    Shown(
        "tf.softmax_cross_entropy_with_logits",
        "a logit of −inf at a label of 0",
        "logits",
        {"labels": [[1.0, 0.0]], "logits": [[0.0, -inf]]},
        _value([nan]),
        _value([0.0]),
    ),
    Shown(
        "tf.softmax_cross_entropy_with_logits",
        "labels of a shape other than the logits",
        "logits",
        {"labels": [[1.0], [0.0]], "logits": [[0.2, 0.3], [0.1, 0.4]]},
        _value([1.3887933201471419, 0.0]),
        ValueError,
    ),
    Shown(
        "tf.softmax_cross_entropy_with_logits",
        "negative axes other than −1",
        "logits",
        {"labels": [[[1.0], [0.0]]], "logits": [[[0.0], [0.0]]], "axis": -2},
        Exception,
        _value([[np.log(2)]]),
    ),
    Shown(
        "tf.sigmoid_cross_entropy_with_logits",
        "infinite logits",
        "logits",
        {"labels": _SIDES, "logits": _INFINITE},
        _value([nan, nan, nan, inf]),
        _value(_LIMITS),
    ),
    Shown(
        "tf.weighted_cross_entropy_with_logits",
        "infinite logits",
        "logits",
        {"labels": _SIDES, "logits": _INFINITE, "pos_weight": 2.0},
        _value([nan, nan, inf, nan]),
        _value(_LIMITS),
    ),
    Shown(
        "tf.sparse_softmax_cross_entropy_with_logits",
        "class indices of integer types other than int32 and int64",
        "logits",
        {"labels": np.array([1], np.int8), "logits": [[0.2, 0.3]]},
        Exception,
        _value([0.6443966600735709]),
    ),
    Shown(
        "optax.softmax_cross_entropy_with_integer_labels",
        "labels below 0",
        "logits",
        {"logits": [[0.2, 0.3, 0.5]], "labels": [-1]},
        _value([0.93983106084446]),
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
        {"logits": _INFINITE, "labels": _SIDES},
        _value([nan, nan, inf, inf]),
        _value(_LIMITS),
    ),
    Shown(
        "optax.sigmoid_focal_loss",
        "infinite logits",
        "logits",
        {"logits": _INFINITE, "labels": _SIDES},
        {"value": [nan, nan, inf, inf], "gradient": [nan] * 4},
        {"value": _LIMITS, "gradient": [0.0, 0.0, 1.0, -1.0]},
    ),
    Shown(
        "optax.softmax_cross_entropy",
        "a logit of −inf at a label of 0",
        "logits",
        {"logits": [[0.0, -inf]], "labels": [[1.0, 0.0]]},
        _value([nan]),
        _value([0.0]),
    ),
    Shown(
        "kornia.binary_focal_loss_with_logits",
        "an ignored entry of NaN or infinite logits",
        "pred",
        {"pred": [[nan], [0.3]], "target": [[-100.0], [1.0]], "reduction": "sum"},
        {"value": nan, "gradient": [[nan], [-0.048102109828820544]]},
        {"value": 0.02509831887214927, "gradient": [[0.0], [-0.048102109828820565]]},
    ),
    Shown(
        "kornia.binary_focal_loss_with_logits",
        "infinite logits",
        "pred",
        {"pred": np.array(_INFINITE)[:2, None], "target": np.array(_SIDES)[:2, None]},
        {"value": [[nan], [nan]], "gradient": [[nan], [nan]]},
        {"value": [[0.0], [0.0]], "gradient": [[0.0], [0.0]]},
    ),
    Shown(
        "kornia.focal_loss",
        "0 < γ < 1 and a probability that rounds to 1",
        "pred",
        {"pred": [[40.0, 0.0]], "target": [0], "alpha": 0.25, "gamma": 0.5},
        {"value": [[0.0, 0.0]], "gradient": [[0.0, 0.0]]},
        {"value": [[6.56738307202239e-27, 0.0]], "gradient": [[-9.851074608033586e-27, 9.851074608033586e-27]]},
    ),
]


def _ids(shown: Shown) -> str:
    return str(shown)


def _original(dialect: str, name: str) -> Callable[..., Any]:
    framework, module = _ORIGINALS[dialect]
    assert module is not None
    if find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"{module.partition('.')[0]} is not installed")
    framework_named(framework)
    found = import_module(module)
    function: Callable[..., Any] = getattr(found.nn if dialect == "tf" else found, name)
    return function


def _hold(shown: Shown, function: Callable[..., Any], expected: Outcome) -> None:
    run = framework_named(_ORIGINALS[shown.function.partition(".")[0]][0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(expected, type):
            with pytest.raises(expected):
                run_case(run, function, shown.case)
            return
        answer = run_case(run, function, shown.case)
    for part, numbers in expected.items():
        np.testing.assert_allclose(getattr(answer, part), numbers, rtol=1e-9 if shown.dtype == "float64" else 2e-6, atol=0, err_msg=part)


def _told_apart(theirs: Outcome, ours: Outcome) -> bool:
    if isinstance(theirs, type) or isinstance(ours, type) or not theirs:
        return theirs is not ours
    return any(not np.array_equal(numbers, ours[part]) for part, numbers in theirs.items())


def _dialect(shown: Shown) -> tuple[str, str]:
    dialect, _, name = shown.function.partition(".")
    if _ORIGINALS[dialect][0] not in installed():
        pytest.skip(f"{_ORIGINALS[dialect][0]} is not installed")
    return dialect, name


@pytest.mark.parametrize("shown", [shown for shown in SHOWN if shown.theirs], ids=_ids)
def test_the_original_differs(shown: Shown) -> None:
    """But for versions that were seen not to."""
    dialect, name = _dialect(shown)
    original = _original(dialect, name)
    entry = next(entry for entry in differences() if entry.concerns(shown.function) and entry.condition == shown.condition)
    _hold(shown, original, shown.theirs if shows(dialect, entry) else shown.ours)


@pytest.mark.parametrize("shown", SHOWN, ids=_ids)
def test_the_dialect_gives_the_truth(shown: Shown) -> None:
    dialect, name = _dialect(shown)
    _hold(shown, functions_of(dialect)[name], shown.ours)


@pytest.mark.parametrize("entry", differences(), ids=lambda entry: f"{entry.function}: {entry.condition}")
def test_an_entry_is_of_a_function_and_says_all(entry: Difference) -> None:
    for function in entry.function.split():
        dialect, _, name = function.partition(".")
        assert dialect in dialect_names()
        assert name in functions_of(dialect)
    assert all(getattr(entry, field.name).strip() for field in fields(entry))
    assert entry.evidence.startswith(("run: ", "read: "))


def test_no_entry_is_there_twice() -> None:
    keys = [(function, entry.condition) for entry in differences() for function in entry.function.split()]
    assert len(set(keys)) == len(keys)


def test_no_entry_speaks_of_functions_yet_to_come() -> None:
    with pytest.raises(ValueError, match=r"must name each function that it is of; received torch\.\*: second derivatives"):
        Difference("torch.*", "2.13.0", "second derivatives", "none", "all", "run: loss(x)")


def test_what_is_shown_is_recorded_and_differs() -> None:
    for shown in SHOWN:
        assert _told_apart(shown.theirs, shown.ours), str(shown)
        assert any(entry.concerns(shown.function) and entry.condition == shown.condition for entry in differences()), str(shown)


def test_keras_traces_probabilities_back_to_logits() -> None:
    tf, keras, tf_keras = (pytest.importorskip(name) for name in ("tensorflow", "keras", "tf_keras"))
    labels, logits = tf.constant([[0.0]]), tf.constant([[50.0]])
    for original, dialect, clipped in ((keras, "keras", 15.942385), (tf_keras, "keras2", 15.333239)):
        probabilities = original.activations.sigmoid(logits)
        assert original.losses.binary_crossentropy(labels, probabilities).numpy() == pytest.approx([50.0])
        ours = functions_of(dialect)["binary_crossentropy"]
        assert ours(labels, probabilities).numpy() == pytest.approx([clipped], rel=1e-6)


def test_graphs_reassociate_the_second_epsilon() -> None:
    tf, tf_keras = pytest.importorskip("tensorflow"), pytest.importorskip("tf_keras")
    labels, probabilities = (tf.constant(_EXAMPLE[name]) for name in ("y_true", "y_pred"))
    theirs, ours = tf_keras.losses.binary_crossentropy, functions_of("keras2")["binary_crossentropy"]
    assert theirs(labels, probabilities).numpy() == pytest.approx([11.522857], rel=1e-6)
    assert tf.function(theirs)(labels, probabilities).numpy() == pytest.approx([11.480856], rel=1e-6)
    assert ours(labels, probabilities).numpy() == pytest.approx([11.522857], rel=1e-6)


def test_keras_warns_of_one_class() -> None:
    _, keras = (pytest.importorskip(name) for name in ("tensorflow", "keras"))
    with pytest.warns(SyntaxWarning, match="num_classes > 1"):
        keras.losses.CategoricalCrossentropy()(np.ones((2, 1)), np.ones((2, 1)))
    assert functions_of("keras")["CategoricalCrossentropy"]()(np.ones((2, 1)), np.ones((2, 1))) == pytest.approx(1e-7)


def test_the_predictions_say_whose_tensors_a_call_is_of() -> None:
    jnp, optax = pytest.importorskip("jax.numpy"), pytest.importorskip("optax")
    logits, labels = np.array([0.3], np.float32), np.array([1.0], np.float32)
    assert optax.sigmoid_binary_cross_entropy(logits, jnp.asarray(labels)) == pytest.approx(0.5543552)
    ours = functions_of("optax")["sigmoid_binary_cross_entropy"]
    assert ours(jnp.asarray(logits), labels) == pytest.approx(0.5543552)
    with pytest.raises(TypeError, match="must be a dense tensor of the predictions' framework"):
        ours(logits, jnp.asarray(labels))


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("paddle.cross_entropy", "IndexError"),
        ("torch.cross_entropy", "IndexError"),
        ("tf.sparse_softmax_cross_entropy_with_logits", "Invalid"),
    ],
)
def test_exceptions_of_other_types(function: str, error: str) -> None:
    dialect, _, name = function.partition(".")
    predictions, labels = {"paddle": ("input", "label"), "torch": ("input", "target"), "tf": ("logits", "labels")}[dialect]
    case = Case(function, "", predictions, {predictions: np.zeros((1, 3)), labels: np.array([7])})
    original = _original(dialect, name)  # skips where it is not installed
    run = framework_named(_ORIGINALS[dialect][0])
    with pytest.raises(Exception, match="7") as theirs:
        run_case(run, original, case)
    assert type(theirs.value).__name__.startswith(error)
    with pytest.raises(ValueError, match="received 7"):
        run_case(run, functions_of(dialect)[name], case)


def test_paddle_drops_the_gradient_of_the_softmax() -> None:
    paddle = pytest.importorskip("paddle")
    gradients = []
    for function in (_original("paddle", "softmax_with_cross_entropy"), functions_of("paddle")["softmax_with_cross_entropy"]):
        x = paddle.to_tensor([[1.0, 0.0]], stop_gradient=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loss, softmax = function(x, paddle.to_tensor([[1]]), return_softmax=True)
        (loss.sum() + softmax[0, 0]).backward()
        gradients.append(x.grad.numpy())
    p = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(gradients[0], [[p, -p]], rtol=1e-6)
    np.testing.assert_allclose(gradients[1], [[p + p * (1 - p), -p - p * (1 - p)]], rtol=1e-6)


def test_paddle_has_no_second_derivatives() -> None:
    paddle = pytest.importorskip("paddle")

    def second(function: Callable[..., Any]) -> Any:
        x = paddle.to_tensor([0.3], stop_gradient=False)
        (gradient,) = paddle.grad(function(x, paddle.to_tensor([1.0]), reduction="sum"), x, create_graph=True)
        return paddle.grad(gradient, x)[0].numpy()

    with pytest.raises(RuntimeError):
        second(_original("paddle", "binary_cross_entropy_with_logits"))
    p = 1 / (1 + np.exp(-0.3))
    np.testing.assert_allclose(second(functions_of("paddle")["binary_cross_entropy_with_logits"]), [p * (1 - p)], rtol=1e-6)
