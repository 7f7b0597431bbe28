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

from typing import Any

import torch

import unifocal

from ..protocol import Array
from .module import Canonical, Held


class Loss(Held, torch.nn.Module):
    """A loss of unifocal's, a dialect's too, as a ``torch.nn.Module``: ``Loss(function, **options)``; see :class:`.module.Held`."""

    @staticmethod
    def _as_weight(option: Any) -> Array:
        """An option as a floating tensor."""
        weight = torch.as_tensor(option)
        return weight if weight.is_floating_point() else weight.to(torch.get_default_dtype())


class _Canonical(Canonical, Loss):
    pass


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
