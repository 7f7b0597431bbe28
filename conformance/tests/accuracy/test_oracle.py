"""The judges themselves: the oracle's derivatives, and how ulp are counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ...truth import oracle
from ...truth.ulp import Exact, distance


def test_oracle_agrees_with_numerical_differentiation() -> None:
    mp = oracle.mp
    with mp.workdps(50):
        for x, y, gamma in [(0.7, 0.3, 1.5), (-2.5, 1.0, 0.5), (3.0, 0.0, 5.0), (1.2, 0.9, 0.0), (-0.4, 0.6, 2.0)]:

            def binary(z: Any, y: float = y, gamma: float = gamma) -> Any:
                p = 1 / (1 + mp.exp(-z))
                pt = y * p + (1 - y) * (1 - p)
                return (y * 0.25 + (1 - y) * 0.75) * (1 - pt) ** gamma * (-2 * y * mp.log(p) - (1 - y) * mp.log(1 - p))

            truth = oracle.sigmoid(x, y, gamma, 0.25, 2.0)
            for order in range(3):
                assert mp.almosteq(truth[order], mp.diff(binary, x, order), 1e-12)

            def row(*z: Any, gamma: float = gamma) -> Any:
                total = mp.fsum(map(mp.exp, z))
                return mp.fsum(
                    v * (1 - mp.exp(a) / total) ** gamma * -mp.log(mp.exp(a) / total) for v, a in zip((0.2, 0.5, 0.0), z, strict=True)
                )

            logits, h = (x, y, -1.0), (0.5, -1.0, 2.0)
            found = oracle.softmax(logits, (0.2, 0.5, 0.0), gamma, h)
            assert mp.almosteq(found.value, row(*logits), 1e-30)
            unit = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
            for j in range(3):
                assert mp.almosteq(found.slope[j], mp.diff(row, logits, unit[j]), 1e-12)
                column = [mp.diff(row, logits, tuple(a + b for a, b in zip(unit[j], unit[k], strict=True))) for k in range(3)]
                assert mp.almosteq(found.second[j], mp.fsum(a * b for a, b in zip(column, h, strict=True)), 1e-12)


def test_oracle_of_the_z_loss_agrees_with_numerical_differentiation() -> None:
    mp, v, logits, h = oracle.mp, (0.2, 0.5, 0.0), (0.7, -2.0, 0.3), (0.5, -1.0, 2.0)
    with mp.workdps(50):

        def row(*z: Any) -> Any:
            log_sum = mp.log(mp.fsum(map(mp.exp, z)))
            return mp.fsum(a * (log_sum - b + mp.mpf(0.3) * log_sum**2) for a, b in zip(v, z, strict=True))

        found = oracle.with_z_loss(logits, v, 0.3, h)
        assert mp.almosteq(found.value, row(*logits), 1e-30)
        unit = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
        for j in range(3):
            assert mp.almosteq(found.slope[j], mp.diff(row, logits, unit[j]), 1e-12)
            column = [mp.diff(row, logits, tuple(a + b for a, b in zip(unit[j], unit[k], strict=True))) for k in range(3)]
            assert mp.almosteq(found.second[j], mp.fsum(a * b for a, b in zip(column, h, strict=True)), 1e-12)
        assert all(a >= abs(b) for a, b in zip(found.slope_terms + found.second_terms, found.slope + found.second, strict=True))


def test_ulp_are_counted_from_the_unrounded_truth() -> None:
    """1/3 lies a third of an ulp from the nearest number and two thirds from the next, in both formats."""
    true = Exact.of([oracle.mp.mpf(1) / 3], ())
    for dtype in ("float32", "float64"):
        nearest = np.dtype(dtype).type(1 / 3)
        around = [np.nextafter(nearest, nearest.dtype.type(0)), nearest, np.nextafter(nearest, nearest.dtype.type(1))]
        assert sorted(float(distance(x, true, dtype)) for x in around) == pytest.approx([1 / 3, 2 / 3, 4 / 3])
        assert distance(np.nan, true, dtype) == distance(np.inf, true, dtype) == np.inf
