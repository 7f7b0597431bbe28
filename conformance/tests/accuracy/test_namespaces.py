"""Every Array API name that the core uses, on every framework: NumPy's dtypes, shapes, special values and numbers, and no gradient cut.

The standard's own functions are NumPy's; ``scatter`` and ``number``, which it lacks, are held to what :class:`~unifocal.backend.Backend`
says of them.  Denormals may be flushed to zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from unifocal.arrays import NumPyArray
from unifocal.dispatch import backend_of

from ...frameworks import Framework
from ...truth import tolerances
from ...truth.ulp import FORMATS, Exact, distance

Function = Callable[..., Any]


class Call(NamedTuple):
    """``function(xp, *tensors)``; floating arrays take the dtype of the test, others keep theirs."""

    function: Function
    arrays: tuple[NumPyArray, ...]
    what: str = ""


INF, NAN = float("inf"), float("nan")
RNG = np.random.default_rng(11)
FINITE = np.array([0.0, -0.0, 1e-45, -1e-310, 2.0**-100, 1e-3, 0.3, -0.3, 0.5, 1.0, -1.0, 2.5, -7.25, 80.0, -80.0, 3e4])
SPECIAL = np.concatenate([FINITE, [INF, -INF, NAN]])
NORMAL = np.delete(np.abs(SPECIAL), [2, 3])  # without denormals: where they are flushed, their logarithm is that of 0
CUBE = RNG.normal(size=(2, 3, 4))
COLUMN, ROW = RNG.normal(size=(3, 1)) + 3, RNG.normal(size=(1, 4))
EMPTY, SCALAR = np.zeros((0, 3)), np.array(0.75)
MASK = RNG.random((3, 4)) < 0.5
INDICES = {
    axis: RNG.integers(CUBE.shape[axis], size=[1 if i - 3 == axis else n for i, n in enumerate(CUBE.shape)]) for axis in (-1, -2, -3)
}
AROUND_ONE = np.array([1.0, 1 + 2.0**-23, 1 - 2.0**-24, 0.0, 2.0**-60, INF, -INF, NAN])
POSITIVE = np.array([0.0, 2.0**-80, 0.3, 1.0, 1.7, 40.0, INF])
HALVES = np.array([1.0, -0.1, 65504.0, 65519.0, 65520.0, 1e-7, 3e-8, 2.9e-8, 1e-24, 0.0, INF, -INF, NAN])


def _each(function: Function, *arrays: NumPyArray) -> list[Call]:
    """A function of one tensor on several."""
    return [Call(function, (array,), str(array.shape)) for array in arrays]


def _along(name: str) -> list[Call]:
    """A reduction along each axis, negative and positive, kept and dropped."""
    calls = [
        Call(lambda xp, x, a=axis, k=keep: getattr(xp, name)(x, axis=a, keepdims=k), (np.abs(CUBE),), f"axis={axis} keepdims={keep}")
        for axis in (0, 1, -1, -2)
        for keep in (False, True)
    ]
    return [*calls, *_each(lambda xp, x: getattr(xp, name)(x), np.abs(CUBE), SCALAR, np.array([1.0, INF, -2]), np.array([1.0, NAN]))]


def _like(name: str) -> list[Call]:
    return [
        *_each(lambda xp, x: getattr(xp, name)(x), CUBE, EMPTY, SCALAR, np.arange(3), MASK),
        *_each(lambda xp, x: getattr(xp, name)(x, dtype=xp.float32), MASK, np.arange(3), CUBE),
    ]


CALLS: dict[str, list[Call]] = {
    "abs": _each(lambda xp, x: xp.abs(x), SPECIAL, EMPTY, SCALAR),
    "exp": _each(lambda xp, x: xp.exp(x), SPECIAL, EMPTY, SCALAR, -np.logspace(-8, 2.8, 50)),
    "log": _each(lambda xp, x: xp.log(x), NORMAL, np.array([-1.0]), EMPTY, SCALAR, 1 + CUBE / 100),
    "log1p": _each(lambda xp, x: xp.log1p(x), np.maximum(SPECIAL, -1), EMPTY, SCALAR, np.linspace(-0.9, 1, 60), np.array([-1.5])),
    # Without infinity, whose square root is NaN in Paddle's vectorised one: the core takes roots of 1 − p_t.
    "sqrt": _each(lambda xp, x: xp.sqrt(x), NORMAL[np.isfinite(NORMAL)], EMPTY, SCALAR, np.array([-1.0])),
    "isinf": _each(lambda xp, x: xp.isinf(x), SPECIAL, EMPTY, SCALAR),
    "divide": [
        Call(lambda xp, x, y: xp.divide(x, y), (COLUMN, ROW), "broadcast"),
        Call(lambda xp, x, y: xp.divide(x, y), (np.array([0.0, 1, -1, INF, 0, NAN, 2]), np.array([0.0, 0, 0, 2, INF, 1, -INF])), "special"),
        Call(lambda xp, x, y: xp.divide(x, y), (EMPTY, EMPTY), "empty"),
    ],
    "equal": [
        Call(lambda xp, x: xp.equal(x, 0), (AROUND_ONE,), "0"),
        Call(lambda xp, x: xp.equal(x, 1), (AROUND_ONE,), "1"),
        Call(lambda xp, x: xp.equal(x, -100), (np.array([-100, 3, 100]),), "integers"),
        Call(lambda xp, x: xp.equal(x, 100), (np.array([156, 100, 0], np.uint8),), "unsigned"),
        Call(lambda xp, x: ~xp.equal(x, 0) & xp.isinf(x), (AROUND_ONE,), "booleans combine"),
    ],
    "pow": [
        *(Call(lambda xp, x, e=e: xp.pow(x, e), (POSITIVE,), f"exponent {e}") for e in (0.0, 0.7, 1.0, 2.3, 11.5)),
        Call(lambda xp, x: xp.pow(x, -0.3), (POSITIVE[1:],), "exponent -0.3"),
        *_each(lambda xp, x: xp.pow(x, 2.3), EMPTY, SCALAR),
    ],
    "where": [
        Call(lambda xp, c, x: xp.where(c, x, 0.1), (MASK, CUBE[0]), "number last"),
        Call(lambda xp, c, x: xp.where(c, 0.1, x), (MASK, CUBE[0]), "number first"),
        Call(lambda xp, c, x: xp.where(c, x, NAN), (MASK, CUBE[0]), "NaN"),
        Call(lambda xp, c, x: xp.where(c, x, INF), (MASK, CUBE[0]), "inf"),
        Call(lambda xp, c, x: xp.where(c, x, xp.zeros_like(x)), (MASK[:, :1], np.arange(12).reshape(3, 4)), "integers"),
        Call(lambda xp, c, x: xp.where(c, x, xp.zeros_like(x)), (MASK, np.arange(12, dtype=np.uint8).reshape(3, 4)), "bytes"),
        Call(lambda xp, c, x: xp.where(c, x, xp.zeros_like(x)), (MASK, MASK), "booleans"),
        Call(lambda xp, c, x, y: xp.where(c, x, y), (MASK[:, :1], COLUMN, ROW), "broadcast"),
        Call(lambda xp, c, x: xp.where(c, x, 0.0), (np.array(True), SCALAR), "0-D"),
        Call(lambda xp, c, x: xp.where(c, x, 0.0), (np.zeros((0, 3), np.bool_), EMPTY), "empty"),
        Call(
            lambda xp, c, x: xp.where(c, x, 0.0), (np.array([True, False, False]), np.array([1.0, NAN, INF])), "hides what it does not take"
        ),
    ],
    "sum": [*_along("sum"), *_each(lambda xp, x: xp.sum(x), EMPTY), *_each(lambda xp, x: xp.sum(x, axis=-1), RNG.random((2, 5003)))],
    "max": _along("max"),
    "count_nonzero": _each(lambda xp, x: xp.count_nonzero(x), MASK, np.zeros((0, 3), np.bool_), np.array(True)),
    "reshape": [
        *(Call(lambda xp, x, s=shape: xp.reshape(x, s), (CUBE,), str(shape)) for shape in ((-1,), (6, -1), (2, 1, 3, 4, 1))),
        Call(lambda xp, x: xp.reshape(x, ()), (np.array([2.0]),), "to 0-D"),
        Call(lambda xp, x: xp.reshape(x, (1, -1, 1)), (np.arange(3),), "of integers"),
        Call(lambda xp, x: xp.reshape(x, (-1,)), (EMPTY,), "empty"),
    ],
    "expand_dims": [Call(lambda xp, x, a=axis: xp.expand_dims(x, axis=a), (CUBE,), f"axis={axis}") for axis in (0, 1, -1, -2)]
    + _each(lambda xp, x: xp.expand_dims(x, axis=-1), SCALAR, np.arange(3)),
    "squeeze": [Call(lambda xp, x: xp.squeeze(x, axis=-1), (COLUMN,), "last"), Call(lambda xp, x: xp.squeeze(x, axis=-2), (ROW,), "first")],
    "concat": [
        Call(lambda xp, x, y: xp.concat([x, y]), (CUBE[0], CUBE[1, :1]), "first axis"),
        Call(lambda xp, x, y: xp.concat([x, y], axis=0), (EMPTY, np.ones((1, 3))), "with nothing"),
    ],
    "zeros_like": _like("zeros_like"),
    "ones_like": _like("ones_like"),
    "full_like": [
        Call(lambda xp, x, v=v: xp.full_like(x, v, dtype=x.dtype), (x,), f"{v} {x.shape}") for v in (0.1, NAN, -INF) for x in (CUBE, SCALAR)
    ],
    "arange": [Call(lambda xp, x: xp.arange(5, dtype=x.dtype, device=backend_of(x).device(x)), (np.arange(2),), "indices")],  # type: ignore[union-attr]
    "take": [Call(lambda xp, x, i: xp.take(x, i, axis=0), (CUBE[0, 0], np.array([3, 0, 0, 2])), "vector")],
    "take_along_axis": [
        Call(lambda xp, x, i, a=axis: xp.take_along_axis(x, i, axis=a), (CUBE, index), f"axis={axis}") for axis, index in INDICES.items()
    ],
    "scatter": [
        *(Call(lambda xp, x, i, a=axis: xp.scatter(x, i, 0.1, a), (CUBE, index), f"axis={axis}") for axis, index in INDICES.items()),
        *(
            Call(lambda xp, x, i, v, a=axis: xp.scatter(x, i, v, a), (CUBE, index, index + 0.5), f"values, axis={axis}")
            for axis, index in INDICES.items()
        ),
        Call(lambda xp, x, i: xp.scatter(x, i, 9.0, -1) - x, (CUBE, INDICES[-1]), "x stays"),
    ],
    "astype": [
        *(Call(lambda xp, x, d=d: xp.astype(x, getattr(xp, d)), (CUBE,), f"to {d}") for d in ("float32", "float64")),
        *(Call(lambda xp, x, d=d: xp.astype(x, getattr(xp, d)), (MASK,), f"boolean to {d}") for d in ("float32", "float64", "int64")),
        *(
            Call(lambda xp, x, d=d: xp.astype(x, getattr(xp, d)), (np.arange(5, dtype=np.uint8),), f"byte to {d}")
            for d in ("float32", "int64")
        ),
    ],
    "number": [Call(lambda xp, x: xp.number(0.1, x.dtype) * x + x / xp.number(0.3, x.dtype), (np.array([1.0, 3.0]),), "keeps its digits")],
    "operators": [
        Call(lambda xp, x: 1 - x * 2.5 + (-x) / 4, (CUBE,), "with numbers"),
        Call(lambda xp, x, y: (x < y) | (x > 1), (COLUMN, ROW), "comparisons"),
    ],
}
_ROUNDED = ("exp", "log", "log1p", "pow", "sum", "divide", "sqrt", "number", "operators")


def _namespace(run: Framework, tensor: Any) -> Any:
    backend: Any = backend_of(tensor)
    return backend.namespace(tensor)


def _scatter(x: NumPyArray, indices: Any, value: Any, axis: int) -> NumPyArray:
    result = x.copy()
    np.put_along_axis(result, indices, value, axis)
    return result


class _NumPy:
    """NumPy, with what the standard has in excess."""

    number = staticmethod(lambda value, dtype: dtype.type(value))
    scatter = staticmethod(_scatter)
    arange = staticmethod(lambda stop, dtype, device: np.arange(stop, dtype=dtype))

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


@pytest.mark.frameworks("array-api-strict", "torch", "paddle", "tensorflow", "jax", "mlx", "dask")
@pytest.mark.parametrize("name", CALLS)
def test_name(framework: Framework, dtype: str, name: str) -> None:
    _hold_name(framework, dtype, name)


@pytest.mark.full
@pytest.mark.frameworks("cubed", "ndonnx")
@pytest.mark.parametrize("name", CALLS)
def test_name_of_a_slow_library(framework: Framework, dtype: str, name: str) -> None:
    _hold_name(framework, dtype, name)


def _hold_name(framework: Framework, dtype: str, name: str) -> None:
    wrong = []
    for function, arrays, what in CALLS[name]:
        given = [array.astype(dtype) if array.dtype.kind == "f" else array for array in arrays]
        with np.errstate(all="ignore"):
            expected = np.asarray(function(_NumPy(), *given))
            with framework.precision("float64"):
                tensors = [framework.tensor(array) for array in given]
                result = framework.numpy(function(_namespace(framework, tensors[0]), *tensors))
        fault = _fault(result, expected, tolerances.ELEMENTARY if name in _ROUNDED else 0.0)
        if fault:
            wrong.append(f"{name}, {what}: {fault}")
    assert not wrong, "\n".join(wrong)


def _fault(result: NumPyArray, expected: NumPyArray, bar: float) -> str:
    """What is wrong with a result, if anything."""
    same_integers = result.dtype.kind == expected.dtype.kind == "i"  # a count may have any width
    if result.dtype != expected.dtype and not same_integers:
        return f"the dtype is {result.dtype}, not {expected.dtype}"
    if result.shape != expected.shape:
        return f"the shape is {result.shape}, not {expected.shape}"
    if expected.dtype.kind != "f":
        return "" if np.array_equal(result, expected) else f"{result} is not {expected}"
    if not np.array_equal(np.isnan(result), np.isnan(expected)):
        return f"NaN in {result}, not as in {expected}"
    known = np.nan_to_num(expected.astype(np.float64), nan=0.0, posinf=INF, neginf=-INF)
    smallest = np.ldexp(1.0, FORMATS[expected.dtype.name].smallest)
    counted = np.where(np.abs(known) < smallest, 0.0, known)
    computed = np.nan_to_num(result.astype(np.float64), nan=0.0, posinf=INF, neginf=-INF)
    far = distance(np.where(np.abs(computed) < smallest, 0.0, computed), Exact(counted, np.zeros_like(counted)), expected.dtype.name)
    largest = float(np.max(far, initial=0.0))
    return (
        "" if largest <= bar else f"{largest:.3g} ulp away at {np.unravel_index(int(np.argmax(far)), far.shape)}: {result}, not {expected}"
    )


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")  # NumPy's, of what rounds to infinity
@pytest.mark.dtypes("float16", "bfloat16")
@pytest.mark.parametrize("name", ["astype", "where", "zeros_like", "ones_like", "sum_of_float32"])
def test_half(framework: Framework, dtype: str, name: str) -> None:
    """Half precision is stored, chosen among, and rounded to once; nothing else is done in it."""
    wide = HALVES.astype(np.float32)
    x, half = framework.tensor(wide, "float32"), framework.tensor(wide[:1], dtype).dtype
    xp, rounded = _namespace(framework, x), _rounded(wide, dtype)
    if name == "astype":
        low = xp.astype(x, half)
        assert low.dtype == half
        np.testing.assert_array_equal(framework.numpy(xp.astype(low, xp.float32)), rounded)
    elif name == "where":
        low = xp.where(x > 1, xp.astype(x, half), xp.zeros_like(xp.astype(x, half)))
        assert low.dtype == half
        np.testing.assert_array_equal(framework.numpy(xp.astype(low, xp.float32)), np.where(wide > 1, rounded, 0))
    elif name == "sum_of_float32":
        assert xp.sum(xp.astype(xp.astype(x[:2], half), xp.float32)).dtype == xp.float32
    else:
        assert getattr(xp, name)(xp.astype(x, half)).dtype == half


def _rounded(x: NumPyArray, dtype: str) -> NumPyArray:
    """float32 numbers rounded to half precision, to nearest even."""
    if dtype == "float16":
        with np.errstate(over="ignore"):
            return x.astype(np.float16).astype(np.float32)
    bits = x.view(np.uint32).astype(np.uint64)
    nearest = ((bits + 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))) & np.uint64(0xFFFF0000)).astype(np.uint32).view(np.float32)
    return np.where(np.isfinite(x), nearest, x)


@pytest.mark.parametrize("kind", ["bool", "integral", "real floating", ("real floating", "integral"), ("bool", "integral")], ids=str)
def test_isdtype(framework: Framework, kind: Any) -> None:
    arrays = [MASK, *(np.zeros(1, d) for d in ("uint8", "int32", "int64", "float32", "float64"))]
    with framework.precision("float64"):
        for array in arrays:
            tensor = framework.tensor(array)
            assert bool(_namespace(framework, tensor).isdtype(tensor.dtype, kind)) == np.isdtype(array.dtype, kind), array.dtype


@pytest.mark.dtypes("float16", "float32", "float64")
def test_finfo(framework: Framework, dtype: str) -> None:
    with framework.precision(dtype):
        tensor = framework.tensor(np.zeros(1), dtype)
        xp, info = _namespace(framework, tensor), np.finfo(dtype)
        assert dtype == "float16" or tensor.dtype == getattr(xp, dtype)
        assert float(xp.finfo(tensor.dtype).eps) == info.eps
        assert float(xp.finfo(tensor.dtype).max) == info.max


@pytest.mark.parametrize("kind", ["uint8", "int32", "int64"])
def test_iinfo(framework: Framework, kind: str) -> None:
    with framework.precision("float64"):
        tensor = framework.tensor(np.zeros(1, kind))
        found, info = _namespace(framework, tensor).iinfo(tensor.dtype), np.iinfo(kind)
        assert (int(found.min), int(found.max)) == (info.min, info.max)


# --- gradients ---------------------------------------------------------------------------------------------------------------------

_X = RNG.random((3, 4)) + 0.25
_INDEX = RNG.integers(4, size=(3, 1))
_CONSTANT = RNG.random((3, 4)) + 1
GRADIENTS: dict[str, Function] = {
    "exp": lambda xp, x, c, i: xp.exp(x),
    "log": lambda xp, x, c, i: xp.log(x),
    "log1p": lambda xp, x, c, i: xp.log1p(x),
    "sqrt": lambda xp, x, c, i: xp.sqrt(x),
    "pow": lambda xp, x, c, i: xp.pow(x, 2.3),
    "divide-numerator": lambda xp, x, c, i: xp.divide(x, c) * x,
    "divide-denominator": lambda xp, x, c, i: xp.divide(c, x),
    "divide-number": lambda xp, x, c, i: xp.divide(x * c, 3.0) * x,
    "operators": lambda xp, x, c, i: (1 - x) * c / 2.5 - x * x,
    "where": lambda xp, x, c, i: xp.where(c > 1.5, x * x, 0.1),
    "where-broadcast": lambda xp, x, c, i: xp.where(c > 1.5, (x * x)[:, :1], x * c),
    "where-guard": lambda xp, x, c, i: xp.where(c > 1.5, 0.0, xp.log(xp.where(c > 1.5, 1.0, x))),
    "sum": lambda xp, x, c, i: xp.sum(x * x * c, axis=-1, keepdims=True) * x,
    "sum-all": lambda xp, x, c, i: xp.sum(x * x * c),
    "reshape": lambda xp, x, c, i: xp.reshape(x * x, (-1,)) * xp.reshape(c, (-1,)),
    "expand_dims": lambda xp, x, c, i: xp.expand_dims(x * x, axis=-2) * xp.expand_dims(c, axis=0),
    "squeeze": lambda xp, x, c, i: xp.squeeze(xp.sum(x * x * c, axis=-1, keepdims=True), axis=-1),
    "concat": lambda xp, x, c, i: xp.concat([x * x, c * x]),
    "take": lambda xp, x, c, i: xp.take(xp.reshape(x * x, (-1,)), xp.reshape(i, (-1,)), axis=0),
    "take_along_axis": lambda xp, x, c, i: xp.take_along_axis(x * x * c, i, axis=-1),
    "scatter": lambda xp, x, c, i: xp.scatter(x * x, i, 0.5, -1) * c,
    "scatter-value": lambda xp, x, c, i: xp.scatter(c, i, xp.sum(x * x, axis=-1, keepdims=True), -1) * x,
    "astype": lambda xp, x, c, i: xp.astype(xp.astype(x * x, xp.float64), x.dtype) * c,
}
"""Of x, with constants and indices."""


@pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax", "mlx")
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_not_cut(framework: Framework, name: str) -> None:
    """First and second derivatives of each name, in float64, against differences of NumPy's."""
    function, h, step = GRADIENTS[name], RNG.normal(size=_X.shape), 1e-4

    def plain(x: NumPyArray) -> Any:
        return np.sum(function(_NumPy(), x, _CONSTANT, _INDEX))

    def differences(f: Callable[[Any], Any], x: Any) -> Any:
        """Of fourth order in the step, by each element."""
        unit = np.eye(x.size).reshape(x.size, *x.shape) * step
        return np.array([(8 * (f(x + u) - f(x - u)) - (f(x + 2 * u) - f(x - 2 * u))) / (12 * step) for u in unit]).reshape(x.shape)

    with framework.precision("float64"):
        x, c, i = framework.tensor(_X), framework.tensor(_CONSTANT), framework.tensor(_INDEX)
        bound = lambda x: function(_namespace(framework, x), x, c, i)  # noqa: E731
        first: Any = framework.numpy(framework.gradient(bound, x)[1])
        np.testing.assert_allclose(first, differences(plain, _X), rtol=1e-9, atol=1e-10)
        if (framework.name, name) == ("paddle", "log1p"):  # which no kernel differentiates twice
            with pytest.raises(RuntimeError, match="log1p_grad doesn't have any grad op"):
                framework.hessian_product(bound, x, framework.tensor(h))
            return
        second = framework.numpy(framework.hessian_product(bound, x, framework.tensor(h)))
    along = differences(lambda x: (differences(plain, x) * h).sum(), _X)
    np.testing.assert_allclose(second, along, rtol=1e-5, atol=1e-6)
