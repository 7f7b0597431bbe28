"""PyTorch: autograd, torch.func, torch.compile and torch.export.

Its namespace is :mod:`.torch_namespace`, its functions of autograd :mod:`.torch_autograd`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from sys import modules
from typing import TYPE_CHECKING, Any

import torch
from torch._C._functorch import TransformType, get_interpreter_stack, get_unwrapped, is_functorch_wrapped_tensor
from torch.autograd import forward_ad

from unifocal.native import native
from unifocal.protocol import Array, Inputs, Kernel, Namespace, NumPyArray
from unifocal.spec import Spec

from . import standard
from .torch_autograd import FirstOrder, ForwardFirstOrder, ForwardLoss, Loss, Walked
from .torch_namespace import PLAIN, is_eager, xp
from .torch_namespace import from_host as from_host
from .torch_namespace import is_traced as is_traced
from .torch_namespace import total as total

if TYPE_CHECKING:
    from unifocal.blocks import Walk

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


def canonical(x: Array) -> Array:
    return x


def namespace(x: Array) -> Namespace:
    return xp


def shape(x: Array) -> tuple[int | None, ...]:
    return tuple(x.shape)


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


def computing(x: Array) -> AbstractContextManager[None]:
    return nullcontext()


def of_sizes(what: str, x: Array, like: Array, axis: int, at_axis: list[int] | None) -> Array:
    return x


def from_numpy(array: NumPyArray, like: Array) -> Array:
    # torch.compile traces NumPy arrays, but nothing that asks for their layout.
    return torch.asarray(array if torch.compiler.is_compiling() else native(array), device=like.device)


def to_numpy(x: Array) -> NumPyArray:
    values: NumPyArray = x.detach().numpy()
    return values


def stop_gradient(x: Array) -> Array:
    return x.detach()


def in_blocks(x: Array, others: Iterable[Array]) -> bool:
    if not is_eager(x) or not x.is_cpu:
        return False
    grad = torch.is_grad_enabled()
    return all(part.is_cpu and type(part) in PLAIN and not (grad and part.requires_grad) for part in others)


def host_backend(x: Array, others: Iterable[Array], elements: int) -> Any:
    small = elements <= _LARGE and x.dtype in (torch.float32, torch.float64)
    # NumPy has neither bfloat16 nor eight bits, and a copy in float32 would be as large as the predictions.
    known = all(not part.is_floating_point() or part.dtype in _NUMPYS for part in others)
    return standard if small and known else modules[__name__]


def threads(x: Array) -> int:
    return int(torch.get_num_threads())


def host(x: Array) -> Array:
    return x.numpy(force=True)


def run(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
    with torch.no_grad():
        return kernel.value_slope(xp, spec, x.detach(), inputs)


def attach(kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
    _refuse_legacy_onnx()
    if _forward_levels() > 1:  # torch drops the outer tangents inside a Function's jvp, silently
        value, _ = kernel.differentiable(xp, spec, x, inputs)
        return total(value) if summed else value
    # torch.compile cannot trace a Function with a jvp; torch.func's forward mode needs one.
    loss, first_order = (Loss, FirstOrder) if torch.compiler.is_compiling() else (ForwardLoss, ForwardFirstOrder)
    constant = Inputs(*(part.detach() if isinstance(part, torch.Tensor) else part for part in inputs))
    if not any(_differentiated(part) for part in inputs):
        return loss.apply(kernel, spec, summed, x, *constant)[0]
    # torch differentiates by the inputs alone, at a constant x; two terms that are 0 have the derivatives by x: the slope, and the second.
    value, slope = kernel.differentiable(xp, spec, x.detach(), inputs)
    by_x = first_order.apply(x, slope)
    if spec.categorical and not summed:
        by_x = by_x.sum(spec.axis)
    curved, _ = loss.apply(_curvature(kernel), spec, summed, x, *constant)
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
        return from_host(walk.run(False).value, x, dtype)


@dataclass(frozen=True)
class _Zeros:
    """A kernel's value and slope, each times 0; equal where the kernels are, so that compilers keep one."""

    kernel: Kernel

    def __call__(self, *arguments: Any) -> tuple[Array, Array]:
        value, slope = self.kernel.value_slope(*arguments)
        return torch.zeros_like(value), torch.zeros_like(slope)

    def __hash__(self) -> int:
        return hash(_Zeros)  # not the kernel's: torch 2.10's compiler asks before it has set that


def _curvature(kernel: Kernel) -> Kernel:
    """The kernel with its second derivative alone."""
    return Kernel(_Zeros(kernel), kernel.second)


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
