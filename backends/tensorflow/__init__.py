"""TensorFlow: eager, in ``tf.function`` and compiled by XLA.

Its namespace is :mod:`.namespace`; :mod:`.autograd` ties a formula's derivatives to its differentiation.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any

import tensorflow as tf

from unifocal.arrays import Array, Namespace, NumPyArray
from unifocal.backend import Backend
from unifocal.evaluation.threads import cores
from unifocal.native import native

from .. import numpy
from ..defaults import autocast as autocast  # mixed precision is a policy of Keras layers; operations never change dtype by themselves
from .autograd import attach as attach
from .autograd import attach_walk as attach_walk
from .autograd import run as run
from .hosting import from_host as from_host
from .hosting import host as host
from .namespace import is_traced as is_traced
from .namespace import is_watched, on, xp
from .namespace import require_sizes as require_sizes
from .namespace import shape as shape
from .namespace import total as total

name = "tensorflow"


def is_array(value: object) -> bool:
    # Variables are no tf.Tensor, nor are Keras's; composite tensors pass is_tensor.
    return bool(tf.is_tensor(value)) and not isinstance(value, (tf.RaggedTensor, tf.SparseTensor, tf.IndexedSlices))


def unsuitable(value: object) -> str | None:
    if isinstance(value, tf.RaggedTensor):
        return "a tf.RaggedTensor: .to_tensor() makes it dense; ignore_index or sample_weight leave the padding out"
    return "a tf.SparseTensor: tf.sparse.to_dense makes it dense" if isinstance(value, tf.SparseTensor) else None


def canonical(x: Array) -> Array:
    return tf.convert_to_tensor(x)


def namespace(x: Array) -> Namespace:
    return xp


def size(x: Array) -> int | Array:
    known = shape(x)
    return tf.size(x, out_type=tf.int64) if None in known else prod(n for n in known if n is not None)


def device(x: Array) -> Hashable:
    # Eager int32 tensors stay in host memory whatever the device, and TensorFlow moves them as it needs them.
    found: Hashable = None if is_traced(x) or x.dtype == tf.int32 else x.device
    return found


def on_host(x: Array) -> bool:
    return "device:CPU" in x.device


def is_constant(x: Array) -> bool:
    return not is_watched([x])


def computing(x: Array) -> AbstractContextManager[None]:
    if not xp.fuses(x):
        return nullcontext()
    # A graph runs op by op, a pass over memory each; so marked, XLA fuses them where it is there, whether or not the sizes are known.
    fused: AbstractContextManager[None] = tf.xla.experimental.jit_scope()
    return fused


def from_numpy(array: NumPyArray, like: Array) -> Array:
    with on(device(like)):
        return tf.constant(native(array))


def to_numpy(x: Array) -> NumPyArray:
    values: NumPyArray = x.numpy()
    return values


def stop_gradient(x: Array) -> Array:
    return tf.stop_gradient(x)


def as_eager(tensors: list[Any], place: int) -> list[Array] | None:
    for i, tensor in enumerate(tensors):
        if not is_array(tensor):
            return None
        tensors[i] = tensor = canonical(tensor)
        # NumPy has no bfloat16.
        if is_traced(tensor) or tensor.dtype == tf.bfloat16 or not on_host(tensor):
            return None
    return None if is_watched([tensor for i, tensor in enumerate(tensors) if i != place]) else tensors


def host_backend(dtype: Any, others: Iterable[Any], elements: int) -> Backend:
    return numpy


def threads(x: Array) -> int:
    return tf.config.threading.get_intra_op_parallelism_threads() or cores()
