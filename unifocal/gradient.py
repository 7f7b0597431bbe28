"""Value and gradient at once, on every backend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from .evaluate import evaluate_with_gradient
from .operands import type_name
from .protocol import Array


def value_and_grad(loss: Callable[..., Array]) -> Callable[..., tuple[Array, Array]]:
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
    if _description(loss) is None:
        raise TypeError(f"value_and_grad takes one of unifocal's losses or a functools.partial of one; received {type_name(loss)}.")
    return partial(_value_and_gradient, loss)


def _value_and_gradient(loss: Callable[..., Array], /, *args: Any, **kwargs: Any) -> tuple[Array, Array]:
    describe = _description(loss)
    assert describe is not None
    return evaluate_with_gradient(*describe(*args, **kwargs))


def _description(loss: object) -> Callable[..., Any] | None:
    if isinstance(loss, partial):
        describe = _description(loss.func)
        return describe and partial(describe, *loss.args, **loss.keywords)
    describe = getattr(loss, "describe", None)
    return describe if isinstance(describe, (FunctionType, MethodType)) else None
