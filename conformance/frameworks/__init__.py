"""Every framework behind one interface: NumPy arrays go in, its tensors are made of them, its own autodiff runs, NumPy arrays come out.

Frameworks are imported when :func:`framework_named` first makes them, so that a run on one loads no other.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from .array_api_strict import Strict
from .autograd import Autograd
from .base import ALL_DTYPES, DEVICES, Analytic, DeviceAbsentError, Framework, Function
from .cubed import Cubed
from .dask import Dask
from .jax import Jax
from .mlx import Mlx
from .ndonnx import Ndonnx
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
    "usual",
]

_CLASSES: tuple[type[Framework], ...] = (NumPy, Strict, Torch, Paddle, TensorFlow, Jax, Mlx, Autograd, Dask, Cubed, Ndonnx)
FRAMEWORKS = {cls.name: cls for cls in _CLASSES}
"""All of them, Paddle before TensorFlow, which must be imported in this order."""


def installed() -> tuple[str, ...]:
    """The names of the frameworks that are installed, found without importing them."""
    return tuple(name for name, cls in FRAMEWORKS.items() if find_spec(cls.module.partition(".")[0]) is not None)


def usual() -> tuple[str, ...]:
    """The names of the frameworks that tests and commands ask which name none."""
    return tuple(name for name, cls in FRAMEWORKS.items() if not cls.only_named)


@cache
def framework_named(name: str, device: str = "cpu") -> Framework:
    """The framework of this name, imported, with its tensors on the device.

    Raises
    ------
    DeviceAbsentError
        If the framework has no such device here.
    """
    return FRAMEWORKS[name](device)
