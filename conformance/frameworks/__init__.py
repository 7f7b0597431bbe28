"""Every framework behind one interface: NumPy arrays go in, its tensors are made of them, its own autodiff runs, NumPy arrays come out.

Frameworks are imported when :func:`framework_named` first makes them, so that a run on one loads no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

import unifocal
from unifocal.arrays import Array
from unifocal.compilers import leave_unconverted
from unifocal.evaluation.evaluate import call_of
from unifocal.evaluation.folding import folded

_NumPyArray = npt.NDArray[Any]
Function = Callable[[Array], Array]
ALL_DTYPES = ("float16", "bfloat16", "float32", "float64")
DEVICES = ("cpu", "cuda")
_BOTH = ("float32", "float64")


class DeviceAbsentError(RuntimeError):
    """The framework has no such device, here or at all."""


class Framework(Protocol):
    """What the suite asks of a framework.

    The first four methods are the framework's own and take any function of its tensors, so originals are run through them too; the
    others run unifocal's losses on NumPy inputs, in the dtype asked for, and return NumPy arrays (bfloat16 as float32).
    """

    name: ClassVar[str]
    module: ClassVar[str]
    dtypes: ClassVar[tuple[str, ...]] = ALL_DTYPES
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The ways to compile a function, and the dtypes in which that is tested."""
    differentiates: ClassVar[bool] = True
    compiles_each_call: ClassVar[bool] = False
    device: str
    """Where tensors are put, one of :data:`DEVICES`."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self._load()
        if device != "cpu" and not self._has_accelerator():
            raise DeviceAbsentError(f"{self.name} has no {device} device here.")

    def _load(self) -> None:
        """Import the framework."""
        return

    def _has_accelerator(self) -> bool:
        """Whether the framework has the device, which is not the CPU."""
        return False

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        """A tensor with the array's values, in the dtype of this name or the array's own."""

    def numpy(self, tensor: Array) -> _NumPyArray:
        """The values of a tensor; bfloat16, which NumPy lacks, as float32."""

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        """function(x), and the gradient of its sum with respect to x, by the framework's autodiff."""

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        """The derivative of sum(gradient · h) with respect to x, by the framework's autodiff applied twice."""

    def compiled(self, function: Function, mode: str) -> Function:
        """The function, of a tensor or a list of them, compiled in one graph in one of the framework's :attr:`modes`."""
        raise NotImplementedError(f"{self.name} has no compiler.")

    def traced(self, function: Callable[[list[Array]], Array], tensors: list[Array]) -> Array:
        """function(tensors), in the first of the modes."""
        return self.compiled(function, next(iter(self.modes)))(tensors)

    def precision(self, dtype: str) -> AbstractContextManager[Any]:
        """The setting of the framework in which tensors of the dtype live."""
        return nullcontext()

    def value(self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, *, dtype: str, **options: Any) -> _NumPyArray:
        """The loss."""
        with self.precision(dtype):
            function, x = self._bound(loss, predictions, targets, dtype, options)
            return self.numpy(function(x))

    def value_and_gradient(
        self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, *, dtype: str, **options: Any
    ) -> tuple[_NumPyArray, _NumPyArray]:
        """The loss, and the gradient of its sum with respect to the predictions."""
        with self.precision(dtype):
            value, gradient = self.gradient(*self._bound(loss, predictions, targets, dtype, options))
            return self.numpy(value), self.numpy(gradient)

    def second(
        self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, h: npt.ArrayLike, *, dtype: str, **options: Any
    ) -> _NumPyArray:
        """The Hessian of the loss's sum, times h."""
        with self.precision(dtype):
            function, x = self._bound(loss, predictions, targets, dtype, options)
            return self.numpy(self.hessian_product(function, x, self.tensor(h, dtype)))

    def _bound(
        self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, dtype: str, options: dict[str, Any]
    ) -> tuple[Function, Array]:
        """The loss as a function of its predictions alone, and the predictions; NumPy arrays become tensors in their own dtype."""
        x, y = self.tensor(predictions, dtype), self._operand(targets)
        options = {key: self._operand(option) for key, option in options.items()}
        return lambda x: loss(x, y, **options), x

    def _operand(self, value: Any) -> Any:
        return self.tensor(value) if isinstance(value, np.ndarray) else value


class Analytic(Framework, Protocol):
    """A library without automatic differentiation: derivatives are the kernels' own."""

    differentiates: ClassVar[bool] = False

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        raise NotImplementedError(f"{self.name} has no automatic differentiation.")

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        raise NotImplementedError(f"{self.name} has no automatic differentiation.")

    def numpy(self, tensor: Array) -> _NumPyArray:
        return np.asarray(tensor)

    def value_and_gradient(
        self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, *, dtype: str, **options: Any
    ) -> tuple[_NumPyArray, _NumPyArray]:
        function = unifocal.value_and_grad(loss)
        x, y = self.tensor(predictions, dtype), self._operand(targets)
        value, gradient = function(x, y, **{key: self._operand(option) for key, option in options.items()})
        return self.numpy(value), self.numpy(gradient)

    def second(
        self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, h: npt.ArrayLike, *, dtype: str, **options: Any
    ) -> _NumPyArray:
        # NumPy has no other way to a second derivative than the formula itself.
        describe: Any = loss.describe  # type: ignore[attr-defined]
        x, y = self.tensor(predictions, dtype), self._operand(targets)
        call = call_of(*describe(x, y, **{key: self._operand(option) for key, option in options.items()}))
        xp = call.reading.xp
        along = xp.astype(self.tensor(h, dtype), call.reading.dtype)
        with np.errstate(all="ignore"):
            formula, folded_x, inputs, divisor = folded(call.reading, call.operands)
            result = formula.second(xp, folded_x, inputs, along)
        return self.numpy(result if divisor is None else result / divisor)


class NumPy(Analytic):
    """NumPy, which has no bfloat16."""

    name = module = "numpy"
    dtypes = ("float16", "float32", "float64")

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        return np.asarray(array, dtype)


class Strict(Analytic):
    """array-api-strict with all that is optional in the standard turned off: what runs here is pure Array API."""

    name, module = "array-api-strict", "array_api_strict"
    dtypes = ("float32", "float64")

    def _load(self) -> None:
        self._xp = import_module(self.module)
        self._xp.set_array_api_strict_flags(boolean_indexing=False, data_dependent_shapes=False, enabled_extensions=())

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        return self._xp.asarray(np.asarray(array, dtype))


class Dask(Analytic):
    """Lazy arrays, in two chunks along the first axis."""

    name, module = "dask", "dask.array"
    dtypes = ("float16", "float32", "float64")
    compiles_each_call = True

    def _load(self) -> None:
        self._da = import_module(self.module)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        values = np.asarray(array, dtype)
        return self._da.from_array(values, chunks=tuple(-(-n // 2) if i == 0 and n else -1 for i, n in enumerate(values.shape)))

    def numpy(self, tensor: Array) -> _NumPyArray:
        # Computed in this thread, where the caller's errstate holds: infinite logits have limits, and NumPy need not mention them.
        with np.errstate(all="ignore"):
            return np.asarray(tensor.compute(scheduler="synchronous"))


class Torch(Framework):
    """PyTorch."""

    name = module = "torch"
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"aot_eager": _BOTH, "inductor": _BOTH[:1]}  # whose C++ compiler takes half a minute

    def _load(self) -> None:
        self._torch = import_module(self.module)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        return self._torch.tensor(np.asarray(array), dtype=dtype and getattr(self._torch, dtype), device=self.device)

    def _has_accelerator(self) -> bool:
        return bool(self._torch.cuda.is_available())

    def numpy(self, tensor: Array) -> _NumPyArray:
        tensor = tensor.detach().cpu()
        return np.asarray(tensor.float() if tensor.dtype == self._torch.bfloat16 else tensor)

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        x = x.detach().requires_grad_()
        value = function(x)
        return value, self._torch.autograd.grad(value, x, self._torch.ones_like(value))[0]

    def compiled(self, function: Function, mode: str) -> Function:
        self._torch.compiler.reset()
        compiled: Function = self._torch.compile(function, fullgraph=True, backend=mode)
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        x = x.detach().requires_grad_()
        value = function(x)
        (gradient,) = self._torch.autograd.grad(value, x, self._torch.ones_like(value), create_graph=True)
        return self._torch.autograd.grad(gradient, x, h)[0]


class TensorFlow(Framework):
    """TensorFlow."""

    name = module = "tensorflow"
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"graph": _BOTH, "xla": _BOTH}

    def _load(self) -> None:
        # Importing paddle 3.3.1 after tensorflow 2.21 crashes the interpreter; the other order is fine.
        if Paddle.name in installed():
            framework_named(Paddle.name)
        self._tf = import_module(self.module)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        with self._tf.device("CPU" if self.device == "cpu" else "GPU"):
            tensor = self._tf.constant(np.asarray(array))
            return tensor if dtype is None else self._tf.cast(tensor, dtype)

    def _has_accelerator(self) -> bool:
        return bool(self._tf.config.list_physical_devices("GPU"))

    def numpy(self, tensor: Array) -> _NumPyArray:
        return np.asarray(self._tf.cast(tensor, "float32") if tensor.dtype == self._tf.bfloat16 else tensor)

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        with self._tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return value, tape.gradient(value, x)

    def compiled(self, function: Function, mode: str) -> Function:
        compiled: Function = self._tf.function(function, autograph=False, jit_compile=mode == "xla")
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        with self._tf.GradientTape() as outer:
            outer.watch(x)
            _, gradient = self.gradient(function, x)
        return outer.gradient(gradient, x, output_gradients=h)


class Paddle(Framework):
    """Paddle."""

    name = module = "paddle"
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"to_static": _BOTH}

    def _load(self) -> None:
        self._paddle = import_module(self.module)

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        tensor = self._paddle.to_tensor(np.asarray(array), place="cpu" if self.device == "cpu" else "gpu")
        return tensor if dtype is None else tensor.astype(dtype)

    def _has_accelerator(self) -> bool:
        return bool(self._paddle.device.is_compiled_with_cuda() and self._paddle.device.cuda.device_count())

    def numpy(self, tensor: Array) -> _NumPyArray:
        values: _NumPyArray = (tensor.astype("float32") if tensor.dtype == self._paddle.bfloat16 else tensor).numpy()
        return values

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        return self._gradient(function, self._watched(x))

    def compiled(self, function: Function, mode: str) -> Function:
        function = leave_unconverted(function)

        def call(tensors: Array) -> Array:
            return function(tensors)

        compiled: Function = self._paddle.jit.to_static(call, full_graph=True)
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        x = self._watched(x)
        _, gradient = self._gradient(function, x, create_graph=True)
        return self._paddle.grad([gradient], [x], grad_outputs=[h])[0]

    def _watched(self, x: Array) -> Array:
        x = x.detach()
        x.stop_gradient = False
        return x

    def _gradient(self, function: Function, x: Array, create_graph: bool = False) -> tuple[Array, Array]:
        value = function(x)
        ones = self._paddle.ones_like(value)
        return value, self._paddle.grad([value], [x], grad_outputs=[ones], create_graph=create_graph)[0]


def enable_x64(enabled: bool) -> AbstractContextManager[Any]:
    """JAX's context in which arrays of 64 bits are made, or none."""
    jax = import_module("jax")
    context: Any = jax.enable_x64 if hasattr(jax, "enable_x64") else import_module("jax.experimental").enable_x64  # before 0.8
    entered: AbstractContextManager[Any] = context(enabled)
    return entered


class Jax(Framework):
    """JAX, in 64 bits only where float64 is asked for."""

    name = module = "jax"
    modes: ClassVar[Mapping[str, tuple[str, ...]]] = {"jit": _BOTH}
    compiles_each_call = True

    def _load(self) -> None:
        self._jax = import_module(self.module)

    def precision(self, dtype: str) -> AbstractContextManager[Any]:
        # JAX has float64 only on request, and is to be tested as it comes where nobody asked.
        return enable_x64(True) if dtype == "float64" else nullcontext()

    def tensor(self, array: npt.ArrayLike, dtype: str | None = None) -> Array:
        # On the CPU uncommitted, as a user's arrays are.
        place = None if self.device == "cpu" else self._jax.devices(self.device)[0]
        return self._jax.device_put(self._jax.numpy.asarray(np.asarray(array), dtype), place)

    def _has_accelerator(self) -> bool:
        try:
            return bool(self._jax.devices(self.device))
        except RuntimeError:
            return False

    def numpy(self, tensor: Array) -> _NumPyArray:
        return np.asarray(tensor.astype("float32") if tensor.dtype == "bfloat16" else tensor)

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        value, pullback = self._jax.vjp(function, x)
        return value, pullback(self._jax.numpy.ones_like(value))[0]

    def compiled(self, function: Function, mode: str) -> Function:
        compiled: Function = self._jax.jit(function)
        return compiled

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        return self._jax.jvp(lambda x: self.gradient(function, x)[1], (x,), (h,))[1]


_CLASSES: tuple[type[Framework], ...] = (NumPy, Strict, Torch, Paddle, TensorFlow, Jax, Dask)
FRAMEWORKS = {cls.name: cls for cls in _CLASSES}
"""All of them, Paddle before TensorFlow, which must be imported in this order."""


def installed() -> tuple[str, ...]:
    """The names of the frameworks that are installed, found without importing them."""
    return tuple(name for name, cls in FRAMEWORKS.items() if find_spec(cls.module.partition(".")[0]) is not None)


@cache
def framework_named(name: str, device: str = "cpu") -> Framework:
    """The framework of this name, imported, with its tensors on the device.

    Raises
    ------
    DeviceAbsentError
        If the framework has no such device here.
    """
    return FRAMEWORKS[name](device)
