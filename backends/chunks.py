"""A formula on one chunk of NumPy's numbers: what lazy libraries in chunks compute."""

from __future__ import annotations

from typing import Any

from unifocal.evaluation.block import value_slope
from unifocal.formulas.base import Formula, Inputs

from . import numpy


def part_of_chunk(formula: Formula, names: list[str], others: Inputs, part: int, x: Any, *operands: Any) -> Any:
    """The formula's value (part 0) or slope (1) on a chunk; operands are the inputs of these names, beside the others.

    Raises ValueError where sizes differ that the library's graph did not know.
    """
    inputs = others._replace(**dict(zip(names, operands, strict=True)))
    if inputs.labels.dtype.kind == "f" and numpy.namespace(x).hard(inputs.labels):
        formula = formula.of_hard_labels  # as NumPy's labels are looked at
    with numpy.computing(x):
        result = value_slope(numpy, numpy.namespace(x), formula, x, inputs)
    # Such could still broadcast.
    sizes = list(x.shape)
    if inputs.labels.dtype.kind == "i" and formula.dropped_axis is not None:
        sizes[formula.dropped_axis] = 1
    if list(inputs.labels.shape) != sizes or result[1].shape != x.shape:
        raise ValueError(
            f"The chunks of targets and weights must fit those of the predictions, here {x.shape}; received {inputs.labels.shape}."
        )
    return result[part]
