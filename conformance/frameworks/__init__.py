"""Every framework behind one interface: NumPy arrays go in, its tensors are made of them, its own autodiff runs, NumPy arrays come out.

Frameworks are imported when :func:`framework_named` first makes them, so that a run on one loads no other.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from .array_api_strict import Strict
from .base import ALL_DTYPES, DEVICES, Analytic, DeviceAbsentError, Framework, Function
from .dask import Dask
from .jax import Jax
from .mlx import Mlx
from .numpy import NumPy
from .paddle import Paddle
from .tensorflow import TensorFlow
from .torch import Torch

__all__ = [
    "ALL_DTYPES",
    "DEVICES",
    "FRAMEWORKS",
    "Analytic",
    "DeviceAbsentError",
    "Framework",
    "Function",
    "framework_named",
    "installed",
]

_CLASSES: tuple[type[Framework], ...] = (NumPy, Strict, Torch, Paddle, TensorFlow, Jax, Dask)
FRAMEWORKS = {cls.name: cls for cls in _CLASSES}
"""All of them, Paddle before TensorFlow, which must be imported in this order."""

_OF_ORIGINALS = {Mlx.name: Mlx}
"""Those that unifocal has no backend for, which nothing but originals runs on."""


def installed() -> tuple[str, ...]:
    """The names of the frameworks that are installed, found without importing them."""
    return tuple(name for name, cls in FRAMEWORKS.items() if find_spec(cls.module.partition(".")[0]) is not None)


@cache
def framework_named(name: str, device: str = "cpu") -> Framework:
    """The framework of this name, imported, with its tensors on the device.

    Raises
    ------
    DeviceAbsentError
        If the framework has no such device here.
    """
    return (FRAMEWORKS | _OF_ORIGINALS)[name](device)
