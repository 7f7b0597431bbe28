"""Value and gradient at once, on every backend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import FunctionType, MethodType
from typing import Any, ParamSpec

from .arrays import Array, Tensor, type_name
from .evaluation.cache import lookup
from .evaluation.evaluate import evaluate_with_gradient

P = ParamSpec("P")


def value_and_grad(loss: Callable[P, Tensor]) -> Callable[P, tuple[Tensor, Tensor]]:
    """A function that gives the value of a loss and its gradient with respect to the predictions.

    The gradient is analytic, so NumPy and other libraries without automatic differentiation have it too.

    Parameters
    ----------
    loss : one of unifocal's losses, or a ``functools.partial`` of one

    Returns
    -------
    callable
        ``(predictions, targets, **options) -> (value, gradient)``: the loss, and the gradient of its sum over all elements, of the
        predictions' shape and dtype (with reduction "none": the element-wise derivative).  Both are constants for automatic
        differentiation.

    Raises
    ------
    TypeError
        If loss is anything else.

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> value, gradient = unifocal.value_and_grad(unifocal.binary_cross_entropy)(np.array([0.0, 2.0]), [1, 0], reduction="sum")
    >>> float(value.round(6)), gradient
    (2.820075, array([-0.5       ,  0.88079708]))
    """
    if not _is_described(loss):
        raise TypeError(f"value_and_grad takes one of unifocal's losses or a functools.partial of one; received {type_name(loss)}.")
    return partial(_value_and_gradient, loss)


def _value_and_gradient(loss: Any, /, *args: Any, **kwargs: Any) -> tuple[Array, Array]:
    while isinstance(loss, partial):
        loss, args, kwargs = loss.func, (*loss.args, *args), {**loss.keywords, **kwargs}
    describe = loss.describe
    call = lookup(describe, args, kwargs, constant=True)
    return evaluate_with_gradient(*describe(*args, **kwargs)) if call is None else call.value_and_gradient()


def _is_described(loss: object) -> bool:
    while isinstance(loss, partial):
        loss = loss.func
    return isinstance(getattr(loss, "describe", None), (FunctionType, MethodType))
