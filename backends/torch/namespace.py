"""The Array API names that the core uses, on PyTorch's tensors, and what it has beyond them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import array_api_compat.torch
import numpy as np
import torch
from torch._C._functorch import get_interpreter_stack
from torch._subclasses.fake_tensor import FakeTensor
from torch.autograd import forward_ad

from unifocal.arrays import Array
from unifocal.namespace import Names, complete

_INTEGERS = (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64)


def _isdtype(dtype: Any, kind: str | tuple[str, ...]) -> bool:
    if dtype.is_floating_point:
        return "real floating" in kind
    return ("bool" in kind) if dtype == torch.bool else dtype in _INTEGERS and "integral" in kind


def _extent(x: Array) -> list[float]:
    if x.dtype in _INTEGERS[-3:]:
        return [math.nan, math.nan]  # torch has it for no wide unsigned numbers; NaN has it looked at by NumPy
    # torch 2.7 has no forward derivative of it, and none is asked for.
    return [part.item() for part in torch.aminmax(forward_ad.unpack_dual(x).primal)] if x.numel() else [0.0, 0.0]


def _hard(labels: Array) -> bool | None:
    # y − y² is 0 for 0 and 1 alone, and negative outside.
    least, largest = _extent(torch.addcmul(labels, labels, labels, value=-1))
    return True if least == largest == 0 else False if least >= 0 else None


@lru_cache(1024)
def _constant(value: float, dtype: Any) -> Array:
    # Arithmetic with a Python number makes a tensor of it, which takes longer than the arithmetic on a thousand numbers.
    return torch.tensor(value, dtype=dtype, device="cpu")


def _scatter(x: Array, indices: Array, value: Array | float, axis: int) -> Array:
    return x.scatter(axis, indices, value)


def _take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    # take_along_dim, which array-api-compat uses, fixes dynamic sizes in torch.export.
    return x.gather(axis, indices)


def _argmax(x: Array, *, axis: int, keepdims: bool) -> Array:
    # torch's takes two to ten times as long along 80 classes and more, or where they are not the last axis.
    return torch.from_numpy(x.numpy(force=True).argmax(axis, keepdims=keepdims))


xp = Names(**vars(array_api_compat.torch))
xp.take_along_axis = _take_along_axis
xp.argmax = _argmax
# Their wrappers in array-api-compat cost more than the functions.
xp.isdtype = _isdtype
xp.squeeze = lambda x, axis: x.squeeze(axis)
xp.expand_dims = lambda x, axis: x.unsqueeze(axis)
xp.multiply, xp.subtract = torch.mul, torch.sub
# Inductor does not vectorise isinf on CPU, nor then what stands around it: compiled focal loss took 3.9 ms for 1 Mi instead of 1.7.
xp.isinf = lambda x: x.abs() == math.inf
complete(
    xp,
    scatter=_scatter,
    put=lambda x, indices, value, axis: x.scatter_(axis, indices, value),
    extent=_extent,
    hard=_hard,
    fuses=lambda x: is_compiled(),
    sigmoid=torch.sigmoid,
    # log1p(exp(t)) in one pass, and t from 40 on, where that is all the difference: 20, torch's default, is too soon in float64.
    softplus=lambda t: torch.nn.functional.softplus(t, threshold=40),
    step=lambda x: torch.relu(torch.sign(x)),  # comparisons are slow
    line=lambda x, start, step: torch.add(_constant(start, x.dtype), x, alpha=step),
    multiply_add=lambda factor, a, b, c: torch.addcmul(c, a, b, value=factor),
    signs=lambda y: y,
    signed=lambda y, a, out: torch.addcmul(a, y, a, value=-2.0, out=out),
)


def is_compiled() -> bool:
    """Whether torch.compile traces this, and not torch.export."""
    # What torch.compiler.is_exporting() returns; that itself is True in all that torch 2.10 compiles.
    return torch.compiler.is_compiling() and not torch.compiler._is_exporting_flag


def total(x: Array) -> Array:
    if not is_compiled():
        return torch.sum(x)  # eager torch adds up in a cascade
    # Compiled, torch adds straight on: at 10⁷ float32 elements it was 123 ulp off.
    if x.dtype == torch.float32 and x.device.type != "mps":
        return torch.sum(x, dtype=torch.float64).to(torch.float32)
    x = x.reshape(-1)
    for _ in range(4):  # enough for 10⁹ elements; asking for the size would fix it in a dynamic graph
        x = torch.nn.functional.pad(x, (0, -x.shape[0] % 32)).reshape(32, -1).sum(0)
    return x.sum()


def is_traced(x: Array) -> bool:
    # is_compiling() is False inside torch.func's transforms, where even the values of plain tensors cannot be read.
    return torch.compiler.is_compiling() or torch.jit.is_tracing() or isinstance(x, FakeTensor) or bool(get_interpreter_stack())


PLAIN = (torch.Tensor, torch.nn.Parameter)


def is_eager(x: Array) -> bool:
    """Whether x is a plain tensor of eager mode, which no transform, mode or forward differentiation looks at."""
    return type(x) in PLAIN and not is_traced(x) and forward_ad._current_level < 0 and not torch._C._len_torch_dispatch_stack()


def from_host(x: Array | float, like: Array, dtype: Any) -> Array:
    if not isinstance(x, float):
        return as_tensor(x).to(dtype)
    try:
        return torch.scalar_tensor(x, dtype=dtype, device=like.device)
    except RuntimeError:  # torch makes no infinity of a larger number
        return torch.scalar_tensor(math.copysign(math.inf, x), dtype=dtype, device=like.device)


def as_tensor(x: Array) -> Array:
    """torch's tensor, or NumPy's array as one, in the same memory."""
    return x if isinstance(x, torch.Tensor) else torch.from_numpy(np.asarray(x))
