"""unifocal's own losses by name: the canonical ones and their variants."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

_NAMES = {
    "losses": ("sigmoid_focal_loss", "softmax_focal_loss", "binary_cross_entropy", "cross_entropy"),
    "variants": (
        "asymmetric_loss",
        "quality_focal_loss",
        "varifocal_loss",
        "gaussian_focal_loss",
        "poly_focal_loss",
        "softmax_poly_focal_loss",
    ),
}


@cache
def own_losses() -> dict[str, Callable[..., Any]]:
    """All of them by name."""
    return {name: getattr(import_module(f"{__package__}.{module}"), name) for module, names in _NAMES.items() for name in names}
