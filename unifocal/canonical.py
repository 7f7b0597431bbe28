"""unifocal's own losses by name: the canonical ones and their variants."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from . import losses, variants

CANONICAL = ("sigmoid_focal_loss", "softmax_focal_loss", "binary_cross_entropy", "cross_entropy")
VARIANTS = (
    "asymmetric_loss",
    "quality_focal_loss",
    "varifocal_loss",
    "gaussian_focal_loss",
    "poly_focal_loss",
    "softmax_poly_focal_loss",
)


@cache
def own_losses() -> dict[str, Callable[..., Any]]:
    """All of them by name."""
    return {name: getattr(losses, name) for name in CANONICAL} | {name: getattr(variants, name) for name in VARIANTS}
