"""What the suite asks of a framework, and how a library without automatic differentiation answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

import unifocal
from unifocal.arrays import Array
from unifocal.evaluation.block import fold
from unifocal.evaluation.evaluate import read_call

NumPyArray = npt.NDArray[Any]
Function = Callable[[Array], Array]
ALL_DTYPES = ("float16", "bfloat16", "float32", "float64")
BOTH = ("float32", "float64")
DEVICES = ("cpu", "cuda")


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
    seldom: ClassVar[bool] = False
    """Whether costly tests run on it in full alone."""
    only_named: ClassVar[bool] = False
    """Whether only those tests and commands run on it that name it: a call takes so long."""
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

    def numpy(self, tensor: Array) -> NumPyArray:
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

    def value(self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, *, dtype: str, **options: Any) -> NumPyArray:
        """The loss."""
        with self.precision(dtype):
            function, x = self._bound(loss, predictions, targets, dtype, options)
            return self.numpy(function(x))

    def value_and_gradient(
        self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, *, dtype: str, **options: Any
    ) -> tuple[NumPyArray, NumPyArray]:
        """The loss, and the gradient of its sum with respect to the predictions."""
        with self.precision(dtype):
            value, gradient = self.gradient(*self._bound(loss, predictions, targets, dtype, options))
            return self.numpy(value), self.numpy(gradient)

    def second(
        self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, h: npt.ArrayLike, *, dtype: str, **options: Any
    ) -> NumPyArray:
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
    """A library without automatic differentiation: derivatives are the formulas' own."""

    differentiates: ClassVar[bool] = False

    def gradient(self, function: Function, x: Array) -> tuple[Array, Array]:
        raise NotImplementedError(f"{self.name} has no automatic differentiation.")

    def hessian_product(self, function: Function, x: Array, h: Array) -> Array:
        raise NotImplementedError(f"{self.name} has no automatic differentiation.")

    def numpy(self, tensor: Array) -> NumPyArray:
        return np.asarray(tensor)

    def value_and_gradient(
        self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, *, dtype: str, **options: Any
    ) -> tuple[NumPyArray, NumPyArray]:
        function = unifocal.value_and_grad(loss)
        x, y = self.tensor(predictions, dtype), self._operand(targets)
        value, gradient = function(x, y, **{key: self._operand(option) for key, option in options.items()})
        return self.numpy(value), self.numpy(gradient)

    def second(
        self, loss: Callable[..., Array], predictions: npt.ArrayLike, targets: object, h: npt.ArrayLike, *, dtype: str, **options: Any
    ) -> NumPyArray:
        # NumPy has no other way to a second derivative than the formula itself.
        describe: Any = loss.describe  # type: ignore[attr-defined]
        x, y = self.tensor(predictions, dtype), self._operand(targets)
        call = read_call(*describe(x, y, **{key: self._operand(option) for key, option in options.items()}))
        xp = call.reading.xp
        along = xp.astype(self.tensor(h, dtype), call.reading.dtype)
        with np.errstate(all="ignore"):
            formula, folded_x, inputs, divisor = fold(call.reading, call.operands)
            result = formula.second(xp, folded_x, inputs, along)
        return self.numpy(result if divisor is None else result / divisor)
