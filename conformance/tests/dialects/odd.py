"""Calls at the edge of what losses take: labels out of range, of other types and shapes, negative weights and weights of every shape.

Originals compute some and refuse others, and a dialect is to do as its original does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from unifocal.arrays import NumPyArray

from ...calls.case import Case
from ...truth import tolerances

Labels = Literal["binary", "soft", "indices"]
_Call = tuple[str, NumPyArray, NumPyArray]

_X = np.array([[0.3, -0.6, 1.0], [2.0, -1.5, 0.4]])
_P = {"logits": _X, "probabilities": 1 / (1 + np.exp(-_X)), "softmax": np.exp(_X) / np.exp(_X).sum(1, keepdims=True)}
_P["log"] = np.log(_P["softmax"])
_BINARY, _HARD = np.array([[1.0, 0, 1], [0, 0.25, 1]]), np.array([[1, 0, 1], [0, 0, 1]])
_SOFT, _ONE_HOT = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), np.array([[1, 0, 0], [0, 0, 1]])
_INDEX = np.array([0, 2])
_ROUNDED = float(np.nextafter(np.float32(1), np.float32(2)))
_DROPPED = ("labels int8", "one dimension", "no dimension", "three dimensions", "one class", "predictions int64")
_SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (3,), (4,), (1, 1), (1, 3), (2, 1), (2, 3), (1, 2, 3))


@dataclass(frozen=True)
class Odd:
    """What odd calls of a function are made of.

    tensors: the options that are tensors of one number a class, a row or an entry.  numbers: other options, with odd values.  settings:
    the options of all calls.
    """

    function: str
    labels: Labels
    predictions: str
    targets: str
    of: str = "logits"
    tensors: tuple[str, ...] = ()
    numbers: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float64"
    few: bool = False
    """Whether few shapes will do: JAX compiles for each."""
    kept: bool = False
    """Whether class indices have the class axis."""
    one_column: bool = False

    def cases(self) -> Iterator[Case]:
        """The calls, as cases; a class gets no options of its own."""
        name = self.function.partition(".")[2]
        x = _P[self.of][:, :1] if self.one_column else _P[self.of]
        calls = list({"binary": _binary, "soft": _soft, "indices": _indices}[self.labels](x))
        if self.kept:
            calls = [(what, x, y[..., np.newaxis] if y.ndim == x.ndim - 1 else y) for what, x, y in calls]
        _, x, y = calls[0]
        varied = [(what, {self.predictions: x, self.targets: y}) for what, x, y in calls]
        usual = {self.predictions: x, self.targets: y}
        if self.of in ("probabilities", "softmax"):
            varied.append(("predictions outside [0, 1]", {**usual, self.predictions: 3 * x - 1}))
        varied += [(what, {**usual, **option}) for what, option in self._options()]
        tolerance = tolerances.FLOAT32_AT_CLIP if self.dtype == "float32" else None
        for what, arguments in varied:
            if self.few and (what in _DROPPED or any(what.endswith(f" {shape}") for shape in _SHAPES[:-3])):
                continue
            yield Case(
                name, what, self.predictions, {**self.settings, **arguments}, {} if name[0].isupper() else None, self.dtype, tolerance
            )

    def _options(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in self.tensors:
            yield f"{name} negative", {name: np.array([-0.5, 1.0] if name == "sample_weight" else [-0.5, 1.0, 2.0])}
            yield f"{name} number", {name: 0.5}
            yield f"{name} integer", {name: np.array([1, 2] if name == "sample_weight" else [1, 2, 3])}
            for shape in _SHAPES:
                yield f"{name} {shape}", {name: np.full(shape, 0.5)}
        for name, values in self.numbers.items():
            yield from ((f"{name} {np.asarray(value).tolist()}", {name: value}) for value in values)


def _binary(x: NumPyArray) -> Iterator[_Call]:
    y, hard, columns = (labels[:, : x.shape[1]] for labels in (_BINARY, _HARD, _BINARY))
    yield "usual", x, y
    yield "labels 1.1 and -0.1", x, np.where(y == 1, 1.1, y - 0.1)
    yield "labels one rounding above 1", x, np.where(y == 1, _ROUNDED, y)
    yield "labels 2", x, np.full_like(x, 2.0)
    yield "labels NaN", x, np.where(y == 1, np.nan, y)
    yield "labels int64", x, hard
    yield "labels int8", x, hard.astype(np.int8)
    yield "labels bool", x, hard > 0
    yield from ((f"labels {shape}", x, np.full(shape, 0.25)) for shape in _SHAPES if shape != x.shape)
    yield "one dimension", x[0], columns[0]
    yield "no dimension", np.asarray(x[0, 0]), np.asarray(y[0, 0])
    yield "three dimensions", x[..., np.newaxis], y[..., np.newaxis]
    yield "no rows", x[:0], y[:0]
    yield "no classes", x[:, :0], y[:, :0]
    yield "predictions int64", _HARD[:, : x.shape[1]], y


def _soft(x: NumPyArray) -> Iterator[_Call]:
    yield "usual", x, _SOFT
    yield "labels 1.1 and -0.1", x, np.array([[1.1, -0.1, 0], [0, 0.25, 0.75]])
    yield "labels one rounding above 1", x, np.array([[_ROUNDED, 1 - _ROUNDED, 0], [0, 0.25, 0.75]])
    yield "labels 2", x, np.full_like(x, 2.0)
    yield "labels NaN", x, np.array([[np.nan, 0, 1], [0, 0.25, 0.75]])
    yield "labels int64", x, _ONE_HOT
    yield "labels int8", x, _ONE_HOT.astype(np.int8)
    yield "labels bool", x, _ONE_HOT > 0
    yield from ((f"labels {shape}", x, np.full(shape, 1 / 3)) for shape in _SHAPES if shape != x.shape)
    yield "one dimension", x[0], _SOFT[0]
    yield "no dimension", np.asarray(x[0, 0]), np.asarray(1.0)
    yield "three dimensions", np.stack([x, x]).swapaxes(1, 2), np.stack([_SOFT, _SOFT]).swapaxes(1, 2)
    yield "one class", x[:, :1], np.ones((2, 1))
    yield "no rows", x[:0], _SOFT[:0]
    yield "no classes", x[:, :0], _SOFT[:, :0]
    yield "predictions int64", _HARD, _SOFT


def _indices(x: NumPyArray) -> Iterator[_Call]:
    yield "usual", x, _INDEX
    yield "labels floating", x, _INDEX + 0.5
    yield "labels bool", x, _INDEX > 0
    yield "labels int32", x, _INDEX.astype(np.int32)
    yield "labels uint8", x, _INDEX.astype(np.uint8)
    yield from ((f"labels {label}", x, np.array([0, label])) for label in (-1, -100, 3))
    yield from ((f"labels {shape}", x, np.zeros(shape, np.int64)) for shape in _SHAPES if shape != (2,))
    yield "one dimension", x[0], np.array(2)
    yield "no dimension", np.asarray(x[0, 0]), np.array(0)
    yield "three dimensions", np.stack([x, x]).swapaxes(1, 2), np.array([[0, 2], [1, 1]])
    yield "one class", x[:, :1], np.array([0, 0])
    yield "no rows", x[:0], _INDEX[:0]
    yield "no classes", x[:, :0], _INDEX
    yield "predictions int64", _HARD, _INDEX


_NONE = {"reduction": "none"}
_GAMMA, _ALPHA = (-1.0, np.array(1.5)), (-1, 0, 2.0, None, np.array([0.1, 0.2, 0.3]), np.array([-0.1, 1.2, 0.3]))
_SMOOTHING, _IGNORED = (-0.1, 0, 1, 1.5), (-1, 5)
_ROUGH_SMOOTHING = (-0.1, 0, 1.5)  # Paddle rounds what it multiplies labels by to float32
_WEIGHT = ("weight",)
_OFF_BELOW_0: Mapping[str, tuple[Any, ...]] = {"alpha": (-1, 0, 2.0, np.array(0.25)), "gamma": (-1.0,)}


def _keras(dialect: str) -> Iterator[Odd]:
    def each(name: str, labels: Labels, of: str, settings: Mapping[str, Any] | None = None, **numbers: tuple[Any, ...]) -> Iterator[Odd]:
        yield Odd(f"{dialect}.{name}", labels, "y_pred", "y_true", of, numbers=numbers, settings=settings or {})
        cls = "".join(word.capitalize() for word in name.split("_"))
        yield Odd(f"{dialect}.{cls}", labels, "y_pred", "y_true", of, tensors=("sample_weight",), dtype="float32")

    binary: dict[str, Any] = {"label_smoothing": _SMOOTHING, "from_logits": (1, None)}
    yield from each("binary_crossentropy", "binary", "probabilities", **binary)
    balanced = {"apply_class_balancing": True}
    yield from each("binary_focal_crossentropy", "binary", "probabilities", balanced, **binary, alpha=_ALPHA, gamma=_GAMMA)
    yield from each("categorical_crossentropy", "soft", "softmax", label_smoothing=_SMOOTHING)
    yield from each("categorical_focal_crossentropy", "soft", "softmax", label_smoothing=_SMOOTHING, alpha=_ALPHA, gamma=_GAMMA)
    yield from each("sparse_categorical_crossentropy", "indices", "softmax", ignore_class=_IGNORED)


_SOFT_LABEL = {"soft_label": True}
ODD: tuple[Odd, ...] = (
    Odd("torch.binary_cross_entropy", "binary", "input", "target", "probabilities", _WEIGHT, settings=_NONE),
    Odd("torch.binary_cross_entropy_with_logits", "binary", "input", "target", tensors=(*_WEIGHT, "pos_weight"), settings=_NONE),
    *(
        Odd(
            "torch.cross_entropy",
            labels,
            "input",
            "target",
            tensors=_WEIGHT,
            numbers={"label_smoothing": _SMOOTHING, "ignore_index": _IGNORED, "reduction": ("avg", None)},
            settings=_NONE,
        )
        for labels in ("indices", "soft")
    ),
    Odd("torch.nll_loss", "indices", "input", "target", "log", _WEIGHT, {"ignore_index": _IGNORED}, _NONE),
    Odd("paddle.binary_cross_entropy", "binary", "input", "label", "probabilities", _WEIGHT, settings=_NONE),
    Odd("paddle.binary_cross_entropy_with_logits", "binary", "logit", "label", tensors=(*_WEIGHT, "pos_weight"), settings=_NONE),
    Odd("paddle.sigmoid_focal_loss", "binary", "logit", "label", "logits", ("normalizer",), {"alpha": _ALPHA, "gamma": _GAMMA}, _NONE),
    Odd(
        "paddle.cross_entropy",
        "indices",
        "input",
        "label",
        tensors=_WEIGHT,
        numbers={"label_smoothing": _ROUGH_SMOOTHING, "ignore_index": _IGNORED, "reduction": ("avg", None)},
        settings=_NONE,
    ),
    Odd(
        "paddle.cross_entropy", "soft", "input", "label", "logits", _WEIGHT, {"label_smoothing": _ROUGH_SMOOTHING}, {**_NONE, **_SOFT_LABEL}
    ),
    Odd("paddle.softmax_with_cross_entropy", "indices", "logits", "label", numbers={"ignore_index": _IGNORED}, kept=True),
    Odd("paddle.softmax_with_cross_entropy", "soft", "logits", "label", settings=_SOFT_LABEL),
    Odd("paddle.nll_loss", "indices", "input", "label", "log", _WEIGHT, {"ignore_index": _IGNORED}, _NONE),
    Odd("paddle.log_loss", "binary", "input", "label", "probabilities", dtype="float32", one_column=True),
    Odd("tf.sigmoid_cross_entropy_with_logits", "binary", "logits", "labels"),
    Odd("tf.weighted_cross_entropy_with_logits", "binary", "logits", "labels", tensors=("pos_weight",), settings={"pos_weight": 2.0}),
    Odd("tf.softmax_cross_entropy_with_logits", "soft", "logits", "labels"),
    Odd("tf.sparse_softmax_cross_entropy_with_logits", "indices", "logits", "labels"),
    Odd("optax.sigmoid_binary_cross_entropy", "binary", "logits", "labels", few=True),
    Odd("optax.sigmoid_focal_loss", "binary", "logits", "labels", numbers={"alpha": _ALPHA, "gamma": _GAMMA}, few=True),
    Odd("optax.softmax_cross_entropy", "soft", "logits", "labels", few=True),
    Odd("optax.softmax_cross_entropy_with_integer_labels", "indices", "logits", "labels", few=True),
    Odd("optax.safe_softmax_cross_entropy", "soft", "logits", "labels", few=True),
    Odd("optax.poly_loss_cross_entropy", "soft", "logits", "labels", numbers={"epsilon": (-1.0, 0, np.array(1.5))}, few=True),
    Odd(
        "kornia.binary_focal_loss_with_logits",
        "binary",
        "pred",
        "target",
        tensors=(*_WEIGHT, "pos_weight"),
        numbers={"alpha": _ALPHA, "gamma": _GAMMA},
    ),
    Odd("kornia.focal_loss", "indices", "pred", "target", "logits", _WEIGHT, {"alpha": _ALPHA, "gamma": _GAMMA}, {"alpha": 0.25}),
    *(
        Odd(f"transformers.{name}", "binary", "inputs", "targets", numbers=_OFF_BELOW_0, settings={"num_boxes": 2.0})
        for name in ("sigmoid_focal_loss", "grounding_dino_sigmoid_focal_loss")
    ),
    *(
        Odd("transformers.fixed_cross_entropy", labels, "source", "target", numbers={"ignore_index": _IGNORED})
        for labels in ("indices", "soft")
    ),
    *(
        Odd(f"fvcore.{name}", "binary", "inputs", "targets", numbers=_OFF_BELOW_0, dtype="float32")
        for name in ("sigmoid_focal_loss", "sigmoid_focal_loss_star")
    ),
    Odd("timm.LabelSmoothingCrossEntropy", "indices", "x", "target"),
    Odd("timm.SoftTargetCrossEntropy", "soft", "x", "target"),
    *(Odd("timm.BinaryCrossEntropy", labels, "x", "target") for labels in ("binary", "indices")),
    Odd("timm.AsymmetricLossMultiLabel", "binary", "x", "y", dtype="float32"),
    Odd("timm.AsymmetricLossSingleLabel", "indices", "inputs", "target"),
    *(Odd("timm.PolyCrossEntropy", labels, "x", "target", dtype="float32") for labels in ("soft", "indices")),
    Odd("timm.PolyBinaryCrossEntropy", "binary", "x", "target", dtype="float32"),
    Odd("timm.ZlprLoss", "binary", "x", "target", dtype="float32"),
    Odd("ultralytics.FocalLoss", "binary", "pred", "label"),
    Odd("smp.SoftBCEWithLogitsLoss", "binary", "y_pred", "y_true"),
    Odd("paddledet._focal_loss", "binary", "score", "label", "probabilities", numbers={"alpha": (-1, 0), "gamma": (-1.0,)}),
    Odd("paddledet.VarifocalLoss", "binary", "pred", "target", tensors=_WEIGHT),
    Odd("paddledet.CTFocalLoss", "binary", "pred", "target", "probabilities"),
    Odd("paddleclas.CELoss", "indices", "x", "label"),
    Odd("paddleclas.CELoss", "soft", "x", "label"),
    Odd("paddleclas.MultiLabelAsymmetricLoss", "binary", "x", "target"),
    Odd("paddleseg.BCELoss", "binary", "logit", "label", dtype="float32"),
    Odd("keras_cv.FocalLoss", "binary", "y_pred", "y_true", "probabilities", ("sample_weight",), dtype="float32"),
    Odd(
        "keras_cv.BinaryPenaltyReducedFocalCrossEntropy", "binary", "y_pred", "y_true", "probabilities", ("sample_weight",), dtype="float32"
    ),
    Odd("focal_loss.binary_focal_loss", "binary", "y_pred", "y_true", "probabilities", settings={"gamma": 2.0}),
    Odd("focal_loss.sparse_categorical_focal_loss", "indices", "y_pred", "y_true", "softmax", settings={"gamma": 2.0}, dtype="float32"),
    Odd("mlx.cross_entropy", "indices", "logits", "targets", dtype="float32"),
    Odd("mlx.cross_entropy", "soft", "logits", "targets", dtype="float32"),
    Odd("mlx.binary_cross_entropy", "binary", "inputs", "targets", tensors=("weights",), settings=_NONE, dtype="float32"),
    Odd("mlx.nll_loss", "indices", "inputs", "targets", "log", dtype="float32"),
    *_keras("keras"),
    *_keras("keras2"),
    Odd("monai.FocalLoss", "binary", "input", "target", dtype="float32"),
    *(
        Odd(
            f"{dialect}.cross_entropy",
            labels,
            "pred",
            "label",
            "logits",
            _WEIGHT,
            {"ignore_index": _IGNORED, "reduction": ("avg", None)},
            _NONE,
        )
        for dialect in ("mmdet", "mmseg")
        for labels in ("indices", "soft")
    ),
    *(
        Odd(f"{dialect}.binary_cross_entropy", labels, "pred", "label", "logits", _WEIGHT, {"ignore_index": _IGNORED}, _NONE, "float32")
        for dialect in ("mmdet", "mmseg")
        for labels in ("indices", "binary")
    ),
    Odd("mmdet.quality_focal_loss_tensor_target", "binary", "pred", "target", "logits", _WEIGHT, {"beta": _GAMMA}, _NONE),
    Odd("mmdet.varifocal_loss", "binary", "pred", "target", "logits", _WEIGHT, {"gamma": _GAMMA}, _NONE),
    Odd(
        "mmdet.gaussian_focal_loss",
        "binary",
        "pred",
        "gaussian_target",
        "probabilities",
        _WEIGHT,
        {"gamma": _GAMMA},
        _NONE,
    ),
    Odd("mmseg.FocalLoss", "indices", "pred", "target", "logits", _WEIGHT, {"ignore_index": _IGNORED}),
    Odd("mmseg.FocalLoss", "binary", "pred", "target", "logits", _WEIGHT),
    Odd("mmpretrain.asymmetric_loss", "binary", "pred", "target", "logits", _WEIGHT, {"gamma_neg": _GAMMA, "clip": (-0.1, 0)}, _NONE),
    Odd("mmpretrain.AsymmetricLoss", "indices", "pred", "target", "logits", _WEIGHT),
    Odd(
        "effdet.new_focal_loss",
        "binary",
        "logits",
        "targets",
        tensors=("normalizer",),
        numbers={"alpha": _ALPHA, "gamma": _GAMMA, "label_smoothing": _SMOOTHING},
        settings={"alpha": 0.25, "gamma": 2.0, "normalizer": 2.0},
    ),
    Odd("fastai.FocalLoss", "indices", "inp", "targ"),
    Odd("fastai.FocalLoss", "soft", "inp", "targ"),
)


def _beyond(dialect: str, function: str, predictions: str, name: str, **arguments: Any) -> tuple[str, Case]:
    return dialect, Case(function, name, predictions, arguments)


_OUTSIDE = 2 * np.array([[0.7, 0.0, 0.9], [0.2, 1.0, 0.5]]) - 0.5
_OUTSIDE_SUM = 4 * _SOFT - 1
_NEGATIVE = np.array([-0.5, 1.0, 2.0])
_LABELS_FIRST = {"y_true": _OUTSIDE, "y_pred": _P["probabilities"]}
BEYOND: tuple[tuple[str, Case], ...] = (
    _beyond("torch", "binary_cross_entropy", "input", "weight", input=_P["probabilities"], target=_BINARY, weight=_NEGATIVE),
    _beyond("torch", "binary_cross_entropy_with_logits", "input", "labels", input=_X, target=_OUTSIDE, pos_weight=_NEGATIVE),
    _beyond("torch", "cross_entropy", "input", "labels", input=_X, target=_OUTSIDE, weight=_NEGATIVE),
    _beyond("torch", "cross_entropy", "input", "smoothed", input=_X, target=_INDEX, weight=_NEGATIVE, label_smoothing=0.1),
    _beyond("torch", "nll_loss", "input", "weight", input=_P["log"], target=_INDEX, weight=_NEGATIVE),
    _beyond("paddle", "binary_cross_entropy", "input", "labels", input=_P["probabilities"], label=_OUTSIDE),
    _beyond("paddle", "sigmoid_focal_loss", "logit", "labels", logit=_X, label=_OUTSIDE, alpha=1.5),
    _beyond("paddle", "sigmoid_focal_loss", "logit", "NaN where r < 0", logit=_X, label=_OUTSIDE, gamma=1.5, reduction="none"),
    _beyond("paddle", "cross_entropy", "input", "labels", input=_X, label=_OUTSIDE_SUM, weight=_NEGATIVE, soft_label=True),
    _beyond("paddle", "cross_entropy", "input", "weight", input=_X, label=_INDEX, weight=_NEGATIVE),
    _beyond("tf", "weighted_cross_entropy_with_logits", "logits", "labels", labels=_OUTSIDE, logits=_X, pos_weight=_NEGATIVE),
    _beyond("tf", "softmax_cross_entropy_with_logits", "logits", "labels", labels=_OUTSIDE_SUM, logits=_X),
    _beyond("optax", "sigmoid_focal_loss", "logits", "labels", logits=_X / 4, labels=_OUTSIDE, alpha=-0.5),
    _beyond("optax", "sigmoid_binary_cross_entropy", "logits", "integers", logits=_X, labels=np.array([[2, 0, 1], [-1, 1, 0]])),
    _beyond("kornia", "binary_focal_loss_with_logits", "pred", "labels", pred=_X, target=_OUTSIDE, pos_weight=_NEGATIVE, weight=_NEGATIVE),
    _beyond("kornia", "focal_loss", "pred", "weight", pred=_X, target=_INDEX, alpha=1.5, weight=_NEGATIVE),
    _beyond("keras", "binary_focal_crossentropy", "y_pred", "labels", **_LABELS_FIRST, apply_class_balancing=True, label_smoothing=-0.2),
    _beyond("keras2", "binary_crossentropy", "y_pred", "labels", **_LABELS_FIRST),
    _beyond("keras", "categorical_focal_crossentropy", "y_pred", "labels", y_true=_OUTSIDE, y_pred=_P["softmax"], alpha=_NEGATIVE),
)
"""By dialect: calls with labels outside [0, 1], negative weights, α and smoothing, which originals compute."""
