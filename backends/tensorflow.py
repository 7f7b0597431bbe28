"""TensorFlow: eager, in ``tf.function`` and compiled by XLA.  TensorFlow has no Array API namespace, so it is written out here."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from math import prod
from types import SimpleNamespace
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import tensorflow as tf

from unifocal.protocol import Array, Inputs, Kernel, Namespace, NumPyArray
from unifocal.reduction import pairwise_total
from unifocal.spec import Spec

name = "tensorflow"

_FLOATING = (tf.float16, tf.bfloat16, tf.float32, tf.float64)


# --- the Array API, as far as the core and the kernels use it ---------------------------------------------------------------------------


def _where(condition: Array, a: Array | float, b: Array | float) -> Array:
    dtype = a.dtype if tf.is_tensor(a) else b.dtype  # type: ignore[union-attr]
    return tf.where(condition, tf.convert_to_tensor(a, dtype), tf.convert_to_tensor(b, dtype))


def _isdtype(dtype: Any, kind: str | tuple[str, ...]) -> bool:
    if isinstance(kind, tuple):
        return any(_isdtype(dtype, each) for each in kind)
    kinds = {"bool": dtype.is_bool, "integral": dtype.is_integer, "real floating": dtype in _FLOATING}
    return bool(kinds[kind])


def _arange(stop: int, *, dtype: Any, device: str | None = None) -> Array:
    with _on(device):
        return tf.range(stop, dtype=dtype)


def _on(where: Any) -> AbstractContextManager[Any]:
    # tf.device(None) would drop the caller's own device scope.
    return nullcontext() if where is None else tf.device(where)


def _sizes(x: Array, dtype: Any = tf.int32) -> Any:
    """The sizes of x: ints where all are known, which saves eager code a dozen operations."""
    return tuple(x.shape) if x.shape.is_fully_defined() else tf.unstack(tf.shape(x, out_type=dtype))


def _positions(x: Array, indices: Array, axis: int) -> Array:
    """Where in the flattened x the indices (of size 1 along the axis) point.

    Flat positions serve every axis, and tensor_scatter_nd_update; ``batch_dims`` of ``tf.gather`` serves the last axis alone.
    """
    sizes, axis = _sizes(x, indices.dtype), axis % x.shape.rank
    before, after = prod(sizes[:axis]), prod(sizes[axis + 1 :])
    first = tf.range(before, dtype=indices.dtype) * sizes[axis]
    if axis == x.shape.rank - 1:
        return first + tf.reshape(indices, (-1,))
    rows = tf.expand_dims(first, 1) + tf.reshape(indices, (before, after))
    return tf.reshape(rows * after + tf.range(after, dtype=indices.dtype), (-1,))


def _take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    return tf.reshape(tf.gather(tf.reshape(x, (-1,)), _positions(x, indices, axis)), _sizes(indices))


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    updates = tf.reshape(tf.broadcast_to(tf.convert_to_tensor(value, x.dtype), _sizes(indices)), (-1,))
    positions = tf.expand_dims(_positions(x, indices, axis), 1)
    return tf.reshape(tf.tensor_scatter_nd_update(tf.reshape(x, (-1,)), positions, updates), _sizes(x))


_NAMESPACE: Namespace = SimpleNamespace(
    float32=tf.float32,
    float64=tf.float64,
    int64=tf.int64,
    isdtype=_isdtype,
    finfo=lambda dtype: ml_dtypes.finfo(dtype.as_numpy_dtype),
    iinfo=lambda dtype: np.iinfo(dtype.as_numpy_dtype),
    astype=tf.cast,
    where=_where,
    exp=tf.exp,
    log=tf.math.log,
    log1p=tf.math.log1p,
    sqrt=tf.sqrt,
    pow=tf.pow,
    isinf=tf.math.is_inf,
    sum=lambda x, *, axis=None, keepdims=False: tf.reduce_sum(x, axis, keepdims),
    max=lambda x, *, axis=None, keepdims=False: tf.reduce_max(x, axis, keepdims),
    count_nonzero=tf.math.count_nonzero,
    zeros_like=tf.zeros_like,
    ones_like=tf.ones_like,
    full_like=lambda x, value, *, dtype: tf.fill(tf.shape(x), tf.constant(value, dtype)),
    arange=_arange,
    take=tf.gather,
    take_along_axis=_take_along_axis,
    scatter=_scatter,
    concat=lambda arrays, *, axis=0: tf.concat(arrays, axis),
    reshape=tf.reshape,
    expand_dims=tf.expand_dims,
    squeeze=tf.squeeze,
)


# --- tensors ----------------------------------------------------------------------------------------------------------------------------


def is_array(value: object) -> bool:
    # Variables are no tf.Tensor, nor are Keras's; composite tensors pass is_tensor.
    return bool(tf.is_tensor(value)) and not isinstance(value, (tf.RaggedTensor, tf.SparseTensor, tf.IndexedSlices))


def canonical(x: Array) -> Array:
    return tf.convert_to_tensor(x)


def namespace(x: Array) -> Namespace:
    return _NAMESPACE


def shape(x: Array) -> tuple[int | None, ...]:
    if x.shape.rank is None:
        raise ValueError("tensors must have a known rank; received one of unknown rank, which tf.ensure_shape can give a rank.")
    return tuple(x.shape)


def size(x: Array) -> int | Array:
    known = shape(x)
    return tf.size(x, out_type=tf.int64) if None in known else prod(n for n in known if n is not None)


def device(x: Array) -> Hashable:
    # Eager int32 tensors stay in host memory whatever the device, and TensorFlow moves them as it needs them.
    found: Hashable = None if is_traced(x) or x.dtype == tf.int32 else x.device
    return found


def is_traced(x: Array) -> bool:
    return not hasattr(x, "numpy")


def on_host(x: Array) -> bool:
    return "device:CPU" in x.device


def autocast(x: Array) -> bool:
    return False  # TensorFlow's mixed precision is a policy of Keras layers; operations never change dtype by themselves.


def from_numpy(array: NumPyArray, like: Array) -> Array:
    with _on(device(like)):
        return tf.constant(array)


def to_numpy(x: Array) -> NumPyArray:
    values: NumPyArray = x.numpy()
    return values


def stop_gradient(x: Array) -> Array:
    return tf.stop_gradient(x)


def total(x: Array) -> Array:
    return pairwise_total(_NAMESPACE, x, size(x))


# --- the loss and its derivatives -------------------------------------------------------------------------------------------------------


def run(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    # An eager tape would keep every intermediate alive although nothing is differentiated; init_scope pauses tapes.  In a graph it
    # would leave the graph, and there recording costs nothing.
    with tf.init_scope() if tf.executing_eagerly() else nullcontext():
        value, slope = kernel.value_slope(_NAMESPACE, spec, x, inputs)
    return tf.stop_gradient(value), tf.stop_gradient(slope)


def attach(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
    by_index, drops_axis = inputs.labels.dtype.is_integer, spec.link == "softmax"
    inputs = inputs._replace(labels=_of_sizes("targets", inputs.labels, x, spec.axis, [1] if by_index else None))
    value, slope = run(kernel, spec, x, inputs)
    value = _of_sizes("The loss and its weights", value, x, spec.axis, [] if drops_axis else None)
    value = tf.stop_gradient(total(value)) if summed else value

    def loss_of(_: Array, carried: Array) -> Any:
        def backward(c: Array) -> tuple[Array, Array]:
            return _attached_slope(kernel, spec, _here(x), _here(inputs), _here(slope)) * _onto(x, c, spec.axis), c

        return tf.stop_gradient(carried), backward

    return _custom(loss_of, x, _carrying_inputs(_value(kernel, spec), value, x, inputs))


def _attached_slope(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, slope: Array) -> Array:
    def slope_of(_: Array, carried: Array) -> Any:
        return tf.stop_gradient(carried), lambda h: (kernel.second(_NAMESPACE, spec, x, inputs, h), h)

    return _custom(slope_of, x, _carrying_inputs(_slope(kernel, spec), slope, x, inputs))


def _custom(function: Callable[..., Any], *tensors: Array) -> Any:
    """``tf.custom_gradient``, called; in a graph that a ForwardAccumulator watches, within a ``tf.function``.

    There the accumulator sees the IdentityN that custom_gradient adds and not its gradient, but a function's gradient it transposes.
    """
    function = tf.custom_gradient(function)
    return tf.function(function, autograph=False)(*tensors) if any(map(_has_tangent, tensors)) else function(*tensors)


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


def _onto(x: Array, c: Array, axis: int) -> Array:
    """The cotangent of a sum, or of an unreduced loss, such that it broadcasts to x: softmax losses lack the class axis."""
    return tf.expand_dims(c, axis) if 0 < c.shape.rank < x.shape.rank else c


class _Formula(NamedTuple):
    """The derivatives of a function f(x, inputs) with respect to the inputs, as graph functions.

    They take the inputs to differentiate by and the others, as dictionaries.  Eager calls share the graphs: differentiating op by op
    needs a tape, and tapes do not run while a ForwardAccumulator transposes a gradient.
    """

    by_inputs: Callable[[Array, dict[str, Array], dict[str, Array], Array], list[Array]]
    """The derivative of sum(f * c)."""
    by_x_and_inputs: Callable[[Array, dict[str, Array], dict[str, Array], Array, tuple[Array, ...]], Array]
    """The derivative of that along tangents of the inputs, with respect to x."""


def _formula(f: Callable[[Array, Inputs], Array], by_x: Callable[[Array, Inputs, Array], Array]) -> _Formula:
    """From f and the derivative of sum(f * c) with respect to x: nothing is differentiated through x."""

    def by_inputs(x: Array, inputs: dict[str, Array], others: dict[str, Array], c: Array) -> list[Array]:
        weighted = f(tf.stop_gradient(x), Inputs(**inputs, **others)) * c
        gradients: list[Array] = tf.gradients(weighted, list(inputs.values()), unconnected_gradients="zero")
        return gradients

    def by_x_and_inputs(x: Array, inputs: dict[str, Array], others: dict[str, Array], c: Array, tangents: tuple[Array, ...]) -> Array:
        anything = tf.ones_like(x)
        weighted = by_x(x, Inputs(**inputs, **others), c) * anything
        transposed = tf.gradients(weighted, list(inputs.values()), unconnected_gradients="zero")
        return tf.gradients(transposed, anything, tangents, unconnected_gradients="zero")[0]

    return _Formula(*(tf.function(each, autograph=False, reduce_retracing=True) for each in (by_inputs, by_x_and_inputs)))


@cache
def _value(kernel: Kernel, spec: Spec) -> _Formula:
    def by_x(x: Array, inputs: Inputs, c: Array) -> Array:
        return kernel.value_slope(_NAMESPACE, spec, x, inputs)[1] * _onto(x, c, spec.axis)

    return _formula(lambda x, inputs: kernel.value_slope(_NAMESPACE, spec, x, inputs)[0], by_x)


@cache
def _slope(kernel: Kernel, spec: Spec) -> _Formula:
    return _formula(lambda x, inputs: kernel.value_slope(_NAMESPACE, spec, x, inputs)[1], partial(kernel.second, _NAMESPACE, spec))


def _carrying_inputs(formula: _Formula, result: Array, x: Array, inputs: Inputs) -> Array:
    """The constant ``result``, given by the formula (and perhaps a sum), with its derivatives with respect to the inputs.

    They are computed when a tape asks for them, and cost nothing until then.
    """
    given = {key: value for key, value in inputs._asdict().items() if value is not None}
    watched = {key: value for key, value in given.items() if tf.is_tensor(value) and value.dtype.is_floating}
    others = {key: value for key, value in given.items() if key not in watched}

    def carrier(result: Array, *_: Array) -> Any:
        def backward(c: Array) -> Any:
            # Numbers as tensors: a graph would be made for each number.
            here, by = _here(x), _here(watched)
            rest = {key: _here(tf.convert_to_tensor(value, None if tf.is_tensor(value) else x.dtype)) for key, value in others.items()}

            def gradients(_: Array, *gradients: Array) -> Any:
                def along_x(*tangents: Array) -> Any:
                    return formula.by_x_and_inputs(_here(here), _here(by), _here(rest), _here(c), tangents), *tangents

                return [tf.stop_gradient(gradient) for gradient in gradients], along_x

            return None, *_custom(gradients, here, *formula.by_inputs(here, by, rest, c))

        return tf.stop_gradient(result), backward

    return _custom(carrier, result, *watched.values()) if watched else result


def _of_sizes(what: str, x: Array, like: Array, axis: int, at_axis: list[int] | None) -> Array:
    """x, held at run time to the sizes of ``like`` (those of ``at_axis`` instead of the one at the axis) where the graph knows too few.

    XLA drops assertions, but a reshape to sizes that cannot hold x fails in it too, when it compiles for the sizes it is given.
    """
    if None not in shape(x) + shape(like):
        return x
    sizes, own = tf.shape(like), tf.shape(x)
    if at_axis is not None:
        axis %= like.shape.rank
        sizes = tf.concat([sizes[:axis], tf.constant(at_axis, tf.int32), sizes[axis + 1 :]], axis=0)
    message = f"{what} must have the sizes of the predictions: no size broadcasts."
    with tf.control_dependencies([tf.debugging.assert_equal(own, sizes, message)]):
        held = tf.reshape(x, tf.where(own == sizes, sizes, own + 1))
    held.set_shape(x.shape)
    return held
