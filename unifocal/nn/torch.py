"""Losses as ``torch.nn.Module``: weights are buffers, which move with ``.to()`` and are in the ``state_dict``.

>>> import torch
>>> from unifocal.dialects import paddle
>>> from unifocal.nn.torch import Loss, SigmoidFocalLoss
>>> SigmoidFocalLoss(alpha=[0.25, 0.75], reduction="sum")
SigmoidFocalLoss(alpha=tensor(2,), reduction='sum')
>>> ported = Loss(paddle.sigmoid_focal_loss, gamma=1.5)
>>> ported
Loss(sigmoid_focal_loss, gamma=1.5)
>>> ported(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
tensor(0.2451)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch

import unifocal

from ..protocol import Array
from .options import called, check_canonical, is_tensor_like, options_signature, shown, taken_apart


class Loss(torch.nn.Module):
    """A loss of unifocal's, a dialect's too, with options: the module is called as the function is, less the options.

    Parameters
    ----------
    function : a function of ``unifocal`` or of a dialect, or a dialect's class or an object of it
    options : by keyword; tensors, arrays and lists of numbers become buffers

    Raises
    ------
    TypeError
        If function is something else, or has no such option.
    """

    def __init__(self, function: Callable[..., Any], /, **options: Any) -> None:
        super().__init__()
        self.function, options = taken_apart(function, options)
        self._hold(options)

    def _hold(self, options: dict[str, Any]) -> None:
        self.options = {name: option for name, option in options.items() if not is_tensor_like(option)}
        self._weights = tuple(name for name in options if name not in self.options)
        for name in self._weights:
            weight = torch.as_tensor(options[name])
            self.register_buffer(name, weight if weight.is_floating_point() else weight.to(torch.get_default_dtype()))

    def _options(self) -> dict[str, Any]:
        return {**{name: getattr(self, name) for name in self._weights}, **self.options}

    def forward(self, *args: Any, **kwargs: Any) -> Array:
        """The loss."""
        return called(self.function, self._options(), args, kwargs)

    def extra_repr(self) -> str:
        """The function and its options."""
        return ", ".join(filter(None, [getattr(self.function, "__name__", repr(self.function)), shown(self._options())]))


class _Canonical(Loss):
    loss: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        cls.__signature__ = options_signature(cls.loss)

    def __init__(self, **options: Any) -> None:
        torch.nn.Module.__init__(self)
        check_canonical(type(self).__name__, type(self).loss, options)
        self.function = type(self).loss
        self._hold(options)

    def forward(
        self, predictions: Array, targets: Array, *, sample_weight: Array | None = None, normalizer: float | Array | None = None
    ) -> Array:
        """The loss of these predictions and targets."""
        return super().forward(predictions, targets, sample_weight=sample_weight, normalizer=normalizer)

    def extra_repr(self) -> str:
        """The options that were given."""
        return shown(self._options())


class SigmoidFocalLoss(_Canonical):
    """:func:`unifocal.sigmoid_focal_loss`."""

    loss = staticmethod(unifocal.sigmoid_focal_loss)


class SoftmaxFocalLoss(_Canonical):
    """:func:`unifocal.softmax_focal_loss`."""

    loss = staticmethod(unifocal.softmax_focal_loss)


class BinaryCrossEntropy(_Canonical):
    """:func:`unifocal.binary_cross_entropy`."""

    loss = staticmethod(unifocal.binary_cross_entropy)


class CrossEntropy(_Canonical):
    """:func:`unifocal.cross_entropy`."""

    loss = staticmethod(unifocal.cross_entropy)
