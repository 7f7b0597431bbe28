"""The backend of :class:`.counted.Counted`: what unifocal.backend.Backend asks, mostly as NumPy's backend answers it."""

from __future__ import annotations

import numpy as np
from unifocal.backends.defaults import as_eager as as_eager
from unifocal.backends.defaults import autocast as autocast
from unifocal.backends.defaults import canonical as canonical
from unifocal.backends.defaults import is_constant as is_constant
from unifocal.backends.defaults import require_sizes as require_sizes
from unifocal.backends.defaults import shape as shape
from unifocal.backends.defaults import size as size
from unifocal.backends.defaults import unsuitable as unsuitable
from unifocal.backends.numpy import attach as attach
from unifocal.backends.numpy import computing as computing
from unifocal.backends.numpy import device as device
from unifocal.backends.numpy import is_traced as is_traced
from unifocal.backends.numpy import namespace as namespace
from unifocal.backends.numpy import on_host as on_host
from unifocal.backends.numpy import run as run
from unifocal.backends.numpy import stop_gradient as stop_gradient
from unifocal.backends.numpy import total as total

from unifocal.arrays import Array, NumPyArray
from unifocal.native import native

from .counted import Counted, counted

name = "unifocal_example"


def is_array(value: object) -> bool:
    """Whether the passes of value are counted."""
    return isinstance(value, Counted)


def from_numpy(array: NumPyArray, like: Array) -> Array:
    """NumPy's array, counted from now on."""
    return counted(native(array))


def to_numpy(x: Array) -> NumPyArray:
    """The numbers; looking at them is no pass."""
    return np.asarray(x).view(np.ndarray)
