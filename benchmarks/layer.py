"""What the Python layer costs: a small call as a user makes it, against the kernel alone on the operands that the call prepares."""

from __future__ import annotations

from functools import partial
from typing import Any

import unifocal
from unifocal.blocks import Walk
from unifocal.operands import context
from unifocal.plan import call, folded, plan

from .contestants import module, ours
from .problem import problem
from .results import Layer
from .rows import Row
from .timing import interleaved, spread


def layer(row: Row, size: int, seconds: float) -> Layer:
    """Measure the forward pass of a row's loss, of reduction sum."""
    x, y = module(row.framework).operands(problem(row, size))
    loss: Any = ours(row, "sum")
    kernel = _kernel(loss, x, y)
    if row.framework == "numpy":
        loss = unifocal.value_and_grad(loss)
    return Layer(row.name, size, *map(spread, interleaved([partial(loss, x, y), kernel], seconds)))


def _kernel(loss: Any, x: Any, y: Any) -> Any:
    """The kernel and the sum of what it gives, on the arrays that it runs on, as a function without arguments."""
    spec, operands = loss.func.describe(x, y, **loss.keywords)
    ctx = context(spec, operands.predictions)
    backend: Any = ctx.backend
    walk = Walk.of(call(ctx, operands))
    if walk is None:
        ready = plan(ctx, operands)
        return lambda: backend.attach(ready.kernel, ready.spec, ready.x, ready.inputs, True)
    ready = folded(walk.hosted)
    owner, function = ready.ctx.backend, ready.kernel.fast
    assert function is not None

    def kernel() -> Any:
        value, slope = function(ready.ctx.xp, ready.spec, ready.x, ready.inputs, None)
        return owner.total(value), slope

    return kernel
