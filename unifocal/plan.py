"""What a call is before its kernel runs: its operands read, then, whole or block by block, checked and folded into the kernel's inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from .checks import NON_NEGATIVE, PROBABILITY, UNIT, UNNORMALIZED
from .kernels import kernel_for
from .operands import Context, at_target, cast, class_vector, normalizer, sample_weight
from .protocol import Array, Inputs, Kernel
from .reduction import denominator
from .spec import Operands, Spec, of_kernel
from .targets import Targets, fold, read


class Tensors(NamedTuple):
    """A call's operands beside the predictions: numbers, and tensors in their own dtypes of the predictions' rank, or 0-D.

    Every tensor has the predictions' size or 1 in each dimension, so that cutting the predictions in blocks cuts it too.
    """

    targets: Array
    alpha: Array | float | None = None
    pos_weight: Array | float | None = None
    class_weight: Array | float | None = None
    sample_weight: Array | float | None = None
    normalizer: Array | float | None = None


class Numbers(NamedTuple):
    """What a kernel takes beside the labels, and what its total is divided by, where all are numbers."""

    alpha: float | None
    pos_weight: float | None
    weight: float | None
    denominator: float | None


@dataclass(eq=False)
class Call:
    """A call whose operands were read."""

    ctx: Context
    tensors: Tensors
    by_index: bool
    loss_weight: float | None
    plain: bool
    """Whether no tensor but the targets is among them."""
    numbers: Numbers | None = None
    """What the targets and weights come to, if that is known to be the same for all targets."""

    @property
    def keeps_indices(self) -> bool:
        """Whether a kernel takes the class indices as they are, and not labels made of them."""
        spec, weighed = self.ctx.spec, self.tensors.alpha is not None or self.tensors.class_weight is not None
        return self.by_index and spec.categorical and (not spec.label_smoothing or (spec.smooths_indices and not weighed))

    def of(self, x: Array, targets: Array) -> Call:
        """The same call of other predictions and targets, of the same shapes and dtypes, as :func:`call` was given them."""
        if self.by_index and targets is not None:
            targets = self.ctx.xp.expand_dims(targets, axis=self.ctx.axis)
        tensors = Tensors(targets, *tuple(self.tensors)[1:])
        return Call(self.ctx.of(x), tensors, self.by_index, self.loss_weight, self.plain, self.numbers)


class Plan(NamedTuple):
    """A call, or a block of one, made ready: the kernel's arguments, and what becomes of its result."""

    ctx: Context
    targets: Targets
    kernel: Kernel
    spec: Spec
    x: Array
    inputs: Inputs
    denominator: float | Array | None


def plan(ctx: Context, operands: Operands) -> Plan:
    """The plan of a call; raises TypeError or ValueError where an operand does not fit."""
    return folded(call(ctx, operands))


def call(ctx: Context, operands: Operands) -> Call:
    """The operands, read; raises TypeError or ValueError where one does not fit the predictions."""
    spec = ctx.spec
    if spec.alpha != "off" and operands.alpha is None:
        raise ValueError("alpha must be a number or a tensor here, where it cannot be off; received None.")
    targets, shape, by_index = read(ctx, operands.targets)
    tensors = Tensors(
        targets,
        class_vector(ctx, "alpha", operands.alpha, UNIT if spec.alpha == "balance" else NON_NEGATIVE),
        class_vector(ctx, "pos_weight", operands.pos_weight, NON_NEGATIVE),
        class_vector(ctx, "class_weight", operands.class_weight, NON_NEGATIVE),
        sample_weight(ctx, operands.sample_weight, shape),
        normalizer(ctx, operands.normalizer),
    )
    return Call(ctx, tensors, by_index, operands.loss_weight, all(is_plain(part) for part in tuple(tensors)[1:]))


def folded(call: Call) -> Plan:
    """The plan of what was read, whole or a block; raises ValueError where values are out of range."""
    ctx, spec = call.ctx, call.ctx.spec
    targets = fold(ctx, call.tensors.targets, call.by_index, call.keeps_indices)
    if call.numbers is None or targets.bad is not None:
        inputs, divisor = _weighed(call, targets)
    else:
        inputs, divisor = Inputs(targets.labels, *call.numbers[:-1]), call.numbers.denominator
    kernel = kernel_for(spec, targets.by_index, targets.hard)
    return Plan(ctx, targets, kernel, spec if ctx.eager else of_kernel(spec, targets.by_index), _predictions(ctx, targets), inputs, divisor)


def _weighed(call: Call, targets: Targets) -> tuple[Inputs, float | Array | None]:
    """What the kernel takes beside the predictions, and what its total is divided by."""
    ctx, tensors, loss_weight, plain = call.ctx, call.tensors, call.loss_weight, call.plain
    xp, spec = ctx.xp, ctx.spec
    _, alpha, pos_weight, class_weight, weight, by = tensors if plain else _in_compute_dtype(ctx, tensors)
    if spec.class_weight == "row" and class_weight is not None and not targets.by_index:
        row = xp.sum(targets.labels * class_weight, axis=ctx.axis, keepdims=True)
        weight, class_weight = _times(weight, row), None
    divisor = denominator(ctx, targets, _times(weight, at_target(ctx, class_weight, targets.indices)))

    labels = targets.labels
    if spec.alpha == "scale":
        class_weight, alpha = _times(class_weight, alpha), None
    if loss_weight is not None:
        weight = _times(weight, xp.number(float(loss_weight), ctx.dtype))
    if not spec.categorical:
        weight = _times(weight, class_weight)
    elif targets.by_index:
        weight = _times(weight, at_target(ctx, class_weight, targets.indices))
    elif class_weight is not None:
        labels = labels * class_weight
    weight = _over(ctx, weight, by)
    return Inputs(labels, alpha, pos_weight, _masked(ctx, weight, targets)), divisor


def fixed_divisor(call: Call) -> float | None:
    """What the total of an eager call is divided by, where that depends on no target or weight; 1 for an unreduced loss."""
    spec, tensors = call.ctx.spec, call.tensors
    if call.numbers is not None and call.numbers.denominator is not None:
        return call.numbers.denominator
    weighed = spec.reduction == "weighted_mean" and not (tensors.sample_weight is None and tensors.class_weight is None)
    ignores = spec.ignore_index is not None and not spec.count_ignored
    if spec.reduction in ("mean", "weighted_mean") and (weighed or ignores):
        return None
    known: Any = denominator(call.ctx, Targets(None), None)
    return 1.0 if known is None else known


def divisor_of(call: Call) -> Array | float:
    """What the total is divided by, as :func:`folded` has it; for losses that are reduced."""
    found = _weighed(call, fold(call.ctx, call.tensors.targets, call.by_index, call.keeps_indices))[1]
    assert found is not None
    return found


def numbers(plan: Plan) -> Numbers | None:
    """The numbers of a plan of :func:`folded`, if they would be the same with any other targets of the same shape and dtype."""
    found = Numbers(*plan.inputs[1:], plan.denominator)
    # What is ignored or bad makes an array of the weight.
    return found if all(map(is_plain, found)) and plan.inputs.labels is plan.targets.labels else None


def is_plain(part: Array | float | None) -> bool:
    """Whether an operand is no tensor."""
    return part is None or isinstance(part, float)


def _in_compute_dtype(ctx: Context, tensors: Tensors) -> Tensors:
    xp = ctx.xp
    weights = Tensors(None, *(part if is_plain(part) else cast(xp, part, ctx.dtype) for part in tuple(tensors)[1:]))
    by: Array = weights.normalizer
    return weights if is_plain(by) or ctx.readable(by) else weights._replace(normalizer=xp.where(by > 0, by, float("nan")))


def _predictions(ctx: Context, targets: Targets) -> Array:
    """The predictions in the compute dtype; ignored ones hold a harmless number, so that what stood there cannot leak."""
    xp, spec = ctx.xp, ctx.spec
    x = cast(xp, ctx.x, ctx.dtype)
    if targets.valid is not None:
        x = xp.where(targets.valid, x, 0.0 if spec.from_logits else 0.5)
    if not spec.from_logits and spec.holds_predictions:
        slack = 4 * float(xp.finfo(ctx.x.dtype).eps)
        normalized = spec.normalized != "no"
        if ctx.readable(x):
            ctx.hold("predictions with from_logits=False", x, UNNORMALIZED if normalized else PROBABILITY, slack)
        else:
            outside = x < -slack if normalized else (x < -slack) | (x > 1 + slack)
            x = xp.where(outside, float("nan"), x)
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
