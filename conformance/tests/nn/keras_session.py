"""Keras losses in a process of their own, on the backend that ``KERAS_BACKEND`` names; prints what it found as JSON."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

import keras
import numpy as np

import unifocal
from unifocal.dialects import keras as dialect
from unifocal.dialects import kornia, mmdet, paddle, tfa, torch
from unifocal.nn import keras as losses

from . import keras_grid

CLASSES: dict[str, Any] = {
    "SigmoidFocalLoss": losses.SigmoidFocalLoss(alpha=[0.25, 0.5, 0.75], gamma=1.5),
    "SoftmaxFocalLoss": losses.SoftmaxFocalLoss(alpha=[0.25, 0.5, 0.75]),
    "BinaryCrossEntropy": losses.BinaryCrossEntropy(pos_weight=[1.0, 2.0, 3.0], label_smoothing=0.05),
    "CrossEntropy": losses.CrossEntropy(class_weight=keras.ops.convert_to_tensor([1.0, 2.0, 3.0])),
    "Loss": losses.Loss(paddle.sigmoid_focal_loss, gamma=1.5),
    "ignoring": losses.SigmoidFocalLoss(ignore_index=-1),
    "Loss by name": losses.Loss("torch.cross_entropy", label_smoothing=0.1),
    "AsymmetricLoss": losses.AsymmetricLoss(gamma_neg=2.0, margin=0.1, alpha=[0.25, 0.5, 0.75]),
    "QualityFocalLoss": losses.QualityFocalLoss(beta=1.5, detach_modulator=True),
    "VarifocalLoss": losses.VarifocalLoss(alpha=0.5),
    "GaussianFocalLoss": losses.GaussianFocalLoss(gamma=2.0),
    "PolyFocalLoss": losses.PolyFocalLoss(poly_epsilon=0.5),
    "SoftmaxPolyFocalLoss": losses.SoftmaxPolyFocalLoss(gamma=0.0, class_weight=[1.0, 2.0, 3.0]),
    "function": unifocal.sigmoid_focal_loss,
    "object": dialect.SparseCategoricalCrossentropy(from_logits=True),
}
# A model takes seconds to compile: one of each way in which Keras hands over labels, and elsewhere than on TensorFlow fewer.
TRAINED = ["SigmoidFocalLoss", "Loss by name", "function"]
if keras.backend.backend() == "tensorflow":
    TRAINED += ["CrossEntropy", "ignoring", "object"]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4)).astype("float32")
INDEX = X[:, :3].argmax(1)
ONE_HOT = np.eye(3, dtype="float32")[INDEX]
WEIGHT = RNG.random(90).astype("float32") + 0.5


def _labels(name: str) -> Any:
    return ONE_HOT if name in ("BinaryCrossEntropy", "Loss", "ignoring", "function") else INDEX


def _train(name: str, loss: Any) -> dict[str, Any]:
    """Fit a small model with sample weights, save it, load it, and evaluate it again."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.1), loss=loss)
    history = model.fit(X, _labels(name), sample_weight=WEIGHT, epochs=15, batch_size=30, verbose=0).history["loss"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        loaded = keras.saving.load_model(path)
    before, after = (one.evaluate(X, _labels(name), sample_weight=WEIGHT, verbose=0) for one in (model, loaded))
    accuracy = float((np.argmax(model.predict(X, verbose=0), 1) == INDEX).mean())
    return {"first": history[0], "last": history[-1], "saved": before, "loaded": after, "accuracy": accuracy}


def _values() -> dict[str, Any]:
    """Losses as Keras calls them, and the functions'."""
    logits = X[:, :3]
    ignoring = losses.CrossEntropy(ignore_index=1)
    column = losses.CrossEntropy()
    return {
        "per sample": np.asarray(keras.ops.convert_to_numpy(losses.SigmoidFocalLoss(reduction=None)(ONE_HOT, logits))).tolist(),
        "per sample, function": unifocal.sigmoid_focal_loss(logits, ONE_HOT, reduction="none").mean(1).tolist(),
        "quality": float(CLASSES["QualityFocalLoss"](ONE_HOT, logits)),
        "quality, function": float(unifocal.quality_focal_loss(logits, ONE_HOT, beta=1.5)),
        "asymmetric": float(CLASSES["AsymmetricLoss"](ONE_HOT, logits)),
        "asymmetric, function": float(
            unifocal.asymmetric_loss(logits, ONE_HOT, gamma_neg=2.0, margin=0.1, alpha=np.array([0.25, 0.5, 0.75]))
        ),
        "varifocal": float(CLASSES["VarifocalLoss"](ONE_HOT, logits)),
        "varifocal, function": float(unifocal.varifocal_loss(logits, ONE_HOT, alpha=0.5)),
        "gaussian": float(CLASSES["GaussianFocalLoss"](ONE_HOT, logits)),
        "gaussian, function": float(unifocal.gaussian_focal_loss(logits, ONE_HOT, gamma=2.0)),
        "poly": float(CLASSES["PolyFocalLoss"](ONE_HOT, logits)),
        "poly, function": float(unifocal.poly_focal_loss(logits, ONE_HOT, poly_epsilon=0.5)),
        "softmax poly": float(CLASSES["SoftmaxPolyFocalLoss"](INDEX, logits)),
        "softmax poly, function": float(unifocal.softmax_poly_focal_loss(logits, INDEX, gamma=0.0, class_weight=np.array([1.0, 2.0, 3.0]))),
        "ignored": float(ignoring(INDEX, logits)),
        "ignored, function": float(unifocal.cross_entropy(logits, INDEX, ignore_index=1)),
        "ignored elements": float(losses.BinaryCrossEntropy(ignore_index=0)(ONE_HOT, logits)),
        "ignored elements, function": float(unifocal.binary_cross_entropy(logits, ONE_HOT, ignore_index=0)),
        "column": float(column(INDEX[:, None], logits)),
        "column, function": float(unifocal.cross_entropy(logits, INDEX)),
        "ignored elements, weighted": float(losses.BinaryCrossEntropy(ignore_index=0)(ONE_HOT, logits, WEIGHT)),
        "ignored elements, weighted, function": float(unifocal.binary_cross_entropy(logits, ONE_HOT, ignore_index=0, sample_weight=WEIGHT)),
        "dialect, ignored": float(losses.Loss("torch.nn.functional.cross_entropy", ignore_index=1)(INDEX, logits)),
        "dialect, ignored, function": float(torch.cross_entropy(logits, INDEX, ignore_index=1)),
        "dialect, class axis": float(
            losses.Loss("kornia.focal_loss", alpha=0.5)(INDEX.reshape(9, 10), logits.reshape(9, 10, 3).transpose(0, 2, 1))
        ),
        "dialect, class axis, function": float(
            kornia.focal_loss(logits.reshape(9, 10, 3).transpose(0, 2, 1), INDEX.reshape(9, 10), 0.5, reduction="mean")
        ),
        "dialect's class": float(losses.Loss("mmdet.FocalLoss", gamma=1.0)(INDEX, logits)),
        "dialect's class, function": float(mmdet.FocalLoss(gamma=1.0)(logits, INDEX)),
        "by position": float(losses.Loss(mmdet.softmax_focal_loss, gamma=1.0)(INDEX, logits)),
        "by position, function": float(mmdet.softmax_focal_loss(logits, INDEX, 1.0)),
        "dialect, labels first": float(losses.Loss(tfa.sigmoid_focal_crossentropy, from_logits=True)(ONE_HOT, logits)),
        "dialect, labels first, function": float(tfa.sigmoid_focal_crossentropy(ONE_HOT, logits, from_logits=True).mean()),
    }


def main() -> None:
    """Print what was found."""
    found = {
        "backend": keras.backend.backend(),
        "values": _values(),
        "trained": {name: _train(name, CLASSES[name]) for name in TRAINED},
        "configurations": {
            name: type(loss).from_config(loss.get_config()).get_config() == loss.get_config()
            for name, loss in CLASSES.items()
            if name != "function"
        },
        "called": keras_grid.called(),
        "right": {**keras_grid.exact(), **keras_grid.fitted(), **keras_grid.metrics()},
        "errors": keras_grid.errors(),
        "words": keras_grid.words(),
        "compiled": keras_grid.compiled() if keras.backend.backend() == "torch" else None,
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
