r"""The z-loss: λ·l² of a row's l = log Σ_j e^(x_j), which keeps logits from drifting; a factor of the labels beside a categorical loss.

With V = Σ_c v_c, the row's labels times its weights, p = softmax(x) and a direction h:

    value    = V·λ·l²
    slope_j  = V·2λ·l·p_j
    second_j = V·2λ·(l·p_j·(h_j − Σ p·h) + p_j·Σ p·h)

Chowdhery et al., "PaLM", 2022, section 5, https://arxiv.org/abs/2204.02311
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from ..arrays import Array, Namespace
from ..scalars import non_negative
from .arithmetic import product
from .base import Formula, Inputs, required
from .softmax_terms import dense_parts, fast_beside, in_range, log_sum_exp, z_over_o


@dataclass(frozen=True)
class WithZLoss(Formula):
    """A categorical loss ``of`` logits, with ``z_loss``·log² Σ e^x in each class's term; ``by_index`` for the form for class indices."""

    of: Formula
    z_loss: float
    by_index: bool = False

    def __post_init__(self) -> None:
        required(self.of, "A z-loss")
        if not self.of.categorical or self.of.predictions != "logits":
            raise TypeError(f"A z-loss requires a categorical formula of logits; received {self.of}.")
        object.__setattr__(self, "z_loss", non_negative("z_loss", self.z_loss))
        if not isinstance(self.by_index, bool):
            raise TypeError(f"by_index must be True or False; received {type(self.by_index).__name__}.")

    @property
    def dropped_axis(self) -> int | None:
        """As the formula."""
        return self.of.dropped_axis

    @property
    def clipped(self) -> bool:
        """As the formula."""
        return self.of.clipped

    @property
    def takes_any_labels(self) -> bool:
        """Unless it is for class indices."""
        return self.of.takes_any_labels and not self.by_index

    @property
    def takes_indices(self) -> bool:
        """As the formula."""
        return self.of.takes_indices

    @property
    def smooths_indices(self) -> bool:
        """As the formula: the labels of a row add up to 1 smoothed, too."""
        return self.of.smooths_indices

    @property
    def temporaries(self) -> int:
        """One more than the formula's."""
        return self.of.temporaries + 1

    def for_labels(self, by_index: bool, axis: int, smoothing: float) -> Formula:
        """The formula's own, with the same z-loss."""
        of = self.of.for_labels(by_index, axis, smoothing)
        return self if of is self.of and by_index == self.by_index else replace(self, of=of, by_index=by_index)

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one row."""
        return f"{self.of.text(alpha, pos_weight)} + Σ_c y_c·{'α_c·' if alpha else ''}{self.z_loss:g}·(log Σ_j e^x_j)²"

    def soft_labels_text(self, alpha: bool) -> str | None:
        """As the formula."""
        return self.of.soft_labels_text(alpha)

    def clip_text(self) -> str:
        """As the formula."""
        return self.of.clip_text()

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        value, slope = self.of.value_slope(xp, x, inputs)
        log_sum, p = log_sum_exp(xp, self._axis, x)
        scaled = self._scaled(xp, inputs, log_sum)
        own = xp.squeeze(product(xp, scaled, log_sum), axis=self._axis)
        return value + own, slope + product(xp, p, 2 * scaled)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        parts, top = dense_parts(xp, self._axis, x)
        log_sum, p = log_sum_exp(xp, self._axis, x)
        # Nothing is decided by what has h in it: a second derivative is linear in h, and JAX transposes it.
        bent = product(xp, p * parts.o, 2 * self._scaled(xp, inputs, log_sum))
        flat = 2 * self._scaled(xp, inputs, xp.ones_like(log_sum)) * p
        own = bent * z_over_o(xp, self._axis, parts, top, h) + flat * xp.sum(p * h, axis=self._axis, keepdims=True)
        return self.of.second(xp, x, inputs, h) + own

    def fast(self, xp: Namespace, x: Array, inputs: Inputs, out: Array | None) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        found = self.of.fast(xp, x, inputs, out)
        if found is None:
            return None
        value, slope = found
        # From the target on as well as from the largest logit: where that is another, the loss itself is far larger than what is lost.
        start = inputs.labels if self.by_index else xp.argmax(x, axis=self._axis, keepdims=True)
        e, e_start, others = fast_beside(xp, x, start, self._axis, None)
        total = others + e_start
        if not in_range(xp, total):
            return None
        log_sum = xp.take_along_axis(x, start, axis=self._axis) + xp.log1p(others / e_start)
        scaled = self._scaled(xp, inputs, log_sum)
        xp.put(e, start, e_start, self._axis)
        e *= 2 * scaled / total
        slope += e
        return value + xp.squeeze(scaled * log_sum, axis=self._axis), slope

    @property
    def _axis(self) -> int:
        return cast("int", self.of.dropped_axis)

    def _scaled(self, xp: Namespace, inputs: Inputs, log_sum: Array) -> Array:
        """V·λ·l, of size 1 along the class axis."""
        scaled = xp.number(self.z_loss, log_sum.dtype) * log_sum
        if not self.by_index:
            v = inputs.labels if inputs.weight is None else inputs.labels * inputs.weight
            return product(xp, xp.sum(v, axis=self._axis, keepdims=True), scaled)
        return scaled if inputs.weight is None else product(xp, inputs.weight, scaled)
