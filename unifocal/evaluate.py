"""The way of a call: operands are read and checked, the kernel runs on the backend, the result is reduced."""

from __future__ import annotations

from typing import Any, NamedTuple

from .checks import NON_NEGATIVE, PROBABILITY, UNIT
from .kernels import kernel_for
from .operands import Context, at_target, cast, class_vector, context, normalizer, sample_weight
from .protocol import Array, Inputs, Kernel
from .reduction import denominator, divide
from .spec import Operands, Spec
from .targets import Targets, prepare


class _Plan(NamedTuple):
    """A call made ready: the kernel's arguments, and what becomes of its result."""

    ctx: Context
    kernel: Kernel
    x: Array
    inputs: Inputs
    denominator: float | Array | None
    dtype: Any


def evaluate(spec: Spec, operands: Operands) -> Array:
    """The loss, with the analytic derivatives attached where the backend differentiates."""
    plan = _plan(context(spec, operands.predictions), operands)
    backend, xp = plan.ctx.backend, plan.ctx.xp
    value = backend.attach(plan.kernel, plan.ctx.spec, plan.x, plan.inputs, plan.denominator is not None)
    if plan.denominator is not None:
        value = divide(xp, value, plan.denominator)
    return cast(xp, value, plan.dtype)


def evaluate_with_gradient(spec: Spec, operands: Operands) -> tuple[Array, Array]:
    """The loss, and the gradient of its sum with respect to the predictions; both constants."""
    ctx = context(spec, operands.predictions)
    ctx = ctx._replace(x=ctx.backend.stop_gradient(ctx.x))
    plan = _plan(ctx, operands)
    backend, xp = ctx.backend, ctx.xp
    value, gradient = backend.run(plan.kernel, ctx.spec, plan.x, plan.inputs)
    if plan.denominator is not None:
        value, gradient = (divide(xp, part, plan.denominator) for part in (backend.total(value), gradient))
    return backend.stop_gradient(cast(xp, value, plan.dtype)), backend.stop_gradient(cast(xp, gradient, ctx.x.dtype))


def _plan(ctx: Context, operands: Operands) -> _Plan:
    backend, spec = ctx.backend, ctx.spec
    targets = prepare(ctx, operands.targets)
    weight = sample_weight(ctx, operands.sample_weight, targets.shape)
    alpha = class_vector(ctx, "alpha", operands.alpha, UNIT if spec.alpha == "balance" else NON_NEGATIVE)
    pos_weight = class_vector(ctx, "pos_weight", operands.pos_weight, NON_NEGATIVE)
    class_weight = class_vector(ctx, "class_weight", operands.class_weight, NON_NEGATIVE)
    divisor = denominator(ctx, targets, _times(weight, at_target(ctx, class_weight, targets.indices)))

    labels = targets.labels
    if spec.alpha == "scale":
        class_weight, alpha = _times(class_weight, alpha), None
    if targets.by_index:
        weight = _times(weight, at_target(ctx, class_weight, targets.indices))
    elif class_weight is not None:
        labels = labels * class_weight
    weight = _over(ctx, weight, normalizer(ctx, operands.normalizer))
    inputs = Inputs(labels, alpha, pos_weight, _masked(ctx, weight, targets))

    x = _predictions(ctx, targets)
    keeps_dtype = x.dtype == ctx.x.dtype or not backend.autocast(ctx.x)
    kernel = kernel_for(spec, targets.by_index)
    return _Plan(ctx, kernel, x, inputs, divisor, ctx.x.dtype if keeps_dtype else ctx.dtype)


def _predictions(ctx: Context, targets: Targets) -> Array:
    """The predictions in the compute dtype; ignored ones hold a harmless number, so that what stood there cannot leak."""
    xp, spec = ctx.xp, ctx.spec
    x = cast(xp, ctx.x, ctx.dtype)
    if targets.valid is not None:
        x = xp.where(targets.valid, x, 0.0 if spec.from_logits else 0.5)
    if not spec.from_logits:
        slack = 4 * float(xp.finfo(ctx.x.dtype).eps)
        if not ctx.check("predictions with from_logits=False", x, PROBABILITY, slack):
            x = xp.where((x < -slack) | (x > 1 + slack), float("nan"), x)
    return x


def _masked(ctx: Context, weight: Array | float | None, targets: Targets) -> Array | float | None:
    """The weight, 0 where the targets are ignored and NaN where they are bad."""
    xp = ctx.xp
    if targets.valid is not None:
        mask = cast(xp, targets.valid, ctx.dtype)
        weight = _times(mask, weight) if weight is None or isinstance(weight, float) else xp.where(targets.valid, weight, 0.0)
    if targets.bad is not None:
        poison = xp.where(targets.bad, float("nan"), xp.ones_like(targets.bad, dtype=ctx.dtype))
        weight = _times(poison, weight)
    return weight


def _times(a: Array | float | None, b: Array | float | None) -> Array | float | None:
    """a * b, where None is 1."""
    return b if a is None else a if b is None else a * b


def _over(ctx: Context, a: Array | float | None, b: Array | float | None) -> Array | float | None:
    """a / b, where None is 1."""
    if b is None:
        return a
    a = 1.0 if a is None else a
    return a / b if isinstance(b, float) else ctx.xp.divide(a, b)
