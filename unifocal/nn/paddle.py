"""Losses as ``paddle.nn.Layer``: weights are buffers, which move with ``.to()`` and are in the ``state_dict``.

>>> import paddle
>>> from unifocal.dialects import torch
>>> from unifocal.nn.paddle import Loss, SigmoidFocalLoss
>>> SigmoidFocalLoss(alpha=[0.25, 0.75], reduction="sum")
SigmoidFocalLoss(alpha=tensor(2,), reduction='sum')
>>> ported = Loss(torch.cross_entropy, label_smoothing=0.1)
>>> ported
Loss(cross_entropy, label_smoothing=0.1)
>>> round(float(ported(paddle.zeros([2, 3]), paddle.to_tensor([0, 2]))), 6)
1.098612
"""

from __future__ import annotations

from typing import Any

import paddle

import unifocal

from ..protocol import Array
from .module import Canonical, Held

_Layer: Any = paddle.nn.Layer  # Paddle's annotations lack it


class Loss(Held, _Layer):
    """A loss of unifocal's, a dialect's too, as a ``paddle.nn.Layer``: ``Loss(function, **options)``; see :class:`.module.Held`."""

    @staticmethod
    def _as_weight(option: Any) -> Array:
        """An option as a floating tensor."""
        weight = option if paddle.is_tensor(option) else paddle.to_tensor(option)
        return weight if paddle.is_floating_point(weight) else weight.astype(paddle.get_default_dtype())


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
