r"""Binary and categorical focal loss on probabilities.

The binary loss, with p given and q = 1 − p (exact to half an ulp):

    L = w · α_t · r^γ · CE,      CE = y·pw·(−log p) + (1−y)·(−log q),      r = y·q + (1−y)·p
    dL/dp   = w·α_t·r^γ · [γ·ρ·CE/r + CE'],                                 ρ = 1 − 2y
    d²L/dp² = w·α_t·r^(γ−1) · [γ(γ−1)·ρ²·CE/r + 2γ·ρ·CE' + r·CE'']

The categorical loss Σ_c v_c·(1−p_c)^γ·(−log p_c) is its y = 1 case summed over the classes: rows are not renormalised, and the
derivative is with respect to each p_c alone.  Logarithms are exact: p = 0 with y = 1 gives inf, slope −inf.

Options change what p and log p are: a clip p̂ = min(max(p, ε), 1−ε) in all of L, or in CE alone; log(p̂ + δ); or max(log p, floor) with
1/(p·q) at most 10¹² in the derivative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, assert_never, get_args

import numpy as np

from ..arrays import Array, Namespace
from ..scalars import static
from .arithmetic import power, product
from .base import Binary, Categorical, Formula, Inputs, Predictions, binary_text, categorical_text, exponent, finite

Clip = Literal["loss", "cross_entropy"]
"""Where a clip counts: in the whole loss, or in its cross entropy alone."""

SMALLEST_VARIANCE = 1e-12


class _Parts(NamedTuple):
    r: Array
    rho: Array
    cross_entropy: Array
    over_r: Array  # CE/r, which tends to y·pw + 1−y as r → 0
    first: Array  # CE'
    curvature: Array  # CE''
    coefficient: Array | float  # w·α_t
    passes: Array | float  # derivative of the clip of all of L: 1 inside and at the bounds, 0 outside


@dataclass(frozen=True)
class ProbabilityFocal(Binary):
    """Binary focal loss of probabilities.

    epsilon: probabilities are clipped to [ε, 1−ε], in the whole loss or in its cross entropy only (``clip``).
    log_epsilon: δ in log(p + δ); Paddle's log_loss takes negative ones too.
    log_floor: the least value of a logarithm; 1/(p(1−p)) in the derivative is then at most 10¹².
    """

    gamma: float = 0.0
    epsilon: float | None = None
    clip: Clip = "loss"
    log_epsilon: float = 0.0
    log_floor: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))
        object.__setattr__(self, "epsilon", clip_bound(self.epsilon))
        if not isinstance(self.clip, str) or self.clip not in get_args(Clip):
            raise ValueError(f"clip must be 'loss' or 'cross_entropy'; received {self.clip!r}.")
        if self.clip == "cross_entropy" and not self.epsilon:
            raise ValueError(f"clip='cross_entropy' requires an epsilon > 0 that clips; received epsilon={self.epsilon}.")
        object.__setattr__(self, "log_epsilon", finite("log_epsilon", self.log_epsilon))
        if self.log_floor is not None:
            log_floor = finite("log_floor", self.log_floor)
            if log_floor > 0:
                raise ValueError(f"log_floor must be ≤ 0, as logarithms of probabilities are, or None; received {self.log_floor}.")
            if self.log_epsilon:
                raise ValueError("log_floor and log_epsilon do not go together: each keeps logarithms finite.")
            object.__setattr__(self, "log_floor", log_floor)

    @property
    def predictions(self) -> Predictions:
        """Probabilities."""
        return "probabilities"

    @property
    def clipped(self) -> bool:
        """With an ε."""
        return bool(self.epsilon)

    @property
    def takes_pos_weight(self) -> bool:
        """Yes."""
        return True

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one element."""
        added = f" + {self.log_epsilon:g}" if self.log_epsilon else ""
        logarithms = (f"log(p{added})", f"log(1 − p{added})") if added else ("log p", "log(1 − p)")
        return binary_text(self.gamma, alpha, pos_weight, *logarithms)

    def clip_text(self) -> str:
        """How probabilities and logarithms are clipped."""
        rules = []
        if self.epsilon:
            match self.clip:
                case "loss":
                    where = ""
                case "cross_entropy":
                    where = ", in the cross entropy and not in p_t" if self.gamma else ""
                case never:
                    assert_never(never)
            rules.append(f"p to [{self.epsilon:g}, 1 − {self.epsilon:g}]{where}; no derivative outside")
        if self.log_epsilon:
            rules.append(f"logarithms of p + {self.log_epsilon:g} and 1 − p + {self.log_epsilon:g}")
        if self.log_floor is not None:
            rules.append(f"logarithms at least {self.log_floor:g}; 1/(p·(1 − p)) at most 1e12 in the derivative")
        return "; ".join(rules)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        parts = self._parts(xp, x, inputs)
        bracket, modulator = parts.first, parts.coefficient
        if self.gamma == 1:
            # Not divided by r, which labels outside [0, 1] make 0 where CE is not.
            bracket = xp.where(xp.isinf(bracket), bracket, parts.rho * parts.cross_entropy + parts.r * bracket)
            return product(xp, modulator * parts.r, parts.cross_entropy), product(xp, modulator * parts.passes, bracket)
        if self.gamma:
            modulator = modulator * power(xp, parts.r, self.gamma)
            # Where CE' is infinite it outgrows CE.
            bracket = xp.where(xp.isinf(bracket), bracket, xp.number(self.gamma, x.dtype) * parts.rho * parts.over_r + bracket)
        return product(xp, modulator, parts.cross_entropy), product(xp, modulator * parts.passes, bracket)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        parts = self._parts(xp, x, inputs)
        rho, bracket, modulator = parts.rho, parts.curvature, parts.coefficient
        if self.gamma:
            gamma = xp.number(self.gamma, x.dtype)
            modulator = product(xp, modulator, power(xp, parts.r, self.gamma - 1))
            bracket = parts.r * bracket
            focal = gamma * ((gamma - 1) * rho * rho * parts.over_r + 2 * rho * parts.first)
            bracket = xp.where(xp.isinf(bracket), bracket, focal + bracket)
        return h * product(xp, modulator * parts.passes, bracket)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        parts = self._parts(xp, x, inputs)
        modulator = parts.coefficient * power(xp, parts.r, self.gamma) if self.gamma else parts.coefficient
        return product(xp, modulator * parts.passes, parts.first), product(xp, modulator * parts.passes, parts.curvature)

    def _parts(self, xp: Namespace, x: Array, inputs: Inputs) -> _Parts:
        clipped, passes = clip_to(xp, self.epsilon, x)
        y, negative = self.smooth(xp, inputs.labels)
        positive = y if inputs.pos_weight is None else y * inputs.pos_weight
        cross_entropy, first, curvature = self._cross_entropy(xp, clipped, positive, negative)
        match self.clip:
            case "loss":
                p = clipped
            case "cross_entropy":
                p, first, curvature, passes = _nearly_unit(xp, x), first * passes, curvature * passes, 1.0
            case never:
                assert_never(never)
        q = 1 - p
        coefficient = self.coefficient(inputs, y, negative)
        r = y * q + negative * p
        zero = xp.equal(r, 0)
        over_r = xp.where(zero, positive + negative, xp.divide(cross_entropy, xp.where(zero, 1.0, r)))
        return _Parts(r, negative - y, cross_entropy, over_r, first, curvature, 1.0 if coefficient is None else coefficient, passes)

    def _cross_entropy(self, xp: Namespace, p: Array, positive: Array, negative: Array) -> tuple[Array, Array, Array]:
        """CE and its first two derivatives with respect to p."""
        if self.log_epsilon:
            delta = xp.number(self.log_epsilon, p.dtype)
            # Compilers turn (1 − p) + δ into (1 + δ) − p, whose derivative in float32 is 4 % off near p = 1; not with a choice between.
            p, q = p + delta, xp.where(p > 1, 0.0, 1 - p) + delta
            log_p, log_q = xp.log(p), xp.log(q)
        else:
            log_p, log_q, q = xp.log(p), xp.log1p(-p), 1 - p
        if self.log_floor is not None:
            log_p, log_q = (xp.where(log < self.log_floor, self.log_floor, log) for log in (log_p, log_q))
        cross_entropy = product(xp, positive, -log_p) + product(xp, negative, -log_q)
        first = product(xp, negative, 1 / q) - product(xp, positive, 1 / p)
        curvature = product(xp, negative, 1 / (q * q)) + product(xp, positive, 1 / (p * p))
        if self.log_floor is not None:
            smallest = xp.number(SMALLEST_VARIANCE, p.dtype)
            steep = p * q < smallest
            first = xp.where(steep, (negative * p - positive * q) / smallest, first)
            curvature = xp.where(steep, (negative + positive) / smallest, curvature)
        return cross_entropy, first, curvature


@dataclass(frozen=True)
class CategoricalProbabilityFocal(Categorical):
    """Categorical focal loss of probabilities that are not renormalised, clipped to [ε, 1−ε] in the whole loss if there is an ε."""

    gamma: float = 0.0
    epsilon: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))
        object.__setattr__(self, "epsilon", clip_bound(self.epsilon))

    @property
    def _of_target(self) -> ProbabilityFocal:
        """The loss of one class's probability, its label being 1."""
        return ProbabilityFocal(self.gamma, self.epsilon)

    @property
    def predictions(self) -> Predictions:
        """Probabilities."""
        return "probabilities"

    @property
    def clipped(self) -> bool:
        """With an ε."""
        return bool(self.epsilon)

    @property
    def takes_indices(self) -> bool:
        """Yes."""
        return True

    @property
    def separable(self) -> bool:
        """Yes."""
        return True

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """For class indices a formula that makes no labels of them."""
        if by_index:
            return IndexProbabilityFocal(self._of_target, axis=axis)
        return super().for_labels(by_index, axis, smoothing)

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return categorical_text(self.gamma, alpha)

    def clip_text(self) -> str:
        """How probabilities are clipped."""
        return self._of_target.clip_text()

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        value, slope = self._of_target.value_slope(xp, x, _weighing(xp, x, inputs))
        return xp.sum(value, axis=self.axis), slope

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        return self._of_target.second(xp, x, _weighing(xp, x, inputs), h)

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        return self.second(xp, x, inputs, xp.ones_like(x))

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._of_target.held(xp, x, _weighing(xp, x, inputs))


def _weighing(xp: Namespace, x: Array, inputs: Inputs) -> Inputs:
    """Categorical labels v as weights of the y = 1 term."""
    weight = inputs.labels if inputs.weight is None else inputs.labels * inputs.weight
    return Inputs(labels=xp.ones_like(x), weight=weight)


@dataclass(frozen=True)
class IndexProbabilityFocal(Categorical):
    """:class:`CategoricalProbabilityFocal` of class indices."""

    of_target: ProbabilityFocal
    """The loss of one class's probability, its label being 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.of_target, ProbabilityFocal):
            raise TypeError(f"of_target must be a ProbabilityFocal; received {self.of_target!r}.")

    @property
    def takes_any_labels(self) -> bool:
        """No."""
        return False

    @property
    def separable(self) -> bool:
        """Yes."""
        return True

    @property
    def predictions(self) -> Predictions:
        """Probabilities."""
        return "probabilities"

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return categorical_text(self.of_target.gamma, alpha)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        p = xp.take_along_axis(x, inputs.labels, axis=self.axis)
        value, slope = self.of_target.value_slope(xp, p, Inputs(labels=xp.ones_like(p), weight=inputs.weight))
        return xp.squeeze(value, axis=self.axis), xp.scatter(xp.zeros_like(x), inputs.labels, slope, self.axis)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        target = inputs.labels
        p, h = xp.take_along_axis(x, target, axis=self.axis), xp.take_along_axis(h, target, axis=self.axis)
        slope = self.of_target.second(xp, p, Inputs(labels=xp.ones_like(p), weight=inputs.weight), h)
        return xp.scatter(xp.zeros_like(x), target, slope, self.axis)

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        return self.second(xp, x, inputs, xp.ones_like(x))

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        p = xp.take_along_axis(x, inputs.labels, axis=self.axis)
        slope, curvature = (
            xp.scatter(xp.zeros_like(x), inputs.labels, part, self.axis)
            for part in self.of_target.held(xp, p, Inputs(labels=xp.ones_like(p), weight=inputs.weight))
        )
        return slope, curvature


def clip_bound(epsilon: float | None) -> float | None:
    """ε of a clip to [ε, 1−ε]; raises TypeError or ValueError unless it is None or in [0, 0.5)."""
    if epsilon is None:
        return None
    number = static("epsilon", epsilon, "in [0, 0.5)")
    if not 0 <= number < 0.5:
        raise ValueError(f"epsilon must be in [0, 0.5); received {epsilon}.")
    return number


def clip_to(xp: Namespace, epsilon: float | None, x: Array) -> tuple[Array, Array | float]:
    """The probability that the loss sees, and the derivative of the clip: 1 inside and at the bounds, 0 outside.

    Without an epsilon only rounding noise lies outside [0, 1] (anything more was refused or made NaN): it counts as the bound.
    """
    if not epsilon:
        return _unit(xp, x), 1.0
    rounded = np.float64 if x.dtype == xp.float64 else np.float32
    low, high = float(rounded(epsilon)), float(rounded(1 - epsilon))
    passes = xp.where((x < low) | (x > high), 0.0, xp.ones_like(x))
    return _unit(xp, x, low, high), passes


def _unit(xp: Namespace, x: Array, low: float = 0.0, high: float = 1.0) -> Array:
    return xp.where(x < low, low, xp.where(x > high, high, x))


def _nearly_unit(xp: Namespace, x: Array) -> Array:
    """x, which only rounding noise takes back to [0, 1]: the originals that clip in the cross entropy alone compute with anything else."""
    return xp.where(xp.abs(x - 0.5) <= 0.5 + 4 * float(xp.finfo(x.dtype).eps), _unit(xp, x), x)
