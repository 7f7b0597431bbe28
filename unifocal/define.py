"""Losses of one's own, each from one expression: :func:`elementwise` for binary losses, :func:`classwise` for categorical ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, make_dataclass
from inspect import Parameter, Signature, cleandoc, signature
from typing import Any, Protocol, cast, overload

import numpy as np

from .arrays import Array, Tensor, type_name
from .convention import Convention, Dtype, Reduction
from .dispatch import backend_of
from .formulas.base import Inputs
from .formulas.classwise import Classwise, OfClassProbabilities
from .formulas.derived import Elementwise, OfProbabilities
from .loss import Description, loss
from .operands import Operands
from .scalars import is_number

__all__ = ["classwise", "describe_classwise", "describe_elementwise", "elementwise"]

Function = Callable[..., Any]


class OwnLoss(Protocol):
    """A loss of one's own; its result has the type of the predictions."""

    def __call__(self, predictions: Tensor, targets: Any, **options: Any) -> Tensor:
        """The loss."""


def describe_elementwise(
    formula: Elementwise,
    predictions: Any,
    targets: Any,
    *,
    alpha: float | Array | None = None,
    from_logits: bool = True,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> Description:
    """What a binary loss of an expression evaluates; the options are those of :func:`unifocal.sigmoid_focal_loss`."""
    seen = formula if _are_logits(from_logits, epsilon) else OfProbabilities(formula, epsilon)
    convention = Convention(seen, label_smoothing=label_smoothing, axis=axis, ignore_index=ignore_index, reduction=reduction, dtype=dtype)
    return convention, Operands(predictions, targets, alpha=alpha, sample_weight=sample_weight, normalizer=normalizer)


def describe_classwise(
    formula: Classwise,
    predictions: Any,
    targets: Any,
    *,
    class_weight: float | Array | None = None,
    from_logits: bool = True,
    axis: int = -1,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    normalizer: float | Array | None = None,
    epsilon: float | None = None,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
) -> Description:
    """What a categorical loss of an expression evaluates; the options are those of :func:`unifocal.softmax_focal_loss`."""
    seen = formula if _are_logits(from_logits, epsilon) else OfClassProbabilities(formula, epsilon)
    convention = Convention(seen, label_smoothing=label_smoothing, axis=axis, ignore_index=ignore_index, reduction=reduction, dtype=dtype)
    weights = {"class_weight": class_weight, "sample_weight": sample_weight}
    return convention, Operands(predictions, targets, **weights, normalizer=normalizer)


def _are_logits(from_logits: bool, epsilon: float | None) -> bool:
    if not isinstance(from_logits, bool):
        raise TypeError(f"from_logits must be True or False; received {type_name(from_logits)}.")
    if from_logits and epsilon is not None:
        raise ValueError("epsilon clips probabilities and requires from_logits=False; received from_logits=True.")
    return from_logits


@overload
def elementwise(expression: Function, /) -> OwnLoss: ...


@overload
def elementwise() -> Callable[[Function], OwnLoss]: ...


def elementwise(expression: Function | None = None, /) -> Any:
    """Make a binary loss of the expression of one element's loss; slope and second derivative are derived.

    Parameters
    ----------
    expression : function of an element t, and of options by keyword
        Its result is an expression in the parts of t, without reduction and weights: ``t.y`` (the label, in [0, 1]), ``t.p``, ``t.q``
        (1 − p), ``t.log_p``, ``t.log_q``, ``t.p_t`` (y·p + (1 − y)·q), ``t.log_p_t`` (y·log p + (1 − y)·log q, minus the cross entropy)
        and ``t.logit``.  These have +, −, ·, /, powers with numbers, ``abs`` and comparisons, and :mod:`unifocal.expressions` has ``log``,
        ``exp``, ``sigmoid``, ``where``, ``maximum``, ``minimum`` and ``constant``, which holds a factor out of the derivative.
        ``1 - t.p``, ``1 - t.p_t`` and ``t.y - t.p`` lose no digits.  Options are numbers, strings or booleans.

    Returns
    -------
    a loss ``(predictions, targets, *, …)``
        It takes the expression's options, and those of :func:`unifocal.sigmoid_focal_loss` but gamma and pos_weight; ``alpha`` is None by
        default.  It works on the tensors of every backend, like the canonical losses.

    Raises
    ------
    TypeError
        If an option has the name of one that every loss has, or the expression leaves what has derivatives here.

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> @unifocal.elementwise
    ... def poly_focal(t, *, gamma=2.0, poly_epsilon=1.0):
    ...     r = 1 - t.p_t
    ...     return -(r**gamma) * t.log_p_t + poly_epsilon * r ** (gamma + 1)
    >>> float(poly_focal(np.array([2.0, -1.0]), np.array([1, 0]), poly_epsilon=0.5, reduction="sum").round(6))
    0.035035
    """
    if expression is None:
        return elementwise
    return _loss_of(expression, Elementwise, describe_elementwise)


@overload
def classwise(expression: Function, /, *, of_targets_alone: bool = ...) -> OwnLoss: ...


@overload
def classwise(*, of_targets_alone: bool = ...) -> Callable[[Function], OwnLoss]: ...


def classwise(expression: Function | None = None, /, *, of_targets_alone: bool = False) -> Any:
    """Make a categorical loss Σ_c w_c·f(y_c, p_c) of the expression f of one class's term; its derivatives are derived.

    Parameters
    ----------
    expression : function of a class's element t, and of options by keyword
        As in :func:`elementwise`; p is the softmax's probability of the class, or the given one.
    of_targets_alone : bool
        Whether the term of a label 0 is 0.  Of class indices then only the target's term is computed, and no one-hot labels are made.

    Returns
    -------
    a loss ``(predictions, targets, *, …)``
        It takes the expression's options, and those of :func:`unifocal.softmax_focal_loss` but alpha and gamma.

    Raises
    ------
    TypeError
        As :func:`elementwise`.
    ValueError
        If the term of a label 0 is not 0, and ``of_targets_alone`` says so.

    Examples
    --------
    Generalized cross entropy (Zhang & Sabuncu 2018, https://arxiv.org/abs/1805.07836):

    >>> import numpy as np
    >>> import unifocal
    >>> @unifocal.classwise(of_targets_alone=True)
    ... def generalized_cross_entropy(t, *, k=0.7):
    ...     return t.y * (1 - t.p**k) / k
    >>> float(generalized_cross_entropy(np.array([[2.0, 0.0, -1.0]]), [0]).round(6))
    0.160138
    """
    if expression is None:
        return lambda given: classwise(given, of_targets_alone=of_targets_alone)
    if not isinstance(of_targets_alone, bool):
        raise TypeError(f"of_targets_alone must be True or False; received {type_name(of_targets_alone)}.")
    return _loss_of(expression, Classwise, describe_classwise, of_targets_alone=of_targets_alone)


def _loss_of(expression: Function, base: type[Elementwise | Classwise], describe: Callable[..., Description], **attributes: Any) -> OwnLoss:
    name = getattr(expression, "__name__", None)
    if not callable(expression) or name is None:
        raise TypeError(f"A loss is made of a function of an element; received {type_name(expression)}.")
    own = _options(expression, describe)
    made = make_dataclass(
        "".join(word.capitalize() for word in name.split("_")),
        [(o.name, Any) if o.default is Parameter.empty else (o.name, Any, field(default=o.default)) for o in own],
        bases=(base,),
        namespace={
            "element": lambda self, t: expression(t, **{o.name: getattr(self, o.name) for o in own}),
            "__doc__": expression.__doc__ or f"The loss {name}.",
            **attributes,
        },
        frozen=True,
        kw_only=True,
    )
    made.__module__ = expression.__module__

    def described(predictions: Any, targets: Any, **options: Any) -> Description:
        if unknown := [option for option in options if option not in known]:
            raise TypeError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(known)}.")
        given = {o.name: options.pop(o.name) for o in own if o.name in options}
        if missing := [o.name for o in own if o.default is Parameter.empty and o.name not in given]:
            raise TypeError(f"{name} requires its option {', '.join(missing)}, which has no default.")
        return describe(made(**given), predictions, targets, **options)

    inherited = list(signature(describe).parameters.values())[1:]
    known = [o.name for o in (*own, *inherited[2:])]
    described.__signature__ = Signature([*inherited[:2], *own, *inherited[2:]])  # type: ignore[attr-defined]
    described.__name__, described.__qualname__, described.__module__ = name, expression.__qualname__, expression.__module__
    described.__doc__ = _documented(expression, describe)
    if all(o.default is not Parameter.empty for o in own):
        _try(made(), name)
    return cast("OwnLoss", loss(described))


def _options(expression: Function, describe: Callable[..., Any]) -> list[Parameter]:
    """The options of an expression; raises TypeError where they are none."""
    name = expression.__name__
    parameters = list(signature(expression).parameters.values())
    own = parameters[1:]
    if not parameters or parameters[0].kind not in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
        raise TypeError(f"{name} must take an element first, as in def {name}(t, *, gamma=2.0).")
    if loose := [o.name for o in own if o.kind is not Parameter.KEYWORD_ONLY]:
        raise TypeError(f"{name} must take its options by keyword, after *; received {', '.join(loose)} by position.")
    for o in own:
        if not (o.default is Parameter.empty or isinstance(o.default, (bool, str)) or is_number(o.default)):
            raise TypeError(
                f"The default of {name}'s option {o.name} must be a number, a string, True or False; received {type_name(o.default)}."
            )
    known = [*signature(describe).parameters, "smoothed"]
    if taken := [o.name for o in own if o.name in known]:
        raise TypeError(f"{name} cannot have an option {', '.join(taken)}, which every such loss has; give it another name.")
    return own


def _documented(expression: Function, describe: Callable[..., Any]) -> str:
    source = "sigmoid_focal_loss" if describe is describe_elementwise else "softmax_focal_loss"
    own = cleandoc(expression.__doc__ or f"The loss {expression.__name__} of one's own.")
    return f"{own}\n\nBeside its own options it takes those of :func:`unifocal.{source}`."


def _try(formula: Any, name: str) -> None:
    """Raise what the expression raises, or ValueError where its terms are not what they are said to be."""
    x, labels = np.linspace(-8.0, 8.0, 32).reshape(16, 2), np.zeros((16, 2))
    backend: Any = backend_of(x)
    xp = backend.namespace(x)
    with np.errstate(all="ignore"):
        formula.second(xp, x, Inputs(labels), x)
        value, slope = formula.value_slope(xp, x, Inputs(labels))
    if isinstance(formula, Classwise) and formula.of_targets_alone and (np.any(value) or np.any(slope)):
        raise ValueError(f"{name} has terms of labels 0 that are not 0; leave of_targets_alone out.")
    formula.text(False, False)
