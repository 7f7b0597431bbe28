"""A loss of one's own, added as CONTRIBUTING says, is right everywhere: poly-1 focal loss (Leng et al. 2022, arXiv:2204.12511).

    L = w · [α_t · r^γ · CE + ε · r^(γ+1)],      CE = y·(−log p) + (1−y)·(−log q),      r = 1 − p_t = y·q + (1−y)·p

With u = d log r/dx = (1−2y)·p·q/r, so that r·u = (1−2y)·p·q, and CE' = p(1−y) − q·y, its derivatives are

    dL/dx   = w · r^γ · [α_t · (γ·u·CE + CE') + ε·(γ+1)·r·u]
    d²L/dx² = w · r^γ · [α_t · (γ·((γ−1)u² + u(q−p))·CE + 2γ·u·CE' + p·q) + ε·(γ+1)·r·u·(γ·u + q−p)]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from unifocal.arrays import Array, Namespace, NumPyArray
from unifocal.convention import Convention
from unifocal.dispatch import backend_of
from unifocal.evaluation import read
from unifocal.evaluation.cache import clear
from unifocal.formulas import Binary, Inputs
from unifocal.formulas.arithmetic import logistic_terms, power, product
from unifocal.formulas.base import exponent, finite
from unifocal.loss import Description, loss
from unifocal.operands import Operands

from ...frameworks import Framework
from ...truth import tolerances
from ...truth.contract import assert_formula
from ...truth.oracle import Series, mp, number, smoothed
from ...truth.ulp import Exact, distance, relative

# --- the loss, as its author writes it ----------------------------------------------------------------------------------------------


class _Parts(NamedTuple):
    p: Array
    q: Array
    r: Array
    u: Array
    ru: Array
    cross_entropy: Array
    cross_entropy_slope: Array
    modulator: Array
    balance: Array | float
    weight: Array | float


@dataclass(frozen=True)
class Poly1Focal(Binary):
    """Poly-1 focal loss of logits."""

    gamma: float = 2.0
    epsilon: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))
        object.__setattr__(self, "epsilon", finite("epsilon", self.epsilon))

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one element."""
        return f"{'α_t·' if alpha else ''}(1 − p_t)^{self.gamma:g}·CE + {self.epsilon:g}·(1 − p_t)^{self.gamma + 1:g}"

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`unifocal.formulas.Formula`."""
        gamma, epsilon = self._numbers(xp, x)
        parts = self._parts(xp, x, inputs)
        value = product(xp, parts.balance * parts.modulator, parts.cross_entropy) + epsilon * parts.modulator * parts.r
        focal = gamma * product(xp, parts.u, parts.cross_entropy) + parts.cross_entropy_slope
        slope = parts.balance * focal + epsilon * (gamma + 1) * parts.ru
        return product(xp, parts.weight, value), parts.weight * parts.modulator * slope

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`unifocal.formulas.Formula`."""
        gamma, epsilon = self._numbers(xp, x)
        parts = self._parts(xp, x, inputs)
        p, q, u = parts.p, parts.q, parts.u
        focal = ((gamma - 1) * u + (q - p)) * product(xp, u, parts.cross_entropy) + 2 * u * parts.cross_entropy_slope
        bracket = parts.balance * (gamma * focal + p * q) + epsilon * (gamma + 1) * parts.ru * (gamma * u + q - p)
        return h * parts.weight * parts.modulator * bracket

    def _numbers(self, xp: Namespace, x: Array) -> tuple[Array | float, Array | float]:
        return xp.number(self.gamma, x.dtype), xp.number(self.epsilon, x.dtype)

    def _parts(self, xp: Namespace, x: Array, inputs: Inputs) -> _Parts:
        y, negative = self.smooth(xp, inputs.labels)
        p, q, minus_log_p, minus_log_q = logistic_terms(xp, x)
        r = y * q + negative * p
        share = xp.divide(p * q, xp.where(xp.equal(r, 0), 1.0, r))
        share = xp.where(xp.equal(negative, 0), p, xp.where(xp.equal(y, 0), q, share))  # of hard labels also where r underflows
        balance = self.coefficient(inputs._replace(weight=None), y, negative)
        return _Parts(
            p,
            q,
            r,
            (negative - y) * share,
            (negative - y) * p * q,
            product(xp, y, minus_log_p) + product(xp, negative, minus_log_q),
            negative * p - y * q,
            power(xp, r, self.gamma),
            1.0 if balance is None else balance,
            1.0 if inputs.weight is None else inputs.weight,
        )


@loss
def poly1_focal_loss(
    predictions: Array,
    targets: Array,
    *,
    alpha: float | Array | None = 0.25,
    gamma: float = 2.0,
    epsilon: float = 1.0,
    label_smoothing: float = 0.0,
    sample_weight: Array | None = None,
    ignore_index: int | None = None,
    normalizer: float | Array | None = None,
    reduction: Any = "mean",
) -> Description:
    """Poly-1 focal loss."""
    convention = Convention(Poly1Focal(gamma, epsilon), label_smoothing=label_smoothing, ignore_index=ignore_index, reduction=reduction)
    return convention, Operands(predictions, targets, alpha=alpha, sample_weight=sample_weight, normalizer=normalizer)


# --- the truth: the definition, by rules for sums, products and powers in 50 digits --------------------------------------------------


def _term(*derivatives: Any) -> Series:
    return Series(*derivatives, *map(abs, derivatives))


def _definition(x: Any, y: Any, alpha: Any, gamma: float, epsilon: float) -> Series:
    """Value, slope and second derivative of one element."""
    p, q = 1 / (1 + mp.exp(-number(x))), 1 / (1 + mp.exp(number(x)))
    one_minus_pt = _term(y * q + (1 - y) * p, (1 - 2 * y) * p * q, (1 - 2 * y) * p * q * (q - p))
    cross_entropy = _term(-mp.log(p), -q, p * q).scaled(y).plus(_term(-mp.log(q), p, p * q).scaled(1 - y))
    modulator = cross_entropy if gamma == 0 else one_minus_pt.power(number(gamma)).times(cross_entropy)
    alpha_t = 1 if alpha is None else y * number(alpha) + (1 - y) * (1 - number(alpha))
    return modulator.scaled(alpha_t).plus(one_minus_pt.power(number(gamma) + 1).scaled(number(epsilon)))


def test_the_truth_is_that_of_the_formula() -> None:
    for x, y, gamma in [(0.7, 0.3, 1.5), (-2.5, 1.0, 0.5), (3.0, 0.0, 5.0), (1.2, 0.9, 2.0)]:

        def value(z: Any, y: float = y, gamma: float = gamma) -> Any:
            p = 1 / (1 + mp.exp(-z))
            p_t, alpha_t = y * p + (1 - y) * (1 - p), y * mp.mpf(0.25) + (1 - y) * mp.mpf(0.75)
            return alpha_t * (1 - p_t) ** gamma * -(y * mp.log(p) + (1 - y) * mp.log(1 - p)) + 0.5 * (1 - p_t) ** (gamma + 1)

        found = _definition(x, number(y), 0.25, gamma, 0.5)
        assert all(mp.almosteq(found[order], mp.diff(value, x, order), 1e-12) for order in range(3))


X = np.array([[0.75, -1.25, 2.125], [-0.25, 0.125, 0.0625], [9.0, -12.0, 3.0], [-20.0, 17.0, 0.5], [0.0, -0.5, 30.0]])
H = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [-0.5, 1.0, 0.875], [0.75, -0.25, 1.25], [1.0, -2.0, 0.5]])
HARD = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
SOFT = np.array([[0.25, 0.875, 0.125], [0.5, 0.0625, 1.0], [0.0, 0.75, 0.625], [0.25, 0.375, 0.75], [1.0, 0.5, 0.25]])
INDEX = np.array([0, 2, 1, 3, 1])  # 3 is background
MARKED = np.where(np.arange(15).reshape(5, 3) % 4 == 1, -1, HARD).astype(np.int64)
WEIGHT = np.array([[0.5, 1.0, 2.0], [1.5, 0.0, 0.25], [1.0, 1.0, 3.0], [0.125, 1.0, 1.0], [2.0, 0.5, 1.0]])

CASES: dict[str, tuple[NumPyArray, dict[str, Any]]] = {
    "hard labels": (HARD, {"reduction": "none"}),
    "soft labels": (SOFT, {"reduction": "none", "epsilon": -0.5, "gamma": 1.5, "alpha": np.array([0.25, 0.5, 1.0])}),
    "soft labels, smoothed": (SOFT, {"reduction": "sum", "label_smoothing": 0.125, "normalizer": 4.0, "sample_weight": WEIGHT[:, 0]}),
    "weighted": (HARD, {"reduction": "weighted_mean", "sample_weight": WEIGHT, "gamma": 3.0}),
    "ignored": (MARKED, {"reduction": "weighted_mean", "ignore_index": -1, "sample_weight": WEIGHT}),
    "class indices": (INDEX, {"reduction": "none", "gamma": 0.5, "alpha": None}),
    "class indices, smoothed": (INDEX, {"reduction": "mean", "ignore_index": 1, "label_smoothing": 0.125, "epsilon": 2.0, "gamma": 0.0}),
}


class Truth:
    """Value, gradient and second derivative along H of a case, and the magnitudes of their terms, in 50 digits."""

    def __init__(
        self,
        targets: NumPyArray,
        reduction: str,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        epsilon: float = 1.0,
        label_smoothing: float = 0.0,
        sample_weight: Any = 1.0,
        normalizer: float = 1.0,
        ignore_index: int | None = None,
    ) -> None:
        labels: Any = np.eye(4)[targets][:, :3] if targets.ndim == 1 else targets
        rows = (5, 1) if targets.ndim == 1 else (5, 3)
        left_out = np.broadcast_to((targets == ignore_index).reshape(rows), X.shape)
        weight = np.broadcast_to(sample_weight[:, np.newaxis] if np.ndim(sample_weight) == 1 else sample_weight, X.shape)
        by_class = np.broadcast_to(np.asarray(alpha, object), 3)
        counted = np.where(left_out, 0.0, weight if reduction == "weighted_mean" else 1.0)
        divisor = number(normalizer) * (number(float(counted.sum())) if "mean" in reduction else 1)
        losses = []
        for i in np.ndindex(X.shape):
            label = smoothed(0.0 if left_out[i] else labels[i], label_smoothing)
            losses.append(
                _definition(X[i], label, by_class[i[1]], gamma, epsilon).scaled(0 if left_out[i] else number(weight[i]) / divisor)
            )
        value, terms = [loss.value for loss in losses], [loss.value_terms for loss in losses]
        shape: tuple[int, ...] = X.shape
        if reduction != "none":
            value, terms, shape = [mp.fsum(value)], [mp.fsum(terms)], ()
        along = [number(h) for h in H.ravel()]
        self.value, self.value_terms = Exact.of(value, shape), Exact.of(terms, shape)
        self.slope = Exact.of((loss.slope for loss in losses), X.shape)
        self.slope_terms = Exact.of((loss.slope_terms for loss in losses), X.shape)
        self.second = Exact.of((loss.second * h for loss, h in zip(losses, along, strict=True)), X.shape)
        self.second_terms = Exact.of((loss.second_terms * abs(h) for loss, h in zip(losses, along, strict=True)), X.shape)


TRUTHS = {name: Truth(targets, **options) for name, (targets, options) in CASES.items()}
BAR = tolerances.value_and_gradient("sigmoid", "float64", 4.0) + 4 + tolerances.SUM
"""Of r^(γ+1) with γ = 3, two factors and a sum."""
by_case = pytest.mark.parametrize("name", CASES)


def held(measure: Callable[..., None], found: tuple[Any, Any], name: str, dtype: str, *what: str) -> None:
    """Hold value and gradient to the truth."""
    true = TRUTHS[name]
    measure(distance(found[0], true.value, dtype, true.value_terms), BAR, *what, name, "value")
    measure(distance(found[1], true.slope, dtype, true.slope_terms), BAR, *what, name, "gradient")


# --- the tests ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_contract(gamma: float) -> None:
    assert_formula(Poly1Focal(gamma, 0.5))


@pytest.mark.dtypes("float64")
@by_case
def test_whole(framework: Framework, dtype: str, name: str, measure: Callable[..., None]) -> None:
    targets, options = CASES[name]
    found = framework.value_and_gradient(poly1_focal_loss, X, targets, dtype=dtype, **options)
    held(measure, found, name, dtype, framework.name, dtype)


@pytest.mark.frameworks("numpy", "torch", "paddle", "tensorflow")
@pytest.mark.dtypes("float32")
@by_case
def test_in_many_blocks(framework: Framework, dtype: str, name: str, measure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    targets, options = CASES[name]
    monkeypatch.setattr(read, "_block", lambda *_: 4)
    clear()  # of known calls it is known how large their blocks are
    try:
        found = framework.value_and_gradient(poly1_focal_loss, X, targets, dtype=dtype, **options)
    finally:
        clear()
    held(measure, found, name, dtype, framework.name, dtype, "in blocks")


@pytest.mark.dtypes("float64")
@pytest.mark.parametrize("name", ["hard labels", "soft labels, smoothed", "ignored", "class indices"])
def test_second_derivative(framework: Framework, dtype: str, name: str, measure: Callable[..., None]) -> None:
    targets, options = CASES[name]
    found = framework.second(poly1_focal_loss, X, targets, H, dtype=dtype, **options)
    measure(relative(found, TRUTHS[name].second, TRUTHS[name].second_terms), tolerances.SECOND, framework.name, name, "second derivative")


def _arrays(targets: NumPyArray, options: dict[str, Any]) -> dict[str, NumPyArray]:
    return {"targets": targets} | {key: value for key, value in options.items() if isinstance(value, np.ndarray)}


def compiled_losses_hold(framework: Framework, mode: str, dtype: str, measure: Callable[..., None], *names: str) -> None:
    cases = [CASES[name] for name in names]

    def all_losses(tensors: list[Any]) -> Any:
        """In a row: one graph, since it takes longer to compile one than what is in it."""
        x, *others = tensors
        backend: Any = backend_of(x)
        given, xp, values = iter(others), backend.namespace(x), []
        for i, (targets, options) in enumerate(cases):
            values.append(xp.reshape(poly1_focal_loss(x[i], **options | {key: next(given) for key in _arrays(targets, options)}), (-1,)))
        return xp.concat(values)

    with framework.precision(dtype):
        x = framework.tensor(np.stack([X] * len(cases)), dtype)
        others = [framework.tensor(array) for case in cases for array in _arrays(*case).values()]
        compiled = framework.compiled(all_losses, mode)
        value, gradient = map(framework.numpy, framework.gradient(lambda x: compiled([x, *others]), x))
    start = 0
    for i, name in enumerate(names):
        shape = TRUTHS[name].value.high.shape
        end = start + int(np.prod(shape))
        held(measure, (value[start:end].reshape(shape), gradient[i]), name, dtype, framework.name, mode, dtype)
        start = end
    assert start == value.size


COMPILED = pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax", "mlx")


@pytest.mark.costly
@COMPILED
def test_compiled(framework: Framework, measure: Callable[..., None]) -> None:
    some = "hard labels", "soft labels, smoothed", "class indices, smoothed"
    compiled_losses_hold(framework, next(iter(framework.modes)), "float32", measure, *some)


@pytest.mark.full
@COMPILED
def test_compiled_in_every_mode(framework: Framework, mode: str, dtype: str, measure: Callable[..., None]) -> None:
    compiled_losses_hold(framework, mode, dtype, measure, *CASES)


@pytest.mark.parametrize(
    ("option", "error"), [("gamma", ValueError), ("epsilon", TypeError), ("pos_weight", TypeError)], ids=["gamma", "epsilon", "pos_weight"]
)
def test_options_out_of_range_and_unknown_ones(option: str, error: type[Exception]) -> None:
    values: dict[str, Any] = {"gamma": -1.0, "epsilon": np.ones(3), "pos_weight": 2.0}
    with pytest.raises(error, match=option):
        poly1_focal_loss(X, HARD, **{option: values[option]})


def test_pos_weight_which_the_formula_does_not_take() -> None:
    with pytest.raises(TypeError, match=r"pos_weight .* has no meaning in Poly1Focal"):
        loss(lambda x, y: (Convention(Poly1Focal()), Operands(x, y, pos_weight=2.0)))(X, HARD)
