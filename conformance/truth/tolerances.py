"""The bar: how far from the truth a result may be.  The suite's one table of tolerances.

Distances are in ulp, as :func:`~.ulp.distance` counts them; for soft labels, of the sum of the terms' magnitudes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from unifocal.convention import Convention
from unifocal.formulas import Formula, OfClassProbabilities, OfProbabilities
from unifocal.formulas.asymmetric import AsymmetricFocal
from unifocal.formulas.gaussian import GaussianFocal
from unifocal.formulas.poly import PolyFocal, SoftmaxPolyFocal
from unifocal.formulas.quality import QualityFocal

HALF = 1.0
"""float16 and bfloat16, computed in float32 and rounded once."""

HALF_TWICE = 2.0
"""Gradients in them for a cotangent that is no power of two: the slope was rounded, and the product is."""

SOFTMAX = {"float32": 64.0, "float64": 512.0}
"""Softmax losses and gradients, up to 1000 classes: the exponential magnifies the rounding of x − max x, up to 88 or 708 times."""

SUM = 4.0
"""Sums of positive terms, of any length."""

SECOND = 1e-12
"""Second derivatives in float64, relative to the sum of their terms' magnitudes."""


def value_and_gradient(kind: Literal["sigmoid", "softmax"], dtype: str, gamma: float) -> float:
    """The bar in ulp for a loss and its gradient."""
    if dtype in ("float16", "bfloat16"):
        return HALF
    return 8 + 5 * gamma if kind == "sigmoid" else SOFTMAX[dtype]


def exponent_of(formula: Formula) -> float:
    """γ of a formula, by which its bar grows: the largest exponent of what is multiplied, or the sum where two powers are."""
    match formula:
        case OfProbabilities() | OfClassProbabilities():
            return exponent_of(formula.of)
        case AsymmetricFocal():
            return max(formula.gamma_pos, formula.gamma_neg)
        case QualityFocal():
            return formula.beta
        case GaussianFocal():
            return formula.alpha + formula.gamma
        case PolyFocal() | SoftmaxPolyFocal():
            return formula.gamma + 1
    gamma: float = getattr(formula, "gamma", 0.0)
    return gamma


ORIGINAL = {"float32": 8.0, "float64": 256.0}
"""How far a dialect's result may be from its original's, in ulp of the largest number.  Originals lose some bits of float64 where they
subtract probabilities from 1; a γ that is off by 1e-6 moves a result by thousands of millions of ulp."""

EXAMPLE = 64.0
"""How far the result of a documented example may be from the documented function's, in ulp of float32: Keras's sparse cross entropy is 37
from the truth, the others 14."""

FIGURES = 4.0
"""How far it may be from a printed figure, in last digits: what is printed has float32's rounding errors (Paddle's 0.08544625 is 1.5 from
the truth)."""

SINGLE_PRECISION_CONSTANT = 4.5e7
"""As ORIGINAL, where the original takes a float32 constant in float64 arithmetic."""

REASSOCIATED = 4.5e4
"""As ORIGINAL, where a compiler of the original's rewrote a sum."""

FLOAT32_AT_CLIP = 32.0
"""As ORIGINAL, for float32 probabilities at a clip's bounds, where 1 − p cancels."""

PORT = {"float32": 1024.0, "float64": 2.0**16}
"""How far somebody's own function may be from the original that it is a port of, in ulp of the largest number: textbook formulas lose a few
digits where they subtract from 1, and are ports all the same.  A float32 step in float64 is 2^29 ulp, a γ off by 1e-6 some 2^32."""

AGAIN = 4.0
"""How far an original may be from what was recorded of it, on another processor or of another build, in ulp of the largest number."""

LINEAR = 8.0
"""How far a linear layer's cross entropy, rows by rows, may be from that of all logits at once, in ulp of the largest number: sums over
classes and rows in another order, and of half precision one rounding more or less of the slope."""

DIALECT = 16.0
"""How far a dialect's result may be from the truth of its convention, in ulp of the largest number; measured are 7."""

ELEMENTARY = 8.0
"""A framework's own exp, log, log1p, pow, and sums of terms of one sign, from NumPy's.  torch's float32 pow is 6 away at 2^-80."""


def for_call(convention: Convention, dtype: str, options: Mapping[str, object], largest: float) -> float:
    """The bar in ulp for a call with options on predictions up to the largest.

    Each factor that multiplies the loss rounds twice, itself and the product; a sum may be SUM away.  Softmax magnifies the rounding of
    logits by their size, so where they are as small as float32's, its bar is float32's.
    """
    if dtype in ("float16", "bfloat16"):
        return HALF
    factors = sum(options.get(name) is not None for name in ("alpha", "pos_weight", "class_weight", "sample_weight", "normalizer"))
    narrow = convention.formula.categorical and largest <= 88
    kind: Literal["sigmoid", "softmax"] = "softmax" if convention.formula.categorical else "sigmoid"
    own = value_and_gradient(kind, "float32" if narrow else dtype, exponent_of(convention.formula))
    return own + 2 * factors + (SUM if convention.reduction != "none" else 0)
