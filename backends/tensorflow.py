"""TensorFlow: eager, in ``tf.function`` and compiled by XLA.  Its namespace is :mod:`.tensorflow_namespace`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import forwardprop_util, record

from unifocal.native import native
from unifocal.protocol import Array, Backend, Inputs, Kernel, Namespace, NumPyArray
from unifocal.reduction import pairwise_total
from unifocal.spec import Spec
from unifocal.threads import cores

from . import standard
from .tensorflow_fused import value_slope
from .tensorflow_namespace import on, xp

if TYPE_CHECKING:
    from unifocal.blocks import Walk

name = "tensorflow"
_ALIGNMENT = 64


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


def is_constant(x: Array) -> bool:
    return not _is_watched([x])


def autocast(x: Array) -> bool:
    return False  # TensorFlow's mixed precision is a policy of Keras layers; operations never change dtype by themselves.


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


def in_blocks(x: Array, others: Iterable[Array]) -> bool:
    others = list(others)
    # NumPy has no bfloat16.
    if any(is_traced(part) or part.dtype == tf.bfloat16 or not on_host(part) for part in (x, *others)):
        return False
    return not _is_watched(others)


def _is_watched(tensors: list[Array]) -> bool:
    """Whether an eager tape or a ForwardAccumulator watches any of the tensors."""
    return bool(record.should_record_backprop(tensors) or forwardprop_util.pack_tangents(tensors).tangents)


def host_backend(x: Array, others: Iterable[Array], elements: int) -> Backend:
    return standard


def threads(x: Array) -> int:
    return tf.config.threading.get_intra_op_parallelism_threads() or cores()


def host(x: Array) -> Array:
    return np.asarray(x)  # in the tensor's memory; x.numpy() copies


def from_host(x: Array | float, like: Array, dtype: Any) -> Array:
    if isinstance(x, float) or x.ndim == 0 or x.size == 0:
        return tf.constant(x, dtype)
    aligned = _aligned(x)
    aligned[...] = x
    return tf.cast(_lent(aligned), dtype)


def _aligned(like: Array) -> Array:
    """An array of NumPy's, of this shape and dtype, in memory that TensorFlow can be lent."""
    # tf.constant of an array takes twice its memory.  Lent memory must be aligned, or TensorFlow ends the process (2.21).
    memory = np.empty(like.nbytes + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + like.nbytes].view(like.dtype).reshape(like.shape)


def _lent(array: Array) -> Array:
    """NumPy's array, aligned, as a tensor in the same memory."""
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def total(x: Array) -> Array:
    return pairwise_total(xp, x, size(x))


def run(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    # An eager tape would keep every intermediate alive although nothing is differentiated; init_scope pauses tapes.  In a graph it
    # would leave the graph, and there recording costs nothing.
    with tf.init_scope() if tf.executing_eagerly() else nullcontext():
        value, slope = value_slope(kernel, spec, x, inputs)
    return tf.stop_gradient(value), tf.stop_gradient(slope)


def attach(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
    by_index, drops_axis = inputs.labels.dtype.is_integer, spec.categorical
    inputs = inputs._replace(labels=of_sizes("targets", inputs.labels, x, spec.axis, [1] if by_index else None))
    value, slope = run(kernel, spec, x, inputs)
    value = of_sizes("The loss and its weights", value, x, spec.axis, [] if drops_axis else None)
    value = tf.stop_gradient(total(value)) if summed else value

    def loss_of(wrt: Array, carried: Array) -> Any:
        def backward(c: Array) -> tuple[Array, Array]:
            c = _of_rank(c, carried)
            return _attached_slope(kernel, spec, *_here((x, inputs, slope))) * _onto(x, c, spec.axis), c

        return tf.stop_gradient(carried), backward

    return _custom(loss_of, x, _carrying_inputs(kernel, spec, 0, value, x, inputs))


def attach_walk(x: Array, walk: Walk, dtype: Any) -> Array:
    if not _is_watched([x]):
        return from_host(walk.run(False).value, x, dtype)
    result, kept, scale, divisor = walk.run(True)
    value, axis = from_host(result, x, dtype), walk.call.ctx.spec.axis
    is_half = kept.dtype == np.float16
    slope = None if is_half else from_host(kept, x, tf.as_dtype(kept.dtype))

    def second(x: Array, h: Array) -> Array:
        kernel, spec, folded, inputs = walk.whole(x, walk.tensors)
        # The kept slope's derivative: that slope is the kernel's times scale/divisor.
        h = h if scale == divisor else h * (scale / divisor)
        return tf.cast(kernel.second(xp, spec, folded, inputs, h), x.dtype)

    def slope_of(wrt: Array) -> Any:
        whole = tf.cast(from_host(kept, x, tf.float16), tf.float32) if slope is None else slope
        return tf.stop_gradient(whole), lambda h: second(wrt, _of_rank(h, whole))

    def loss_of(wrt: Array) -> Any:
        def backward(c: Array) -> Array:
            c = _onto(x, tf.cast(_of_rank(c, value), tf.float32 if slope is None else slope.dtype), axis)
            if is_half and not is_traced(c) and not _is_watched([x, c]):
                return _lent(standard.product(kept, np.asarray(c), scale, _aligned(kept)))
            c = c if scale == 1 else c / scale
            return tf.cast(_custom(slope_of, _here(x)) * c, x.dtype)

        return tf.stop_gradient(value), backward

    return _custom(loss_of, x)


def _attached_slope(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, slope: Array) -> Array:
    def slope_of(wrt: Array, carried: Array) -> Any:
        def backward(h: Array) -> tuple[Array, Array]:
            h = _of_rank(h, carried)
            return kernel.second(xp, spec, x, inputs, h), h

        return tf.stop_gradient(carried), backward

    return _custom(slope_of, x, _carrying_inputs(kernel, spec, 1, slope, x, inputs))


def _carrying_inputs(kernel: Kernel, spec: Spec, order: int, result: Array, x: Array, inputs: Inputs) -> Array:
    """The constant ``result`` (the value, perhaps summed, for order 0; the slope for 1) with its derivatives with respect to the inputs.

    They are computed when a tape asks for them, and cost nothing until then.
    """
    given = {key: value for key, value in inputs._asdict().items() if value is not None}
    watched = {key: value for key, value in given.items() if tf.is_tensor(value) and value.dtype.is_floating}
    by_inputs, by_x_and_inputs = _input_gradients(kernel, spec, order)

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
def _input_gradients(kernel: Kernel, spec: Spec, order: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """For f the value (order 0) or slope (1): the derivative of sum(f * c) by inputs, and its own, along tangents of them, by x.

    Nothing is differentiated through x.  Eager calls share these graphs: differentiating op by op needs a tape, and tapes do not run
    while a ForwardAccumulator transposes a gradient.
    """

    def by_inputs(x: Array, inputs: dict[str, Array], others: dict[str, Array], c: Array) -> Any:
        f = kernel.differentiable(xp, spec, tf.stop_gradient(x), Inputs(**inputs, **others))[order]
        return tf.gradients(f * c, list(inputs.values()), unconnected_gradients="zero")

    def by_x_and_inputs(x: Array, inputs: dict[str, Array], others: dict[str, Array], c: Array, tangents: tuple[Array, ...]) -> Array:
        everything, anything = Inputs(**inputs, **others), tf.ones_like(x)
        if order:
            by_x = kernel.second(xp, spec, x, everything, c)
        else:
            by_x = kernel.differentiable(xp, spec, x, everything)[1] * _onto(x, c, spec.axis)
        transposed = tf.gradients(by_x * anything, list(inputs.values()), unconnected_gradients="zero")
        return tf.gradients(transposed, anything, tangents, unconnected_gradients="zero")[0]

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


def of_sizes(what: str, x: Array, like: Array, axis: int, at_axis: list[int] | None) -> Array:
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
