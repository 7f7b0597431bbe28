r"""Binary focal loss on logits, soft-label family A (Lin et al. 2017, arXiv:1708.02002, extended to labels y in [0, 1]).

    L = w · α_t · r^γ · CE,      CE = y·pw·(−log p) + (1−y)·(−log q),      p = σ(x), q = 1 − p
    r = 1 − p_t = y·q + (1−y)·p,      α_t = α·y + (1−α)·(1−y)

The slope, with CE' = p(1−y) − q·y·pw, is written out where r^(γ−1) is finite, for speed; all else is derived of the loss's expression:

    dL/dx = w·α_t·r^(γ−1) · [γ·(1−2y)·p·q·CE + r·CE']

Accuracy rests on never forming 1 − p or 1 − p_t by subtraction.  With γ = 0 and α off this is binary cross entropy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..arrays import Array, Namespace
from .arithmetic import fast_logistic, fast_logistic_terms, fast_small, logistic, logistic_terms, power, product, switched
from .base import Binary, Formula, Inputs, binary_text, exponent
from .derived import Elementwise, found
from .elements import Element
from .expressions import constant
from .jets import Jet


@dataclass(frozen=True)
class SigmoidFocal(Elementwise):
    """Sigmoid focal loss: of logits and any labels, a soft label having its own p_t.  ``gamma`` = 0 is binary cross entropy."""

    gamma: float = 0.0

    def __post_init__(self) -> None:
        Binary.__post_init__(self)  # γ is held to its range here
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))

    @property
    def temporaries(self) -> int:
        """Fewer for cross entropy."""
        return 8 if self.gamma else 6

    @property
    def of_hard_labels(self) -> Formula:
        """Another form, unless the labels are smoothed."""
        return self if self.smoothed else HardSigmoidFocal(self.gamma)

    @property
    def takes_pos_weight(self) -> bool:
        """Yes."""
        return True

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one element."""
        return binary_text(self.gamma, alpha, pos_weight)

    def soft_labels_text(self, alpha: bool) -> str | None:
        """Their own p_t."""
        return Binary.soft_labels_text(self, alpha)

    def element(self, t: Element) -> Any:
        """The loss of one element."""
        return -((1 - t.p_t) ** self.gamma) * t.log_p_t

    def loss_held(self, t: Element) -> Jet:
        """See :class:`~.derived.Elementwise`."""
        return found(self, -constant((1 - t.p_t) ** self.gamma) * t.log_p_t)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._value_slope(xp, x, inputs, switched, guarded=False)

    def differentiable(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        return self._value_slope(xp, x, inputs, product, guarded=True)

    def fast(self, xp: Namespace, x: Array, inputs: Inputs, out: Array | None) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        if 0 < self.gamma < 1:
            return None
        y, negative = self.smooth(xp, inputs.labels)
        modulator = self.coefficient(inputs, y, negative)
        if not self.gamma and inputs.pos_weight is None and not self.smoothed:
            value, slope = _fast_cross_entropy(xp, x, y, out)
            return (value, slope) if modulator is None else (modulator * value, xp.multiply(slope, modulator, out=out))
        p, q, minus_log_p, minus_log_q = fast_logistic_terms(xp, x)
        positive = y if inputs.pos_weight is None else y * inputs.pos_weight
        value = positive * minus_log_p + negative * minus_log_q
        # Each array is given up as soon as may be: the fewer a block has at once, the larger it can be.
        del minus_log_p, minus_log_q
        slope = negative * p - positive * q
        if self.gamma:
            r = y * q + negative * p
            slope = self.gamma * ((negative - y) * (p * q * value)) + r * slope
            del p, q, positive, negative
            root = power(xp, r, self.gamma - 1, guarded=False) if self.gamma != 1 else None
            modulator = root if modulator is None else modulator if root is None else modulator * root
            value = (r if modulator is None else modulator * r) * value
        elif modulator is not None:
            value = modulator * value
        return value, slope if modulator is None else xp.multiply(slope, modulator, out=out)

    def _value_slope(
        self, xp: Namespace, x: Array, inputs: Inputs, times: Callable[[Namespace, Array, Array], Array], guarded: bool
    ) -> tuple[Array, Array]:
        """For γ = 0 or γ ≥ 1, r^(γ−1) is taken out, so that nothing is divided by r.  ``times`` has 0·∞ = 0, and may hide a NaN there."""
        if 0 < self.gamma < 1:  # r^(γ−1) is not finite at r = 0
            return super().differentiable(xp, x, inputs) if guarded else super().value_slope(xp, x, inputs)
        y, negative = self.smooth(xp, inputs.labels)
        modulator = self.coefficient(inputs, y, negative)
        p, q, minus_log_p, minus_log_q = logistic_terms(xp, x)
        positive = y if inputs.pos_weight is None else y * inputs.pos_weight
        # Unless pos_weight can be 0, either of the two terms is NaN where x is.
        times_positive = times if inputs.pos_weight is None else product
        cross_entropy = times_positive(xp, positive, minus_log_p) + times(xp, negative, minus_log_q)
        slope = negative * p - positive * q
        if not self.gamma:
            return (cross_entropy, slope) if modulator is None else (product(xp, modulator, cross_entropy), slope * modulator)
        r = y * q + negative * p
        slope = xp.number(self.gamma, x.dtype) * ((negative - y) * times(xp, p * q, cross_entropy)) + r * slope
        root = power(xp, r, self.gamma - 1, guarded=guarded) if self.gamma != 1 else None
        modulator = root if modulator is None else modulator if root is None else modulator * root
        # r is NaN where x is.
        value = times(xp, r if modulator is None else modulator * r, cross_entropy)
        return value, slope if modulator is None else slope * modulator


def _fast_cross_entropy(xp: Namespace, x: Array, y: Array, out: Array | None) -> tuple[Array, Array]:
    """With H = [x > 0]:

    L = softplus(−|x|) + (H−y)·x,      dL/dx = (1−2H)·σ(−|x|) + (H−y)
    """
    smaller, softplus = fast_small(xp, x)
    larger_is_p = xp.step(x)
    missing = y - larger_is_p
    return xp.multiply_add(-1.0, missing, x, softplus), xp.subtract(xp.signed(xp.signs(larger_is_p), smaller, None), missing, out=out)


@dataclass(frozen=True)
class HardSigmoidFocal(Binary):
    """:class:`SigmoidFocal` of labels that are all 0 or 1.  With t = (1−2y)·x, r = σ(t) and CE = pw_t·softplus(t), for c = w·α_t·pw_t:

    L = c·r^γ·softplus(t),      dL/dx = (1−2y)·c·r^γ·[γ·σ(−t)·softplus(t) + r]
    """

    gamma: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "gamma", exponent("gamma", self.gamma))
        if self.smoothed:
            raise ValueError(f"Smoothed labels are not all 0 or 1: smoothed must be 0; received {self.smoothed}.")

    @property
    def takes_any_labels(self) -> bool:
        """No."""
        return False

    @property
    def takes_pos_weight(self) -> bool:
        """Yes."""
        return True

    def text(self, alpha: bool, pos_weight: bool) -> str:
        """The loss of one element."""
        return binary_text(self.gamma, alpha, pos_weight)

    def value_slope(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        y = inputs.labels
        sign = 1 - 2 * y
        r, p_t, softplus = logistic(xp, sign * x, self.gamma > 0)
        coefficient = _hard_coefficient(inputs, y)
        if not self.gamma:
            modulator, bracket = coefficient, r
        else:
            bracket = xp.number(self.gamma, x.dtype) * product(xp, p_t, softplus) + r
            focal = power(xp, r, self.gamma, guarded=False)
            modulator = focal if coefficient is None else coefficient * focal
        if modulator is None:
            return softplus, sign * bracket
        return product(xp, modulator, softplus), sign * (bracket * modulator)

    def second(self, xp: Namespace, x: Array, inputs: Inputs, h: Array) -> Array:
        """See :class:`~.base.Formula`."""
        return SigmoidFocal(self.gamma).second(xp, x, inputs, h)

    def held(self, xp: Namespace, x: Array, inputs: Inputs) -> tuple[Array, Array] | None:
        """See :class:`~.base.Formula`."""
        return SigmoidFocal(self.gamma).held(xp, x, inputs)

    def fast(self, xp: Namespace, x: Array, inputs: Inputs, out: Array | None) -> tuple[Array, Array]:
        """See :class:`~.base.Formula`."""
        y = inputs.labels
        signs = xp.signs(y)
        r, p_t, softplus = fast_logistic(xp, xp.signed(signs, x, None), self.gamma > 0)
        if not self.gamma:
            modulator, bracket = _fast_coefficient(xp, inputs, y), r
        else:
            # Each array is given up as soon as may be: the fewer a block has at once, the larger it can be.
            bracket = xp.multiply_add(self.gamma, p_t, softplus, r)
            del p_t
            focal = power(xp, r, self.gamma, guarded=False)
            del r
            modulator = _fast_coefficient(xp, inputs, y)
            modulator = focal if modulator is None else modulator * focal
            del focal
        if modulator is None:
            return softplus, xp.signed(signs, bracket, out)
        return modulator * softplus, xp.signed(signs, xp.multiply(bracket, modulator, out=out), out)


def _hard_coefficient(inputs: Inputs, y: Array) -> Array | float | None:
    """w·α_t·pw_t, for labels y that are all 0 or 1; None is 1."""
    of_positives, of_negatives, weight = _factors(inputs)
    if of_positives is None:
        return weight
    coefficient = y * of_positives + (1 - y) * of_negatives
    return coefficient if weight is None else coefficient * weight


def _fast_coefficient(xp: Namespace, inputs: Inputs, y: Array) -> Array | float | None:
    """The same in two passes less, where the two factors are numbers and their difference is exact."""
    of_positives, of_negatives, weight = _factors(inputs)
    if not (isinstance(of_positives, float) and isinstance(of_negatives, float)):
        return _hard_coefficient(inputs, y)
    if not _steps(y.dtype == xp.float64, of_negatives, of_positives):
        return _hard_coefficient(inputs, y)
    coefficient = xp.line(y, of_negatives, of_positives - of_negatives)
    return coefficient if weight is None else coefficient * weight


def _factors(inputs: Inputs) -> tuple[Array | float | None, Array | float, Array | float | None]:
    """w·α_t·pw_t of positives (None if there is neither α nor pw) and of negatives, and the rest of w, which no number is."""
    alpha, pos_weight, weight = inputs.alpha, inputs.pos_weight, inputs.weight
    if alpha is None and pos_weight is None:
        return None, 1.0, weight
    of_negatives = 1.0 if alpha is None else 1 - alpha
    of_positives: Array = alpha if pos_weight is None else pos_weight if alpha is None else alpha * pos_weight
    if isinstance(weight, float):
        return of_positives * weight, of_negatives * weight, None
    return of_positives, of_negatives, weight


@cache
def _steps(double: bool, start: float, end: float) -> bool:
    """Whether start + (end − start) is exactly end, in double or single precision."""
    rounded = np.float64 if double else np.float32
    return bool(rounded(start) + rounded(end - start) == rounded(end))
