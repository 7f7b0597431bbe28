"""What makes a function a loss: it describes itself as a convention and operands, and calling it evaluates that description."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from inspect import Parameter, signature
from sys import modules
from typing import Any, ClassVar, Generic, ParamSpec, Protocol, cast, overload

from .arrays import Array, Tensor
from .compilers import leave_unconverted
from .convention import Convention, Operands
from .evaluation.cache import described_by, lookup
from .evaluation.evaluate import evaluate
from .keras_caller import Wrapper, keras_wrapper

P = ParamSpec("P")
Description = tuple[Convention, Operands]


class _Of(Generic[Tensor]):
    """For type checkers alone: no description is one."""


DescriptionOf = Description | _Of[Tensor]
"""A description, by the type of the predictions."""


class Loss(Protocol[P]):
    """A loss function whose description can be had without evaluating it."""

    describe: Callable[P, Description]
    labels_first: bool

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Array:
        """Evaluate the loss."""


class LossObject:
    """A loss with its options bound, for dialects whose originals are classes; ``describe`` gives the convention and operands of a call."""

    describe: Callable[..., Description]
    labels_first: ClassVar[bool] = False
    autograph_info__: ClassVar[dict[str, Any]] = {}  # TensorFlow looks for this mark on the object, not on its __call__

    def __init_subclass__(cls) -> None:
        if "describe" in vars(cls) or "labels_first" in vars(cls):
            _, *names = signature(cls.describe).parameters
            described_by(cls.describe, int(cls.labels_first), names[cls.labels_first])

    @leave_unconverted
    def __call__(self, *args: Any, **kwargs: Any) -> Array:
        """Evaluate the loss; the arguments are those of ``describe``."""
        if ("keras" in modules or "tf_keras" in modules) and (wrapper := keras_wrapper()) is not None:
            return _wrapped(self, args, kwargs, wrapper)
        call = lookup(self.describe, args, kwargs, constant=False)
        return evaluate(*self.describe(*args, **kwargs)) if call is None else call.value()


@overload
def loss(describe: Callable[P, Description], /) -> Loss[P]: ...


@overload
def loss(*, labels_first: bool = ..., asked_each_time: tuple[str, ...] = ...) -> Callable[[Callable[P, Description]], Loss[P]]: ...


def loss(describe: Any = None, /, *, labels_first: bool = False, asked_each_time: tuple[str, ...] = ()) -> Any:
    """Make a loss of a function that turns its arguments into a convention and operands.

    Parameters
    ----------
    describe : callable
        It may look at shapes and dtypes, never at the values of tensors: of calls that are alike it is asked once.
    labels_first : bool
        Whether labels come before predictions; else they come after them.
    asked_each_time : names of options
        With which describe does more than describe, such as warn, so that every call is to ask it.

    Raises
    ------
    TypeError
        If describe takes no predictions and labels, or has no such option.
    """
    if describe is None:
        return partial(loss, labels_first=labels_first, asked_each_time=asked_each_time)

    @wraps(describe)
    def evaluated(*args: Any, **kwargs: Any) -> Array:
        if ("keras" in modules or "tf_keras" in modules) and (wrapper := keras_wrapper()) is not None:
            return _wrapped(evaluated, args, kwargs, wrapper)
        call = lookup(describe, args, kwargs, constant=False)
        return evaluate(*describe(*args, **kwargs)) if call is None else call.value()

    parameters = signature(describe).parameters
    names = [name for name, parameter in parameters.items() if parameter.kind is not Parameter.KEYWORD_ONLY]
    if len(names) < 2:
        raise TypeError(f"A loss takes predictions and labels before all else; {describe.__name__} takes {', '.join(names) or 'neither'}.")
    if unknown := [name for name in asked_each_time if name not in parameters]:
        raise TypeError(f"asked_each_time must name options of {describe.__name__}; received {', '.join(unknown)}.")
    described_by(describe, int(labels_first), names[labels_first], asked_each_time)
    made: Any = evaluated
    made.describe, made.labels_first = describe, labels_first
    del made.__wrapped__  # tf.function would follow it, and get a description for a loss
    made.__signature__ = signature(describe).replace(return_annotation="Array")
    return leave_unconverted(made)


def canonical(describe: Callable[P, DescriptionOf[Tensor]]) -> Callable[P, Tensor]:
    """:func:`loss`, of which type checkers know that the result has the predictions' type."""
    made: Any = loss(cast("Callable[P, Description]", describe))
    made.__signature__ = signature(made).replace(return_annotation="Tensor")
    return cast("Callable[P, Tensor]", made)


def _wrapped(function: Any, args: tuple[Any, ...], options: dict[str, Any], wrapper: Wrapper) -> Array:
    from .nn.wrapped import losses  # it needs the dialects, which are losses

    return losses(function, args, options, wrapper)
