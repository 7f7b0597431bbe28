"""A linear layer and its cross entropy as one loss, which never holds all logits: what the last layer of a language model needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, cast

from .arrays import Array, Namespace, Shape, Tensor, type_name
from .arrays import cast as cast_to
from .compilers import leave_unconverted
from .convention import Convention, Dtype, Reduction
from .dispatch import backend_of
from .evaluation.alignment import NUMBER, Kind, Like, align
from .evaluation.block import drop_ignored, fold
from .evaluation.labels import class_indices
from .evaluation.read import read, read_again
from .evaluation.reading import Reading
from .evaluation.reduction import divide
from .evaluation.tensors import bring, bring_tensor
from .formulas import SoftmaxFocal, with_z_loss
from .operands import Operands
from .scalars import is_number, static_int

if TYPE_CHECKING:
    from .backend import Backend, LinearBackend
    from .formulas import Formula, Inputs

_BACKENDS = ("torch", "jax")
_LOGITS = 1 << 24
"""So many logits at once are 64 MiB of float32: few enough to stay far below what they all are, and enough for whole threads' matrix
products."""
_SHARE = 8
"""Or, where that is more, an eighth of what weight has, whose gradient is as large as weight anyway: each chunk of rows reads it all."""


@dataclass(frozen=True)
class Head:
    """What is known of a call without its values; a compiled one is known by it."""

    reading: Reading
    """Of the logits that there would be."""
    rows: int
    """Of so many of them there are logits at once."""

    @property
    def is_reduced(self) -> bool:
        """Whether the loss is one number."""
        return self.reading.is_reduced

    def fold(
        self, logits: Array, targets: Array, class_weight: Array | float | None, sample_weight: Array | float | None
    ) -> tuple[Formula, Array, Inputs, Array | float | None]:
        """The formula of some rows, its arguments, and what they add to what the total is divided by; None if nothing is reduced."""
        formula, x, inputs, divisor = fold(self.reading, Operands(logits, targets, class_weight=class_weight, sample_weight=sample_weight))
        return formula, x, inputs, divisor

    def divided(self, xp: Namespace, total: Array, divisor: Array | float) -> Array:
        """The total over the divisors of all rows."""
        return divide(xp, total, 1.0 if self.reading.convention.reduction == "sum" else divisor)


@leave_unconverted
def linear_cross_entropy(
    hidden: Tensor,
    weight: Array,
    targets: Array,
    *,
    bias: Array | None = None,
    class_weight: float | Array | None = None,
    label_smoothing: float = 0.0,
    sample_weight: float | Array | None = None,
    ignore_index: int | None = None,
    z_loss: float = 0.0,
    reduction: Reduction = "mean",
    dtype: Dtype | None = None,
    chunk: int | None = None,
) -> Tensor:
    """Cross entropy of the logits hidden · weightᵀ + bias, which are never all there at once: :func:`cross_entropy` of a linear layer.

    Value and gradients are those of ``cross_entropy(hidden @ weight.T + bias, targets, …)``, whose other parameters these are, with what
    rounding differs in sums over rows.  Logits are made for some rows at a time, and have the dtype of ``hidden``, as the layer's output
    has.  PyTorch computes gradients together with the value; JAX makes logits anew for them.

    Parameters
    ----------
    hidden : floating tensor of PyTorch or JAX, shape (…, H)
        What the layer takes.  Of other frameworks' tensors use the plain form.
    weight : tensor of the same framework and dtype, shape (C, H)
        As ``torch.nn.Linear`` keeps it.  A kernel of shape (H, C), as Flax keeps it, is given as ``kernel.T``.
    targets : integer tensor of hidden's shape without its last axis
        Class indices.  One-hot and soft labels would be as large as the logits.
    bias : tensor of shape (C,) or None
        As ``weight``.
    sample_weight : number, tensor or None
        As in :func:`cross_entropy`.  On PyTorch it and ``class_weight`` must not require gradients.
    chunk : int ≥ 1 or None
        Of how many rows there are logits at once.  None takes so many that they are 2²⁴ or an eighth of what weight has, whichever is more.

    Returns
    -------
    tensor of hidden's framework
        As :func:`cross_entropy` returns it: 0-D, or of the targets' shape for reduction "none".

    Raises
    ------
    TypeError, ValueError
        Where an argument has the wrong type, shape or range; the message says what was required and what was received.
    NotImplementedError
        Where PyTorch is asked for second derivatives, which the plain form has; JAX has them here too.

    Examples
    --------
    >>> import torch
    >>> import unifocal
    >>> hidden, weight = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 0.5], [1.0, -1.0], [0.0, 0.25]])
    >>> unifocal.linear_cross_entropy(hidden, weight, torch.tensor([0]), z_loss=1e-4)
    tensor(0.3719)
    """
    backend = backend_of(hidden)
    if backend is None or backend.name not in _BACKENDS:
        raise TypeError(
            f"linear_cross_entropy requires tensors of PyTorch or JAX; received {type_name(hidden)}. Of others, "
            "cross_entropy(hidden @ weight.T + bias, targets) is the same loss, with all logits at once."
        )
    layer = cast("LinearBackend", backend)
    x: Array = backend.canonical(hidden)
    xp = backend.namespace(x)
    weight = bring_tensor(backend, x, "weight", weight)
    bias = None if bias is None else bring_tensor(backend, x, "bias", bias)
    x, weight, bias = layer.as_layer(x, weight, bias)
    classes = _held_together(backend, xp, x, weight, bias)
    convention = Convention(
        with_z_loss(SoftmaxFocal(), z_loss),
        labels="indices",
        label_smoothing=label_smoothing,
        ignore_index=ignore_index,
        reduction=reduction,
        dtype=dtype,
    )
    with backend.computing(x):
        operands = _brought(backend, x, targets, class_weight=class_weight, sample_weight=sample_weight)
        shape = (*backend.shape(x)[:-1], classes)
        _require_indices(backend, operands, shape)
        reading = _read(convention, backend, xp, shape, operands)
        operands = align(reading, operands)
        _look(reading, operands)
        head = Head(reading, _rows(chunk, *weight.shape))
        value = layer.attach_linear(
            head,
            xp.reshape(x, (-1, x.shape[-1])),
            weight,
            bias,
            xp.reshape(operands.targets, (-1, 1)),
            _of_classes(xp, operands.class_weight, classes),
            _of_rows(xp, operands.sample_weight, shape),
        )
        if not head.is_reduced:
            value = xp.reshape(value, tuple(backend.shape(x)[:-1]))
        return cast("Tensor", cast_to(xp, value, reading.result_dtype))


def _held_together(backend: Backend, xp: Namespace, hidden: Array, weight: Array, bias: Array | None) -> int:
    """The number of classes; raises TypeError or ValueError where the layer's tensors are none, or do not fit."""
    if not xp.isdtype(hidden.dtype, "real floating"):
        raise TypeError(f"hidden must be a floating tensor; received dtype {hidden.dtype}.")
    for name, part in (("weight", weight), ("bias", bias)):
        if part is not None and part.dtype != hidden.dtype:
            raise TypeError(
                f"{name} must have the dtype of hidden, {hidden.dtype}; received {part.dtype}. Cast one of them, or use automatic mixed "
                "precision, which casts both."
                if backend.name == "torch"
                else f"{name} must have the dtype of hidden, {hidden.dtype}; received {part.dtype}. Cast one of them by .astype(…)."
            )
    own, of_weight = backend.shape(hidden), backend.shape(weight)
    if len(own) < 1 or len(of_weight) != 2 or own[-1] != of_weight[1]:
        turned = " weight.T has it." if len(own) and len(of_weight) == 2 and own[-1] == of_weight[0] else ""
        raise ValueError(f"hidden must have the shape (…, H) and weight (C, H); received {own} and {of_weight}.{turned}")
    classes = cast("int", of_weight[0])
    if bias is not None and backend.shape(bias) != (classes,):
        raise ValueError(f"bias must have one value for each of the {classes} classes, shape ({classes},); received {backend.shape(bias)}.")
    return classes


def _brought(backend: Backend, x: Array, targets: Any, **weights: Any) -> Operands:
    """The operands beside hidden: floats, and tensors of its backend."""
    tensors = {name: part for name, part in weights.items() if part is not None and not is_number(part)}
    numbers = {name: float(part) for name, part in weights.items() if is_number(part)}
    places = [0, 1, *map(Operands._fields.index, tensors)]
    hidden, labels, *brought = bring(backend, [x, targets, *tensors.values()], places)
    return Operands(hidden, labels, **numbers, **dict(zip(tensors, brought, strict=True)))


def _require_indices(backend: Backend, operands: Operands, shape: Shape) -> None:
    """Raise ValueError for labels of the logits' shape."""
    if backend.shape(operands.targets) == shape:
        raise ValueError(
            f"targets of linear_cross_entropy must be class indices, of shape {shape[:-1]}; received the shape of the logits, {shape}, as "
            "one-hot and soft labels have. As large as the logits, they leave nothing to save: use "
            "cross_entropy(hidden @ weight.T + bias, targets)."
        )


def _read(convention: Convention, backend: Backend, xp: Namespace, shape: Shape, operands: Operands) -> Reading:
    """The reading of the logits that there would be."""
    hidden = operands.predictions

    def kind(part: Any) -> Kind:
        return part if part is None else NUMBER if isinstance(part, float) else Like(backend.shape(part), part.dtype)

    autocast = hidden.dtype not in (xp.float32, xp.float64) and backend.autocast(hidden)
    reader: Callable[..., Reading] = read if backend.is_traced(hidden) else read_again
    targets = cast("Like", kind(operands.targets))
    weights = (None, None, kind(operands.class_weight), kind(operands.sample_weight), None)
    return reader(convention, backend, xp, autocast, False, Like(shape, hidden.dtype), targets, *weights)


def _look(reading: Reading, operands: Operands) -> None:
    """Look at the class indices of all rows, where that costs nothing, so that an error says where in them the fault is."""
    targets = operands.targets
    if reading.readable(targets):
        class_indices(reading, targets if reading.ignored is None else drop_ignored(reading, targets)[0])


def _rows(chunk: int | None, classes: int, width: int) -> int:
    """Of how many rows there are logits at once."""
    if chunk is None:
        return max(1, _LOGITS // max(1, classes), width // _SHARE)
    if static_int("chunk", chunk) < 1:
        raise ValueError(f"chunk must be at least 1, the number of rows whose logits are there at once; received {chunk}.")
    return int(chunk)


def _of_classes(xp: Namespace, weight: Array | float | None, classes: int) -> Array | float | None:
    """A class weight that is the same in every row."""
    if weight is None or isinstance(weight, float) or weight.ndim == 0:
        return weight
    if prod(weight.shape[:-1]) != 1 or weight.shape[-1] not in (1, classes):
        raise ValueError(
            f"class_weight of linear_cross_entropy must be a number or have one value for each of the {classes} classes; received shape "
            f"{tuple(weight.shape)}. What weighs rows is sample_weight."
        )
    return xp.reshape(weight, (1, -1))


def _of_rows(xp: Namespace, weight: Array | float | None, shape: Shape) -> Array | float | None:
    """A sample weight with one number a row."""
    if weight is None or isinstance(weight, float) or weight.ndim == 0:
        return weight
    return xp.reshape(xp.broadcast_to(weight, (*shape[:-1], 1)), (-1, 1))
