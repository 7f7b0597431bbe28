"""Which second derivative is meant: the exact one, or one that is not negative, as Newton steps need it."""

from __future__ import annotations

from typing import Literal, assert_never, get_args

from ..arrays import Array, Namespace
from ..formulas.base import Formula, Inputs

Hessian = Literal["exact", "clipped", "held"]
"""The Hessian itself; not below FLOOR; or that of the loss whose modulator is a constant."""

FLOOR = 1e-16
"""The least clipped second derivative of a loss of weight 1, which is also XGBoost's of its own losses."""


def hessian_kind(value: object) -> Hessian:
    """One of the three; raises ValueError if it is none."""
    if not isinstance(value, str) or value not in get_args(Hessian):
        raise ValueError(f"hessian must be 'exact', 'clipped' or 'held'; received {value!r}.")
    return value  # type: ignore[return-value]


def diagonal(xp: Namespace, formula: Formula, x: Array, inputs: Inputs, hessian: Hessian) -> Array:
    """The diagonal of the Hessian of the weighted, unreduced loss; raises TypeError where the formula has none of this kind."""
    match hessian:
        case "held":
            found = formula.held(xp, x, inputs)
            if found is None:
                raise TypeError(
                    f"hessian='held' requires a formula that says what its modulator is; {formula} has no method held. "
                    "Pass hessian='clipped' or 'exact', or write it."
                )
            return found[1]
        case "exact" | "clipped":
            exact = formula.curvature(xp, x, inputs)
            if exact is None:
                raise TypeError(
                    f"The diagonal of the Hessian requires a formula that has it in closed form; {formula} has no method curvature. "
                    "Write it: unifocal.conformance.assert_formula checks it."
                )
            return _not_below(xp, exact, inputs.weight) if hessian == "clipped" else exact
        case never:
            assert_never(never)


def _not_below(xp: Namespace, exact: Array, weight: Array | float | None) -> Array:
    """A second derivative, at least FLOOR times the weight, 0 where that is not positive; NaN stays."""
    if weight is None:
        return xp.where(exact < FLOOR, FLOOR, exact)
    floor = FLOOR * weight * xp.ones_like(exact)
    floor = xp.where(floor > 0, floor, 0.0)
    return xp.where(exact < floor, floor, exact)
