"""The truth of a whole call: its inputs as the dtype has them, the oracle's loss of each element, the reduction in 50 digits."""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

import unifocal
from unifocal.arrays import NumPyArray
from unifocal.convention import Convention
from unifocal.operands import Operands

from ..calls.case import Part
from ..truth import oracle, tolerances
from ..truth.oracle import Number
from ..truth.ulp import Exact, Floats, distance
from .documented import Example


class ExampleTruth(NamedTuple):
    """A call's loss and gradient, the magnitudes of the terms they are sums of, and the bar in ulp for computing them."""

    dtype: str
    bar: float
    value: Exact
    gradient: Exact
    value_terms: Exact
    gradient_terms: Exact

    def distance(self, part: Part, computed: npt.ArrayLike) -> Floats:
        """How far a computed loss or gradient is from the truth, in ulp; infinitely far where its shape is another."""
        true, terms = (self.value, self.value_terms) if part == "value" else (self.gradient, self.gradient_terms)
        if np.shape(computed) != true.high.shape:
            return np.array(np.inf)
        return distance(computed, true, self.dtype, terms)


@cache
def truth_of_example(example: Example, dtype: str) -> ExampleTruth:
    """The truth of an example with its inputs rounded to dtype."""
    convention, operands = getattr(unifocal, example.loss).describe(example.predictions, example.targets, **example.options)
    return _truth(convention, operands, dtype)


def _truth(convention: Convention, operands: Operands, dtype: str) -> ExampleTruth:
    tensors = (operands.pos_weight, operands.class_weight, convention.ignore_index)
    if convention.axis != -1 or any(tensor is not None for tensor in tensors) or isinstance(operands.alpha, np.ndarray):
        raise NotImplementedError(f"The truth of {convention} with {operands} has not been written down.")
    x = np.asarray(operands.predictions, dtype)
    labels = _labels(x, operands.targets)
    shape = x.shape if not convention.formula.categorical else x.shape[:-1]
    factors, total = _factors(convention, operands, shape, dtype)
    rows = _sigmoid(convention, operands, x, labels) if not convention.formula.categorical else _softmax(convention, operands, x, labels)

    by = oracle.ONE if total is None else total
    rows = [row.scaled(factor / by) for row, factor in zip(rows, factors, strict=True)]

    def loss(part: Literal["value", "value_terms"]) -> Exact:
        entries = [getattr(row, part) for row in rows]
        return Exact.of(entries, shape) if total is None else Exact.of([oracle.mp.fsum(entries)], ())

    def gradient(part: Literal["slope", "slope_terms"]) -> Exact:
        return Exact.of(chain.from_iterable(getattr(row, part) for row in rows), x.shape)

    bar = tolerances.value_and_gradient("softmax" if convention.formula.categorical else "sigmoid", dtype, _gamma(convention))
    return ExampleTruth(dtype, bar, loss("value"), gradient("slope"), loss("value_terms"), gradient("slope_terms"))


class _Entry(NamedTuple):
    """One entry of the unreduced loss, and its derivatives with respect to its predictions."""

    value: Number
    slope: list[Number]
    value_terms: Number
    slope_terms: list[Number]

    def scaled(self, factor: Number) -> _Entry:
        """A factor ≥ 0 times the loss."""
        slope, slope_terms = ([factor * number for number in numbers] for numbers in (self.slope, self.slope_terms))
        return _Entry(factor * self.value, slope, factor * self.value_terms, slope_terms)


def _labels(x: NumPyArray, targets: NumPyArray) -> NumPyArray:
    """The labels of every element; index = number of classes is a row without a positive."""
    labels = targets if targets.ndim == x.ndim else targets[..., None] == np.arange(x.shape[-1])
    return np.asarray(labels, x.dtype)


def _factors(convention: Convention, operands: Operands, shape: tuple[int, ...], dtype: str) -> tuple[list[Number], Number | None]:
    """What each entry of the unreduced loss is multiplied by, and what the sum is divided by (None: it is not summed)."""

    def entries(values: Any) -> NumPyArray:
        return np.asarray(1.0 if values is None else values, dtype)

    weights = entries(operands.sample_weight)
    weights = np.broadcast_to(weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim)), shape)
    normalizers = np.broadcast_to(entries(operands.normalizer), shape)
    exact = [oracle.number(w) for w in weights.flat]
    factors = [w / oracle.number(n) for w, n in zip(exact, normalizers.flat, strict=True)]
    total = {"none": None, "sum": oracle.ONE, "mean": oracle.number(weights.size), "weighted_mean": oracle.mp.fsum(exact)}
    return factors, total[convention.reduction]


def _clip(convention: Convention, dtype: str) -> tuple[float, float] | None:
    rounded = np.dtype(dtype).type
    epsilon: float | None = getattr(convention.formula, "epsilon", None)
    return None if epsilon is None else (float(rounded(epsilon)), float(rounded(1 - epsilon)))


def _gamma(convention: Convention) -> float:
    gamma: float = convention.formula.gamma  # type: ignore[attr-defined]  # the canonical losses' formulas have one
    return gamma


def _sigmoid(convention: Convention, operands: Operands, x: NumPyArray, labels: NumPyArray) -> list[_Entry]:
    series = []
    for a, b in zip(x.flat, labels.flat, strict=True):
        y = oracle.smoothed(float(b), convention.label_smoothing)
        if convention.formula.predictions == "logits":
            series.append(oracle.sigmoid(float(a), y, _gamma(convention), operands.alpha))
        else:
            series.append(oracle.sigmoid_probability(float(a), y, _gamma(convention), operands.alpha, clip=_clip(convention, x.dtype.name)))
    return [_Entry(s.value, [s.slope], s.value_terms, [s.slope_terms]) for s in series]


def _softmax(convention: Convention, operands: Operands, x: NumPyArray, labels: NumPyArray) -> list[_Entry]:
    classes = x.shape[-1]
    alpha = oracle.ONE if operands.alpha is None else oracle.number(operands.alpha)
    rows = []
    for a, b in zip(x.reshape(-1, classes).tolist(), labels.reshape(-1, classes).tolist(), strict=True):
        v = [alpha * oracle.smoothed(y, convention.label_smoothing, classes) for y in b]
        if convention.formula.predictions == "logits":
            rows.append(oracle.softmax(a, v, _gamma(convention)))
        else:
            rows.append(oracle.softmax_probability(a, v, _gamma(convention), clip=_clip(convention, x.dtype.name)))
    return [_Entry(row.value, row.slope, row.value_terms, row.slope_terms) for row in rows]
