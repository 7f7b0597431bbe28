"""PyTorch: autograd, torch.func, torch.compile and torch.export.

Its namespace is :mod:`.namespace`, its functions of autograd :mod:`.autograd`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from sys import modules
from typing import Any

import torch
from torch._C._functorch import TransformType, get_interpreter_stack, get_unwrapped, is_functorch_wrapped_tensor
from torch.autograd import forward_ad

from unifocal.arrays import Array, Namespace, NumPyArray
from unifocal.backend import Walk
from unifocal.formulas.base import Formula, Inputs
from unifocal.linear import Head
from unifocal.native import native

from .. import numpy
from ..defaults import canonical as canonical
from ..defaults import computing as computing
from ..defaults import require_sizes as require_sizes
from ..defaults import shape as shape
from .autograd import Curvature, FirstOrder, ForwardFirstOrder, ForwardLoss, Loss, Walked
from .linear import LinearLoss, Needs
from .namespace import PLAIN, is_eager, xp
from .namespace import from_host as from_host
from .namespace import is_traced as is_traced
from .namespace import total as total

name = "torch"

_NUMPYS = (torch.float16, torch.float32, torch.float64)
_LARGE = 1 << 18
"""Elements of larger blocks, which have one class index a row and few operations, are divided among torch's threads.  They meet after each
operation: of smaller blocks that is too often, and where something else occupies the cores each time takes as long as a block."""


def is_array(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.layout == torch.strided and not value.is_nested


def unsuitable(value: object) -> str | None:
    if not isinstance(value, torch.Tensor):
        return None
    if value.is_nested:
        return "a nested tensor: torch.nested.to_padded_tensor makes it dense; ignore_index or sample_weight leave the padding out"
    return f"a tensor of layout {value.layout}: .to_dense() makes it dense"


def namespace(x: Array) -> Namespace:
    return xp


def size(x: Array) -> int | Array:
    count = math.prod(x.shape)
    return torch.full((), count, device=x.device) if isinstance(count, torch.SymInt) else count


def device(x: Array) -> Hashable:
    found: Hashable = x.device
    return found


def on_host(x: Array) -> bool:
    return bool(x.device.type == "cpu")


def is_constant(x: Array) -> bool:
    return not _differentiated(x)


def autocast(x: Array) -> bool:
    return bool(torch.is_autocast_enabled(x.device.type))


def from_numpy(array: NumPyArray, like: Array) -> Array:
    # torch.compile traces NumPy arrays, but nothing that asks for their layout.
    return torch.asarray(array if torch.compiler.is_compiling() else native(array), device=like.device)


def to_numpy(x: Array) -> NumPyArray:
    values: NumPyArray = x.detach().numpy()
    return values


def stop_gradient(x: Array) -> Array:
    return x.detach()


def as_eager(tensors: list[Any], place: int) -> list[Array] | None:
    if not is_eager(tensors[place]):
        return None
    grad = torch.is_grad_enabled()
    for i, tensor in enumerate(tensors):
        if type(tensor) not in PLAIN or not tensor.is_cpu or tensor.layout is not torch.strided or tensor.is_nested:
            return None
        if grad and i != place and tensor.requires_grad:
            return None
    return tensors


def host_backend(dtype: Any, others: Iterable[Any], elements: int) -> Any:
    small = elements <= _LARGE and dtype in (torch.float32, torch.float64)
    # NumPy has neither bfloat16 nor eight bits, and a copy in float32 would be as large as the predictions.
    known = all(not other.is_floating_point or other in _NUMPYS for other in others)
    return numpy if small and known else modules[__name__]


def threads(x: Array) -> int:
    return int(torch.get_num_threads())


def host(x: Array) -> Array:
    return x.numpy(force=True)


def run(formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    with torch.no_grad():
        return formula.value_slope(xp, x.detach(), inputs)


def attach(formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
    _refuse_legacy_onnx()
    if _forward_levels() > 1:  # torch drops the outer tangents inside a Function's jvp, silently
        value, _ = formula.differentiable(xp, x, inputs)
        return total(value) if summed else value
    # torch.compile cannot trace a Function with a jvp; torch.func's forward mode needs one.
    loss, first_order = (Loss, FirstOrder) if torch.compiler.is_compiling() else (ForwardLoss, ForwardFirstOrder)
    constant = Inputs(*(part.detach() if isinstance(part, torch.Tensor) else part for part in inputs))
    if not any(_differentiated(part) for part in inputs):
        return loss.apply(formula, summed, x, *constant)[0]
    # torch differentiates by the inputs alone, at a constant x; two terms that are 0 have the derivatives by x: the slope, and the second.
    value, slope = formula.differentiable(xp, x.detach(), inputs)
    by_x = first_order.apply(x, slope)
    if formula.dropped_axis is not None and not summed:
        by_x = by_x.sum(formula.dropped_axis)
    curved, _ = loss.apply(Curvature(formula), summed, x, *constant)
    return (total(value) + by_x.sum() if summed else value + by_x) + curved


def _refuse_legacy_onnx() -> None:
    # It knows no autograd.Function, and says so by an IndexError of its own.
    if not torch.compiler.is_compiling() and torch.jit.is_tracing() and torch.onnx.is_in_onnx_export():
        raise NotImplementedError(
            "unifocal's losses require the torch.export-based ONNX exporter, torch.onnx.export(..., dynamo=True); "
            "received the legacy one, which traces (dynamo=False)."
        )


def attach_walk(x: Array, walk: Walk, dtype: Any) -> Array:
    if x.requires_grad and torch.is_grad_enabled():
        return Walked.apply(x, walk, dtype)
    with torch.no_grad():
        return from_host(walk.run(False)[0], x, dtype)


def as_layer(hidden: Array, weight: Array, bias: Array | None) -> tuple[Array, Array, Array | None]:
    if not autocast(hidden):
        return hidden, weight, bias
    dtype = torch.get_autocast_dtype(hidden.device.type)

    def cast(part: Array | None) -> Array | None:
        return part.to(dtype) if part is not None and part.is_floating_point() and part.dtype != torch.float64 else part

    return cast(hidden), cast(weight), cast(bias)


def attach_linear(
    head: Head, hidden: Array, weight: Array, bias: Array | None, targets: Array, class_weight: Any, sample_weight: Any
) -> Array:
    _refuse_legacy_onnx()
    for name, part in (("class_weight", class_weight), ("sample_weight", sample_weight)):
        if _differentiated(part) and torch.is_grad_enabled():
            raise ValueError(
                f"{name} of linear_cross_entropy must not require gradients on PyTorch; received one that does. Detach it, or use "
                "cross_entropy(hidden @ weight.T + bias, targets), which differentiates by it."
            )
    needs = Needs(*(torch.is_grad_enabled() and _differentiated(part) for part in (hidden, weight, bias)))
    return LinearLoss.apply(head, needs, hidden, weight, bias, targets, class_weight, sample_weight)[0]


def _forward_levels(within: int = 0) -> int:
    """How many of torch.func's transforms around this are forward mode, less so many of the innermost transforms."""
    stack = [] if torch.compiler.is_compiling() else get_interpreter_stack() or []
    return sum(interpreter.key() == TransformType.Jvp for interpreter in stack[: len(stack) - within])


def _differentiated(part: object) -> bool:
    if not isinstance(part, torch.Tensor) or not part.is_floating_point():
        return False
    if part.requires_grad or forward_ad.unpack_dual(part).tangent is not None:
        return True
    # What an inner transform of torch.func made of an outer one's tensor says nothing of it, and of an outer tangent nothing does.
    if torch.compiler.is_compiling() or not is_functorch_wrapped_tensor(part):
        return False
    return _forward_levels(within=1) > 0 or _differentiated(get_unwrapped(part))
