"""Losses of ``unifocal.nn.keras`` beside Keras's own: label shapes, masks, ignored targets, weights, reductions and precisions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import keras
import numpy as np
from keras.src.backend import set_keras_mask

import unifocal
from unifocal.dialects import keras as dialect
from unifocal.dialects import keras2
from unifocal.dialects import torch as torch_dialect
from unifocal.nn import keras as losses

RNG = np.random.default_rng(1)
_CATEGORICAL = losses.CrossEntropy, keras.losses.CategoricalCrossentropy
_SPARSE = losses.CrossEntropy, keras.losses.SparseCategoricalCrossentropy
_BINARY = losses.BinaryCrossEntropy, keras.losses.BinaryCrossentropy
_N, _T, _C = 4, 3, 5
_REDUCTIONS = ("sum_over_batch_size", "sum", None, "mean_with_sample_weight")
_BARS = {"float32": 2e-6, "float16": 2e-3, "bfloat16": 2e-2}
"""Relative.  Keras's own losses of half precision are computed in it."""


class Shapes(NamedTuple):
    """Labels and predictions of these shapes, whose losses have that of ``values`` as Keras sees it."""

    pair: tuple[Any, Any]
    labels: tuple[int, ...]
    predictions: tuple[int, ...]
    values: tuple[int, ...]


_SHAPES = (
    Shapes(_BINARY, (_N,), (_N, 1), (_N,)),
    Shapes(_BINARY, (_N, 1), (_N, 1), (_N,)),
    Shapes(_BINARY, (_N, 1), (_N,), (_N,)),
    Shapes(_BINARY, (_N, _T), (_N, _T), (_N,)),
    Shapes(_BINARY, (_N, _T), (_N, _T, 1), (_N,)),
    Shapes(_BINARY, (_N, _T, 1), (_N, _T), (_N,)),
    Shapes(_BINARY, (_N, _T, 1), (_N, _T, 1), (_N, _T)),
    Shapes(_BINARY, (_N, _T, _C), (_N, _T, _C), (_N, _T)),
    Shapes(_CATEGORICAL, (_N, _C), (_N, _C), (_N,)),
    Shapes(_CATEGORICAL, (_N, _T, _C), (_N, _T, _C), (_N, _T)),
    Shapes(_SPARSE, (_N,), (_N, _C), (_N,)),
    Shapes(_SPARSE, (_N, 1), (_N, _C), (_N,)),
    Shapes(_SPARSE, (_N, _T), (_N, _T, _C), (_N, _T)),
    Shapes(_SPARSE, (_N, _T, 1), (_N, _T, _C), (_N, _T)),
)


def _labels(shapes: Shapes) -> Any:
    if shapes.pair is _SPARSE:
        return RNG.integers(0, _C, shapes.labels)
    if shapes.pair is _CATEGORICAL:
        return np.eye(_C)[RNG.integers(0, _C, shapes.labels[:-1])]
    return RNG.integers(0, 2, shapes.labels)


def _masked(x: Any, mask: Any) -> Any:
    tensor = keras.ops.convert_to_tensor(x.astype("float32"))
    if mask is not None:
        set_keras_mask(tensor, keras.ops.convert_to_tensor(mask))
    return tensor


def _cases() -> Iterator[tuple[str, Any, Any, tuple[Any, ...]]]:
    """Ours and Keras's own with the same options, and the arguments of a call."""
    dtypes = ("float32", "float32", "float16", "bfloat16")
    turns = 0
    for shapes in _SHAPES:
        y, x = _labels(shapes), RNG.normal(size=shapes.predictions)
        mask = np.ones(shapes.values, bool)
        mask[0] = False
        if mask.ndim > 1:
            mask[..., -1] = False
        weights = [None, RNG.random(shapes.values), RNG.random((*shapes.values, 1)), RNG.random((_N, 1) if len(shapes.values) > 1 else _N)]
        ignored = [{}, {"ignore_index": int(y.flat[-2]), "ignore_class": int(y.flat[-2])}][: 1 + (shapes.pair is _SPARSE)]
        for ignore, m, weight in product(ignored, (None, mask), weights):
            # Every value of every option beside every other, not all at once.
            reduction, dtype = _REDUCTIONS[turns % len(_REDUCTIONS)], dtypes[turns // len(_REDUCTIONS) % len(dtypes)]
            turns += 1
            common: dict[str, Any] = {"reduction": reduction, "dtype": dtype}
            own = {key: value for key, value in ignore.items() if key == "ignore_index"}
            theirs = {key: value for key, value in ignore.items() if key == "ignore_class"}
            ours, keras_own = shapes.pair[0](**own, **common), shapes.pair[1](from_logits=True, **theirs, **common)
            asked = " mask" * (m is not None) + " ignore" * bool(own) + ("" if weight is None else f" weight{np.shape(weight)}")
            name = f"{keras_own.name} {shapes.labels} {shapes.predictions}{asked} {reduction} {dtype}"
            yield name, ours, keras_own, (y, _masked(x, m), *(() if weight is None else (weight,)))


def called() -> dict[str, Any]:
    """Calls in which ours is something else than Keras's own, and how many there were."""
    wrong, count = [], 0
    for name, ours, theirs, arguments in _cases():
        value = _numpy(ours(*arguments))
        try:
            expected = _numpy(theirs(*arguments))
        except RuntimeError as error:  # on PyTorch a weight of few elements is multiplied by the mask in place
            if "doesn't match the broadcast shape" not in str(error):
                raise
            continue
        count += 1
        if value.shape != expected.shape or not np.allclose(value, expected, rtol=_BARS[ours.dtype], atol=_BARS[ours.dtype]):
            wrong.append(f"{name}: {value.tolist()} for {expected.tolist()}")
    return {"wrong": wrong, "count": count}


def _numpy(tensor: Any) -> Any:
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


_X, _Y = np.array([[-1.0], [0], [2], [1]]), np.array([0, 1, 1, 0])
_IDS = np.array([[1, 2, 0, 0]])


def _dense() -> Any:
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])


def _embedding() -> Any:
    rows = keras.initializers.Constant([[2, 0, 0], [0, 1, 0], [0, 0, 3]])
    return keras.Sequential([keras.Input((4,)), keras.layers.Embedding(3, 3, mask_zero=True, embeddings_initializer=rows)])


def trained(model: Any, loss: Any, x: Any, y: Any, **options: Any) -> float:
    """The loss that a training step reports, as ``fit`` does, without compiling it."""
    model.compile(keras.optimizers.SGD(0.0), loss=loss, run_eagerly=True)
    return float(model.train_on_batch(x, y, **options))


def fitted() -> dict[str, tuple[float, float]]:
    """What training steps report, and what is right: an independent formula's number, or what Keras's own loss reports."""
    masked, weighed = 0.3231838, {"class_weight": {0: 1.0, 1: 10.0}}
    sampled = {"sample_weight": np.array([1.0, 0, 0, 0])}
    found = {}
    for policy in ("float32", "mixed_float16", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        model = _embedding()
        for name, loss in {
            "cross entropy": losses.CrossEntropy(),
            "ignoring": losses.CrossEntropy(ignore_index=0),
            "focal, ignoring": losses.SoftmaxFocalLoss(gamma=0.0, ignore_index=0),
            "dialect, ignoring": losses.Loss("keras.SparseCategoricalCrossentropy", from_logits=True, ignore_class=0),
        }.items():
            found[f"{policy}, masked: {name}"] = (trained(model, loss, _IDS, _IDS), masked)
    keras.config.set_dtype_policy("float32")
    dense = _dense()
    own = keras.losses.BinaryFocalCrossentropy(from_logits=True)
    for words, options, right in (("class weight", weighed, 0.618857), ("sample weight", sampled, 0.00566451)):
        found[f"{words}: Keras's own"] = (trained(dense, own, _X, _Y[:, None], **options), right)
        weighing: dict[str, Any] = {
            "dialect's object": dialect.BinaryFocalCrossentropy(from_logits=True),
            "older dialect's object": keras2.BinaryFocalCrossentropy(from_logits=True),
            "loss of an object": losses.Loss(dialect.BinaryFocalCrossentropy(from_logits=True)),
            "canonical loss": losses.SigmoidFocalLoss(alpha=None),
        }
        for name, loss in weighing.items():
            found[f"{words}: {name}"] = (trained(dense, loss, _X, _Y, **options), right)
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    functions: dict[str, Any] = {
        "canonical function": unifocal.binary_cross_entropy,
        "dialect's function, predictions first": torch_dialect.binary_cross_entropy_with_logits,
    }
    for name, function in functions.items():
        found[name] = (trained(dense, function, _X, _Y, **weighed), trained(dense, bce, _X, _Y, **weighed))
    return found


def metrics() -> dict[str, tuple[float, float]]:
    """What metrics report over two batches, with sample weights, and what is right."""
    weight = np.array([1.0, 2, 3, 4])
    right = float(np.average(unifocal.binary_cross_entropy(_X, _Y[:, None], reduction="none")[:, 0], weights=weight))
    found = {}
    for name, metric in {
        "canonical function": keras.metrics.MeanMetricWrapper(unifocal.binary_cross_entropy),
        "loss": keras.metrics.MeanMetricWrapper(losses.BinaryCrossEntropy()),
        "dialect's object": keras.metrics.MeanMetricWrapper(dialect.BinaryCrossentropy(from_logits=True)),
        "Metric": losses.Metric(losses.BinaryCrossEntropy()),
        "Metric of a function": losses.Metric(unifocal.binary_cross_entropy),
        "Metric from its configuration": losses.Metric.from_config(losses.Metric("binary_cross_entropy").get_config()),
    }.items():
        for part in (slice(0, 1), slice(1, 4)):
            metric.update_state(_Y[part], keras.ops.convert_to_tensor(_X[part].astype("float32")), weight[part])
        found[name] = (float(metric.result()), right)
    ignoring = losses.Metric(losses.CrossEntropy(ignore_index=0))
    scores = np.array([[2.0, 0, 0], [0, 1, 0], [0, 0, 3]])[_IDS]
    ignoring.update_state(_IDS, _masked(scores, _IDS != 1))
    found["Metric, masked and ignored"] = (float(ignoring.result()), float(unifocal.cross_entropy(scores[0, 1:2], [2])))
    return found


def exact() -> dict[str, tuple[float, float]]:
    """Calls and their right values."""
    logits = np.zeros((1, 600))
    logits[0, [259, 260]] = 5, -5
    right = float(unifocal.cross_entropy(logits, [259]))
    many = np.zeros((1, 70000))
    many[0, 66000] = 20.0
    x, y = np.array([[[0.5, 1], [2, -1], [0, 0.3]]]), np.array([[[0, 1], [1, -1], [1, 0]]])
    by_element = _masked(x, np.array([[True, True, False]]))
    both = np.zeros((2, 600))
    both[:, 300] = 3.0
    found = {
        "index 259 in bfloat16": (losses.CrossEntropy(dtype="bfloat16")([259], logits), right),
        "index 259 as float32 in bfloat16": (losses.CrossEntropy(dtype="bfloat16")(np.array([259.0], "float32"), logits), right),
        "index 66000 in float16": (losses.CrossEntropy(dtype="float16")([66000], many), float(unifocal.cross_entropy(many, [66000]))),
        "ignore_index 301 in bfloat16": (
            losses.CrossEntropy(dtype="bfloat16", ignore_index=301)([300, 301], both),
            float(unifocal.cross_entropy(both[:1], [300])),
        ),
        "masked, ignoring elements": (losses.BinaryCrossEntropy(ignore_index=-1)(y, by_element), 0.471422),
        "masked padding of no class": (
            losses.CrossEntropy()([[1, -1]], _masked(both[None], np.array([[True, False]]))),
            float(np.log(599 + np.exp(3))),
        ),
        "labels (N,) beside (N, 1)": (losses.SigmoidFocalLoss()([0, 1], np.array([[-1.0], [2.0]])), 0.00872222),
        "last of one column, indices": (
            losses.CrossEntropy(axis=1)(np.array([[[1], [0]]]), np.array([[[[0.0], [0.0]], [[0.0], [2.0]], [[0.0], [0.0]]]])),
            float((np.log(3) + np.log(2 + np.exp(2))) / 2),
        ),
    }
    keras.config.set_floatx("bfloat16")
    found["index 259 under floatx bfloat16"] = (losses.CrossEntropy()([259], logits), right)
    keras.config.set_floatx("float32")
    return {name: (float(_numpy(value)), expected) for name, (value, expected) in found.items()}


def errors() -> dict[str, str]:
    """What is refused, and with which words."""
    loss, x = losses.SigmoidFocalLoss(gamma=1.5), keras.ops.convert_to_tensor(_X.astype("float32"))
    wrap, index = keras.metrics.MeanMetricWrapper, np.array([0, 1, 1, 0])
    wide = keras.ops.convert_to_tensor(np.zeros((4, 600), "float32"))
    halves = keras.ops.convert_to_tensor(index, dtype="bfloat16")
    calls: dict[str, Any] = {
        "option set": lambda: setattr(loss, "gamma", 0.0),
        "default option set": lambda: setattr(loss, "label_smoothing", 0.1),
        "no attribute": lambda: loss.gama,
        "summed": lambda: trained(_dense(), dialect.BinaryCrossentropy(from_logits=True, reduction="sum"), _X, _Y),
        "summed function": lambda: wrap(unifocal.sigmoid_focal_loss, reduction="sum", gamma=1.0)(index, x),
        "ignoring metric": lambda: wrap(unifocal.cross_entropy, ignore_index=1)(index, wide),
        "ignoring loss as a metric": lambda: wrap(losses.CrossEntropy(ignore_index=1))(index, wide),
        "rounded indices": lambda: wrap(unifocal.cross_entropy)(halves, wide),
        "rounded indices of a loss": lambda: losses.CrossEntropy()(halves, wide),
        "ragged": lambda: loss([[1], [0, 1]], x),
        "other shape": lambda: loss(np.zeros((4, 3)), np.zeros((4, 2))),
        "no loss": lambda: losses.Loss("focus_loss"),
        "no dialect's loss": lambda: losses.Loss("torch.focal_loss"),
        "another's function": lambda: losses.Loss(keras.losses.binary_crossentropy),
        "metric's options": lambda: losses.Metric(loss, gamma=2.0),
    }
    return {name: _message(call) for name, call in calls.items()}


def _message(call: Any) -> str:
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def words() -> dict[str, Any]:
    """Names, representations and options as they are read."""
    made = [losses.SigmoidFocalLoss(alpha=np.array([0.25, 0.5]), gamma=1.5) for _ in range(2)]
    return {
        "names": [loss.name for loss in (*made, losses.Loss("keras.BinaryFocalCrossentropy"), losses.CrossEntropy(name="mine"))],
        "repr": repr(made[0]),
        "repr of a dialect's": repr(losses.Loss("keras.binary_crossentropy", label_smoothing=0.1, reduction="sum")),
        "repr of a metric": repr(losses.Metric(losses.CrossEntropy(from_logits=False))),
        "options": [made[0].gamma, made[0].from_logits, made[0].alpha, made[0].label_smoothing],
        "dtype": losses.CrossEntropy.from_config(losses.CrossEntropy(dtype="float16").get_config()).dtype,
        "module": keras.saving.serialize_keras_object(losses.CrossEntropy())["module"],
        "registered": [
            keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss)) is loss
            for loss in (unifocal.sigmoid_focal_loss, torch_dialect.cross_entropy)
        ],
    }


def compiled() -> list[float]:
    """The loss of a canonical function that is called by Keras's wrapper, or by anything else, in code that PyTorch compiles."""
    import torch

    def wrapped(y: Any, x: Any) -> Any:
        return wrapper.call(y, x)

    def plain(y: Any, x: Any) -> Any:
        return unifocal.binary_cross_entropy(x, y)

    from keras.src.losses.losses import LossFunctionWrapper

    wrapper = LossFunctionWrapper(unifocal.binary_cross_entropy)
    y, x = torch.tensor(_Y[:, None], dtype=torch.float32), torch.tensor(_X, dtype=torch.float32)
    return [float(torch.compile(way, fullgraph=True, backend="eager")(y, x).mean()) for way in (wrapped, plain)]
