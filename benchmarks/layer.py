"""What the Python layer costs: a small call as a user makes it, against the kernel alone on the operands that the call prepares."""

from __future__ import annotations

from functools import partial
from typing import Any

import unifocal
from unifocal.operands import context
from unifocal.plan import plan

from .contestants import module, ours
from .problem import problem
from .results import Layer
from .rows import Row
from .timing import interleaved, spread


def layer(row: Row, size: int, seconds: float) -> Layer:
    """Measure the forward pass of a row's loss, of reduction sum."""
    x, y = module(row.framework).operands(problem(row, size))
    loss: Any = ours(row, "sum")
    spec, operands = loss.func.describe(x, y, **loss.keywords)
    call = plan(context(spec, operands.predictions), operands)
    backend = call.ctx.backend

    def attached() -> object:
        return backend.attach(call.kernel, call.spec, call.x, call.inputs, True)

    def kernel() -> object:
        value, slope = backend.run(call.kernel, call.spec, call.x, call.inputs)
        return backend.total(value), slope

    if row.framework == "numpy":
        loss, attached = unifocal.value_and_grad(loss), kernel
    samples = interleaved([partial(loss, x, y), attached, kernel], seconds)
    return Layer(row.name, size, *map(spread, samples))
