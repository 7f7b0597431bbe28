"""The tensors and numbers of a call."""

from __future__ import annotations

from typing import Any, NamedTuple

EXCHANGED = " Are the predictions and the targets exchanged?"
"""For the messages of what is likely to be."""


class Operands(NamedTuple):
    """The tensors and numbers of one call: first as the user gave them, then aligned with the predictions.

    alpha: balances positives and negatives in binary losses, scales classes in categorical ones; None is off.
    pos_weight: of binary losses.
    given: the predictions as the user gave them, where they were reshaped, cast or cut: what the gradient has the shape and dtype of.
    restore: the function that makes a gradient by the predictions one by the given ones, where a reshape does not.
    """

    predictions: Any
    targets: Any
    alpha: Any = None
    pos_weight: Any = None
    class_weight: Any = None
    sample_weight: Any = None
    normalizer: Any = None
    loss_weight: float | None = None
    given: Any = None
    restore: Any = None


WEIGHTS = Operands._fields[2:7]
"""The operands that a call may lack: numbers, or tensors that broadcast to the predictions."""
