"""Sums and means of ten million positive terms stay within a few ulp, eager and compiled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import unifocal
from unifocal.convention import Reduction

from ...frameworks import Framework
from ...truth import oracle, tolerances
from ...truth.ulp import Exact, distance

pytestmark = pytest.mark.costly
Array = npt.NDArray[Any]

SIZE = 10_000_019  # prime: no tree divides it evenly
EVEN = 6 << 20  # a tree divides it, and XLA could merge its levels


@cache
def _weights(kind: str, dtype: str, size: int) -> tuple[Array, Exact]:
    """Positive numbers, and log 2 times their sum: the loss at logit 0 with these weights."""
    rng = np.random.default_rng(2024)
    numbers = rng.random(size) if kind == "uniform" else rng.lognormal(-5, 4, size)
    weights = numbers.astype(dtype)
    return weights, Exact.of([_total(weights) * oracle.mp.log(2)], ())


def _total(numbers: Array) -> oracle.Number:
    """The exact sum of positive numbers: halves of their significands, as integers, by exponent; math.fsum takes ten times as long."""
    significands, exponents = np.frexp(numbers.astype(np.float64))
    halves = np.divmod(np.ldexp(significands, 53), 2.0**27)
    lowest = int(exponents.min())
    total = oracle.ZERO
    for shift, half in zip((27, 0), halves, strict=True):
        sums = np.bincount(exponents - lowest, weights=half)  # each below 2^27 · 10^7 < 2^53, and so exact
        total += oracle.mp.fsum(oracle.mp.ldexp(oracle.number(part), lowest - 53 + shift + i) for i, part in enumerate(sums))
    return total


def _loss(reduction: Reduction) -> Callable[[Any, Any, Any], Any]:
    def loss(logits: Any, labels: Any, weights: Any) -> Any:
        return unifocal.binary_cross_entropy(logits, labels, sample_weight=weights, reduction=reduction)

    return loss


def _hold(
    framework: Framework,
    dtype: str,
    kind: str,
    measure: Callable[..., None],
    how: str,
    transform: Callable[[Any], Any] = lambda f: f,
    reduction: Reduction = "sum",
    size: int = SIZE,
) -> None:
    weights, total = _weights(kind, dtype, size)
    with framework.precision(dtype):
        zeros = np.zeros(size, dtype)
        value = framework.numpy(transform(_loss(reduction))(*map(framework.tensor, (zeros, zeros, weights))))
    if reduction == "mean":
        total = Exact.of([oracle.number(total.high) / size + oracle.number(total.low) / size], ())
    measure(distance(value, total, dtype), tolerances.SUM, framework.name, dtype, reduction, kind, how)


@pytest.mark.parametrize("kind", ["uniform", "lognormal"])
def test_sum(framework: Framework, dtype: str, kind: str, measure: Callable[..., None]) -> None:
    _hold(framework, dtype, kind, measure, "eager")


def test_mean(framework: Framework, dtype: str, measure: Callable[..., None]) -> None:
    _hold(framework, dtype, "uniform", measure, "eager", reduction="mean")


@pytest.mark.frameworks("tensorflow")
def test_sum_in_a_tensorflow_graph(framework: Framework, dtype: str, measure: Callable[..., None]) -> None:
    tf = import_module("tensorflow")
    _hold(framework, dtype, "uniform", measure, "graph", tf.function)
    _hold(framework, dtype, "uniform", measure, "jit_compile", lambda f: tf.function(f, jit_compile=True))


@pytest.mark.frameworks("torch")
def test_sum_compiled_by_torch(framework: Framework, dtype: str, measure: Callable[..., None]) -> None:
    torch = import_module("torch")
    _hold(framework, dtype, "uniform", measure, "compile", lambda f: torch.compile(f, fullgraph=True))


@pytest.mark.frameworks("jax")
def test_sum_compiled_by_jax(framework: Framework, dtype: str, measure: Callable[..., None]) -> None:
    _hold(framework, dtype, "uniform", measure, "jit", import_module("jax").jit)


@pytest.mark.frameworks("tensorflow", "jax")
def test_even_sum_compiled_by_xla(framework: Framework, measure: Callable[..., None]) -> None:
    transforms = {"tensorflow": ("tensorflow", "function", {"jit_compile": True}), "jax": ("jax", "jit", {})}
    module, name, options = transforms[framework.name]
    transform = getattr(import_module(module), name)
    _hold(framework, "float32", "uniform", measure, "XLA", lambda f: transform(f, **options), size=EVEN)
