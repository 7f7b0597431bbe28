"""The Array API names that the core uses, on TensorFlow's tensors."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any

import ml_dtypes
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import forwardprop_util, record

from unifocal.arrays import Array, Namespace, Shape
from unifocal.namespace import Names, complete
from unifocal.sums import pairwise_total

WORTH_COMPILING = 1 << 14  # elements: XLA compiles for a quarter of a second, and is called in a tenth of a millisecond
_FLOATING = (tf.float16, tf.bfloat16, tf.float32, tf.float64)


def _where(condition: Array, a: Array | float, b: Array | float) -> Array:
    dtype = a.dtype if tf.is_tensor(a) else b.dtype  # type: ignore[union-attr]
    return tf.where(condition, tf.convert_to_tensor(a, dtype), tf.convert_to_tensor(b, dtype))


def _isdtype(dtype: Any, kind: str | tuple[str, ...]) -> bool:
    if isinstance(kind, tuple):
        return any(_isdtype(dtype, each) for each in kind)
    kinds = {"bool": dtype.is_bool, "integral": dtype.is_integer, "real floating": dtype in _FLOATING}
    return bool(kinds[kind])


def _log1p(x: Array) -> Array:
    # XLA's float64 log1p on CPU is up to 130 ulp off for x in (-0.42, -0.36); log(1 + x) is good there.
    exact = tf.executing_eagerly() or x.dtype != tf.float64
    return tf.math.log1p(x) if exact else tf.where(x < -0.25, tf.math.log(1 + x), tf.math.log1p(x))


def _fuses(x: Array) -> bool:
    elements = x.shape.num_elements()
    return not tf.executing_eagerly() and (elements is None or elements >= WORTH_COMPILING)


def _arange(stop: int, *, dtype: Any, device: str | None = None) -> Array:
    with on(device):
        return tf.range(stop, dtype=dtype)


def on(where: Any) -> AbstractContextManager[Any]:
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
    positions, elements = tf.expand_dims(_positions(x, indices, axis), 1), x.shape.num_elements()
    if elements is not None and elements < 2**31:
        # tape.jacobian vectorises this operation for int32 alone (TypeError, TensorFlow 2.21).
        positions = tf.cast(positions, tf.int32)
    return tf.reshape(tf.tensor_scatter_nd_update(tf.reshape(x, (-1,)), positions, updates), _sizes(x))


_SHARED = (
    "float16 bfloat16 float32 float64 int64 abs divide equal exp sqrt pow zeros_like ones_like broadcast_to reshape expand_dims squeeze"
)
xp: Namespace = complete(
    Names(
        **{shared: getattr(tf, shared) for shared in _SHARED.split()},
        isdtype=_isdtype,
        finfo=lambda dtype: ml_dtypes.finfo(dtype.as_numpy_dtype),
        iinfo=lambda dtype: np.iinfo(dtype.as_numpy_dtype),
        astype=tf.cast,
        where=_where,
        log=tf.math.log,
        log1p=_log1p,
        isinf=tf.math.is_inf,
        sum=lambda x, *, axis=None, keepdims=False: tf.reduce_sum(x, axis, keepdims),
        max=lambda x, *, axis=None, keepdims=False: tf.reduce_max(x, axis, keepdims),
        count_nonzero=tf.math.count_nonzero,
        full_like=lambda x, value, *, dtype: tf.fill(tf.shape(x), tf.constant(value, dtype)),
        arange=_arange,
        take=tf.gather,
        take_along_axis=_take_along_axis,
        concat=lambda arrays, *, axis=0: tf.concat(arrays, axis),
    ),
    scatter=_scatter,
    fuses=_fuses,
)


def shape(x: Array) -> Shape:
    if x.shape.rank is None:
        raise ValueError("tensors must have a known rank; received one of unknown rank, which tf.ensure_shape can give a rank.")
    return tuple(x.shape)


def is_traced(x: Array) -> bool:
    return not hasattr(x, "numpy")


def is_watched(tensors: list[Array]) -> bool:
    """Whether an eager tape or a ForwardAccumulator watches any of the tensors."""
    return bool(record.should_record_backprop(tensors) or forwardprop_util.pack_tangents(tensors).tangents)


def total(x: Array) -> Array:
    elements = x.shape.num_elements()
    return pairwise_total(xp, x, tf.size(x, out_type=tf.int64) if elements is None else elements)


def require_sizes(what: str, x: Array, like: Array, axis: int, size_at_axis: list[int] | None) -> Array:
    """x, held at run time to the sizes of ``like``, at the axis to ``size_at_axis``, where the graph knows too few.

    XLA drops assertions, but a reshape to sizes that cannot hold x fails in it too, when it compiles for the sizes it is given.
    """
    if None not in shape(x) + shape(like):
        return x
    sizes, own = tf.shape(like), tf.shape(x)
    if size_at_axis is not None:
        axis %= like.shape.rank
        sizes = tf.concat([sizes[:axis], tf.constant(size_at_axis, tf.int32), sizes[axis + 1 :]], axis=0)
    message = f"{what} must have the sizes of the predictions: no size broadcasts."
    with tf.control_dependencies([tf.debugging.assert_equal(own, sizes, message)]):
        held = tf.reshape(x, tf.where(own == sizes, sizes, own + 1))
    held.set_shape(x.shape)
    return held
