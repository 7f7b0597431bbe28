"""HIPS autograd: both modes and orders give the analytic derivatives, by predictions alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dialects import kornia

from ...frameworks import Framework
from ..accuracy import generated
from .transforms import INDEX, SOFT, H, TransformCase, X, each_case

autograd: Any = pytest.importorskip("autograd")
anp: Any = autograd.numpy


@each_case
def test_derivatives_of_both_modes_and_orders(case: TransformCase) -> None:
    function = case.bound()

    def total(x: Any) -> Any:
        return anp.sum(function(x))

    def along(x: Any) -> Any:
        return autograd.make_jvp(total)(x)(H)[1]

    x, gradient = case.predictions, autograd.grad(total)
    value, first = case.analytic(x)
    np.testing.assert_allclose(function(x), value, rtol=1e-12)
    np.testing.assert_allclose(gradient(x), first, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(autograd.make_jvp(function)(x)(H)[1].sum(), (first * H).sum(), rtol=1e-11)
    seconds = [autograd.grad(lambda x: anp.sum(gradient(x) * H))(x), autograd.grad(along)(x), autograd.make_jvp(gradient)(x)(H)[1]]
    for second in seconds:
        np.testing.assert_allclose(second, case.differences(), rtol=2e-6, atol=1e-7)


def test_cotangents_of_an_unreduced_loss() -> None:
    weights = np.linspace(1, 2, 4)
    gradient = autograd.grad(lambda x: anp.sum(unifocal.cross_entropy(x, SOFT, reduction="none") * weights))(X)
    expected = unifocal.value_and_grad(unifocal.cross_entropy)(X, SOFT, reduction="none", sample_weight=weights)[1]
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def test_a_loss_that_is_spread_over_the_classes() -> None:
    """Which broadcasts it: autograd's own where gives its derivative another shape."""
    expected = unifocal.value_and_grad(kornia.focal_loss)(X, INDEX, 0.5)[1]
    np.testing.assert_allclose(autograd.grad(lambda x: anp.sum(kornia.focal_loss(x, INDEX, 0.5)))(X), expected, rtol=1e-12)


def test_a_number_is_a_prediction() -> None:
    assert autograd.grad(lambda x: unifocal.binary_cross_entropy(x, np.ones(())))(0.0) == -0.5


def test_targets_are_looked_at() -> None:
    with pytest.raises(ValueError, match=r"Class indices must be in \[0, 2\]; received 9"):
        autograd.grad(unifocal.cross_entropy)(X, [0, 9, 1, 2])


def test_other_inputs_that_are_differentiated_are_refused() -> None:
    for name in ("targets", "sample_weight"):
        given = {"targets": SOFT, "sample_weight": SOFT}

        def loss(both: Any, name: str = name, given: Any = given) -> Any:
            return unifocal.binary_cross_entropy(both[0], **given | {name: both[1]})

        with pytest.raises(TypeError, match=r"differentiates these losses by their predictions alone; received (labels|weight) that"):
            autograd.grad(loss)((X, SOFT))
    with pytest.raises(TypeError, match="targets must be a dense tensor of the predictions' framework"):
        autograd.grad(unifocal.binary_cross_entropy, 1)(X, SOFT)


@pytest.mark.dtypes("float16", "float32", "float64")
@pytest.mark.frameworks("autograd")
@pytest.mark.parametrize("number", range(0, generated.COUNT, 24))
def test_generated_case(framework: Framework, dtype: str, number: int, measure: Callable[..., None]) -> None:
    case, true = generated.all_calls()[number].rounded(dtype), generated.numbered_truth(number, dtype)
    for part, far in generated.distances(generated.answer_of(framework, case, dtype), true, dtype).items():
        measure(far, generated.bar_of(case, dtype), framework.name, dtype, case.loss, "generated", part)
