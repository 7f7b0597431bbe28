"""What the core calls the arrays that it works on."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Array: TypeAlias = Any
"""A tensor of any backend."""
Tensor = TypeVar("Tensor")
"""The type of a call's predictions, which its result has too."""
Namespace: TypeAlias = Any
"""The Array API functions for one backend's tensors."""
NumPyArray: TypeAlias = npt.NDArray[np.generic]
Shape: TypeAlias = tuple[int | None, ...]
"""The sizes of a tensor; None where a traced graph does not know one."""


def cast(xp: Namespace, x: Array, dtype: Any) -> Array:
    """x in the dtype; x itself if it has it (the standard's astype copies)."""
    return x if x.dtype == dtype else xp.astype(x, dtype)


def without(shape: Shape, axis: int) -> Shape:
    """shape without one (negative) axis."""
    axis += len(shape)
    return shape[:axis] + shape[axis + 1 :]


def same(a: Shape, b: Shape) -> bool:
    """Whether the shapes agree wherever both are known."""
    return a == b or (len(a) == len(b) and all(m == n or m is None or n is None for m, n in zip(a, b, strict=True)))


def fits(shape: Shape, onto: Shape) -> bool:
    """Whether every size is 1 or the one of onto."""
    return all(m == 1 or m == n or m is None or n is None for m, n in zip(shape, onto, strict=True))


def require_classes(shape: Shape, axis: int) -> int:
    """The number of classes along the axis; raises ValueError if a traced graph does not know it."""
    size = shape[axis]
    if size is None:
        raise ValueError(f"The class axis must have a static size here; received predictions of shape {shape}.")
    return size


def type_name(value: object) -> str:
    """The qualified name of value's type, for messages."""
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
