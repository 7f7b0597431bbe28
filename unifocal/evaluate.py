"""The way of a call: operands are read and checked, the kernel runs on the backend, the result is reduced."""

from __future__ import annotations

from .operands import cast, context
from .plan import plan
from .protocol import Array
from .reduction import divide, over_classes
from .spec import Operands, Spec


def evaluate(spec: Spec, operands: Operands) -> Array:
    """The loss, with the analytic derivatives attached where the backend differentiates."""
    ctx = context(spec, operands.predictions)
    backend, xp = ctx.backend, ctx.xp
    with backend.full_precision():
        call = plan(ctx, operands)
        value = backend.attach(call.kernel, call.spec, call.x, call.inputs, call.denominator is not None)
        value = over_classes(ctx, call.targets, value) if call.denominator is None else divide(xp, value, call.denominator)
        return cast(xp, value, ctx.result_dtype)


def evaluate_with_gradient(spec: Spec, operands: Operands) -> tuple[Array, Array]:
    """The loss, and the gradient of its sum with respect to the predictions; both constants."""
    ctx = context(spec, operands.predictions)
    backend, xp = ctx.backend, ctx.xp
    with backend.full_precision():
        call = plan(ctx._replace(x=backend.stop_gradient(ctx.x)), operands)
        value, gradient = backend.run(call.kernel, call.spec, call.x, call.inputs)
        if call.denominator is None:
            value = over_classes(ctx, call.targets, value)
            gradient = divide(xp, gradient, float(ctx.classes)) if spec.class_axis == "mean" else gradient
        else:
            value, gradient = (divide(xp, part, call.denominator) for part in (backend.total(value), gradient))
        x = ctx.x
        if operands.given is not None:
            x = backend.canonical(operands.given)
            gradient = xp.reshape(gradient, tuple(-1 if n is None else n for n in backend.shape(x)))
        return backend.stop_gradient(cast(xp, value, ctx.result_dtype)), backend.stop_gradient(cast(xp, gradient, x.dtype))
