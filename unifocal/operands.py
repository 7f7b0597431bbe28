"""One call's tensors, brought to the backend, the compute dtype and the rank of the predictions, with clear errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .checks import POSITIVE, Range, value_checks_enabled
from .dispatch import backend_of, installed_frameworks, unsuitable
from .protocol import Array, Backend, Namespace, NumPyArray
from .spec import Spec, is_number

Shape = tuple[int | None, ...]
_NUMBERS = ("real floating", "integral")
_NORMALIZER = POSITIVE._replace(hint=" Use max(number of positives, 1) for a batch that may have none.")


# No NamedTuple, whose properties and slices torch.compile cannot trace before 2.10; and not frozen, which would be slower to make.
@dataclass(eq=False)
class Context:
    """What every operand is measured against: the predictions ``x`` in their own dtype, the compute ``dtype``, and the result's."""

    backend: Backend
    xp: Namespace
    spec: Spec
    x: Array
    shape: Shape
    dtype: Any
    result_dtype: Any
    given_axis: int
    """The class axis as the caller named it, for messages."""
    eager: bool = False
    """Known to be eager, and in host memory."""

    def of(self, x: Array) -> Context:
        """The same of other predictions, of the same shape and dtype; dataclasses.replace takes longer."""
        return Context(self.backend, self.xp, self.spec, x, self.shape, self.dtype, self.result_dtype, self.given_axis, self.eager)

    @property
    def axis(self) -> int:
        """The class axis, negative."""
        return self.spec.axis

    @property
    def loss_shape(self) -> Shape:
        """The shape of the unreduced loss."""
        return without(self.shape, self.axis) if self.spec.drops_axis else self.shape

    @property
    def classes(self) -> int:
        """The number of classes along the axis.

        Raises
        ------
        ValueError
            If a traced graph does not know it.
        """
        size = self.shape[self.axis]
        if size is None:
            raise ValueError(f"The class axis must have a static size here; received predictions of shape {self.shape}.")
        return size

    def readable(self, x: Array) -> bool:
        """Whether the values of x may be looked at: eager, in host memory, and checks on."""
        if self.eager:
            return value_checks_enabled()
        return not self.backend.is_traced(x) and value_checks_enabled() and self.backend.on_host(x)

    def extent(self, x: Array) -> tuple[Any, Any]:
        """The smallest and the largest of values that may be looked at; NaN for both if there is one."""
        if hasattr(self.xp, "extent"):
            least, largest = self.xp.extent(x)
            return least, largest
        values = self.values(x)
        return (values.min(), values.max()) if values.size else (0.0, 0.0)

    def hold(self, name: str, x: Array, allowed: Range, slack: float = 0.0, drop: int | None = None) -> tuple[Any, Any]:
        """The extent of values that may be looked at; raises ValueError outside the range.  The message is of x without axis ``drop``."""
        least, largest = self.extent(x)
        if not allowed.holds(least, largest, slack):
            allowed.check_array(name, self.values(x if drop is None else self.xp.squeeze(x, axis=drop)), slack)
        return least, largest

    def values(self, x: Array) -> NumPyArray:
        """NumPy's array of values that may be looked at."""
        xp = self.xp
        is_half = x.dtype not in (xp.float32, xp.float64) and xp.isdtype(x.dtype, "real floating")
        return self.backend.to_numpy(cast(xp, x, xp.float32) if is_half else x)


def cast(xp: Namespace, x: Array, dtype: Any) -> Array:
    """x in the dtype; x itself if it has it (the standard's astype copies)."""
    return x if x.dtype == dtype else xp.astype(x, dtype)


def without(shape: Shape, axis: int) -> Shape:
    """shape without one (negative) axis."""
    axis += len(shape)
    return shape[:axis] + shape[axis + 1 :]


def same(a: Shape, b: Shape) -> bool:
    """Whether the shapes agree wherever both are known."""
    return a == b or (len(a) == len(b) and all(m == n or m is None or n is None for m, n in zip(a, b, strict=True)))


def _fits(shape: Shape, onto: Shape) -> bool:
    """Whether every size is 1 or the one of onto."""
    return all(m == 1 or m == n or m is None or n is None for m, n in zip(shape, onto, strict=True))


def type_name(value: object) -> str:
    """The qualified name of value's type, for messages."""
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def context(spec: Spec, predictions: object, targets: object = None) -> Context:
    """The context of a call; raises TypeError or ValueError if the predictions cannot be a loss's (``targets`` are for the message)."""
    backend = backend_of(predictions)
    if backend is None:
        raise TypeError(f"predictions must be a dense tensor of {_any_backend()}; received {_received(predictions)}.")
    x = backend.canonical(predictions)
    xp = backend.namespace(x)
    if x.dtype not in (xp.float32, xp.float64):
        if not xp.isdtype(x.dtype, "real floating"):
            exchanged = EXCHANGED if _is_floating(targets) else ""
            raise TypeError(f"predictions must be a floating tensor; received dtype {x.dtype}.{exchanged}")
        if not 16 <= xp.finfo(x.dtype).bits <= 64:
            raise TypeError(f"predictions must be float16, bfloat16, float32 or float64; received dtype {x.dtype}.")
    shape = backend.shape(x)
    rank = len(shape)
    if spec.drops_axis and rank == 0:
        raise ValueError(f"predictions of a {spec.link} loss must have a class axis; received shape ().")
    # A 0-D sigmoid loss has no axis; the default -1 stands for "none".
    if not (-rank <= spec.axis < rank or (rank == 0 and spec.axis in (-1, 0))):
        raise ValueError(f"axis must be in [{-rank}, {rank - 1}] for predictions of shape {shape}; received {spec.axis}.")
    if spec.categorical and shape[spec.axis] == 0:
        raise ValueError(f"predictions of a {spec.link} loss must have at least 1 class along axis {spec.axis}; received shape {shape}.")
    axis = spec.axis - rank if spec.axis >= 0 and rank else spec.axis
    dtype = xp.float64 if x.dtype == xp.float64 else xp.float32
    result_dtype = x.dtype if dtype == x.dtype or not backend.autocast(x) else dtype
    if spec.dtype is not None:
        result_dtype = xp.float32
    return Context(backend, xp, spec if axis == spec.axis else replace(spec, axis=axis), x, shape, dtype, result_dtype, spec.axis)


EXCHANGED = " Are the predictions and the targets exchanged?"


def _any_backend() -> str:
    return f"an installed backend ({installed_frameworks()}) or of an Array API library"


def _is_floating(value: object) -> bool:
    backend = backend_of(value)
    return backend is not None and bool(backend.namespace(value).isdtype(backend.canonical(value).dtype, "real floating"))


def _received(value: object) -> str:
    """What a value is that cannot be taken, and what makes a tensor of it."""
    found = unsuitable(value) if backend_of(value) is None else type_name(value)
    if found is not None:
        return found
    if isinstance(value, np.ma.MaskedArray):
        return f"{type_name(value)}: fill it with .filled(…), and say what is left out by sample_weight or ignore_index"
    if isinstance(value, (list, tuple)):
        return f"{type_name(value)}: numpy.asarray(…) makes an array of it"
    for method in ("to_numpy", "toarray"):
        if hasattr(value, method):
            return f"{type_name(value)}: .{method}() makes an array of it"
    return type_name(value)


def tensor(ctx: Context, name: str, value: object, kinds: str = "") -> Array:
    """value as a tensor of the predictions' backend, in its own dtype and shape; ``kinds`` is what else it could be, for the message.

    Lists and NumPy arrays are brought over; tensors of another framework or device are refused.
    """
    backend, xp = ctx.backend, ctx.xp
    owner = backend_of(value)
    if owner is backend and backend.namespace(value) is xp:
        own = backend.canonical(value)
        mine, theirs = backend.device(ctx.x), backend.device(own)
        if None not in (mine, theirs) and mine != theirs:
            raise ValueError(f"{name} must be on the device of the predictions, {mine}; received {theirs}.")
        return own
    if isinstance(value, (list, tuple)) or is_number(value) or (isinstance(value, np.ndarray) and owner is not None):
        try:
            return backend.from_numpy(np.asarray(value), ctx.x)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} must hold numbers in a rectangular shape; received {type_name(value)}: {error}") from error
    raise TypeError(
        f"{name} must be {kinds}a dense tensor of the predictions' framework ({type_name(ctx.x)}), a NumPy array or a list; "
        f"received {_received(value)}."
    )


def _weight(ctx: Context, name: str, value: object, allowed: Range | None, kinds: tuple[str, ...] = _NUMBERS) -> Array | float | None:
    """A number as float, a tensor in its own dtype, of one of these kinds; held to its range."""
    if value is None:
        return None
    if is_number(value):
        number = float(value)  # type: ignore[arg-type]
        if allowed is not None:
            allowed.check_number(name, number)
        return ctx.xp.number(number, ctx.dtype)
    weight = tensor(ctx, name, value, "a number, ")
    if not ctx.xp.isdtype(weight.dtype, kinds):
        raise TypeError(f"{name} must be a number or a tensor of numbers; received dtype {weight.dtype}.")
    if allowed is not None and ctx.readable(weight):
        ctx.hold(name, cast(ctx.xp, weight, ctx.dtype), allowed)
    return weight


def class_vector(ctx: Context, name: str, value: object, allowed: Range) -> Array | float | None:
    """alpha, pos_weight or class_weight: a number, one number a class, or a tensor of full rank broadcastable to the predictions."""
    weight = _weight(ctx, name, value, allowed if ctx.spec.holds_weights else None)
    if weight is None or isinstance(weight, float):
        return weight
    shape, rank = ctx.backend.shape(weight), len(ctx.shape)
    if len(shape) == 0 or (len(shape) == rank and _fits(shape, ctx.shape)):
        return weight
    if len(shape) == 1 and rank and same(shape, (ctx.shape[ctx.axis],)):
        return ctx.xp.reshape(weight, tuple(-1 if i == rank + ctx.axis else 1 for i in range(rank)))
    if ctx.spec.weights == "trailing" and len(shape) < rank and _fits(shape, ctx.shape[rank - len(shape) :]):
        return _prepended(ctx, weight, rank - len(shape))
    raise ValueError(
        f"{name} must be a number, have one value for each class along axis {ctx.given_axis}, or have the rank of the predictions and "
        f"broadcast to their shape {ctx.shape}; received shape {shape}."
    )


def at_target(ctx: Context, vector: Array | float | None, index: Array | None) -> Array | float | None:
    """A class vector's entry for each row's class; index has size 1 along the class axis, None for element-wise labels: no entry."""
    if index is None:
        return None
    if vector is None or isinstance(vector, float):
        return vector
    xp, shape = ctx.xp, ctx.backend.shape(vector)
    if len(shape) == 0 or shape[ctx.axis] == 1:
        return vector
    rows = ctx.backend.shape(index)
    if all(n == 1 for n in without(shape, ctx.axis)) and rows.count(None) <= 1:
        flat = xp.take(xp.reshape(vector, (-1,)), xp.reshape(index, (-1,)), axis=0)
        return xp.reshape(flat, tuple(-1 if n is None else n for n in rows))
    return xp.take_along_axis(vector * xp.ones_like(ctx.x, dtype=ctx.dtype), index, axis=ctx.axis)


def sample_weight(ctx: Context, value: object, targets_shape: Shape) -> Array | float | None:
    """The sample weight with the rank of the predictions: aligned with the unreduced loss from the left, or as the spec says."""
    weight = _weight(ctx, "sample_weight", value, None, ("bool", *_NUMBERS))
    if weight is None or isinstance(weight, float):
        return weight
    if ctx.spec.weights == "trailing":
        return _right_aligned(ctx, "sample_weight", weight)
    shape, onto = ctx.backend.shape(weight), ctx.loss_shape
    if not ctx.spec.drops_axis and len(targets_shape) < len(onto) and same(shape, targets_shape):
        return ctx.xp.expand_dims(weight, axis=ctx.axis)
    if len(shape) > len(onto) or not _fits(shape, onto[: len(shape)]):
        raise ValueError(
            f"sample_weight must have at most the dimensions of the unreduced loss, {onto}, each equal to the loss's or 1; "
            f"received shape {shape}."
        )
    for _ in range(len(onto) - len(shape)):
        weight = ctx.xp.expand_dims(weight, axis=-1)
    return _with_class_axis(ctx, weight)


def normalizer(ctx: Context, value: object) -> Array | float | None:
    """The normalizer with the rank of the predictions: aligned with the unreduced loss from the right."""
    by = _weight(ctx, "normalizer", value, _NORMALIZER)
    return by if by is None or isinstance(by, float) else _right_aligned(ctx, "normalizer", by)


def _right_aligned(ctx: Context, name: str, x: Array) -> Array:
    shape, onto = ctx.backend.shape(x), ctx.loss_shape
    if len(shape) > len(onto) or not _fits(shape, onto[len(onto) - len(shape) :]):
        raise ValueError(
            f"{name} must be a number or broadcast, aligned from the right, to the unreduced loss of shape {onto}; received shape {shape}."
        )
    return _with_class_axis(ctx, _prepended(ctx, x, len(onto) - len(shape)))


def _prepended(ctx: Context, x: Array, dimensions: int) -> Array:
    """x with so many dimensions of size 1 before its own."""
    for _ in range(dimensions):
        x = ctx.xp.expand_dims(x, axis=0)
    return x


def _with_class_axis(ctx: Context, x: Array) -> Array:
    """x of the unreduced loss's rank with the predictions' rank."""
    return ctx.xp.expand_dims(x, axis=ctx.axis) if ctx.spec.drops_axis else x
