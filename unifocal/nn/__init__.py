"""Losses as each ecosystem's own modules: ``unifocal.nn.torch``, ``unifocal.nn.paddle`` and ``unifocal.nn.keras``.

Each imports its framework, when it is first used; this package does not.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..lazy import submodules

_NAMES = ("torch", "paddle", "keras")

if TYPE_CHECKING:
    from . import keras as keras
    from . import paddle as paddle
    from . import torch as torch
else:
    __getattr__ = submodules(__name__, _NAMES)


def __dir__() -> list[str]:
    return [name for name in _NAMES if find_spec(name) is not None]
