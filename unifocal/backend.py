"""The contract between the loss core and the backends.

A backend is a *module* in ``backends/`` that satisfies :class:`Backend`, or :class:`EagerBackend`: it is stateless, so a module is all the
object that is needed.  What few frameworks need has a default in ``backends/defaults.py``, which a shim imports by name.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from .arrays import Array, Namespace, NumPyArray, Shape
from .formulas.base import Formula, Inputs

if TYPE_CHECKING:
    from .linear import Head


class Backend(Protocol):
    """What the core asks of a framework."""

    name: str

    # --- what every shim writes ---------------------------------------------------------------------------------------------------

    def is_array(self, value: object) -> bool:
        """Whether value is a dense tensor of this framework (a variable or a traced symbol counts)."""

    def namespace(self, x: Array) -> Namespace:
        """The Array API functions for x, and what :mod:`unifocal.namespace` adds to them."""

    def device(self, x: Array) -> Hashable:
        """Where x lives; None where that is not known (traced)."""

    def is_traced(self, x: Array) -> bool:
        """Whether x's values cannot be looked at: inside a compiler's trace, a functional transform, or a lazy graph."""

    def on_host(self, x: Array) -> bool:
        """Whether the values of x (not traced) can be read without waiting for a device."""

    def from_numpy(self, array: NumPyArray, like: Array) -> Array:
        """A tensor with array's values and dtype (as far as the framework has it) on the device of like."""

    def to_numpy(self, x: Array) -> NumPyArray:
        """The values of x, not traced."""

    def stop_gradient(self, x: Array) -> Array:
        """x as a constant."""

    def total(self, x: Array) -> Array:
        """The sum of all elements, to 4 ulp on positive terms at any length."""

    def attach(self, formula: Formula, x: Array, inputs: Inputs, summed: bool) -> Array:
        """The formula's loss (its total if summed) with the formula's own derivatives attached for the framework's autodiff.

        Inputs that require gradients get them through the formula's differentiable value.
        """

    # --- what has a default -------------------------------------------------------------------------------------------------------

    def unsuitable(self, value: object) -> str | None:
        """What a framework's own object is that is no dense tensor, and the way to one; None where this is not one."""

    def canonical(self, x: Array) -> Array:
        """x as the tensor type that the namespace works on (a variable becomes its tensor)."""

    def shape(self, x: Array) -> Shape:
        """The sizes of x; None where a traced graph does not know one."""

    def size(self, x: Array) -> int | Array:
        """The number of elements: an int, or an integer tensor where a traced graph does not know it."""

    def is_constant(self, x: Array) -> bool:
        """Whether nothing differentiates by x (not traced)."""

    def autocast(self, x: Array) -> bool:
        """Whether the framework's automatic mixed precision is on for x's device."""

    def computing(self, x: Array) -> AbstractContextManager[None]:
        """What a loss of predictions x is computed in.

        There automatic mixed precision casts nothing and nothing is said of infinities, both being unifocal's own business, and a graph
        fuses what it would run op by op.
        """

    def require_sizes(self, what: str, x: Array, like: Array, axis: int, size_at_axis: list[int] | None) -> Array:
        """x, held at run time to the sizes of ``like`` (to ``size_at_axis`` instead at the axis), where a graph knows too few of them."""

    def as_eager(self, tensors: list[Any], place: int) -> list[Array] | None:
        """The canonical tensors, if a call of them is evaluated eagerly, in blocks; the backend is then an EagerBackend.

        They are dense tensors of this framework, whose values can be read without waiting, and nothing is differentiated but the
        predictions, at this place, and backward.
        """

    def run(self, formula: Formula, x: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The formula's value and slope, as constants."""


class Walk(Protocol):
    """What an eager backend attaches: a call that is evaluated in blocks."""

    @property
    def formula(self) -> Formula:
        """Of the whole call, whatever its labels are."""

    @property
    def summed(self) -> bool:
        """Whether the loss is one number."""

    @property
    def tensors(self) -> list[Array]:
        """The operands that are tensors, beside the predictions."""

    def run(self, sloped: bool) -> tuple[Array | float, Array, float, float]:
        """The value, and what a gradient is made of if it is asked for: a slope, its scale, and the divisor.

        The value is a total over the divisor unless it is not summed; the slope is that of ``scale`` times the loss, in host memory.  A
        gradient is the slope times cotangent/scale, rounded to the predictions' dtype once; the slope may have that dtype already.

        Raises ValueError where operands are out of range.
        """

    def whole(self, x: Array, tensors: list[Array]) -> tuple[Formula, Array, Inputs]:
        """The formula and its arguments, of whole arrays: what second derivatives take.  ``tensors`` are :attr:`tensors`, kept by whom."""


class EagerBackend(Backend, Protocol):
    """A framework whose arrays in host memory can be written to, in eager mode."""

    def host_backend(self, dtype: Any, others: Iterable[Any], elements: int) -> Backend:
        """Whose arrays blocks of predictions and operands of these dtypes, of so many elements each, are computed on."""

    def threads(self, x: Array) -> int:
        """How many threads may compute a loss of predictions x, block by block, where the blocks are another backend's arrays."""

    def host(self, x: Array) -> Array:
        """x as NumPy's array, in the same memory; asked for where ``host_backend`` is not this one itself."""

    def from_host(self, x: Array | float, like: Array, dtype: Any) -> Array:
        """An array of ``host_backend``, or a number, as a constant of this framework where ``like`` is and in this dtype."""

    def attach_walk(self, x: Array, walk: Walk, dtype: Any) -> Array:
        """The loss of a walk, in this dtype, with its derivatives attached."""


class LinearBackend(Protocol):
    """A framework in which a linear layer and its cross entropy are one loss, beside what :class:`Backend` asks."""

    def as_layer(self, hidden: Array, weight: Array, bias: Array | None) -> tuple[Array, Array, Array | None]:
        """The operands as the framework's linear layer takes them: cast where automatic mixed precision is on."""

    def attach_linear(
        self,
        head: Head,
        hidden: Array,
        weight: Array,
        bias: Array | None,
        targets: Array,
        class_weight: Array | float | None,
        sample_weight: Array | float | None,
    ) -> Array:
        """The loss of a head (of each row if it is not reduced), differentiated by hidden, weight and bias; so many logits at once."""
