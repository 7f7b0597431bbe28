"""Eager calls on accelerators, whose formulas are compiled: here without an accelerator, the tensors of the CPU taken for one's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.evaluation import cache

from ...frameworks import Framework
from ..every_loss import LOSSES, by_name

ACCELERATED = pytest.mark.frameworks("torch", "tensorflow")
RNG = np.random.default_rng(17)
X, SOFT, INDEX = RNG.normal(size=(40, 6)), RNG.random((40, 6)), RNG.integers(0, 6, 40)


@pytest.fixture
def fused(framework: Framework, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The framework's module for such calls, which takes all eager tensors for an accelerator's."""
    backend, module = (import_module(f"unifocal.backends.{framework.name}{end}") for end in ("", ".compiled"))
    monkeypatch.setattr(module.FUSING, "enabled", True)
    if framework.name == "torch":
        monkeypatch.setattr(module, "_DEVICES", {"cpu"})
        monkeypatch.setattr(module, "_SMALLEST", 0)
        monkeypatch.setattr(module.torch, "compile", partial(module.torch.compile, backend="aot_eager"))
    else:
        monkeypatch.setattr(module, "_is_worth_fusing", lambda x: module.FUSING.enabled and not hasattr(x, "graph"))
    monkeypatch.setattr(backend, "as_eager", lambda tensors, place: None)
    compiled = module._fused
    for forget in (compiled.cache_clear, cache.clear):
        forget()
    yield module
    for forget in (compiled.cache_clear, cache.clear):
        forget()


@ACCELERATED
@by_name(LOSSES)
@pytest.mark.parametrize("targets", [SOFT, INDEX], ids=["soft", "index"])
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_compiled_formula_gives_what_the_operations_give(framework: Framework, fused: Any, loss: Any, targets: Any, reduction: str) -> None:
    h, options = RNG.normal(size=X.shape), {"dtype": "float64", "reduction": reduction}
    compiled = *framework.value_and_gradient(loss, X, targets, **options), framework.second(loss, X, targets, h, **options)
    assert fused.FUSING.enabled
    assert fused._fused.cache_info().currsize
    fused.FUSING.enabled = False
    one_by_one = *framework.value_and_gradient(loss, X, targets, **options), framework.second(loss, X, targets, h, **options)
    for ours, theirs in zip(compiled, one_by_one, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-15)


@ACCELERATED
def test_many_kinds_of_losses_are_compiled(framework: Framework, fused: Any) -> None:
    """More than torch's limit of recompilations, none of which is one."""
    for gamma in range(10):
        framework.value_and_gradient(unifocal.sigmoid_focal_loss, X, SOFT, dtype="float64", gamma=gamma)
    assert fused.FUSING.enabled
    assert fused._fused.cache_info().currsize == 10


@ACCELERATED
def test_compiler_that_fails_is_given_up_silently(framework: Framework, fused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> Any:
        tried.append(arguments)
        raise RuntimeError("no compiler here")

    tried: list[Any] = []
    expected = framework.value_and_gradient(unifocal.sigmoid_focal_loss, X, SOFT, dtype="float64")
    monkeypatch.setattr(fused, "_fused", broken)
    for _ in range(3):
        for ours, theirs in zip(framework.value_and_gradient(unifocal.sigmoid_focal_loss, X, SOFT, dtype="float64"), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert len(tried) == 1


@ACCELERATED
def test_memory_that_is_exhausted_is_not_hidden(framework: Framework, fused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if framework.name == "torch":
        error: BaseException = fused.torch.OutOfMemoryError("all memory is in use")
    else:
        error = fused.tf.errors.ResourceExhaustedError(None, None, "all memory is in use")

    def exhausted(*arguments: Any) -> Any:
        raise error

    monkeypatch.setattr(fused, "_fused", exhausted)
    with pytest.raises(type(error), match="all memory is in use"):
        unifocal.sigmoid_focal_loss(framework.tensor(X), framework.tensor(SOFT))
    assert fused.FUSING.enabled


@pytest.mark.frameworks("torch")
@by_name(LOSSES)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "weighted_mean"])
def test_torch_never_waits_for_the_device(framework: Framework, loss: Any, reduction: Any) -> None:
    """Tensors of torch's meta device have no values: whatever asked for one would fail."""
    import torch

    x = torch.zeros(8, 5, device="meta", requires_grad=True)
    for targets in (torch.zeros(8, 5, device="meta"), torch.zeros(8, dtype=torch.int64, device="meta")):
        weight = torch.ones(8, device="meta")
        options: dict[str, Any] = {} if targets.ndim == 2 else {"ignore_index": 3}
        value = loss(x, targets, reduction=reduction, sample_weight=weight, **options)
        (gradient,) = torch.autograd.grad(value.sum(), x)
        assert gradient.shape == x.shape
