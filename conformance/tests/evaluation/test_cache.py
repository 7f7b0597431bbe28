"""Calls like an earlier one: what is looked up is what would be found out again, and all that can differ is looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dialects import keras, kornia, mmdet, paddle, tfa, torchvision
from unifocal.evaluation import cache
from unifocal.loss import loss as loss_of

from ...frameworks import Framework
from ..every_loss import LOSSES, SIGMOID, by_name

EAGER = pytest.mark.frameworks("numpy", "torch", "paddle", "tensorflow")
RNG = np.random.default_rng(11)
X, SOFT, INDEX = RNG.normal(size=(5, 4)), RNG.random((5, 4)), RNG.integers(0, 4, 5)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing is known before a test, nor after."""
    cache.clear()
    yield
    cache.clear()


def is_known(loss: Any, *tensors: Any, **options: Any) -> bool:
    return cache.lookup(loss.describe, tensors, options, constant=False) is not None


@EAGER
@by_name(LOSSES)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "weighted_mean"])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"sample_weight": 2.0, "normalizer": 3}, {"ignore_index": 1}], ids=str)
def test_second_call_gives_what_the_first_gives(framework: Framework, loss: Any, reduction: str, options: dict[str, Any]) -> None:
    for targets in (SOFT, INDEX):
        if "ignore_index" in options and targets is SOFT and loss not in dict(SIGMOID).values():
            continue
        for i in range(3):  # of other numbers each time
            x, y = X * (i + 1), targets[::-1].copy() if i % 2 else targets
            arrays = framework.value_and_gradient(loss, x, y, dtype="float64", reduction=reduction, **options)
            cache.clear()
            for known, fresh in zip(
                arrays, framework.value_and_gradient(loss, x, y, dtype="float64", reduction=reduction, **options), strict=True
            ):
                np.testing.assert_array_equal(known, fresh)
            assert is_known(loss, framework.tensor(x, "float64"), framework.tensor(y), reduction=reduction, **options)


@EAGER
@by_name(LOSSES)
def test_kinds_of_calls_are_kept_apart(framework: Framework, loss: Any) -> None:
    """Hard after soft labels, an integer after a boolean, another shape, and back: each as if it were the first."""
    hard = SOFT > 0.5
    calls = [(X, SOFT), (X, hard), (X, hard.astype("int64")), (X[:3], SOFT[:3]), (X, hard.astype("float64")), (X, INDEX), (X, SOFT)]
    for x, y in calls:
        known = framework.value_and_gradient(loss, x, y, dtype="float64")
        for ours, whole in zip(known, unifocal.value_and_grad(loss)(x, y.tolist()), strict=True):  # lists are never known
            np.testing.assert_allclose(ours, whole, rtol=1e-13)


@EAGER
def test_values_are_checked_each_time(framework: Framework) -> None:
    x, good, bad = framework.tensor(X), framework.tensor(SOFT), framework.tensor(SOFT + 1)
    for loss, right, wrong in (
        (unifocal.binary_cross_entropy, good, bad),
        (unifocal.cross_entropy, framework.tensor(INDEX), framework.tensor(INDEX + 4)),
    ):
        loss(x, right)
        assert is_known(loss, x, right)
        with pytest.raises(ValueError, match="must be in"):
            loss(x, wrong)
        with unifocal.value_checks(False):
            assert np.isnan(framework.numpy(loss(x, wrong, reduction="none"))).any()


@EAGER
@pytest.mark.parametrize(
    ("good", "bad"), [({"gamma": 1}, {"gamma": True}), ({"from_logits": True}, {"from_logits": 1}), ({"axis": 1}, {"axis": 1.0})]
)
def test_options_that_are_equal_but_of_another_type_are_not_taken_for_each_other(
    framework: Framework, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    x, y = framework.tensor(X), framework.tensor(SOFT)
    unifocal.sigmoid_focal_loss(x, y, **good)
    with pytest.raises(TypeError):
        unifocal.sigmoid_focal_loss(x, y, **bad)


SERVED: dict[str, tuple[Callable[..., Any], tuple[str, ...], dict[str, Any]]] = {
    "tensor option": (unifocal.sigmoid_focal_loss, ("x", "soft"), {"sample_weight": "weight", "alpha": "vector"}),
    "keywords": (unifocal.cross_entropy, (), {"predictions": "x", "targets": "index"}),
    "labels first": (keras.binary_crossentropy, ("soft", "x"), {"from_logits": True}),
    "labels first, keywords": (keras.binary_crossentropy, (), {"y_true": "soft", "y_pred": "x", "from_logits": True}),
    "hidden ignore_index": (paddle.sigmoid_focal_loss, ("x", "soft"), {}),
    "tensor by position": (paddle.binary_cross_entropy_with_logits, ("x", "soft", "weight"), {}),
    "object": (kornia.BinaryFocalLossWithLogits(0.25, 2.0, "mean"), ("x", "soft"), {}),
    "object with a tensor": (kornia.BinaryFocalLossWithLogits(0.25, 2.0, "mean"), ("x", "soft"), {}),
    "object, labels first": (keras.BinaryFocalCrossentropy(from_logits=True, apply_class_balancing=True), ("soft", "x"), {}),
}


@EAGER
@pytest.mark.parametrize("name", SERVED)
def test_call_of_any_kind_is_looked_up(framework: Framework, name: str) -> None:
    loss: Any
    loss, names, options = SERVED[name]
    tensors = {"x": X, "soft": SOFT, "index": INDEX, "vector": SOFT[0], "weight": 2 * SOFT}

    def call(turn: int) -> Any:
        arrays = {key: framework.tensor(array * (turn % 2 + 1) if key == "x" else array) for key, array in tensors.items()}
        given = {key: arrays.get(option, option) if isinstance(option, str) else option for key, option in options.items()}
        if name == "object with a tensor":
            loss.pos_weight = arrays["vector"]
        return framework.numpy(loss(*(arrays[key] for key in names), **given))

    first = [call(turn) for turn in range(3)]
    assert [entry is not None for entry in cache._entries.values()] == [True]
    for turn, value in enumerate(first):
        cache.clear()
        np.testing.assert_array_equal(call(turn), value)
    assert (first[0] != first[1]).all()


@EAGER
def test_tensor_given_twice_is_not_taken_for_another(framework: Framework) -> None:
    x, y, w = framework.tensor(X), framework.tensor(SOFT), framework.tensor(SOFT[::-1].copy())
    twice = framework.numpy(unifocal.sigmoid_focal_loss(x, y, sample_weight=y))
    once = framework.numpy(unifocal.sigmoid_focal_loss(x, y, sample_weight=w))
    np.testing.assert_allclose(once, unifocal.sigmoid_focal_loss(X, SOFT.tolist(), sample_weight=SOFT[::-1].tolist()), rtol=1e-6)
    assert twice != once
    np.testing.assert_array_equal(unifocal.sigmoid_focal_loss(x, y, sample_weight=y), twice)


def test_views_and_subclasses_of_arrays_leave_the_plain_ones_known() -> None:
    class Own(np.ndarray):
        pass

    unifocal.binary_cross_entropy(X.view(Own), SOFT.astype(SOFT.dtype.newbyteorder()))
    assert [entry is not None for entry in cache._entries.values()] == [True]
    unifocal.binary_cross_entropy(X, SOFT)
    assert len(cache._entries) == 1


def test_attributes_of_objects_are_known_by_their_names() -> None:
    one, other = kornia.BinaryFocalLossWithLogits(0.5, 2.0, "mean"), kornia.BinaryFocalLossWithLogits(0.5, 2.0, "mean")
    attributes = {**vars(other)}
    vars(other).clear()
    vars(other).update({"gamma": 0.5, "alpha": 2.0} | {name: attributes[name] for name in attributes if name not in ("gamma", "alpha")})
    values = [float(loss(X, SOFT)) for loss in (one, other, one)]
    assert values[0] == values[2] != values[1]


Y, P = np.eye(3)[[0, 1]], np.array([[0.7, 0.2, 0.1], [0.3, 0.4, 0.3]])


def fresh_value(loss: Any, *args: Any, **options: Any) -> Any:
    cache.clear()
    return loss(*args, **options)


def test_classes_whose_objects_have_equal_attributes_are_kept_apart() -> None:
    binary, categorical = (cls(name="same") for cls in (keras.BinaryCrossentropy, keras.CategoricalCrossentropy))
    values = [float(loss(Y, P)) for loss in (binary, categorical, binary)]
    assert values == [float(fresh_value(loss, Y, P)) for loss in (binary, categorical, binary)]
    assert values[0] != values[1]


def test_classes_of_others_are_asked_each_time() -> None:
    class Own(keras.BinaryCrossentropy):
        log_epsilon = 0.3

    class Loose(keras.BinaryCrossentropy):
        def describe(self, *args: Any) -> Any:
            return super().describe(*args)

    plain = keras.BinaryCrossentropy()
    value = float(plain(Y, P))
    assert float(Own()(Y, P)) == float(fresh_value(Own(), Y, P)) != value
    before = float(Own()(Y, P))
    Own.log_epsilon = 0.6  # which is no attribute of the object
    assert float(Own()(Y, P)) != before
    assert float(Loose()(Y, P)) == value
    plain.describe = lambda *args: keras.CategoricalCrossentropy().describe(*args)  # type: ignore[method-assign]
    assert float(plain(Y, P)) == float(keras.CategoricalCrossentropy()(Y, P))


@pytest.mark.parametrize(
    ("loss", "options", "name", "values"),
    [
        (keras.binary_focal_crossentropy, {}, "apply_class_balancing", (True, False)),
        (mmdet.FocalLoss(), {}, "avg_factor", (3.0, 5.0, 0.5)),
        (torchvision.sigmoid_focal_loss, {"reduction": "mean"}, "alpha", (0.25, -1.0, 0.5)),
        (tfa.sigmoid_focal_crossentropy, {}, "alpha", (0.25, 0.0, 0.5)),
        (unifocal.sigmoid_focal_loss, {}, "sample_weight", (2.0, 3.0)),
    ],
    ids=lambda option: getattr(option, "__name__", None),
)
def test_tensors_of_one_number_are_looked_at_each_time(loss: Any, options: dict[str, Any], name: str, values: tuple[Any, ...]) -> None:
    """A describing function can ask of such a tensor what it is, as of a number."""
    first, second = (Y, P) if loss.labels_first else (P, Y)
    found = [np.asarray(loss(first, second, **options, **{name: np.array(value)})) for value in values]
    for value, ours in zip(values, found, strict=True):
        np.testing.assert_array_equal(ours, fresh_value(loss, first, second, **options, **{name: np.array(value)}))
    assert not np.array_equal(found[0], found[1])


def test_bad_tensor_of_one_number_is_refused_each_time() -> None:
    torchvision.sigmoid_focal_loss(P, Y, alpha=np.array(0.25))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="alpha must be in"):
        torchvision.sigmoid_focal_loss(P, Y, alpha=np.array(1.5))  # type: ignore[arg-type]


def test_attribute_that_is_a_tensor_is_not_kept() -> None:
    loss = mmdet.FocalLoss()
    found = []
    for weight in (2.0, 4.0):
        loss.loss_weight = np.array(weight)  # type: ignore[assignment]
        found.append(float(loss(P, Y)))
    assert found[1] == pytest.approx(2 * found[0])


def test_first_call_describes_itself_once() -> None:
    asked = []

    @loss_of
    def counted(predictions: Any, targets: Any, gamma: float = 2.0) -> Any:
        asked.append(gamma)
        return unifocal.sigmoid_focal_loss.describe(predictions, targets, gamma=gamma)  # type: ignore[attr-defined]

    for _ in range(3):
        counted(X, SOFT)
    assert asked == [2.0]


def test_what_is_kept_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST", 3)
    for n in range(1, 20):
        unifocal.binary_cross_entropy(np.zeros(n), np.zeros(n))
        assert 1 <= len(cache._entries) <= 3


def test_no_tensor_is_kept_alive() -> None:
    """What is known holds neither predictions nor targets."""
    import gc
    import weakref

    x = np.zeros((3, 2))
    unifocal.binary_cross_entropy(x, np.zeros((3, 2)))
    alive = weakref.ref(x)
    del x
    gc.collect()
    assert cache._entries
    assert alive() is None


@pytest.mark.frameworks("torch")
@pytest.mark.parametrize("turns", [(False, True, False), (True, False, True)], ids=str)
def test_torch_half_precision_heeds_autocast(framework: Framework, turns: tuple[bool, ...]) -> None:
    import torch

    x, y = torch.zeros(4, dtype=torch.bfloat16), torch.zeros(4)
    for on in turns:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=on):
            assert unifocal.binary_cross_entropy(x, y).dtype == (torch.float32 if on else torch.bfloat16)


@pytest.mark.frameworks("torch")
@pytest.mark.filterwarnings("ignore:Gradients by the targets are wanted:UserWarning")
def test_torch_labels_that_come_to_require_gradients(framework: Framework) -> None:
    import torch

    x, y = torch.tensor(X), torch.tensor(SOFT)
    unifocal.binary_cross_entropy(x, y)
    y.requires_grad_()
    (gradient,) = torch.autograd.grad(unifocal.binary_cross_entropy(x, y, reduction="sum"), y)
    torch.testing.assert_close(gradient, -x)


@pytest.mark.frameworks("torch")
def test_torch_targets_of_another_device_are_refused_each_time(framework: Framework) -> None:
    import torch

    x, y = torch.tensor(X), torch.tensor(SOFT)
    for _ in range(2):
        unifocal.binary_cross_entropy(x, y)
        with pytest.raises(ValueError, match="targets must be on the device of the predictions, cpu; received meta"):
            unifocal.binary_cross_entropy(x, y.to("meta"))


def test_objects_may_change() -> None:
    from unifocal.dialects.kornia import BinaryFocalLossWithLogits

    loss = BinaryFocalLossWithLogits(0.25, 2.0, "mean")
    both = unifocal.value_and_grad(loss)
    first = both(X, SOFT)[0]
    loss.gamma = 4.0
    assert both(X, SOFT)[0] == unifocal.value_and_grad(BinaryFocalLossWithLogits(0.25, 4.0, "mean"))(X, SOFT)[0] != first


def test_deprecated_arguments_are_warned_of_each_time() -> None:
    from unifocal.dialects.torch import binary_cross_entropy_with_logits

    for _ in range(3):
        with pytest.warns(UserWarning, match="size_average and reduce are deprecated") as warned:
            binary_cross_entropy_with_logits(X, SOFT, reduce=False)
        assert [each.filename for each in warned] == [__file__]
        with pytest.warns(UserWarning, match="size_average and reduce are deprecated"):
            binary_cross_entropy_with_logits(X, SOFT, None, True)
