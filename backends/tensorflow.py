"""TensorFlow: eager, in ``tf.function`` and compiled by XLA.  TensorFlow has no Array API namespace, so it is written out here."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from math import prod
from types import SimpleNamespace
from typing import Any

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


def _positions(x: Array, indices: Array, axis: int) -> Array:
    """Where in the flattened x the indices (of size 1 along the axis) point.

    One flat index an entry serves every axis; ``tf.gather``'s ``batch_dims`` only serves the last.
    """
    sizes, axis = tf.shape(x, out_type=indices.dtype), axis % x.shape.rank
    before, after = tf.reduce_prod(sizes[:axis]), tf.reduce_prod(sizes[axis + 1 :])
    row = tf.reshape(tf.range(before), (-1, 1)) * sizes[axis]
    return (row + tf.reshape(indices, (before, after))) * after + tf.range(after)


def _take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    return tf.reshape(tf.gather(tf.reshape(x, (-1,)), _positions(x, indices, axis)), tf.shape(indices))


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    positions = tf.reshape(_positions(x, indices, axis), (-1, 1))
    updates = tf.reshape(tf.broadcast_to(tf.convert_to_tensor(value, x.dtype), tf.shape(indices)), (-1,))
    return tf.reshape(tf.tensor_scatter_nd_update(tf.reshape(x, (-1,)), positions, updates), tf.shape(x))


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
    by_index = inputs.labels.dtype.is_integer
    inputs = inputs._replace(labels=_of_sizes("targets", inputs.labels, x, spec.axis, [1] if by_index else None))
    value, slope = run(kernel, spec, x, inputs)
    drops_axis = spec.link == "softmax"
    value = _of_sizes("The loss and its weights", value, x, spec.axis, [] if drops_axis else None)

    def upstream(cotangent: Array) -> Array:
        return tf.expand_dims(cotangent, spec.axis) if drops_axis and not summed else cotangent

    def value_formula(x: Array, inputs: Inputs) -> Array:
        return kernel.value_slope(_NAMESPACE, spec, x, inputs)[0]

    def slope_formula(x: Array, inputs: Inputs) -> Array:
        return kernel.value_slope(_NAMESPACE, spec, x, inputs)[1]

    def second(x: Array, inputs: Inputs, h: Array) -> Array:
        return kernel.second(_NAMESPACE, spec, x, inputs, h)

    def attached_slope() -> Array:
        carried = _carrying_inputs(slope, x, inputs, slope_formula, second)

        def slope_of(x: Array, carried: Array) -> Any:
            return tf.identity(carried), lambda h: (second(x, inputs, h), h)

        return tf.custom_gradient(slope_of)(x, carried)

    def loss_of(x: Array, carried: Array) -> Any:
        return tf.identity(carried), lambda cotangent: (attached_slope() * upstream(cotangent), cotangent)

    value = tf.stop_gradient(total(value)) if summed else value
    carried = _carrying_inputs(value, x, inputs, value_formula, lambda x, inputs, c: slope_formula(x, inputs) * upstream(c))
    return tf.custom_gradient(loss_of)(x, carried)


def _carrying_inputs(
    result: Array,
    x: Array,
    inputs: Inputs,
    formula: Callable[[Array, Inputs], Array],
    slope: Callable[[Array, Inputs, Array], Array],
) -> Array:
    """The constant ``result``, which ``formula`` gave (and a sum may have reduced), with its derivatives with respect to the inputs.

    They come from differentiating the formula when a tape asks for them, and cost nothing until then.  Nothing is differentiated through
    x: the mixed derivative comes from ``slope``, the derivative of sum(formula * c) with respect to x.
    """
    names = [key for key, value in inputs._asdict().items() if tf.is_tensor(value) and value.dtype.is_floating]
    if not names:
        return result

    def with_(tensors: tuple[Array, ...]) -> Inputs:
        return inputs._replace(**dict(zip(names, tensors, strict=True)))

    def carrier(result: Array, *tensors: Array) -> Any:
        def backward(c: Array) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                weighted = formula(tf.stop_gradient(x), with_(tensors)) * c
            gradients = tape.gradient(weighted, tensors, unconnected_gradients="zero")

            def mixed(x: Array, *gradients: Array) -> Any:
                def along_x(*tangents: Array) -> Any:
                    # The derivative of slope along the tangents of the inputs, by transposing its transpose.
                    with tf.GradientTape() as transposed:
                        anything = tf.ones_like(x)
                        transposed.watch(anything)
                        with tf.GradientTape() as tape:
                            tape.watch(tensors)
                            weighted = slope(x, with_(tensors), c) * anything
                        pulled = tape.gradient(weighted, tensors, unconnected_gradients="zero")
                    return transposed.gradient(pulled, anything, tangents, unconnected_gradients="zero"), *tangents

                return [tf.identity(gradient) for gradient in gradients], along_x

            return None, *tf.custom_gradient(mixed)(x, *gradients)

        return tf.identity(result), backward

    return tf.custom_gradient(carrier)(result, *(getattr(inputs, key) for key in names))


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
