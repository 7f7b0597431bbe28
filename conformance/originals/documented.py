"""The documented examples: inputs whose results the frameworks' own documentation prints, as data.

Figures are kept as the document prints them, so that results are held to as many digits as it shows.  They are float32 results; the
truth of an example is also known in float64 (:mod:`.example_truth`), and what the documented functions themselves answer is in
:mod:`.functions`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from unifocal.arrays import NumPyArray

from ..truth.ulp import Floats


class Source(NamedTuple):
    """Where a figure is documented."""

    title: str
    url: str


class Figures(NamedTuple):
    """Numbers as a document prints them, and what one unit of each one's last printed digit is."""

    numbers: Floats
    unit: Floats

    @classmethod
    def printed(cls, text: str) -> Figures:
        """The numbers of a nested list in this text."""
        words = np.array(json.loads(re.sub(r"[^\s,\[\]]+", r'"\g<0>"', text)))
        units = [float(Decimal(1).scaleb(int(Decimal(str(word)).as_tuple().exponent))) for word in words.flat]
        return cls(words.astype(np.float64), np.array(units).reshape(words.shape))

    def distance(self, computed: npt.ArrayLike) -> Floats:
        """How far computed is from the figures, in units of the last digit, or of float32's last place where that is coarser."""
        x = np.asarray(computed, np.float64)
        spacing = np.spacing(np.abs(self.numbers).astype(np.float32)).astype(np.float64)
        return np.where(np.isfinite(x), np.abs(x - self.numbers) / np.maximum(self.unit, spacing), np.inf)


class Multiple(NamedTuple):
    """A documented identity: value and gradient are factor (a power of 2) times those of another example, bit for bit."""

    example: str
    factor: float = 1.0


@dataclass(frozen=True, eq=False)
class Example:
    """One documented call: the name of one of unifocal's losses, its inputs and options, and what is documented of its result."""

    name: str
    loss: str
    predictions: NumPyArray
    targets: NumPyArray
    source: Source
    options: Mapping[str, Any] = field(default_factory=dict)
    value: Figures | None = None
    gradient: Figures | None = None
    multiple: Multiple | None = None


PADDLE = Source(
    "paddle.nn.functional.sigmoid_focal_loss",
    "https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/sigmoid_focal_loss_en.html",
)
PADDLEDETECTION = Source(
    "PaddleDetection FocalLoss",
    "https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.8/ppdet/modeling/losses/focal_loss.py",
)
KERAS_CATEGORICAL_FOCAL = Source(
    "keras.losses.CategoricalFocalCrossentropy",
    "https://keras.io/api/losses/probabilistic_losses/#categoricalfocalcrossentropy-class",
)
KERAS_BINARY = Source(
    "keras.losses.BinaryCrossentropy",
    "https://keras.io/api/losses/probabilistic_losses/#binarycrossentropy-class",
)
TF_CATEGORICAL = Source(
    "tf.keras.losses.CategoricalCrossentropy, TensorFlow 2.1",
    "https://github.com/tensorflow/tensorflow/blob/v2.1.0/tensorflow/python/keras/losses.py",
)
TF_CATEGORICAL_METRIC = Source(
    "tf.keras.metrics.CategoricalCrossentropy",
    "https://www.tensorflow.org/versions/r2.2/api_docs/python/tf/keras/metrics/CategoricalCrossentropy",
)
TF_SIGMOID = Source(
    "tf.nn.sigmoid_cross_entropy_with_logits",
    "https://www.tensorflow.org/api_docs/python/tf/nn/sigmoid_cross_entropy_with_logits",
)
KERAS_CATEGORICAL = Source(
    "keras.losses.CategoricalCrossentropy",
    "https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class",
)

# The documentation's logits with three signs turned, so that both sides of 0 occur; the figures are what Paddle 3.3.1 prints for them.
_PADDLE_LOGITS = np.array([[0.97, -0.91, 0.03], [-0.55, -0.43, 0.71]])
_PADDLE_LABELS = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
_PADDLE_OVER_12 = Figures.printed("[[0.00050596, 0.00174145, 0.01140102], [0.00381067, 0.00712052, 0.03117634]]")

# A third box, of background: index 3 of the 3 classes 0, 1, 2.
_BOX_LOGITS = np.array([*_PADDLE_LOGITS, [-1.2, 0.4, -2.3]])
_BOX_LABELS = np.array([*_PADDLE_LABELS, [0.0, 0.0, 0.0]])

_PROBABILITIES = np.array([[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
_ONE_HOT = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
_INDICES = np.array([1, 2])
_PER_SAMPLE = Figures.printed("[0.05129331, 2.3025851]")
_SAMPLE_WEIGHT = np.array([0.3, 0.7])

EXAMPLES = (
    Example(
        "paddle focal",
        "sigmoid_focal_loss",
        _PADDLE_LOGITS,
        _PADDLE_LABELS,
        PADDLE,
        {"alpha": 0.25, "gamma": 2.0, "reduction": "none"},
        Figures.printed("[[0.00607155, 0.02089742, 0.13681222], [0.04572806, 0.08544625, 0.37411612]]"),
    ),
    Example(
        "paddle focal / [12]",
        "sigmoid_focal_loss",
        _PADDLE_LOGITS,
        _PADDLE_LABELS,
        PADDLE,
        {"normalizer": np.array([12.0]), "reduction": "none"},
        _PADDLE_OVER_12,
    ),
    Example(
        "paddle focal / [12, 12, 12]",
        "sigmoid_focal_loss",
        _PADDLE_LOGITS,
        _PADDLE_LABELS,
        PADDLE,
        {"normalizer": np.array([12.0, 12.0, 12.0]), "reduction": "none"},
        _PADDLE_OVER_12,
        multiple=Multiple("paddle focal / [12]"),
    ),
    # The normalizer is the number of positives, and the default reduction is the sum.
    Example(
        "paddle focal / positives",
        "sigmoid_focal_loss",
        np.abs(_PADDLE_LOGITS),
        _PADDLE_LABELS,
        PADDLE,
        {"normalizer": np.array([2.0]), "reduction": "sum"},
        Figures.printed("0.65782464"),
    ),
    Example(
        "paddledet one-hot",
        "sigmoid_focal_loss",
        _BOX_LOGITS,
        _BOX_LABELS,
        PADDLEDETECTION,
        {"reduction": "none"},
    ),
    Example(
        "paddledet background index",
        "sigmoid_focal_loss",
        _BOX_LOGITS,
        np.array([0, 1, 3]),
        PADDLEDETECTION,
        {"reduction": "none"},
        multiple=Multiple("paddledet one-hot"),
    ),
    Example(
        "categorical focal",
        "softmax_focal_loss",
        _PROBABILITIES,
        _ONE_HOT,
        KERAS_CATEGORICAL_FOCAL,
        {"alpha": 0.25, "gamma": 2.0, "from_logits": False, "reduction": "none"},
        Figures.printed("[3.2058331e-05, 4.6627346e-01]"),
    ),
    # A scalar alpha balances nothing, it only scales.
    Example(
        "categorical focal, no alpha",
        "softmax_focal_loss",
        _PROBABILITIES,
        _ONE_HOT,
        KERAS_CATEGORICAL_FOCAL,
        {"gamma": 2.0, "from_logits": False, "reduction": "none"},
        multiple=Multiple("categorical focal", 4.0),
    ),
    Example(
        "categorical focal, mean",
        "softmax_focal_loss",
        _PROBABILITIES,
        _ONE_HOT,
        KERAS_CATEGORICAL_FOCAL,
        {"alpha": 0.25, "gamma": 2.0, "from_logits": False, "reduction": "mean"},
        Figures.printed("0.23315276"),
    ),
    # What Keras 3 gives for TensorFlow 2.1's documented input: that version's own clip, applied twice, gave 11.522857.
    Example(
        "binary CE, clipped",
        "binary_cross_entropy",
        np.array([1.0, 1.0, 1.0, 0.0]),
        np.array([0.0, 0.0, 1.0, 1.0]),
        KERAS_BINARY,
        {"from_logits": False, "epsilon": 1e-7, "reduction": "mean"},
        Figures.printed("12.000716"),
    ),
    Example(
        "binary CE, logits",
        "binary_cross_entropy",
        np.array([-18.6, 0.51, 2.94, -12.8]),
        np.array([0, 1, 0, 0]),
        KERAS_BINARY,
        {"reduction": "mean"},
        Figures.printed("0.8654"),
    ),
    Example(
        "categorical CE",
        "cross_entropy",
        _PROBABILITIES,
        _ONE_HOT,
        TF_CATEGORICAL,
        {"from_logits": False, "reduction": "none"},
        _PER_SAMPLE,
    ),
    Example(
        "categorical CE, mean",
        "cross_entropy",
        _PROBABILITIES,
        _ONE_HOT,
        TF_CATEGORICAL,
        {"from_logits": False, "reduction": "mean"},
        Figures.printed("1.1769392"),
    ),
    # Keras's default divides the weighted sum by the number of samples, as "mean" does; its metric by the sum of the weights.
    Example(
        "categorical CE, weighted",
        "cross_entropy",
        _PROBABILITIES,
        _ONE_HOT,
        TF_CATEGORICAL,
        {"from_logits": False, "sample_weight": _SAMPLE_WEIGHT, "reduction": "mean"},
        Figures.printed("0.8135988"),
    ),
    Example(
        "categorical CE, weighted mean",
        "cross_entropy",
        _PROBABILITIES,
        _ONE_HOT,
        TF_CATEGORICAL_METRIC,
        {"from_logits": False, "sample_weight": _SAMPLE_WEIGHT, "reduction": "weighted_mean"},
        Figures.printed("1.6271976"),
    ),
    Example(
        "sparse CE",
        "cross_entropy",
        _PROBABILITIES,
        _INDICES,
        TF_CATEGORICAL,
        {"from_logits": False, "reduction": "none"},
        _PER_SAMPLE,
        multiple=Multiple("categorical CE"),
    ),
    Example(
        "sparse CE, weighted",
        "cross_entropy",
        _PROBABILITIES,
        _INDICES,
        TF_CATEGORICAL,
        {"from_logits": False, "sample_weight": _SAMPLE_WEIGHT, "reduction": "mean"},
        Figures.printed("0.8135988"),
        multiple=Multiple("categorical CE, weighted"),
    ),
    Example(
        "sigmoid CE",
        "binary_cross_entropy",
        np.array([1.0, -1.0, 0.0, 1.0, -1.0, 0.0, 0.0]),
        np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.5]),
        TF_SIGMOID,
        {"reduction": "none"},
        Figures.printed("[1.3132617, 0.3132617, 0.6931472, 0.3132617, 1.3132617, 0.6931472, 0.6931472]"),
    ),
    # Where exp(x) overflows; documented as max(x, 0) − x·z + log(1 + exp(−|x|)).
    Example(
        "sigmoid CE, stable form",
        "binary_cross_entropy",
        np.array([1000.0, -1000.0, 100.0, -100.0, 30.0, -30.0, 2.5, -0.75]),
        np.array([0.0, 1.0, 0.25, 0.5, 0.0, 1.0, 0.75, 0.125]),
        TF_SIGMOID,
        {"reduction": "none"},
    ),
    # At p = 1/2 the gradient p − y shows what smoothing makes of 0 and 1: 0.1 and 0.9.
    Example(
        "binary smoothing 0.2",
        "binary_cross_entropy",
        np.array([[0.0], [0.0]]),
        np.array([[0], [1]]),
        TF_CATEGORICAL_METRIC,
        {"label_smoothing": 0.2, "reduction": "sum"},
        gradient=Figures.printed("[[0.4000000], [-0.4000000]]"),
    ),
    # At p = 1/3: [1, 0, 0] becomes [0.9333, 0.0333, 0.0333].
    Example(
        "categorical smoothing 0.1",
        "cross_entropy",
        np.array([[0.0, 0.0, 0.0]]),
        np.array([[1.0, 0.0, 0.0]]),
        KERAS_CATEGORICAL,
        {"label_smoothing": 0.1, "reduction": "sum"},
        gradient=Figures.printed("[[-0.6000000, 0.3000000, 0.3000000]]"),
    ),
    # These logits are the logarithms of the smoothed labels, but for a constant: the loss is least here.
    Example(
        "smoothing's optimum",
        "cross_entropy",
        np.array([[3.3322, 0.0, 0.0]]),
        np.array([[1.0, 0.0, 0.0]]),
        KERAS_CATEGORICAL,
        {"label_smoothing": 0.1, "reduction": "sum"},
        gradient=Figures.printed("[[0.000000, 0.000000, 0.000000]]"),
    ),
    # From nowhere near the target to all of it the gradient p − y stays in [−1, 1].
    Example(
        "gradient is p - y",
        "cross_entropy",
        np.array([[1000.0, 0.0, 0.0], [-1000.0, 0.0, 0.0], [2.0, 0.0, -1.0]]),
        np.array([1, 0, 0]),
        KERAS_CATEGORICAL,
        {"reduction": "sum"},
        gradient=Figures.printed("[[1.000000, -1.000000, 0.000000], [-1.000000, 0.500000, 0.500000], [-0.156205, 0.114195, 0.042010]]"),
    ),
)
