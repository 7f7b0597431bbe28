"""The cases that every framework's transforms run over: each loss on each kind of target, logits and probabilities, options in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import unifocal
from unifocal.arrays import NumPyArray

from ...truth.ulp import Floats

RNG = np.random.default_rng(0)
X, SOFT, WEIGHT = 3 * RNG.normal(size=(4, 3)), RNG.random((4, 3)), RNG.random(4)
H = RNG.normal(size=(4, 3))
VECTOR = np.array([0.2, 0.3, 0.9])
INDEX = np.array([0, 2, 1, 2])
# Mild, since differences are coarse where a probability is near 0.
PROBABILITIES = np.exp(X / 3) / np.exp(X / 3).sum(-1, keepdims=True)


class TransformCase(NamedTuple):
    """A loss, and all that it is given but the predictions."""

    loss: Callable[..., Any]
    targets: Any
    options: dict[str, Any]

    @property
    def predictions(self) -> Floats:
        """Predictions of the kind that the loss is told to expect."""
        return X if self.options.get("from_logits", True) else PROBABILITIES

    def on(self, tensor: Callable[[NumPyArray], Any]) -> TransformCase:
        """The case with tensors for arrays."""
        options = {key: tensor(option) if isinstance(option, np.ndarray) else option for key, option in self.options.items()}
        return TransformCase(self.loss, tensor(self.targets), options)

    def for_any_batch(self) -> TransformCase:
        """The case without the weights of its own samples."""
        return TransformCase(self.loss, self.targets, {key: option for key, option in self.options.items() if key != "sample_weight"})

    def bound(self) -> Callable[[Any], Any]:
        """The loss as a function of the predictions."""
        loss, targets, options = self
        return lambda x: loss(x, targets, **options)

    def analytic(self, x: Floats) -> tuple[Floats, Floats]:
        """NumPy's value and gradient, for as many samples as x has."""
        return unifocal.value_and_grad(self.loss)(x, self.targets[: len(x)], **self.options)

    def differences(self) -> Floats:
        """The Hessian times H, from differences of NumPy's gradients."""
        step = 1e-6
        up, down = (self.analytic(self.predictions + s * H)[1] for s in (step, -step))
        return (up - down) / (2 * step)


TRANSFORM_CASES = {
    "bce-soft": TransformCase(unifocal.binary_cross_entropy, SOFT, {"pos_weight": VECTOR}),
    "bce-index": TransformCase(unifocal.binary_cross_entropy, INDEX, {"sample_weight": WEIGHT, "reduction": "sum"}),
    "sigmoid-soft-0.5": TransformCase(unifocal.sigmoid_focal_loss, SOFT, {"gamma": 0.5, "reduction": "none"}),
    "sigmoid-index-2": TransformCase(unifocal.sigmoid_focal_loss, INDEX, {"alpha": VECTOR, "pos_weight": 2.0, "reduction": "none"}),
    "sigmoid-soft-3.7": TransformCase(unifocal.sigmoid_focal_loss, SOFT, {"gamma": 3.7, "label_smoothing": 0.1}),
    "sigmoid-probabilities": TransformCase(unifocal.sigmoid_focal_loss, SOFT, {"from_logits": False, "gamma": 1.5}),
    "quality-soft": TransformCase(unifocal.quality_focal_loss, SOFT, {"beta": 3.0, "alpha": VECTOR, "reduction": "none"}),
    "softmax-poly-index-0.5": TransformCase(unifocal.softmax_poly_focal_loss, INDEX, {"gamma": 0.5, "sample_weight": WEIGHT}),
    "ce-index": TransformCase(unifocal.cross_entropy, INDEX, {"class_weight": VECTOR, "reduction": "weighted_mean", "ignore_index": 1}),
    "ce-soft": TransformCase(unifocal.cross_entropy, SOFT, {"reduction": "none"}),
    "softmax-index-1": TransformCase(unifocal.softmax_focal_loss, INDEX, {"gamma": 1, "reduction": "none", "sample_weight": WEIGHT}),
    "softmax-soft-0.5": TransformCase(unifocal.softmax_focal_loss, SOFT, {"gamma": 0.5, "alpha": VECTOR, "reduction": "sum"}),
    "softmax-index-smoothed": TransformCase(unifocal.softmax_focal_loss, INDEX, {"gamma": 2.5, "label_smoothing": 0.1}),
    "softmax-index-probabilities": TransformCase(unifocal.softmax_focal_loss, INDEX, {"from_logits": False, "reduction": "none"}),
    "softmax-soft-probabilities": TransformCase(unifocal.softmax_focal_loss, SOFT, {"from_logits": False, "gamma": 0.5}),
}
each_case = pytest.mark.parametrize("case", TRANSFORM_CASES.values(), ids=TRANSFORM_CASES.keys())
