"""Dask arrays: lazy, with NumPy's numbers chunk by chunk.  Chunks of NumPy arrays; no automatic differentiation."""

from __future__ import annotations

import math
from collections.abc import Hashable
from functools import partial
from typing import Any

import array_api_compat.dask.array
import dask.array
import numpy as np

from unifocal.arrays import Array, Namespace, NumPyArray, Shape
from unifocal.formulas.base import Formula, Inputs
from unifocal.namespace import Names, complete
from unifocal.native import native

from .chunks import part_of_chunk
from .defaults import as_eager as as_eager
from .defaults import autocast as autocast
from .defaults import computing as computing
from .defaults import is_constant as is_constant
from .defaults import require_sizes as require_sizes

name = "dask"


def _at(x: Array, indices: Array, axis: int) -> Array:
    positions = dask.array.arange(x.shape[axis], dtype=indices.dtype)
    return indices == positions.reshape(tuple(-1 if i == x.ndim + axis else 1 for i in range(x.ndim)))


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    return dask.array.where(_at(x, indices, axis), value, x)


def _take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    return dask.array.where(_at(x, indices, axis), x, 0.0).sum(axis=axis, keepdims=True)


def _expand_dims(x: Array, axis: int) -> Array:
    # Dask's own reshapes, which it cannot do with chunks of unknown sizes.
    return x[(slice(None),) * (axis if axis >= 0 else x.ndim + 1 + axis) + (None,)]


def _reshape(x: Array, shape: tuple[int, ...]) -> Array:
    """x in another shape; with chunks of unknown sizes, with dimensions of size 1 more or fewer."""
    if not any(map(math.isnan, x.shape)):
        return x.reshape(shape)
    line = x[tuple(0 if n == 1 else slice(None) for n in x.shape)]
    if line.ndim != 1 or sorted(shape) != [-1] + [1] * (len(shape) - 1):
        raise ValueError(f"Dask cannot reshape chunks of unknown sizes; received {x.shape}. Call .compute_chunk_sizes() before the loss.")
    return line[tuple(slice(None) if n == -1 else None for n in shape)]


xp = Names(**vars(array_api_compat.dask.array))
xp.expand_dims, xp.reshape = _expand_dims, _reshape
xp.take_along_axis = _take_along_axis
complete(xp, scatter=_scatter)


def is_array(value: object) -> bool:
    return isinstance(value, dask.array.Array)


def unsuitable(value: object) -> str | None:
    return f"{type(value).__name__}: .to_dask_array(lengths=True) makes an array of it" if hasattr(value, "to_dask_array") else None


def canonical(x: Array) -> Array:
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))  # as NumPy's shim does


def namespace(x: Array) -> Namespace:
    return xp


def shape(x: Array) -> Shape:
    return tuple(None if math.isnan(n) else int(n) for n in x.shape)


def size(x: Array) -> int | Array:
    known = [n for n in shape(x) if n is not None]
    return math.prod(known) if len(known) == x.ndim else xp.count_nonzero(dask.array.ones_like(x))


def device(x: Array) -> Hashable:
    return "cpu"


def is_traced(x: Array) -> bool:
    return True


def on_host(x: Array) -> bool:
    return True


def from_numpy(array: NumPyArray, like: Array) -> Array:
    return dask.array.asarray(native(array))


def to_numpy(x: Array) -> NumPyArray:
    return np.asarray(x)


def stop_gradient(x: Array) -> Array:
    return x


def total(x: Array) -> Array:
    return x.sum()  # NumPy's pairwise sums of the chunks, added up in a tree


def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return _blockwise(formula, x, inputs, 0), _blockwise(formula, x, inputs, 1)


def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    value = _blockwise(formula, x, inputs, 0)
    return total(value) if summed else value


def _blockwise(formula: Formula, x: Array, inputs: Inputs, part: int) -> Array:
    """The formula's value (part 0) or slope (1), NumPy's on each chunk.  The class axis is never cut."""
    axis, axes = formula.dropped_axis, tuple(range(x.ndim))
    kept = axes
    if axis is not None:
        x, inputs = _uncut(x, axis), Inputs(*(_uncut(operand, axis) for operand in inputs))
        kept = axes if part else axes[:axis] + axes[len(axes) + axis + 1 :]
    names = [name for name, operand in inputs._asdict().items() if isinstance(operand, dask.array.Array)]
    operands = [part for name in names for part in (getattr(inputs, name), axes[: getattr(inputs, name).ndim])]
    others = inputs._replace(**dict.fromkeys(names))
    block = partial(part_of_chunk, formula, names, others, part)
    return dask.array.blockwise(block, kept, x, axes, *operands, dtype=x.dtype, concatenate=True, meta=np.empty((0,) * len(kept), x.dtype))


def _uncut(operand: Any, axis: int) -> Any:
    """An operand in chunks that are whole along the axis: blocks are cut where any operand is."""
    cut = isinstance(operand, dask.array.Array) and operand.ndim
    return operand.rechunk({axis: -1}) if cut else operand
