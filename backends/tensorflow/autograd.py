"""What ties a formula's slope and second derivative to TensorFlow's differentiation: custom gradients, of tapes and accumulators."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from unifocal.arrays import Array
from unifocal.backend import Walk
from unifocal.formulas.base import Formula, Inputs

from .. import numpy
from .compiled import value_slope
from .hosting import aligned, from_host, lent
from .namespace import is_traced, is_watched, require_sizes, total, xp


def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    # An eager tape would keep every intermediate alive although nothing is differentiated; init_scope pauses tapes.  In a graph it
    # would leave the graph, and there recording costs nothing.
    with tf.init_scope() if tf.executing_eagerly() else nullcontext():
        value, slope = value_slope(formula, x, inputs)
    return tf.stop_gradient(value), tf.stop_gradient(slope)


def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    dropped = formula.dropped_axis
    axis, by_index = -1 if dropped is None else dropped, inputs.labels.dtype.is_integer
    inputs = inputs._replace(labels=require_sizes("targets", inputs.labels, x, axis, [1] if by_index else None))
    value, slope = run(formula, x, inputs)
    value = require_sizes("The loss and its weights", value, x, axis, None if dropped is None else [])
    value = tf.stop_gradient(total(value)) if summed else value

    def loss_of(wrt: Array, carried: Array) -> Any:
        def backward(c: Array) -> tuple[Array, Array]:
            c = _of_rank(c, carried)
            return _attached_slope(formula, *_here((x, inputs, slope))) * _onto(x, c, axis), c

        return tf.stop_gradient(carried), backward

    return _custom(loss_of, x, _carrying_inputs(formula, 0, value, x, inputs))


def attach_walk(x: Array, walk: Walk, dtype: Any) -> Array:
    if not is_watched([x]):
        return from_host(walk.run(False)[0], x, dtype)
    result, kept, scale, divisor = walk.run(True)
    value, dropped = from_host(result, x, dtype), walk.formula.dropped_axis
    axis = -1 if dropped is None else dropped
    is_half = kept.dtype == np.float16
    slope = None if is_half else from_host(kept, x, tf.as_dtype(kept.dtype))

    def second(x: Array, h: Array) -> Array:
        formula, folded, inputs = walk.whole(x, walk.tensors)
        # The kept slope's derivative: that slope is the formula's times scale/divisor.
        h = h if scale == divisor else h * (scale / divisor)
        return tf.cast(formula.second(xp, folded, inputs, h), x.dtype)

    def slope_of(wrt: Array) -> Any:
        whole = tf.cast(from_host(kept, x, tf.float16), tf.float32) if slope is None else slope
        return tf.stop_gradient(whole), lambda h: second(wrt, _of_rank(h, whole))

    def loss_of(wrt: Array) -> Any:
        def backward(c: Array) -> Array:
            c = _onto(x, tf.cast(_of_rank(c, value), tf.float32 if slope is None else slope.dtype), axis)
            if is_half and not is_traced(c) and not is_watched([x, c]):
                return lent(numpy.product(kept, np.asarray(c), scale, aligned(kept)))
            c = c if scale == 1 else c / scale
            return tf.cast(_custom(slope_of, _here(x)) * c, x.dtype)

        return tf.stop_gradient(value), backward

    return _custom(loss_of, x)


def _attached_slope(formula: Formula, x: Array, inputs: Inputs, slope: Array) -> Array:
    def slope_of(wrt: Array, carried: Array) -> Any:
        def backward(h: Array) -> tuple[Array, Array]:
            h = _of_rank(h, carried)
            return formula.second(xp, x, inputs, h), h

        return tf.stop_gradient(carried), backward

    return _custom(slope_of, x, _carrying_inputs(formula, 1, slope, x, inputs))


def _carrying_inputs(formula: Formula, order: int, result: Array, x: Array, inputs: Inputs) -> Array:
    """The constant ``result`` (the value, perhaps summed, for order 0; the slope for 1) with its derivatives with respect to the inputs.

    They are computed when a tape asks for them, and cost nothing until then.
    """
    given = {key: value for key, value in inputs._asdict().items() if value is not None}
    watched = {key: value for key, value in given.items() if tf.is_tensor(value) and value.dtype.is_floating}
    by_inputs, by_x_and_inputs = _input_gradients(formula, order)

    def carrier(result: Array, *wrt: Array) -> Any:
        def backward(c: Array) -> Any:
            # Numbers become tensors: there would be a graph for each number.
            others = {key: tf.convert_to_tensor(value, dtype_hint=x.dtype) for key, value in given.items() if key not in watched}
            arguments = _here((x, watched, others, c))

            def gradients_of(wrt: Array, *gradients: Array) -> Any:
                constants = [tf.stop_gradient(gradient) for gradient in gradients]
                return constants, lambda *tangents: (by_x_and_inputs(*_here(arguments), tangents), *tangents)

            return None, *_custom(gradients_of, arguments[0], *by_inputs(*arguments))

        return tf.stop_gradient(result), backward

    return _custom(carrier, result, *watched.values()) if watched else result


@cache
def _input_gradients(formula: Formula, order: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """For f the value (order 0) or slope (1): the derivative of sum(f * c) by inputs, and its own, along tangents of them, by x.

    Nothing is differentiated through x.  Eager calls share these graphs: differentiating op by op needs a tape, and tapes do not run
    while a ForwardAccumulator transposes a gradient.

    The derivative of x's gradient along tangents of the inputs is forward mode by two reverse passes (J. Townsend, "A new trick for
    calculating Jacobian vector products", 2017): the gradient of sum(by_x · v) by the inputs is linear in v, whatever v is, and its
    gradient by v for the tangents as a cotangent is what is sought.
    """

    def by_inputs(x: Array, inputs: dict[str, Array], others: dict[str, Array], c: Array) -> Any:
        f = formula.differentiable(xp, tf.stop_gradient(x), Inputs(**inputs, **others))[order]
        return tf.gradients(f * c, list(inputs.values()), unconnected_gradients="zero")

    axis = formula.dropped_axis

    def by_x_and_inputs(x: Array, inputs: dict[str, Array], others: dict[str, Array], c: Array, tangents: tuple[Array, ...]) -> Array:
        everything, v = Inputs(**inputs, **others), tf.ones_like(x)
        if order:
            by_x = formula.second(xp, x, everything, c)
        else:
            by_x = formula.differentiable(xp, x, everything)[1] * _onto(x, c, -1 if axis is None else axis)
        linear_in_v = tf.gradients(by_x * v, list(inputs.values()), unconnected_gradients="zero")
        return tf.gradients(linear_in_v, v, tangents, unconnected_gradients="zero")[0]

    return _graph(by_inputs), _graph(by_x_and_inputs)


def _of_rank(c: Array, result: Array) -> Array:
    """The cotangent of a result, its rank known: it is the result's, though a graph may not tell (``tf.numpy_function``)."""
    return tf.ensure_shape(c, result.shape) if c.shape.rank is None else c


def _onto(x: Array, c: Array, axis: int) -> Array:
    """The cotangent of a sum, or of an unreduced loss, such that it broadcasts to x: softmax losses lack the class axis."""
    return tf.expand_dims(c, axis) if 0 < c.shape.rank < x.shape.rank else c


def _custom(function: Callable[..., Any], *tensors: Array) -> Any:
    """``tf.custom_gradient``, called; in a graph that a ForwardAccumulator watches, within a ``tf.function``.

    There the accumulator sees the IdentityN that custom_gradient adds and not its gradient, but a function's gradient it transposes.
    """
    function = tf.custom_gradient(function)
    return _graph(function)(*tensors) if any(map(_has_tangent, tensors)) else function(*tensors)


def _graph(function: Callable[..., Any]) -> Callable[..., Any]:
    """``tf.function``, also where ``tf.config.run_functions_eagerly`` makes a tf.function run op by op."""
    compiled = tf.function(function, autograph=False, reduce_retracing=True)
    return lambda *arguments: compiled.get_concrete_function(*arguments)(*arguments)


def _has_tangent(x: Array) -> bool:
    """Whether a ForwardAccumulator in a graph watches x: then one more operation on x adds more than itself to the graph."""
    if tf.executing_eagerly():
        return False
    x = tf.identity(x)
    before = len(x.graph.get_operations())
    return len(tf.identity(x).graph.get_operations()) > before + 1


def _here(tensors: Any) -> Any:
    """In a graph, tensors of this graph.

    A custom gradient made in a backward graph must not capture tensors of the forward graph: a tape around the outermost tf.function
    could not differentiate it again.
    """
    return tensors if tf.executing_eagerly() else tf.nest.map_structure(lambda x: tf.identity(x) if tf.is_tensor(x) else x, tensors)
