"""Eager evaluation in blocks: what the blocks' edges could change, and what can be counted of time and memory."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.evaluation import block, blocks, read
from unifocal.evaluation.cache import clear, lookup
from unifocal.evaluation.cutting import cuts
from unifocal.formulas.sigmoid import HardSigmoidFocal

from ...frameworks import Framework
from ..every_loss import LOSSES, SIGMOID, SOFTMAX, by_name

EAGER = pytest.mark.frameworks("numpy", "torch", "paddle", "tensorflow")
BLOCK = 96  # elements, for these tests
RNG = np.random.default_rng(5)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set the size of a block, so that small arrays have many."""

    def set_elements(elements: int) -> None:
        monkeypatch.setattr(read, "_block", lambda *_: elements)
        clear()  # of known calls it is known how large their blocks are

    return set_elements


def both(framework: Framework, loss: Any, x: Any, targets: Any, **options: Any) -> Any:
    return framework.value_and_gradient(loss, x, targets, dtype="float64", **options)


def agree(framework: Framework, small: Any, loss: Any, x: Any, targets: Any, **options: Any) -> None:
    """Blocks against the whole: unreduced, summed and averaged, value and gradient; and what is summed is what is not reduced."""
    for reduction in ("none", "sum", "weighted_mean"):
        small(1 << 20)
        whole = both(framework, loss, x, targets, reduction=reduction, **options)
        small(BLOCK)
        for ours, theirs in zip(both(framework, loss, x, targets, reduction=reduction, **options), whole, strict=True):
            assert ours.shape == theirs.shape
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-14)
        if reduction == "none":
            total = whole[0].sum()
        elif reduction == "sum":
            np.testing.assert_allclose(whole[0], total, rtol=1e-11)


# --- cutting -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elements", [1, 7, 64, 10**6])
@pytest.mark.parametrize(
    ("shape", "whole"), [((), None), ((200,), None), ((1, 200), None), ((3, 5, 7, 2), 1), ((3, 200), 1), ((200, 3), 0), ((4, 1, 30), 2)]
)
def test_cuts_cover_each_element_once(shape: tuple[int, ...], whole: int | None, elements: int) -> None:
    count = np.zeros(shape, int)
    for index in cuts(shape, whole, elements):
        part = count[index]
        if whole is not None:
            assert part.shape[whole] == shape[whole]
        least = 1 if whole is None else shape[whole]
        assert part.size <= max(elements, least)
        count[index] += 1
    assert (count == 1).all()


# --- edges -------------------------------------------------------------------------------------------------------------------------


@EAGER
@by_name(SIGMOID)
@pytest.mark.parametrize("size", [BLOCK, BLOCK + 1, 3 * BLOCK - 1, 3 * BLOCK + 1])
@pytest.mark.parametrize("kind", ["hard", "half soft"])
def test_sizes_around_whole_blocks(framework: Framework, small: Any, loss: Any, size: int, kind: str) -> None:
    x, y = 3 * RNG.normal(size=size), RNG.random(size)
    hard = {"hard": size, "half soft": size // 2}[kind]
    y[:hard] = y[:hard] < 0.2  # 0 or 1
    agree(framework, small, loss, x, y, sample_weight=RNG.random(size))


@EAGER
@by_name(LOSSES)
@pytest.mark.parametrize("targets", ["index", "soft"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_class_axis_is_never_cut(framework: Framework, small: Any, loss: Any, targets: str, axis: int) -> None:
    x = 3 * RNG.normal(size=(7, 9, 11))
    labels = RNG.integers(0, 7, np.delete(x.shape, axis)) if targets == "index" else RNG.random(x.shape)
    options: dict[str, Any] = {"ignore_index": 3} if targets == "index" else {}
    agree(framework, small, loss, x, labels, axis=axis, **options)


@EAGER
@by_name(SIGMOID)
@pytest.mark.parametrize("shape", [(), (1,), (1, 5), (40, 1), (40, 5)], ids=str)
def test_weights_that_broadcast_are_cut_where_they_are_not_of_size_one(framework: Framework, small: Any, loss: Any, shape: Any) -> None:
    x, y = RNG.normal(size=(40, 5)), RNG.random((40, 5))
    weight = 0.5 + RNG.random(shape)
    agree(framework, small, loss, x, y, sample_weight=weight, normalizer=weight, pos_weight=weight if len(shape) != 1 else None)


@EAGER
@by_name(SOFTMAX)
def test_row_longer_than_a_block(framework: Framework, small: Any, loss: Any) -> None:
    agree(framework, small, loss, RNG.normal(size=(3, 2 * BLOCK + 1)), np.array([0, 5, 2 * BLOCK]))


@EAGER
@by_name(LOSSES)
def test_infinite_and_wide_logits_in_one_block_only(framework: Framework, small: Any, loss: Any) -> None:
    """One block's short form finds no finite total, or exponentials out of range, and the general form takes over."""
    x = RNG.normal(size=(90, 4))
    x[50] = [np.inf, 0, -np.inf, 5]
    x[20], x[60], x[80] = 300, -300, [-200, 3, 100, 0]
    agree(framework, small, loss, x, RNG.integers(0, 4, 90))


@pytest.mark.frameworks("numpy", "torch", "paddle")  # TensorFlow has no views
@by_name(LOSSES)
def test_layout_does_not_matter(framework: Framework, small: Any, loss: Any) -> None:
    small(BLOCK)
    x, y = RNG.normal(size=(60, 6)), RNG.random((60, 6))
    tensors = [framework.tensor(a.T.copy()).T for a in (x, y)]
    for ours, theirs in zip(unifocal.value_and_grad(loss)(*tensors), both(framework, loss, x, y), strict=True):
        np.testing.assert_allclose(framework.numpy(ours), theirs, rtol=1e-12)


@EAGER
@by_name(LOSSES)
def test_second_derivatives_are_those_of_the_whole(framework: Framework, small: Any, loss: Any) -> None:
    x, index, h = RNG.normal(size=(40, 6)), RNG.integers(0, 6, 40), RNG.normal(size=(40, 6))
    options: dict[str, Any] = {"dtype": "float64", "ignore_index": 2, "label_smoothing": 0.1}
    small(1 << 20)
    whole = framework.second(loss, x, index, h, **options)
    small(BLOCK)
    np.testing.assert_allclose(framework.second(loss, x, index, h, **options), whole, rtol=1e-12, atol=1e-15)


@EAGER
@by_name(LOSSES)
def test_messages_tell_where_in_the_whole_a_fault_is(framework: Framework, small: Any, loss: Any) -> None:
    small(BLOCK)
    x = framework.tensor(np.zeros((90, 4)), "float32")
    index, labels = np.zeros(90, np.int64), np.zeros((90, 4), np.float32)
    index[[70, 80]], labels[70, 2] = 9, 1.5
    with pytest.raises(ValueError, match=r"received 9 at index \(70,\) \(2 of 90"):
        loss(x, framework.tensor(index))
    with pytest.raises(ValueError, match=r"received 1.5 at index \(70, 2\) \(1 of 360"):
        loss(x, framework.tensor(labels))


# --- counts ------------------------------------------------------------------------------------------------------------------------


@EAGER
def test_each_block_runs_its_formula_once_and_hard_labels_the_short_one(
    framework: Framework, small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(BLOCK)
    kinds = []
    original = block.value_slope

    def counting(backend: Any, xp: Any, formula: Any, *arguments: Any) -> Any:
        kinds.append(isinstance(formula, HardSigmoidFocal))
        return original(backend, xp, formula, *arguments)

    monkeypatch.setattr(blocks, "value_slope", counting)
    y = RNG.random(4 * BLOCK)
    y[: 2 * BLOCK] = y[: 2 * BLOCK] < 0.5
    both(framework, unifocal.sigmoid_focal_loss, RNG.normal(size=4 * BLOCK), y)
    assert kinds == [True, True, False, False]


LARGE = 1 << 20


def large_inputs() -> tuple[Any, Any]:
    return RNG.normal(size=LARGE).astype(np.float32), (RNG.random(LARGE) < 0.01).astype(np.int64)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_numpy_needs_the_gradient_and_some_blocks(reduction: Any) -> None:
    x, y = large_inputs()
    function = unifocal.value_and_grad(unifocal.sigmoid_focal_loss)
    function(x[:10], y[:10])
    tracemalloc.start()
    _, gradient = function(x, y, ignore_index=7, reduction=reduction)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert gradient.nbytes == x.nbytes
    # Labels cast to float32 would be an array more, masks a quarter.
    assert peak <= 2.2 * x.nbytes


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@by_name(SIGMOID)
def test_torch_keeps_the_slope_alone_and_backward_needs_no_more(loss: Any, reduction: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr("unifocal.backends.torch.threads", lambda x: 16)  # each has temporaries of its own
    x, y = map(torch.from_numpy, large_inputs())
    x.requires_grad_()
    own = {x.data_ptr(), y.data_ptr()}
    kept: list[Any] = []

    def pack(tensor: Any) -> Any:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss(x, y, reduction=reduction)
    assert sum(tensor.nbytes for tensor in kept if tensor.data_ptr() not in own) <= 1.2 * x.nbytes
    kept.clear()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        tracemalloc.start()  # NumPy's memory; the profiler has torch's
        loss(x, y, reduction=reduction).backward()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    events = sorted((e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"), key=lambda e: e.start_ns())
    held = np.cumsum([0, *(event.nbytes() for event in events)])
    assert x.nbytes <= peak + held.max() <= 2.2 * x.nbytes


def test_torch_gives_its_slope_away_only_where_the_graph_is_not_kept() -> None:
    torch = pytest.importorskip("torch")
    x = torch.randn(50, requires_grad=True)
    loss = unifocal.binary_cross_entropy(x, torch.zeros(50))
    first, second = (torch.autograd.grad(loss, x, 3 * torch.ones(()), retain_graph=True)[0] for _ in range(2))
    first.zero_()
    (last,) = torch.autograd.grad(loss, x, 3 * torch.ones(()))
    torch.testing.assert_close(second, last)
    torch.testing.assert_close(last, 3 * torch.sigmoid(x.detach()) / 50)
    cotangents = torch.tensor([1.0, 2.0])
    loss = unifocal.binary_cross_entropy(x, torch.zeros(50))
    (rows,) = torch.autograd.grad(loss, x, cotangents, is_grads_batched=True)
    torch.testing.assert_close(rows, cotangents[:, None] * last / 3)


def test_block_sizes_fit_the_cache() -> None:
    sizes = [math.prod(n.stop - n.start for n in index) for index in cuts((1000, 77), None, 1 << 15)]
    assert max(sizes) <= 1 << 15
    assert min(sizes) >= 1 << 13


@pytest.mark.frameworks("torch")
@pytest.mark.parametrize(
    ("loss", "elements", "precision", "owner"),
    [
        ("sigmoid_focal_loss", 1 << 20, "float32", "numpy"),
        ("binary_cross_entropy", 1 << 20, "float64", "numpy"),
        ("cross_entropy", 1 << 14, "float32", "numpy"),
        ("cross_entropy", 1 << 20, "float32", "torch"),
    ],
)
def test_torch_divides_among_its_own_threads_large_blocks_alone(
    framework: Framework, loss: str, elements: int, precision: str, owner: str
) -> None:
    x = framework.tensor(np.zeros((elements // 4, 4)), precision)
    y = (
        framework.tensor(np.zeros((elements // 4, 4)), precision)
        if owner == "numpy"
        else framework.tensor(np.zeros(elements // 4, np.int64))
    )
    call = lookup(getattr(unifocal, loss).describe, (x, y), {}, constant=False)
    assert call is not None
    assert call.reading.hosted is not None
    assert call.reading.hosted.backend.name == owner


ROWS: list[list[float]] = [
    [90, 88],
    [100, 30],
    [95, 0],
    [200, 100],
    [88.8, -88.8],
    [-200, -190],
    [710, 3],
    [720, 719],
    [-800, 0],
    [3, 800],
    [-80, -100],
    [-700, -740],
]


@EAGER
@by_name(SOFTMAX)
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("kind", ["index", "one-hot"])
def test_row_by_itself_is_what_it_is_among_others(framework: Framework, loss: Any, gamma: float, kind: str) -> None:
    """One row's exponentials may overflow, or vanish, at its target alone; beside an infinite loss all rows take the general form."""
    options: dict[str, Any] = {"reduction": "none"} | ({"gamma": gamma} if loss is unifocal.softmax_focal_loss else {})
    for row in ROWS:
        x = np.array([row, [-np.inf, *[0.0] * (len(row) - 1)]])
        targets = np.zeros(2, int) if kind == "index" else np.eye(len(row))[[0, 0]]
        for dtype in ("float32", "float64"):
            alone = framework.value_and_gradient(loss, x[:1], targets[:1], dtype=dtype, **options)
            among = framework.value_and_gradient(loss, x, targets, dtype=dtype, **options)
            if len(row) == 1:
                among = np.zeros(1), np.zeros((1, 1))
            for one, both in zip(alone, among, strict=True):
                np.testing.assert_allclose(one, both[:1], rtol=1e-5, atol=1e-36)


@EAGER
def test_many_classes_are_added_up_in_pairs_along_any_axis(framework: Framework) -> None:
    x = RNG.random((2, 20000)).astype(np.float32)
    index = np.zeros(2, int)
    along_last = framework.value_and_gradient(unifocal.cross_entropy, x, index, dtype="float32", axis=1)
    along_first = framework.value_and_gradient(unifocal.cross_entropy, x.T.copy(), index, dtype="float32", axis=0)
    np.testing.assert_allclose(along_first[0], along_last[0], rtol=2e-7)
    np.testing.assert_allclose(along_first[1].T, along_last[1], rtol=4e-7)
