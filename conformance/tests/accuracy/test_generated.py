"""Generated cases, value and gradient, on every framework in every format it has, in ulp of the 50-digit truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from unifocal.arrays import NumPyArray

from ...frameworks import ALL_DTYPES, Framework, framework_named
from ...truth.ulp import Exact
from . import generated
from .generated import TILES, GeneratedCall, GeneratedTruth

Measure = Callable[..., None]


def _hold(framework: Framework, case: GeneratedCall, dtype: str, true: GeneratedTruth, measure: Measure) -> None:
    found = generated.distances(generated.answer_of(framework, case, dtype), true, dtype)
    for part, far in found.items():
        measure(far, generated.bar_of(case, dtype), framework.name, dtype, case.loss, "generated", part)


def _each(step: int = 1, of_variants: int = 1) -> pytest.MarkDecorator:
    chosen = [*range(0, generated.COUNT, step), *range(generated.COUNT, len(generated.all_calls()), of_variants)]
    return pytest.mark.parametrize("number", chosen, ids=["-".join(generated.all_calls()[i].name.split()[:4]) for i in chosen])


@pytest.mark.costly
@pytest.mark.dtypes(*ALL_DTYPES)
@pytest.mark.frameworks("numpy", "array-api-strict", "torch", "paddle", "tensorflow", "dask", "mlx")
@_each()
def test_case(framework: Framework, dtype: str, number: int, measure: Measure) -> None:
    _hold(framework, generated.all_calls()[number].rounded(dtype), dtype, generated.numbered_truth(number, dtype), measure)


@pytest.mark.dtypes(*ALL_DTYPES)
@pytest.mark.frameworks("jax")
@_each(8, 20)  # each of them is compiled
def test_compiled_case(framework: Framework, dtype: str, number: int, measure: Measure) -> None:
    _hold(framework, generated.all_calls()[number].rounded(dtype), dtype, generated.numbered_truth(number, dtype), measure)


@pytest.mark.parametrize("loss", ["sigmoid_focal_loss", "softmax_focal_loss", "quality_focal_loss", "softmax_poly_focal_loss"])
def test_big(framework: Framework, dtype: str, loss: str, measure: Measure) -> None:
    """300 000 elements, which backends may cut into blocks, are what their parts are."""
    small, tiled = generated.big(loss, dtype, np.random.default_rng(5))
    true = generated.truth_of_call(small, dtype)

    def repeated(part: Exact) -> Exact:
        return Exact(*(np.tile(half, (TILES,) + (1,) * (half.ndim - 1)) for half in part))

    _hold(framework, tiled, dtype, GeneratedTruth(*map(repeated, true)), measure)


def test_numpy_on_any_input() -> None:
    """Beside the cases from a seed, logits and labels from anywhere."""
    run = framework_named("numpy")

    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(
        data=st.data(), gamma=st.sampled_from([0.0, 0.3, 1.0, 2.0, 6.5]), soft=st.booleans(), loss=st.sampled_from(["sigmoid", "softmax"])
    )
    def held(data: st.DataObject, gamma: float, soft: bool, loss: str) -> None:
        shape = data.draw(array_shapes(max_dims=3, max_side=4).filter(lambda shape: loss == "sigmoid" or shape[-1] > 1))
        x = data.draw(arrays(np.float64, shape, elements=st.floats(-1e4, 1e4) | st.sampled_from([0.0, -0.0, 1e-310])))
        y = data.draw(arrays(np.float32, shape, elements=st.floats(0, 1, width=32) if soft else st.sampled_from([0.0, 1.0])))
        case = GeneratedCall("any", f"{loss}_focal_loss", x, y, {"gamma": gamma, "reduction": "none", "axis": -1, "alpha": 0.25})
        found = generated.distances(generated.answer_of(run, case, "float64"), generated.truth_of_call(case, "float64"), "float64")
        for part, far in found.items():
            assert np.max(far, initial=0.0) <= generated.bar_of(case, "float64"), part

    held()


def test_cases_meet_every_option_and_most_pairs() -> None:
    """The sample of the product is no corner of it."""
    seen: Counter[Any] = Counter()
    for case in generated.all_calls()[: generated.COUNT]:
        words = {
            case.loss,
            f"rank {case.predictions.ndim}",
            "strided" if case.strided else "contiguous",
            "logits" if case.options.get("from_logits", True) else "probabilities",
            str(case.options["reduction"]),
            f"gamma {case.options.get('gamma', 0.0)}",
            "soft" if case.soft else "hard",
            *case.options,
        }
        seen.update(words)
        seen.update(map(frozenset, combinations(sorted(words), 2)))
    values = [value for value in seen if isinstance(value, str)]
    assert all(seen[value] >= 5 for value in values), seen
    pairs = [frozenset(pair) for pair in combinations(values, 2)]
    assert sum(pair in seen for pair in pairs) > 0.75 * len(pairs)


def test_cases_meet_every_option_of_the_variants() -> None:
    seen: Counter[Any] = Counter()
    for case in generated.all_calls()[generated.COUNT :]:
        seen.update((case.loss, (case.loss, "soft" if case.soft else "hard"), str(case.options["reduction"]), *case.options))
    options = ("alpha", "from_logits", "detach_modulator", "sample_weight", "normalizer", "ignore_index", "label_smoothing", "none", "sum")
    for value in (*generated.VARIANTS, *((loss, kind) for loss in generated.VARIANTS for kind in ("soft", "hard")), *options):
        assert seen[value] >= (1 if isinstance(value, tuple) else 5), value


def test_cases_hold_what_is_hard() -> None:
    """Infinite and saturated logits, zeros of either sign, denormals, certain and impossible probabilities, nothing at all."""

    def any_of(what: Callable[[NumPyArray], Any], dtype: str) -> bool:
        return any(bool(np.any(what(case.rounded(dtype).predictions))) for case in generated.all_calls())

    for dtype, tiny in (("float16", 2.0**-14), ("float32", 2.0**-126), ("float64", 2.0**-1022)):
        assert any_of(lambda x, tiny=tiny: (x != 0) & (np.abs(x) < tiny), dtype)  # type: ignore[misc]
        assert any_of(np.isinf, dtype)
        assert any_of(lambda x: np.isfinite(x) & (np.abs(x) > 1000), dtype)
        assert any_of(lambda x: (x == 0) & np.signbit(x), dtype)
        assert any_of(lambda x: (x == 0) & ~np.signbit(x), dtype)
    assert any(not case.predictions.size for case in generated.all_calls())
