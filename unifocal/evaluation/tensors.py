"""A call's operands, brought to the predictions' framework, with clear errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array, type_name
from ..dispatch import backend_of, installed_frameworks, unsuitable
from ..notices import warn_caller
from ..operands import EXCHANGED, Operands
from ..scalars import is_number

if TYPE_CHECKING:
    from ..backend import Backend

_BY_TARGETS = "Gradients by the targets are wanted"


def no_backend(predictions: object) -> TypeError:
    """The error of predictions that are no dense tensor."""
    return TypeError(
        f"predictions must be a dense tensor of an installed backend ({installed_frameworks()}) or of an Array API library; "
        f"received {_received(predictions)}."
    )


def bring(backend: Backend, given: Sequence[Any], places: Sequence[int]) -> list[Array]:
    """The operands of these places beside predictions x, which are the first: tensors of its backend in their own dtypes and shapes.

    Lists and NumPy arrays are brought over; tensors of another framework or device are refused.
    """
    x, targets, *weights = given
    # What is wrong with weights is said before what is with targets.
    names = (Operands._fields[place] for place in places[2:])
    brought = [bring_tensor(backend, x, name, part, "a number, ") for name, part in zip(names, weights, strict=True)]
    return [x, bring_tensor(backend, x, "targets", targets), *brought]


def warn_if_exchanged(backend: Backend, x: Array, targets: Array) -> None:
    """Warn where gradients by targets are wanted, and none by the predictions."""
    if not backend.namespace(x).isdtype(targets.dtype, "real floating") or any(map(backend.is_traced, (targets, x))):
        return
    if backend.is_constant(x) and not backend.is_constant(targets):
        warn_caller(
            f"{_BY_TARGETS}, and none by the predictions.{EXCHANGED} "
            f'If they are not, warnings.filterwarnings("ignore", "{_BY_TARGETS}") silences this.'
        )


def bring_tensor(backend: Backend, x: Array, name: str, value: object, kinds: str = "") -> Array:
    """Bring one operand over: value as a tensor of the predictions' backend; ``kinds`` is what else it could be, for the message."""
    owner = backend_of(value)
    if owner is backend and backend.namespace(value) is backend.namespace(x):
        own = backend.canonical(value)
        mine, theirs = backend.device(x), backend.device(own)
        if None not in (mine, theirs) and mine != theirs:
            raise ValueError(f"{name} must be on the device of the predictions, {mine}; received {theirs}.")
        return own
    if isinstance(value, (list, tuple)) or is_number(value) or (isinstance(value, np.ndarray) and owner is not None):
        try:
            return backend.from_numpy(np.asarray(value), x)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} must hold numbers in a rectangular shape; received {type_name(value)}: {error}") from error
    raise TypeError(
        f"{name} must be {kinds}a dense tensor of the predictions' framework ({type_name(x)}), a NumPy array or a list; "
        f"received {_received(value)}."
    )


def _received(value: object) -> str:
    """What a value is that cannot be taken, and what makes a tensor of it."""
    found = unsuitable(value) if backend_of(value) is None else type_name(value)
    if found is not None:
        return found
    if isinstance(value, np.ma.MaskedArray):
        return f"{type_name(value)}: fill it with .filled(…), and say what is left out by sample_weight or ignore_index"
    if isinstance(value, (list, tuple)):
        return f"{type_name(value)}: numpy.asarray(…) makes an array of it"
    for method in ("to_numpy", "toarray"):
        if hasattr(value, method):
            return f"{type_name(value)}: .{method}() makes an array of it"
    return type_name(value)
