"""ndonnx's arrays: ONNX operations behind the Array API, computed at once, or exported as a model.  No automatic differentiation."""

from __future__ import annotations

from collections.abc import Hashable

import ndonnx

from unifocal.arrays import Array, NumPyArray

from .array_api import attach as attach
from .array_api import from_numpy as from_numpy
from .array_api import namespace as namespace
from .array_api import run as run
from .array_api import size as size
from .array_api import stop_gradient as stop_gradient
from .array_api import total as total
from .defaults import as_eager as as_eager
from .defaults import autocast as autocast
from .defaults import canonical as canonical
from .defaults import computing as computing
from .defaults import is_constant as is_constant
from .defaults import require_sizes as require_sizes
from .defaults import shape as shape
from .defaults import unsuitable as unsuitable

name = "ndonnx"


def is_array(value: object) -> bool:
    return isinstance(value, ndonnx.Array)


def device(x: Array) -> Hashable:
    return "cpu"


def is_traced(x: Array) -> bool:
    try:
        x.unwrap_numpy()
    except ValueError:  # it depends on an argument of a model
        return True
    return False


def on_host(x: Array) -> bool:
    return True


def to_numpy(x: Array) -> NumPyArray:
    values: NumPyArray = x.unwrap_numpy()
    return values
