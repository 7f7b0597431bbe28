"""The way of a call: operands are read and checked, the kernel runs on the backend, the result is reduced."""

from __future__ import annotations

from typing import Any

from .blocks import Walk
from .operands import cast, context
from .plan import Call, call, folded
from .protocol import Array
from .reduction import divide, over_classes
from .spec import Operands, Spec


def evaluate(spec: Spec, operands: Operands) -> Array:
    """The loss, with the analytic derivatives attached where the backend differentiates."""
    ctx = context(spec, operands.predictions, operands.targets)
    backend: Any = ctx.backend
    with backend.computing(ctx.x):
        read = call(ctx, operands)
        walk = Walk.of(read)
        if walk is not None:
            return walk.attached()
        plan = folded(read)
        value = backend.attach(plan.kernel, plan.spec, plan.x, plan.inputs, plan.denominator is not None)
        value = over_classes(ctx, plan.targets, value) if plan.denominator is None else divide(ctx.xp, value, plan.denominator)
        return cast(ctx.xp, value, ctx.result_dtype)


def evaluate_with_gradient(spec: Spec, operands: Operands) -> tuple[Array, Array]:
    """The loss, and the gradient of its sum with respect to the predictions; both constants."""
    ctx = context(spec, operands.predictions, operands.targets)
    backend: Any = ctx.backend
    with backend.computing(ctx.x):
        read = call(ctx.of(backend.stop_gradient(ctx.x)), operands)
        walk = Walk.of(read)
        value, gradient = _whole(read) if walk is None else walk.value_and_gradient()
        x = ctx.x
        if operands.given is not None:
            x = backend.canonical(operands.given)
            gradient = ctx.xp.reshape(gradient, tuple(-1 if n is None else n for n in backend.shape(x)))
        return backend.stop_gradient(cast(ctx.xp, value, ctx.result_dtype)), backend.stop_gradient(cast(ctx.xp, gradient, x.dtype))


def _whole(read: Call) -> tuple[Array, Array]:
    ctx, plan = read.ctx, folded(read)
    value, gradient = ctx.backend.run(plan.kernel, plan.spec, plan.x, plan.inputs)
    if plan.denominator is not None:
        return divide(ctx.xp, ctx.backend.total(value), plan.denominator), divide(ctx.xp, gradient, plan.denominator)
    mean = ctx.spec.class_axis == "mean"
    return over_classes(ctx, plan.targets, value), divide(ctx.xp, gradient, float(ctx.classes)) if mean else gradient
