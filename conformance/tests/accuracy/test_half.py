"""Half precision in many blocks: what is kept of the slope, what that costs of a gradient's digits, and losses in float32."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.evaluation import blocks, read
from unifocal.evaluation.cache import clear
from unifocal.evaluation.evaluate import Call

from ...frameworks import ALL_DTYPES, Framework
from ...truth import tolerances
from ...truth.ulp import Exact, distance, of_largest
from ..every_loss import LOSSES, SOFTMAX, by_name

EAGER = pytest.mark.frameworks("numpy", "torch", "paddle", "tensorflow")
HALVES = pytest.mark.dtypes("float16", "bfloat16")
RNG = np.random.default_rng(16)
ROWS, CLASSES = 90, 7
IGNORED = -100
LOSS_SCALE = 2.0**14


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks of a few rows."""
    monkeypatch.setattr(read, "_block", lambda *_: 13 * CLASSES)
    clear()
    yield
    clear()


def rounded(framework: Framework, x: Any, dtype: str) -> Any:
    """x as the dtype has it, in float64."""
    with framework.precision(dtype):
        return framework.numpy(framework.tensor(x, dtype)).astype(np.float64)


def gradient(framework: Framework, loss: Any, x: Any, targets: Any, dtype: str, cotangent: Any, **options: Any) -> Any:
    """The framework's gradient of the loss, in float32, times the cotangent."""
    tensors = {key: framework.tensor(o) if isinstance(o, np.ndarray) else o for key, o in options.items()}
    y, factor = framework.tensor(targets), framework.tensor(np.float32(cotangent))
    with framework.precision(dtype):
        found = framework.gradient(lambda x: loss(x, y, dtype="float32", **tensors) * factor, framework.tensor(x, dtype))[1]
        return framework.numpy(found)


def exactly(loss: Any, x: Any, targets: Any, **options: Any) -> Any:
    """The gradient in float64."""
    return unifocal.value_and_grad(loss)(x, targets, **options)[1]


# --- digits ------------------------------------------------------------------------------------------------------------------------

_TARGETS: dict[str, tuple[Any, dict[str, Any]]] = {
    "index": (np.where(np.arange(ROWS) % 5, np.arange(ROWS) % CLASSES, IGNORED), {"ignore_index": IGNORED}),
    "one-hot": (np.eye(CLASSES)[np.arange(ROWS) % CLASSES], {}),
}


@by_name(LOSSES)
@HALVES
@pytest.mark.frameworks("torch", "paddle", "tensorflow")
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "weighted_mean"])
@pytest.mark.parametrize(("targets", "options"), _TARGETS.values(), ids=_TARGETS.keys())
@pytest.mark.usefixtures("small")
def test_gradient_of_blocks(
    framework: Framework, dtype: str, loss: Any, targets: Any, options: dict[str, Any], reduction: str, measure: Callable[..., None]
) -> None:
    x = rounded(framework, 3 * RNG.normal(size=(ROWS, CLASSES)), dtype)
    weights = {"sample_weight": RNG.random(ROWS).astype(np.float32)} if reduction == "weighted_mean" else {}
    true = exactly(loss, x, targets, reduction=reduction, **options, **weights)
    for cotangent in (1.0, 2.0**-5, LOSS_SCALE, 3.7, 1000.0):
        expected = true * float(np.float32(cotangent))
        expected = np.where(np.abs(expected) < 65000, expected, np.inf if dtype == "float16" else expected)
        found = gradient(framework, loss, x, targets, dtype, cotangent, reduction=reduction, **options, **weights)
        far = distance(np.where(np.isfinite(expected), found, 0), Exact(np.nan_to_num(expected, posinf=0), 0 * x), dtype)
        bar = tolerances.HALF if np.frexp(cotangent)[0] == 0.5 else tolerances.HALF_TWICE
        measure(far, bar, dtype, "gradient of blocks", "once" if bar == tolerances.HALF else "twice")


@pytest.mark.dtypes("float16")
@pytest.mark.frameworks("torch", "paddle", "tensorflow")
@pytest.mark.usefixtures("small")
def test_blocks_of_all_sizes_of_slope_keep_their_digits(framework: Framework, dtype: str, measure: Callable[..., None]) -> None:
    """float16's one power of two suits the block with the largest slope; some have none, and one an infinite one."""
    probabilities = rounded(framework, 0.02 + 0.9 * RNG.random((ROWS, CLASSES)), dtype)
    weight = np.repeat(np.array([1e-3, 2e3, 0, 1, 1e-2, 30], np.float32), ROWS // 6)
    labels = RNG.random((ROWS, CLASSES)).round()
    probabilities[-1, 0], labels[-1, 0] = 0, 1
    options: dict[str, Any] = {"from_logits": False, "sample_weight": weight, "reduction": "sum"}
    for cotangent in (2.0**-4, 2.0**-12):
        true = exactly(unifocal.binary_cross_entropy, probabilities, labels, **options) * cotangent
        found = gradient(framework, unifocal.binary_cross_entropy, probabilities, labels, dtype, cotangent, **options).copy()
        assert found[-1, 0] == true[-1, 0] == -np.inf
        found[-1, 0] = true[-1, 0] = 0
        measure(distance(found, Exact(true, 0 * true), dtype), tolerances.HALF, dtype, "gradient of blocks of all sizes")


@by_name(SOFTMAX)
@pytest.mark.frameworks("torch", "paddle", "tensorflow")
def test_loss_scale_finds_what_a_vocabulary_would_have_lost(framework: Framework, loss: Any, measure: Callable[..., None]) -> None:
    x = rounded(framework, 3 * RNG.normal(size=(64, 4096)), "float16")
    index = RNG.integers(0, 4096, 64)
    true = exactly(loss, x, index, reduction="mean")
    with np.errstate(under="ignore"):
        assert np.mean(true.astype(np.float16) == 0) > 0.3  # divided and rounded, these are lost
    scaled = gradient(framework, loss, x, index, "float16", LOSS_SCALE, reduction="mean")
    measure(distance(scaled, Exact(true * LOSS_SCALE, 0 * true), "float16"), tolerances.HALF, "float16", "gradient under a loss scale")
    assert np.mean(scaled == 0) < 1e-3


@by_name(LOSSES)
@HALVES
@EAGER
@pytest.mark.usefixtures("small")
def test_value_and_gradient_are_rounded_once(framework: Framework, dtype: str, loss: Any) -> None:
    x = rounded(framework, 3 * RNG.normal(size=(ROWS, CLASSES)), dtype)
    targets, options = _TARGETS["index"]
    for reduction in ("none", "mean"):
        half, single = (
            unifocal.value_and_grad(loss)(framework.tensor(x, each), framework.tensor(targets), reduction=reduction, **options)
            for each in (dtype, "float32")
        )
        for ours, wide in zip(half, single, strict=True):
            true = framework.numpy(wide).astype(np.float64)
            assert np.max(distance(framework.numpy(ours), Exact(true, 0 * true), dtype)) <= 0.5 + 2.0**-7


@by_name(LOSSES)
@HALVES
@pytest.mark.frameworks("torch", "paddle", "tensorflow")
@pytest.mark.usefixtures("small")
def test_second_derivatives(framework: Framework, dtype: str, loss: Any) -> None:
    """They are the kernel's, whatever the slope is kept times: to what float16 has of digits, its largest as the unit."""
    x, h = (rounded(framework, RNG.normal(size=(ROWS, CLASSES)), dtype) for _ in range(2))
    targets, options = _TARGETS["index"]
    for reduction in ("sum", "mean"):
        found = framework.second(loss, x, targets, h, dtype=dtype, reduction=reduction, **options)
        wide = framework.second(loss, x, targets, h, dtype="float64", reduction=reduction, **options)
        assert of_largest(found, wide, dtype) <= tolerances.HALF_TWICE


@HALVES
@pytest.mark.frameworks("torch", "paddle", "tensorflow")
@pytest.mark.usefixtures("small")
def test_gradient_that_may_be_differentiated_again_is_the_same(framework: Framework, dtype: str) -> None:
    targets, options = _TARGETS["index"]
    loss: Any = unifocal.cross_entropy
    x, y = framework.tensor(RNG.normal(size=(ROWS, CLASSES)), dtype), framework.tensor(targets)
    inner: list[Any] = []

    def function(x: Any) -> Any:
        return loss(x, y, **options)

    if framework.name == "torch":
        import torch

        x.requires_grad_()
        inner += torch.autograd.grad(function(x), x, create_graph=True)
    elif framework.name == "paddle":
        import paddle

        x.stop_gradient = False
        inner += paddle.grad([function(x)], [x], create_graph=True)
    else:
        import tensorflow as tf

        with tf.GradientTape() as outer:
            outer.watch(x)
            inner.append(framework.gradient(function, x)[1])
    plain = framework.numpy(framework.gradient(function, x)[1])
    assert of_largest(framework.numpy(inner[0]), plain, dtype) <= tolerances.HALF


@HALVES
@pytest.mark.frameworks("torch")
@pytest.mark.usefixtures("small")
def test_torch_backward_again_and_of_many_cotangents(framework: Framework, dtype: str) -> None:
    import torch

    x = framework.tensor(RNG.normal(size=(ROWS, CLASSES)), dtype).requires_grad_()
    for reduction in ("mean", "none"):
        loss = unifocal.cross_entropy(x, torch.arange(ROWS) % CLASSES, reduction=reduction, dtype=torch.float32)
        cotangents = torch.stack([torch.full_like(loss, factor) for factor in (1.0, 3.0)])
        (rows,) = torch.autograd.grad(loss, x, cotangents, is_grads_batched=True, retain_graph=True)
        kept = [torch.autograd.grad(loss, x, cotangent, retain_graph=True)[0] for cotangent in cotangents]
        last = torch.autograd.grad(loss, x, cotangents[1])[0]
        torch.testing.assert_close(kept[1], last, rtol=0, atol=0)
        torch.testing.assert_close(rows, torch.stack(kept), rtol=0, atol=0)


# --- memory ------------------------------------------------------------------------------------------------------------------------


@by_name(LOSSES)
@EAGER
@pytest.mark.dtypes("float16")
@pytest.mark.parametrize("reduction", ["none", "mean"])
@pytest.mark.usefixtures("small")
def test_slope_is_kept_in_half_precision(
    framework: Framework, dtype: str, loss: Any, reduction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = []
    run = Call.run

    def watched(self: Call, *arguments: Any, **options: Any) -> Any:
        kept.append(run(self, *arguments, **options))
        return kept[-1]

    monkeypatch.setattr(Call, "run", watched)
    x, (targets, options) = RNG.normal(size=(ROWS, CLASSES)), _TARGETS["index"]
    framework.value_and_gradient(loss, x, targets, dtype=dtype, reduction=reduction, **options)
    assert [slope.dtype.itemsize for _, slope, _, _ in kept] == [2]


VOCABULARY = 1 << 15
LARGE = 1 << 23


@pytest.fixture
def bare_heap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked for that is never touched: it counts as much as a small array here, and nothing beside a large one."""
    monkeypatch.setattr(blocks, "_MOST_KEPT", 1)


@pytest.mark.frameworks("torch")
@HALVES
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.usefixtures("bare_heap")
def test_torch_needs_one_array_and_a_half(framework: Framework, dtype: str, reduction: Any) -> None:
    """Of the logits' size beyond them, forward and backward; an array of float32 would be two."""
    import torch

    x = torch.zeros(LARGE // VOCABULARY, VOCABULARY, dtype=getattr(torch, dtype), requires_grad=True)
    index = torch.zeros(len(x), dtype=torch.int64)
    index[::3] = IGNORED
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        loss = unifocal.cross_entropy(x, index, ignore_index=IGNORED, reduction=reduction)
        loss.backward(torch.full_like(loss, 3.0))
    events = sorted((e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"), key=lambda e: e.start_ns())
    assert np.cumsum([event.nbytes() for event in events]).max() <= 1.5 * x.nbytes


@pytest.mark.usefixtures("bare_heap")
def test_numpy_needs_one_array_and_a_half() -> None:
    x = np.zeros((LARGE // VOCABULARY, VOCABULARY), np.float16)
    index = np.arange(len(x))
    function = unifocal.value_and_grad(unifocal.cross_entropy)
    function(x[:1, :10], index[:1])
    tracemalloc.start()
    function(x, index, ignore_index=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 1.5 * x.nbytes


# --- losses in float32 -------------------------------------------------------------------------------------------------------------


@by_name({name: LOSSES[name] for name in ("sigmoid_focal", "cross_entropy")})
@pytest.mark.dtypes(*ALL_DTYPES)
@pytest.mark.usefixtures("small")
def test_loss_in_float32(framework: Framework, dtype: str, loss: Any) -> None:
    targets, options = _TARGETS["index"]
    x = rounded(framework, 3 * RNG.normal(size=(ROWS, CLASSES)), dtype)
    with framework.precision(dtype):
        tensor, y = framework.tensor(x, dtype), framework.tensor(targets)
        for rows, reduction in ((2, "mean"), (ROWS, "none"), (ROWS, "mean")):  # one block, and many
            if rows == 2 and framework.compiles_each_call:
                continue
            value, gradient = unifocal.value_and_grad(loss)(
                tensor[:rows, ...], y[:rows, ...], dtype="float32", reduction=reduction, **options
            )
            alone = loss(tensor[:rows, ...], y[:rows, ...], dtype="float32", reduction=reduction, **options)
            assert framework.numpy(value).dtype == framework.numpy(alone).dtype == np.float32
            assert "float32" in str(value.dtype)
            assert gradient.dtype == tensor.dtype
            wide = unifocal.value_and_grad(loss)(x[:rows], targets[:rows], reduction=reduction, **options)[0]
            for found in (value, alone):
                np.testing.assert_allclose(framework.numpy(found), wide, rtol=2e-6, atol=1e-7)


@HALVES
@pytest.mark.costly
@pytest.mark.frameworks("torch", "tensorflow", "paddle", "jax", "mlx")
def test_compiled_loss_in_float32(framework: Framework, dtype: str) -> None:
    x, y = framework.tensor(3 * RNG.normal(size=(9, 4)), dtype), framework.tensor(np.eye(9, 4))
    loss = partial(unifocal.softmax_focal_loss, dtype="float32")
    eager, traced = framework.numpy(loss(x, y)), framework.traced(lambda tensors: loss(*tensors), [x, y])
    assert "float32" in str(traced.dtype)
    np.testing.assert_allclose(framework.numpy(traced), eager, rtol=1e-6)


@pytest.mark.parametrize("given", [np.float32, np.dtype("float32"), "torch.float32", "jax.numpy.float32"], ids=str)
def test_names_of_float32(given: Any) -> None:
    if isinstance(given, str):
        module, _, name = given.rpartition(".")
        given = getattr(pytest.importorskip(module), name)
    assert unifocal.cross_entropy(np.zeros((2, 3), np.float16), [0, 2], dtype=given).dtype == np.float32
