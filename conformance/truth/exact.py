"""A small Array API library whose real numbers have 50 digits: unifocal's own functions, run on it, give the truth of any convention.

The kernels' formulas are the ones under test, so this says how far *rounding* takes a result, an original's too, from what its convention
means.  That the formulas are right is for :mod:`.oracle`, which derives them anew, and for the originals to say.

Arrays hold NumPy's booleans and integers, or mpmath numbers as objects; a floating dtype is a name only (it decides to what constants are
rounded that a convention rounds), and no operation rounds to it.  Division by zero gives an infinity; zero has no sign.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .oracle import Number, mp

bool_ = np.dtype(np.bool_)
uint8, int8, int16, int32, int64 = (np.dtype(name) for name in ("uint8", "int8", "int16", "int32", "int64"))
float16, float32, float64 = (np.dtype(name) for name in ("float16", "float32", "float64"))
finfo, iinfo, isdtype = np.finfo, np.iinfo, np.isdtype
inf, nan, newaxis = np.inf, np.nan, None

_Values = npt.NDArray[Any]


class ExactArray:
    """Booleans, integers, or real numbers of 50 digits."""

    def __init__(self, values: _Values, dtype: Any) -> None:
        self.values, self.dtype = values, np.dtype(dtype)

    device = "cpu"
    shape = property(lambda self: self.values.shape)
    ndim = property(lambda self: self.values.ndim)
    size = property(lambda self: self.values.size)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return sys.modules[__name__]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> _Values:
        return np.array(self.values, dtype or self.dtype)

    def __getitem__(self, key: Any) -> ExactArray:
        return ExactArray(np.asarray(self.values[key], self.values.dtype), self.dtype)

    def __bool__(self) -> bool:
        return bool(self.values)

    def __neg__(self) -> ExactArray:
        return ExactArray(-self.values, self.dtype)

    def __invert__(self) -> ExactArray:
        return ExactArray(~self.values, self.dtype)

    def __and__(self, other: Any) -> ExactArray:
        return ExactArray(self.values & other.values, self.dtype)

    def __or__(self, other: Any) -> ExactArray:
        return ExactArray(self.values | other.values, self.dtype)

    def __add__(self, other: Any) -> ExactArray:
        return _arithmetic(np.add, self, other)

    def __radd__(self, other: Any) -> ExactArray:
        return _arithmetic(np.add, other, self)

    def __sub__(self, other: Any) -> ExactArray:
        return _arithmetic(np.subtract, self, other)

    def __rsub__(self, other: Any) -> ExactArray:
        return _arithmetic(np.subtract, other, self)

    def __mul__(self, other: Any) -> ExactArray:
        return _arithmetic(np.multiply, self, other)

    def __rmul__(self, other: Any) -> ExactArray:
        return _arithmetic(np.multiply, other, self)

    def __truediv__(self, other: Any) -> ExactArray:
        return _arithmetic(_quotient, self, other)

    def __rtruediv__(self, other: Any) -> ExactArray:
        return _arithmetic(_quotient, other, self)

    def __lt__(self, other: Any) -> ExactArray:
        return _compared(np.less, self, other)

    def __le__(self, other: Any) -> ExactArray:
        return _compared(np.less_equal, self, other)

    def __gt__(self, other: Any) -> ExactArray:
        return _compared(np.greater, self, other)

    def __ge__(self, other: Any) -> ExactArray:
        return _compared(np.greater_equal, self, other)

    def __eq__(self, other: object) -> Any:
        return _compared(np.equal, self, other)

    __hash__ = None  # type: ignore[assignment]


def _is_real(dtype: Any) -> bool:
    return bool(np.isdtype(np.dtype(dtype), "real floating"))


def _elementwise(function: Callable[..., Any]) -> Callable[..., _Values]:
    """A function of mpmath numbers, over arrays of them."""
    vectorized = np.frompyfunc(function, function.__code__.co_argcount, 1)

    def over(*arrays: _Values) -> _Values:
        with np.errstate(invalid="ignore"):  # a NaN that is made a number
            return np.asarray(vectorized(*arrays), object)

    return over


def _real(a: Number) -> Number:
    """A number, NaN if it is complex."""
    return mp.nan if isinstance(a, mp.mpc) else a


def _divided(a: Number, b: Number) -> Number:
    if b:
        return a / b
    return a * mp.inf if a else mp.nan


_quotient = _elementwise(_divided)
_power = _elementwise(lambda a, b: _real(mp.power(a, b)) if a or b > 0 else mp.inf if b else mp.mpf(1))
_number = _elementwise(lambda a: mp.mpf(a.item() if isinstance(a, np.generic) else a))


def _operand(value: Any, other: ExactArray) -> _Values:
    """The values of an array, or of a Python number beside the other operand."""
    if isinstance(value, ExactArray):
        return value.values
    return _number(np.asarray(value, object)) if _is_real(other.dtype) else np.asarray(value)


def _pair(a: Any, b: Any) -> tuple[_Values, _Values, Any]:
    """The operands' values and their common dtype; kinds do not mix."""
    first = a if isinstance(a, ExactArray) else b
    if isinstance(a, ExactArray) and isinstance(b, ExactArray):
        if _is_real(a.dtype) != _is_real(b.dtype):
            raise TypeError(f"{a.dtype} and {b.dtype} do not mix.")
        return a.values, b.values, np.promote_types(a.dtype, b.dtype)
    return _operand(a, first), _operand(b, first), first.dtype


def _arithmetic(function: Callable[..., Any], a: Any, b: Any) -> ExactArray:
    x, y, dtype = _pair(a, b)
    return ExactArray(np.asarray(function(x, y), object if _is_real(dtype) else None), dtype)


def _compared(function: Callable[..., Any], a: Any, b: Any) -> ExactArray:
    x, y, _ = _pair(a, b)
    return ExactArray(np.asarray(function(x, y), np.bool_), bool_)


def asarray(values: Any, *, dtype: Any = None, device: Any = None) -> ExactArray:
    """Numbers, exactly."""
    if isinstance(values, ExactArray):
        return values if dtype is None else astype(values, dtype)
    array = np.asarray(values)
    dtype = np.dtype(dtype or array.dtype)
    return ExactArray(_number(array.astype(object)) if _is_real(dtype) else array.astype(dtype), dtype)


def astype(x: ExactArray, dtype: Any, *, copy: bool = True) -> ExactArray:
    """x in another dtype; real numbers keep their digits."""
    if _is_real(dtype):
        return ExactArray(x.values if _is_real(x.dtype) else _number(x.values.astype(object)), dtype)
    return ExactArray(x.values.astype(dtype), dtype)


def _function(function: Callable[[Number], Number]) -> Callable[[ExactArray], ExactArray]:
    vectorized = _elementwise(function)
    return lambda x: ExactArray(vectorized(x.values), x.dtype)


exp = _function(lambda a: mp.exp(a))
log = _function(lambda a: mp.log(a) if a >= 0 or mp.isnan(a) else mp.nan)
log1p = _function(lambda a: mp.log1p(a) if a > -1 or mp.isnan(a) else -mp.inf if a == -1 else mp.nan)
sqrt = _function(lambda a: _real(mp.sqrt(a)))
abs = _function(lambda a: mp.fabs(a))


def isinf(x: ExactArray) -> ExactArray:
    """Where x is infinite."""
    return ExactArray(_elementwise(lambda a: mp.isinf(a))(x.values).astype(np.bool_), bool_)


def equal(a: Any, b: Any) -> ExactArray:
    """Where a equals b."""
    return _compared(np.equal, a, b)


def divide(a: Any, b: Any) -> ExactArray:
    """a / b."""
    return _arithmetic(_quotient, a, b)


def pow(a: ExactArray, b: Any) -> ExactArray:
    """a to the power of b."""
    return _arithmetic(_power, a, b)


def where(condition: ExactArray, a: Any, b: Any) -> ExactArray:
    """a where the condition holds, b elsewhere."""
    x, y, dtype = _pair(a, b)
    return ExactArray(np.where(condition.values, x, y), dtype)


def sum(x: ExactArray, *, axis: Any = None, keepdims: bool = False) -> ExactArray:
    """The sum along an axis, or of all; 0 of nothing."""
    zero = mp.mpf(0) if _is_real(x.dtype) else 0
    return ExactArray(np.asarray(np.sum(x.values, axis=axis, keepdims=keepdims, initial=zero), x.values.dtype), x.dtype)


def max(x: ExactArray, *, axis: Any = None, keepdims: bool = False) -> ExactArray:
    """The largest along an axis; NaN where there is one."""
    values = np.asarray(np.max(x.values, axis=axis, keepdims=keepdims), x.values.dtype)
    if _is_real(x.dtype):
        missing = np.any(_elementwise(lambda a: mp.isnan(a))(x.values).astype(np.bool_), axis=axis, keepdims=keepdims)
        values = np.where(missing, mp.nan, values)
    return ExactArray(values, x.dtype)


def count_nonzero(x: ExactArray) -> ExactArray:
    """How many are not 0."""
    return ExactArray(np.asarray(np.count_nonzero(x.values)), int64)


def any(x: ExactArray) -> ExactArray:
    """Whether one is not 0."""
    return ExactArray(np.asarray(np.any(x.values != 0)), bool_)


def _full(shape: tuple[int, ...], value: Any, dtype: Any) -> ExactArray:
    return ExactArray(np.full(shape, mp.mpf(value), object) if _is_real(dtype) else np.full(shape, value, dtype), dtype)


def full_like(x: ExactArray, value: Any, *, dtype: Any = None) -> ExactArray:
    """An array of x's shape, filled."""
    return _full(x.shape, value, dtype or x.dtype)


def ones_like(x: ExactArray, *, dtype: Any = None) -> ExactArray:
    """Ones of x's shape."""
    return full_like(x, 1, dtype=dtype)


def zeros_like(x: ExactArray, *, dtype: Any = None) -> ExactArray:
    """Zeros of x's shape."""
    return full_like(x, 0, dtype=dtype)


def arange(stop: int, *, dtype: Any = None, device: Any = None) -> ExactArray:
    """0, 1, … stop − 1."""
    return asarray(np.arange(stop), dtype=dtype)


def broadcast_to(x: ExactArray, shape: tuple[int, ...]) -> ExactArray:
    """x in a shape that its own broadcasts to."""
    return ExactArray(np.broadcast_to(x.values, shape).copy(), x.dtype)


def reshape(x: ExactArray, shape: tuple[int, ...]) -> ExactArray:
    """x in another shape."""
    return ExactArray(np.reshape(x.values, shape), x.dtype)


def expand_dims(x: ExactArray, *, axis: int) -> ExactArray:
    """x with one more axis, of size 1."""
    return ExactArray(np.expand_dims(x.values, axis), x.dtype)


def squeeze(x: ExactArray, axis: int) -> ExactArray:
    """x without an axis of size 1."""
    return ExactArray(np.squeeze(x.values, axis), x.dtype)


def concat(arrays: list[ExactArray], *, axis: int = 0) -> ExactArray:
    """The arrays, one after another."""
    return ExactArray(np.concatenate([array.values for array in arrays], axis), arrays[0].dtype)


def take(x: ExactArray, indices: ExactArray, *, axis: int) -> ExactArray:
    """Entries of x along an axis."""
    return ExactArray(np.take(x.values, indices.values, axis), x.dtype)


def take_along_axis(x: ExactArray, indices: ExactArray, *, axis: int = -1) -> ExactArray:
    """Of each row along the axis, the entries at its own indices."""
    return ExactArray(np.take_along_axis(x.values, indices.values, axis), x.dtype)
