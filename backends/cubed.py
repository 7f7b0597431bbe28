"""Cubed's arrays: lazy, in chunks, of bounded memory.  No automatic differentiation."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import cubed
import numpy as np
from cubed.core.ops import blockwise

from unifocal.arrays import Array, Namespace, NumPyArray
from unifocal.formulas.base import Formula, Inputs
from unifocal.namespace import Names, complete
from unifocal.native import native

from .chunks import part_of_chunk
from .defaults import as_eager as as_eager
from .defaults import autocast as autocast
from .defaults import canonical as canonical
from .defaults import computing as computing
from .defaults import is_constant as is_constant
from .defaults import require_sizes as require_sizes
from .defaults import shape as shape
from .defaults import size as size
from .defaults import unsuitable as unsuitable

name = "cubed"


def _at(x: Array, indices: Array, axis: int) -> Array:
    """Where x is along the axis at the indices."""
    positions = cubed.arange(x.shape[axis], dtype=indices.dtype, spec=x.spec)
    return indices == cubed.reshape(positions, tuple(-1 if i == x.ndim + axis else 1 for i in range(x.ndim)))


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    return cubed.where(_at(x, indices, axis), value, x)


def _take(x: Array, indices: Array, *, axis: int) -> Array:
    """Of a vector.  Cubed's own (0.27) computes the indices, and gives the vector itself where there are as many of them as entries."""
    if x.ndim != 1:
        raise NotImplementedError(f"Entries are taken of vectors alone; received an array of shape {x.shape}.")
    at = cubed.expand_dims(indices, axis=1) == cubed.expand_dims(cubed.arange(x.shape[0], dtype=indices.dtype, spec=x.spec), axis=0)
    return cubed.sum(cubed.where(at, cubed.expand_dims(x, axis=0), 0), axis=1)


def _take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    return cubed.sum(cubed.where(_at(x, indices, axis), x, 0.0), axis=axis, keepdims=True)


xp = Names(**vars(cubed))
xp.take, xp.take_along_axis = _take, _take_along_axis
complete(xp, scatter=_scatter)


def is_array(value: object) -> bool:
    return isinstance(value, cubed.Array)


def namespace(x: Array) -> Namespace:
    return xp


def device(x: Array) -> Hashable:
    return "cpu"


def is_traced(x: Array) -> bool:
    return True


def on_host(x: Array) -> bool:
    return True


def from_numpy(array: NumPyArray, like: Array) -> Array:
    return cubed.asarray(native(array), spec=like.spec)


def to_numpy(x: Array) -> NumPyArray:
    values: NumPyArray = np.asarray(x.compute())
    return values


def stop_gradient(x: Array) -> Array:
    return x


def total(x: Array) -> Array:
    return cubed.sum(x)  # NumPy's pairwise sums of the chunks, added up in a tree


def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    return _blockwise(formula, x, inputs, 0), _blockwise(formula, x, inputs, 1)


def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    value = _blockwise(formula, x, inputs, 0)
    return total(value) if summed else value


def _blockwise(formula: Formula, x: Array, inputs: Inputs, part: int) -> Array:
    """The formula's value (part 0) or slope (1), NumPy's on each chunk.  The class axis is never cut."""
    axis, axes = formula.dropped_axis, tuple(range(x.ndim))
    if axis is not None:
        x, inputs = _uncut(x, axis), Inputs(*(_uncut(operand, axis) for operand in inputs))
    dropped = axis if part == 0 else None
    names = [name for name, operand in inputs._asdict().items() if isinstance(operand, cubed.Array)]
    operands = [part for name in names for part in (getattr(inputs, name), axes[: getattr(inputs, name).ndim])]
    others = inputs._replace(**dict.fromkeys(names))

    def chunk(x: Any, *operands: Any) -> Any:
        found = part_of_chunk(formula, names, others, part, x, *operands)
        return found if dropped is None else np.expand_dims(found, dropped)

    made = blockwise(
        chunk,
        axes,
        x,
        axes,
        *operands,
        dtype=x.dtype,
        adjust_chunks=None if dropped is None else {x.ndim + dropped: 1},
        extra_projected_mem=formula.temporaries * x.chunkmem,
    )
    return made if dropped is None else cubed.squeeze(made, dropped)


def _uncut(operand: Any, axis: int) -> Any:
    """An operand in chunks that are whole along the axis."""
    cut = isinstance(operand, cubed.Array) and operand.ndim and operand.numblocks[axis] > 1
    return operand.rechunk({axis: operand.shape[axis]}) if cut else operand
