"""The contract between the loss core, its kernels and the backends.

A backend is a *module* in ``backends/`` that satisfies :class:`Backend`: it is stateless, so a module is all the object that is
needed, and type checkers hold it to the protocol.  A kernel is a pair of pure functions, :class:`Kernel`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from .spec import Spec

if TYPE_CHECKING:
    from .blocks import Walk

Array: TypeAlias = Any
"""A tensor of any backend."""
Tensor = TypeVar("Tensor")
"""The type of a call's predictions, which its result has too."""
Namespace: TypeAlias = Any
"""The Array API functions for one backend's tensors."""
NumPyArray: TypeAlias = npt.NDArray[np.generic]


class Inputs(NamedTuple):
    """What a kernel is given beside the predictions x.  Every array has x's rank, or is 0-D, so cutting x in blocks cuts it too.

    labels: class indices with size 1 along the class axis, or real labels in the compute dtype broadcastable to x
            (for softmax already multiplied by the class weights).
    alpha, pos_weight: numbers or arrays broadcastable to x; sigmoid only.
    weight: multiplies the unreduced loss; if an array, of size 1 along the class axis for softmax.
    """

    labels: Array
    alpha: float | Array | None = None
    pos_weight: float | Array | None = None
    weight: float | Array | None = None


@dataclass(frozen=True)
class Kernel:
    """A loss in closed form: two pure functions of arrays, written in Array API code.

    value_slope(xp, spec, x, inputs) -> (value, slope): the weighted, unreduced loss and its derivative with respect to x, of x's
    shape.  Softmax drops the class axis from the loss; the slope is that of each row's loss.

    second(xp, spec, x, inputs, h) -> array of x's shape: the derivative of sum(slope * h) with respect to x.

    fast: value_slope in fewer passes, where there is such a form: right where all values that it gives are finite, and only there.
    Nothing is to be differentiated through it.  A fifth argument ``out``, not None, is an array that the slope may be written to.

    by_inputs: value_slope in a form that frameworks can differentiate, with respect to the inputs above all, if value_slope itself is
    none.
    """

    value_slope: Callable[[Namespace, Spec, Array, Inputs], tuple[Array, Array]]
    second: Callable[[Namespace, Spec, Array, Inputs, Array], Array]
    fast: Callable[[Namespace, Spec, Array, Inputs, Array | None], tuple[Array, Array]] | None = None
    by_inputs: Callable[[Namespace, Spec, Array, Inputs], tuple[Array, Array]] | None = None

    @property
    def differentiable(self) -> Callable[[Namespace, Spec, Array, Inputs], tuple[Array, Array]]:
        """The value_slope that frameworks differentiate through."""
        return self.by_inputs or self.value_slope


class Backend(Protocol):
    """What the core asks of a framework."""

    name: str

    def is_array(self, value: object) -> bool:
        """Whether value is a dense tensor of this framework (a variable or a traced symbol counts)."""

    def canonical(self, x: Array) -> Array:
        """x as the tensor type that the namespace works on (a variable becomes its tensor)."""

    def namespace(self, x: Array) -> Namespace:
        """The Array API functions for x, and two that the standard lacks.

        ``scatter(x, indices, value, axis)`` is a copy of x with value at the indices; ``number(value, dtype)`` is a Python number such
        that arithmetic in this dtype keeps all its digits: itself, unless the framework rounds it.  Where arrays can be written to,
        ``put(x, indices, value, axis)`` writes value into x itself; ``sigmoid`` and ``softplus`` may be there if they
        are accurate, and what ``kernels/fused.py`` asks for; ``extent(x)``, the smallest and the largest number; and, if faster
        than NumPy's comparisons, ``hard(x)``, whether all are 0 or 1 (None: not known, some may be outside [0, 1]);
        ``fuses(x)``, whether a compiler makes few passes of what is computed of x now.
        """

    def shape(self, x: Array) -> tuple[int | None, ...]:
        """The sizes of x; None where a traced graph does not know one."""

    def size(self, x: Array) -> int | Array:
        """The number of elements: an int, or an integer tensor where a traced graph does not know it."""

    def device(self, x: Array) -> Hashable:
        """Where x lives; None where that is not known (traced)."""

    def is_traced(self, x: Array) -> bool:
        """Whether x's values cannot be looked at: inside a compiler's trace, a functional transform, or a lazy graph."""

    def on_host(self, x: Array) -> bool:
        """Whether the values of x (not traced) can be read without waiting for a device."""

    def is_constant(self, x: Array) -> bool:
        """Whether nothing differentiates by x (not traced)."""

    def autocast(self, x: Array) -> bool:
        """Whether the framework's automatic mixed precision is on for x's device."""

    def computing(self, x: Array) -> AbstractContextManager[None]:
        """What a loss of predictions x is computed in.

        There automatic mixed precision casts nothing and nothing is said of infinities, both being unifocal's own business, and a graph
        fuses what it would run op by op.
        """

    def of_sizes(self, what: str, x: Array, like: Array, axis: int, at_axis: list[int] | None) -> Array:
        """x, held at run time to the sizes of ``like`` (to ``at_axis`` instead at the axis), where a graph knows too few of them."""

    def from_numpy(self, array: NumPyArray, like: Array) -> Array:
        """A tensor with array's values and dtype (as far as the framework has it) on the device of like."""

    def to_numpy(self, x: Array) -> NumPyArray:
        """The values of x, not traced."""

    def stop_gradient(self, x: Array) -> Array:
        """x as a constant."""

    def in_blocks(self, x: Array, others: Iterable[Array]) -> bool:
        """Whether a call with predictions x and these operands is evaluated eagerly in blocks; the backend is then an EagerBackend.

        Their values are to be read without waiting, and nothing is to be differentiated but x, backward.
        """

    def total(self, x: Array) -> Array:
        """The sum of all elements, to 4 ulp on positive terms at any length."""

    def run(self, kernel: Kernel, spec: Spec, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The kernel's value and slope, as constants."""

    def attach(self, kernel: Kernel, spec: Spec, x: Array, inputs: Inputs, summed: bool) -> Array:
        """The kernel's loss (its total if summed) with the kernel's own derivatives attached for the framework's autodiff.

        Inputs that require gradients get them through the kernel's value formula.
        """


class EagerBackend(Backend, Protocol):
    """A framework whose arrays in host memory can be written to, in eager mode."""

    def host_backend(self, x: Array, others: Iterable[Array], elements: int) -> Backend:
        """Whose arrays blocks of predictions x and of these operands, of so many elements each, are computed on."""

    def threads(self, x: Array) -> int:
        """How many threads may compute a loss of predictions x, block by block, where the blocks are another backend's arrays."""

    def host(self, x: Array) -> Array:
        """x as NumPy's array, in the same memory; asked for where ``host_backend`` is not this one itself."""

    def from_host(self, x: Array | float, like: Array, dtype: Any) -> Array:
        """An array of ``host_backend``, or a number, as a constant of this framework where ``like`` is and in this dtype."""

    def attach_walk(self, x: Array, walk: Walk, dtype: Any) -> Array:
        """The loss of a walk, in this dtype, with its derivatives attached."""
