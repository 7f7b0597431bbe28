"""What makes a function a loss: it describes itself as a spec and operands, and calling it evaluates that description."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ClassVar, Generic, ParamSpec, Protocol, cast

from .dispatch import leave_unconverted
from .evaluate import evaluate
from .keras_caller import Wrapper, keras_wrapper
from .protocol import Array, Tensor
from .repeated import repeated
from .spec import Operands, Spec

P = ParamSpec("P")
Description = tuple[Spec, Operands]


class _Of(Generic[Tensor]):
    """For type checkers alone: no description is one."""


DescriptionOf = Description | _Of[Tensor]
"""A description, by the type of the predictions."""


class Loss(Protocol[P]):
    """A loss function whose description can be had without evaluating it."""

    describe: Callable[P, Description]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Array:
        """Evaluate the loss."""


class LossObject:
    """A loss with its options bound, for dialects whose originals are classes; ``describe`` gives the spec and operands of a call."""

    describe: Callable[..., Description]
    autograph_info__: ClassVar[dict[str, Any]] = {}  # TensorFlow looks for this mark on the object, not on its __call__

    def __init_subclass__(cls) -> None:
        describe = cls.describe

        def evaluated(self: LossObject, *args: Any, **kwargs: Any) -> Array:
            wrapper = keras_wrapper()
            if wrapper is not None:
                return _wrapped(self, args, kwargs, wrapper)
            return evaluate(*describe(self, *args, **kwargs))

        evaluated.__doc__ = describe.__doc__
        evaluated.__signature__ = signature(describe).replace(return_annotation="Array")  # type: ignore[attr-defined]
        cls.__call__ = leave_unconverted(evaluated)  # type: ignore[method-assign]

    def __call__(self, *args: Any, **kwargs: Any) -> Array:
        """Evaluate the loss."""
        raise NotImplementedError


def loss(describe: Callable[P, Description]) -> Loss[P]:
    """Make a loss of a function that turns its arguments into a spec and operands."""

    @wraps(describe)
    def evaluated(*args: P.args, **kwargs: P.kwargs) -> Array:
        wrapper = keras_wrapper()
        if wrapper is not None:
            return _wrapped(evaluated, args, kwargs, wrapper)
        walk = repeated(describe, args, kwargs, constant=False)
        return evaluate(*describe(*args, **kwargs)) if walk is None else walk.attached()

    evaluated.describe = describe  # type: ignore[attr-defined]
    del evaluated.__wrapped__  # tf.function would follow it, and get a description for a loss
    evaluated.__signature__ = signature(describe).replace(return_annotation="Array")  # type: ignore[attr-defined]
    return cast("Loss[P]", leave_unconverted(evaluated))


def canonical(describe: Callable[P, DescriptionOf[Tensor]]) -> Callable[P, Tensor]:
    """:func:`loss`, of which type checkers know that the result has the predictions' type."""
    made: Any = loss(cast("Callable[P, Description]", describe))
    made.__signature__ = signature(made).replace(return_annotation="Tensor")
    return cast("Callable[P, Tensor]", made)


def _wrapped(function: Any, args: tuple[Any, ...], options: dict[str, Any], wrapper: Wrapper) -> Array:
    from .nn.wrapped import losses  # it needs the dialects, which are losses

    return losses(function, args, options, wrapper)
