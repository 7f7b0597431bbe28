r"""Categorical focal loss of probabilities whose cross entropy renormalises them, and whose modulator does not.

With p̂ = p clipped to [ε, 1−ε], its derivative κ, S = Σ p̂ and labels v,

    L        = Σ_c v_c·m_c·l_c,      m_c = (1 − p_c)^γ,      l_c = log S − log p̂_c
    slope_j  = v_j·m′_j·l_j + κ_j·(A/S − v_j·m_j/p̂_j),      A = Σ_c v_c·m_c
    second_j = v_j·(m″_j·l_j·h_j + m′_j·∂l_j) + κ_j·(∂A/S − A·∂S/S² − v_j·m′_j·h_j/p̂_j + v_j·m_j·κ_j·h_j/p̂_j²)

along h, where ∂S = Σ κ·h, ∂A = Σ v·m′·h and ∂l_j = ∂S/S − κ_j·h_j/p̂_j.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..arrays import Array, Namespace
from .arithmetic import power, product
from .base import Categorical, Inputs, Predictions, exponent, power_text
from .probability import clip_bound, clip_to


class _Parts(NamedTuple):
    clipped: Array
    passes: Array | float
    total: Array
    loss: Array  # l
    modulators: tuple[Array, ...]  # v·m, v·m′, v·m″


@dataclass(frozen=True)
class RenormalizedFocal(Categorical):
    """Categorical focal loss of probabilities that are clipped to [ε, 1−ε] and divided by their sum in the cross entropy alone."""

    gamma: float = 0.0
    epsilon: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))
        object.__setattr__(self, "epsilon", clip_bound(self.epsilon))

    @property
    def predictions(self) -> Predictions:
        """Probabilities."""
        return "probabilities"

    @property
    def clipped(self) -> bool:
        """With an ε."""
        return bool(self.epsilon)

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return f"Σ_c y_c·{'α_c·' if alpha else ''}{power_text(self.gamma, '(1 − p_c)')}(−log(p_c/Σ p))"

    def clip_text(self) -> str:
        """How probabilities are clipped."""
        return f"p to [{self.epsilon:g}, 1 − {self.epsilon:g}] in the logarithm; no derivative outside" if self.epsilon else ""

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        clipped, passes, total, loss, (m, first, _) = self._parts(xp, x, inputs)
        weight = xp.sum(m, axis=self.axis, keepdims=True)
        value = xp.sum(product(xp, m, loss), axis=self.axis)
        return value, product(xp, first, loss) + passes * (weight / total - product(xp, m, 1 / clipped))

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        clipped, passes, total, loss, (m, first, bend) = self._parts(xp, x, inputs)
        along = passes * h
        of_total = xp.sum(along, axis=self.axis, keepdims=True)
        weight = xp.sum(m, axis=self.axis, keepdims=True)
        of_weight = xp.sum(first * h, axis=self.axis, keepdims=True)
        of_loss = of_total / total - along / clipped
        of_modulator = product(xp, bend, loss * h) + product(xp, first, of_loss)
        of_slope = (of_weight - weight * of_total / total) / total - product(xp, first, h / clipped)
        return of_modulator + passes * (of_slope + product(xp, m, along / (clipped * clipped)))

    def curvature(self, xp: Namespace, x: Array, inputs: Inputs) -> Array:
        """See :class:`~.base.Formula`."""
        clipped, passes, total, loss, (m, first, bend) = self._parts(xp, x, inputs)
        of_modulator = product(xp, bend, loss) + 2 * passes * product(xp, first, 1 / total - 1 / clipped)
        return of_modulator + self._held(xp, clipped, passes, total, m)[1]

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        clipped, passes, total, _, (m, _, _) = self._parts(xp, x, inputs)
        return self._held(xp, clipped, passes, total, m)

    def _held(self, xp: Namespace, clipped: Array, passes: Array | float, total: Array, m: Array) -> tuple[Array, Array]:
        """Slope and diagonal of the Hessian of the cross entropy alone."""
        weight = xp.sum(m, axis=self.axis, keepdims=True)
        slope = passes * (weight / total - product(xp, m, 1 / clipped))
        return slope, passes * passes * (product(xp, m, 1 / (clipped * clipped)) - weight / (total * total))

    def _parts(self, xp: Namespace, x: Array, inputs: Inputs) -> _Parts:
        v = inputs.labels if inputs.weight is None else inputs.labels * inputs.weight
        clipped, passes = clip_to(xp, self.epsilon, x)
        total = xp.sum(clipped, axis=self.axis, keepdims=True)
        factor, modulators = 1.0, []
        for order in range(3):
            if not factor:
                modulators.append(xp.zeros_like(x))
                continue
            modulators.append(product(xp, v, xp.number(factor, x.dtype) * power(xp, 1 - x, self.gamma - order)))
            factor *= order - self.gamma
        return _Parts(clipped, passes, total, xp.log(total) - xp.log(clipped), tuple(modulators))
