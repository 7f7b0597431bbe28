"""What makes a function a loss: it describes itself as a convention and operands, and calling it evaluates that description."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from inspect import Parameter, Signature, signature
from sys import modules
from typing import Any, ClassVar, Generic, ParamSpec, Protocol, cast, overload

from .arrays import Array, Tensor
from .compilers import leave_unconverted
from .convention import Convention
from .evaluation.cache import lookup, mark
from .evaluation.evaluate import evaluate
from .keras_caller import Wrapper, keras_wrapper
from .operands import Operands

P = ParamSpec("P")
Description = tuple[Convention, Operands]


class _Of(Generic[Tensor]):
    """For type checkers alone: no description is one."""


DescriptionOf = Description | _Of[Tensor]
"""A description, by the type of the predictions."""


class Loss(Protocol):
    """What every loss has, beside the signature by which type checkers know it."""

    describe: Callable[..., Description]
    labels_first: bool


@leave_unconverted  # TensorFlow looks for its mark on the object, not on its __call__
class LossObject:
    """A loss with its options bound, for dialects whose originals are classes.

    ``describe`` gives the convention and operands of a call; ``__call__ = evaluating(describe)``.
    """

    describe: Callable[..., DescriptionOf[Any]]
    labels_first: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        if "describe" in vars(cls) or "labels_first" in vars(cls):
            _, *names = signature(cls.describe).parameters
            if len(names) > 1:  # else its calls are not looked up
                mark(cls.describe, int(cls.labels_first), names[cls.labels_first])


def evaluating(describe: Callable[P, DescriptionOf[Tensor]]) -> Callable[P, Tensor]:
    """The ``__call__`` of a :class:`LossObject`, which evaluates what ``describe`` gives; the result has the predictions' type."""

    @wraps(describe)
    def evaluated(self: Any, *args: Any, **kwargs: Any) -> Array:
        if ("keras" in modules or "tf_keras" in modules) and (wrapper := keras_wrapper()) is not None:
            return _wrapped(self, args, kwargs, wrapper)
        call = lookup(self.describe, args, kwargs, constant=False)
        return evaluate(*self.describe(*args, **kwargs)) if call is None else call.value()

    evaluated.__name__, evaluated.__qualname__ = "__call__", f"{describe.__qualname__.rpartition('.')[0]}.__call__"
    return cast("Callable[P, Tensor]", _signed(evaluated, describe, "Tensor"))


@overload
def loss(describe: Callable[P, DescriptionOf[Tensor]], /) -> Callable[P, Tensor]: ...


@overload
def loss(
    *, labels_first: bool = ..., asked_each_time: tuple[str, ...] = ...
) -> Callable[[Callable[P, DescriptionOf[Tensor]]], Callable[P, Tensor]]: ...


@overload
def loss(
    *, also_returns: tuple[str, Callable[..., Array]]
) -> Callable[[Callable[P, DescriptionOf[Tensor]]], Callable[P, Tensor | Any]]: ...  # with the option it is a pair


def loss(
    describe: Any = None,
    /,
    *,
    labels_first: bool = False,
    asked_each_time: tuple[str, ...] = (),
    also_returns: tuple[str, Callable[..., Array]] | None = None,
) -> Any:
    """Make a loss of a function that turns its arguments into a convention and operands.

    Type checkers know it by the function's parameters, and its result by the type of the predictions.

    Parameters
    ----------
    describe : callable
        It may look at shapes and dtypes, never at the values of tensors: of calls that are alike it is asked once.
    labels_first : bool
        Whether labels come before predictions; else they come after them.
    asked_each_time : names of options
        With which describe does more than describe, such as warn, so that every call is to ask it.
    also_returns : name of an option, and a function of all the others
        With the option a call gives a pair, the loss and what the function gives; no loss is described with it.

    Raises
    ------
    TypeError
        If describe takes no predictions and labels, or has no such option.
    """
    if describe is None:
        return partial(loss, labels_first=labels_first, asked_each_time=asked_each_time, also_returns=also_returns)

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
    mark(describe, int(labels_first), names[labels_first], asked_each_time)
    made: Any = evaluated if also_returns is None else _returning_also(evaluated, signature(describe), *also_returns)
    made.describe, made.labels_first = describe, labels_first
    return _signed(made, describe, "Tensor" if also_returns is None else "Tensor | tuple[Tensor, Tensor]")


def _signed(function: Any, describe: Callable[..., Any], returned: str) -> Any:
    """A function that evaluates what ``describe`` gives, with its parameters and another result; left by graph compilers as it is."""
    del function.__wrapped__  # tf.function would follow it, and get a description for a loss
    function.__signature__ = signature(describe).replace(return_annotation=returned)
    function.__annotations__ = {**describe.__annotations__, "return": returned}
    return leave_unconverted(function)


def description(loss: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> Description:
    """What a loss would evaluate, of these arguments."""
    return cast("Loss", loss).describe(*args, **kwargs)


def _returning_also(
    evaluated: Callable[..., Array], parameters: Signature, option: str, beside: Callable[..., Array]
) -> Callable[..., Array | tuple[Array, Array]]:
    """A loss that with an option gives something beside its value."""

    @wraps(evaluated)
    def returned(*args: Any, **kwargs: Any) -> Array | tuple[Array, Array]:
        given = parameters.bind(*args, **kwargs).arguments
        asked = given.pop(option, False)
        value = evaluated(**given)
        return (value, beside(**given)) if asked else value

    return returned


def call_with(function: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """function(*args, **options), those of the options by position that are to be given so."""
    given = dict(options)
    only = [parameter for parameter in signature(function).parameters.values() if parameter.kind is Parameter.POSITIONAL_ONLY]
    return function(*args, *(given.pop(parameter.name, parameter.default) for parameter in only[len(args) :]), **given)


def _wrapped(function: Any, args: tuple[Any, ...], options: dict[str, Any], wrapper: Wrapper) -> Array:
    from .nn.wrapped import losses  # it needs the dialects, which are losses

    return losses(function, args, options, wrapper)
