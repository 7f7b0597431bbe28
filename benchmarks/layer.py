"""What the Python layer costs: a small call as a user makes it, against the formula alone on the operands that the call prepares."""

from __future__ import annotations

from functools import partial
from typing import Any

import unifocal
from unifocal.evaluation.block import fold
from unifocal.evaluation.evaluate import read_call
from unifocal.operands import Operands

from .contestants import module, ours
from .problem import problem
from .results import Layer
from .rows import Row
from .timing import interleaved, spread


def layer(row: Row, size: int, seconds: float) -> Layer:
    """Measure the forward pass of a row's loss, of reduction sum."""
    x, y = module(row.framework).operands(problem(row, size))
    loss: Any = ours(row, "sum")
    formula = _formula(loss, x, y)
    if row.framework == "numpy":
        loss = unifocal.value_and_grad(loss)
    return Layer(row.name, size, *map(spread, interleaved([partial(loss, x, y), formula], seconds)))


def _formula(loss: Any, x: Any, y: Any) -> Any:
    """The formula and the sum of what it gives, on the arrays that it runs on, as a function without arguments."""
    call = read_call(*loss.func.describe(x, y, **loss.keywords))
    reading: Any = call.reading
    if reading.hosted is None:
        formula, folded_x, inputs, _ = fold(reading, call.operands)
        return lambda: reading.backend.attach(formula, folded_x, inputs, True)
    host, operands = reading.hosted, call.operands
    if host.backend is not reading.backend:
        operands = Operands(*(part if part is None or isinstance(part, float) else reading.backend.host(part) for part in operands))
    formula, folded_x, inputs, _ = fold(host, operands)

    def evaluated() -> Any:
        found = formula.fast(host.xp, folded_x, inputs, None)
        assert found is not None
        value, slope = found
        return host.backend.total(value), slope

    return evaluated
