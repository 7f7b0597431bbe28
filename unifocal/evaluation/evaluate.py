"""The way of a call: its operands are brought over, read and aligned, the formula is evaluated on the backend, the result is reduced."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from typing import cast as cast_to

from ..arrays import Array, cast
from ..dispatch import backend_of
from ..operands import Operands
from ..scalars import is_number
from .alignment import NUMBER, Kind, Like, align
from .block import Result, evaluate_block, fold
from .blocks import evaluate_blocks, evaluate_hessian
from .hessian import Hessian, diagonal
from .read import read, read_again
from .reduction import divide, reduce_classes
from .tensors import bring, no_backend, warn_if_exchanged

if TYPE_CHECKING:
    from ..backend import EagerBackend
    from ..convention import Convention
    from ..formulas.base import Formula, Inputs
    from .reading import Reading


class Call:
    """A call of a loss: what is known without its values, and its operands, aligned.

    It is a :class:`unifocal.backend.Walk` if it is evaluated in blocks.
    """

    __slots__ = ("operands", "reading")

    def __init__(self, reading: Reading, operands: Operands) -> None:
        self.reading = reading
        self.operands = operands

    # --- as a whole ---------------------------------------------------------------------------------------------------------------

    def value(self) -> Array:
        """The loss, with the formula's derivatives attached where the backend differentiates."""
        reading, x = self.reading, self.operands.predictions
        with reading.backend.computing(x):
            if reading.hosted is not None:
                return cast_to("EagerBackend", reading.backend).attach_walk(x, self, reading.result_dtype)
            formula, folded_x, inputs, divisor = fold(reading, self.operands)
            value = reading.backend.attach(formula, folded_x, inputs, divisor is not None)
            value = reduce_classes(reading, folded_x, inputs.labels, value) if divisor is None else divide(reading.xp, value, divisor)
            return cast(reading.xp, value, reading.result_dtype)

    def value_and_gradient(self, given: Array | None = None, restore: Callable[[Array], Array] | None = None) -> tuple[Array, Array]:
        """The loss, and the gradient of its sum with respect to the predictions, both constants.

        given, restore: as operands have them, of predictions that were made of others; the gradient has the shape and dtype of those.
        """
        reading, x = self.reading, self.operands.predictions
        backend, xp = reading.backend, reading.xp
        with backend.computing(x):
            if reading.hosted is not None:
                eager = cast_to("EagerBackend", backend)
                value, gradient, scale, _ = self.run(True, final=True)
                if scale != 1:
                    gradient /= scale
                value, gradient = eager.from_host(value, x, reading.result_dtype), eager.from_host(gradient, x, x.dtype)
                if given is None:
                    return value, gradient
            else:
                value, gradient = self._value_and_gradient()
            if given is not None:
                x = backend.canonical(given)
                gradient = gradient if restore is None else restore(gradient)
                gradient = xp.reshape(gradient, tuple(-1 if n is None else n for n in backend.shape(x)))
            return backend.stop_gradient(value), backend.stop_gradient(cast(xp, gradient, x.dtype))

    def _value_and_gradient(self) -> tuple[Array, Array]:
        """The same, evaluated as a whole, the gradient in the compute dtype."""
        reading, xp = self.reading, self.reading.xp
        formula, x, inputs, divisor = fold(reading, self.operands)
        value, gradient = reading.backend.run(formula, x, inputs)
        if divisor is not None:
            value, gradient = divide(xp, reading.backend.total(value), divisor), divide(xp, gradient, divisor)
        else:
            value = reduce_classes(reading, x, inputs.labels, value)
            if reading.convention.class_axis == "mean":
                gradient = divide(xp, gradient, float(reading.classes))
        return cast(xp, value, reading.result_dtype), gradient

    def hessian(self, hessian: Hessian, given: Array | None = None, restore: Callable[[Array], Array] | None = None) -> Array:
        """The diagonal of the Hessian of the loss's sum with respect to the predictions, a constant; raises TypeError where there is none.

        given, restore: as above.
        """
        reading, x = self.reading, self.operands.predictions
        backend, xp = reading.backend, reading.xp
        with backend.computing(x):
            if reading.hosted is not None:
                host, operands = self._on_host()
                with host.backend.computing(operands.predictions):
                    found = cast_to("EagerBackend", backend).from_host(evaluate_hessian(host, operands, hessian), x, x.dtype)
            else:
                formula, folded_x, inputs, divisor = fold(reading, self.operands)
                found = diagonal(xp, formula, folded_x, inputs, hessian)
                if divisor is not None:
                    found = divide(xp, found, divisor)
                elif reading.convention.class_axis == "mean":
                    found = divide(xp, found, float(reading.classes))
            if given is not None:
                x = backend.canonical(given)
                found = found if restore is None else restore(found)
                found = xp.reshape(found, tuple(-1 if n is None else n for n in backend.shape(x)))
            return backend.stop_gradient(cast(xp, found, x.dtype))

    # --- in blocks ----------------------------------------------------------------------------------------------------------------

    @property
    def formula(self) -> Formula:
        """For any labels."""
        return self.reading.formula

    @property
    def summed(self) -> bool:
        """Whether the loss is one number."""
        return self.reading.is_reduced

    @property
    def tensors(self) -> list[Array]:
        """The operands that are tensors, beside the predictions."""
        return [self.operands[place] for place in self.reading.places]

    def whole(self, x: Array, tensors: list[Array]) -> tuple[Formula, Array, Inputs]:
        """The formula and its arguments, of whole arrays."""
        parts = [x, *self.operands[1:]]
        for place, tensor in zip(self.reading.places, tensors, strict=True):
            parts[place] = tensor
        return fold(self.reading, Operands(*parts))[:3]

    def run(self, sloped: bool, final: bool = False) -> Result:
        """The value and the slope; ``final``: whether the slope will meet no cotangent but 1."""
        host, operands = self._on_host()
        try:
            with host.backend.computing(operands.predictions):
                if host.is_one_block:
                    return evaluate_block(host, operands, sloped)
                return evaluate_blocks(host, operands, sloped, final, self._threads())
        except ValueError:
            self.whole(self.operands.predictions, self.tensors)  # says where in the whole of an array the fault is
            raise

    def _on_host(self) -> tuple[Any, Operands]:
        """The reading of the arrays that blocks are computed on, and these."""
        host, operands = self.reading.hosted, self.operands
        if host is not None and host.backend is not self.reading.backend:
            backend, parts = cast_to("EagerBackend", self.reading.backend), list(operands)
            for place in (0, *self.reading.places):
                parts[place] = backend.host(parts[place])
            operands = Operands(*parts)
        return host, operands

    def _threads(self) -> int:
        """How many threads may compute blocks: one where the framework computes them, which has threads of its own."""
        backend, host = cast_to("EagerBackend", self.reading.backend), self.reading.hosted
        return 1 if host is None or host.backend is backend else backend.threads(self.operands.predictions)


def read_call(convention: Convention, operands: Operands, constant: bool = False) -> Call:
    """A call, its operands held to the convention; raises TypeError or ValueError where they do not fit.

    constant: whether nothing is to be differentiated.
    """
    parts: list[Any] = list(operands)
    given, places = [operands.predictions, operands.targets], [0, 1]  # the tensors
    for place in range(2, 7):
        part = parts[place]
        if part is None:
            continue
        if is_number(part):
            parts[place] = float(part)
        else:
            given.append(part)
            places.append(place)
    backend = backend_of(operands.predictions)
    if backend is None:
        raise no_backend(operands.predictions)
    x = given[0] = backend.canonical(operands.predictions)
    if constant:
        x = given[0] = backend.stop_gradient(x)
    with backend.computing(x):
        tensors = backend.as_eager(list(given), 0)
        eager = tensors is not None
        if tensors is None:  # lists and NumPy's arrays are still to be brought over, and what else is no such tensor is refused
            tensors = bring(backend, given, places)
            eager = backend.as_eager(list(tensors), 0) is not None
        kinds: list[Kind] = [None if part is None else NUMBER for part in parts[:7]]
        for place, tensor in zip(places, tensors, strict=True):
            parts[place], kinds[place] = tensor, Like(backend.shape(tensor), tensor.dtype)
        xp = backend.namespace(x)
        autocast = x.dtype not in (xp.float32, xp.float64) and backend.autocast(x)
        # torch.compile cannot look through a cache, and a graph is made once.
        reader: Callable[..., Reading] = read if backend.is_traced(x) else read_again
        reading = reader(convention, backend, xp, autocast, eager, *kinds)
        if not eager and not reading.by_index:
            warn_if_exchanged(backend, x, parts[1])
        return Call(reading, align(reading, Operands(*parts)))


def evaluate(convention: Convention, operands: Operands) -> Array:
    """The loss, with the analytic derivatives attached where the backend differentiates."""
    return read_call(convention, operands).value()


def evaluate_with_gradient(convention: Convention, operands: Operands) -> tuple[Array, Array]:
    """The loss, and the gradient of its sum with respect to the predictions; both constants."""
    return read_call(convention, operands, constant=True).value_and_gradient(operands.given, operands.restore)


def evaluate_with_hessian(convention: Convention, operands: Operands, hessian: Hessian) -> tuple[Array, Array, Array]:
    """The loss, and gradient and diagonal of the Hessian of its sum with respect to the predictions; all constants."""
    call = read_call(convention, operands, constant=True)
    value, gradient = call.value_and_gradient(operands.given, operands.restore)
    return value, gradient, call.hessian(hessian, operands.given, operands.restore)
