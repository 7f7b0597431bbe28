"""Value, gradient and the diagonal of the Hessian at once, on every backend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec

from .arrays import Array, Tensor
from .compilers import leave_unconverted
from .described import require_described, unwrapped
from .evaluation.cache import lookup
from .evaluation.evaluate import evaluate_with_gradient, evaluate_with_hessian
from .evaluation.hessian import Hessian, hessian_kind

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
    require_described(loss, "value_and_grad")
    return partial(_value_and_gradient, loss)


def value_grad_and_hessian(loss: Callable[P, Tensor], *, hessian: Hessian = "exact") -> Callable[P, tuple[Tensor, Tensor, Tensor]]:
    """A function that gives the value of a loss, its gradient, and the diagonal of its Hessian, with respect to the predictions.

    All three are analytic.  Of a softmax loss too the diagonal is one pass, not one a class.

    Parameters
    ----------
    loss : one of unifocal's losses, or a ``functools.partial`` of one
    hessian : {"exact", "clipped", "held"}
        "exact" is the second derivative; of focal losses it is negative where the predictions are far off.  "clipped" is not less than
        1e-16 times the weights and over what the loss is divided by.  "held" takes the modulator (1 − p_t)^γ for a constant, as a weight
        would be: of focal losses on logits it is ≥ 0 everywhere, and cross entropy's own second derivative for γ = 0.

    Returns
    -------
    callable
        ``(predictions, targets, **options) -> (value, gradient, hessian)``: value and gradient as :func:`value_and_grad` has them, and
        the second derivatives of the same sum by each prediction alone, of the predictions' shape and dtype.  All are constants for
        automatic differentiation.

    Raises
    ------
    TypeError
        If loss is anything else; when called, if the loss is one of your own whose formula lacks what is asked for.
    ValueError
        If hessian is none of the three.

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> function = unifocal.value_grad_and_hessian(unifocal.binary_cross_entropy)
    >>> _, gradient, hessian = function(np.array([0.0, 2.0]), [1, 0], reduction="sum")
    >>> gradient, hessian
    (array([-0.5       ,  0.88079708]), array([0.25      , 0.10499359]))
    """
    require_described(loss, "value_grad_and_hessian")
    return partial(_value_gradient_and_hessian, loss, hessian_kind(hessian))


@leave_unconverted
def _value_and_gradient(loss: Any, /, *args: Any, **kwargs: Any) -> tuple[Array, Array]:
    loss, args, kwargs = unwrapped(loss, args, kwargs)
    describe = loss.describe
    call = lookup(describe, args, kwargs, constant=True)
    return evaluate_with_gradient(*describe(*args, **kwargs)) if call is None else call.value_and_gradient()


@leave_unconverted
def _value_gradient_and_hessian(loss: Any, hessian: Hessian, /, *args: Any, **kwargs: Any) -> tuple[Array, Array, Array]:
    loss, args, kwargs = unwrapped(loss, args, kwargs)
    convention, operands = loss.describe(*args, **kwargs)
    return evaluate_with_hessian(convention, operands, hessian)
