"""Losses as ``paddle.nn.Layer``: weights are buffers or parameters, which move with ``.to()`` and are in the ``state_dict``.

Options are attributes: ``criterion.gamma = 1.0`` counts from the next call.

>>> import paddle
>>> from unifocal.dialects import torch
>>> from unifocal.nn.paddle import Loss, SigmoidFocalLoss
>>> SigmoidFocalLoss(alpha=[0.25, 0.75], reduction="sum")
SigmoidFocalLoss(alpha=tensor(2,), reduction='sum')
>>> ported = Loss(torch.cross_entropy, label_smoothing=0.1)
>>> ported
Loss(torch.cross_entropy, label_smoothing=0.1)
>>> round(float(ported(paddle.zeros([2, 3]), paddle.to_tensor([0, 2]))), 6)
1.098612
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import paddle

import unifocal

from ..arrays import Array
from .module import Canonical, Held
from .options import numbers

__all__ = [
    "AsymmetricLoss",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "GaussianFocalLoss",
    "Loss",
    "PolyFocalLoss",
    "QualityFocalLoss",
    "SigmoidFocalLoss",
    "SoftmaxFocalLoss",
    "SoftmaxPolyFocalLoss",
    "VarifocalLoss",
]


def __dir__() -> list[str]:
    return __all__


_Layer: Any = paddle.nn.Layer  # Paddle's annotations lack it


class Loss(Held, _Layer):
    """A loss of unifocal's, a dialect's too, as a ``paddle.nn.Layer``, called as the function is, less the options.

    Each option is an attribute, which can be read and set; what is set counts from the next call.

    Parameters
    ----------
    function : a function of ``unifocal`` or of a dialect, or a dialect's class or an object of it
    options : by keyword
        Tensors, arrays and lists of numbers become buffers, Paddle's parameters parameters.  A list keeps all its digits: it is a
        buffer of float64.

    Raises
    ------
    TypeError, ValueError
        If function is something else, or has no such option, or a class refuses its value.
    """

    if TYPE_CHECKING:

        def __call__(self, *args: Any, **kwargs: Any) -> paddle.Tensor:
            """The loss."""

    @staticmethod
    def _as_weight(name: str, option: Any) -> Array:
        """An option as a floating tensor."""
        weight = option if paddle.is_tensor(option) else paddle.to_tensor(numbers(name, option))
        return weight if paddle.is_floating_point(weight) else weight.astype("float64")

    @staticmethod
    def _is_registered(option: Any) -> bool:
        """Whether Paddle itself registers an attribute of this kind."""
        return isinstance(option, paddle.base.framework.EagerParamBase)


class _Canonical(Canonical, Loss):
    pass


class SigmoidFocalLoss(_Canonical):
    """:func:`unifocal.sigmoid_focal_loss` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.sigmoid_focal_loss)


class SoftmaxFocalLoss(_Canonical):
    """:func:`unifocal.softmax_focal_loss` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.softmax_focal_loss)


class BinaryCrossEntropy(_Canonical):
    """:func:`unifocal.binary_cross_entropy` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.binary_cross_entropy)


class CrossEntropy(_Canonical):
    """:func:`unifocal.cross_entropy` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.cross_entropy)


class AsymmetricLoss(_Canonical):
    """:func:`unifocal.asymmetric_loss` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.asymmetric_loss)


class QualityFocalLoss(_Canonical):
    """:func:`unifocal.quality_focal_loss` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.quality_focal_loss)


class VarifocalLoss(_Canonical):
    """:func:`unifocal.varifocal_loss` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.varifocal_loss)


class GaussianFocalLoss(_Canonical):
    """:func:`unifocal.gaussian_focal_loss` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.gaussian_focal_loss)


class PolyFocalLoss(_Canonical):
    """:func:`unifocal.poly_focal_loss` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.poly_focal_loss)


class SoftmaxPolyFocalLoss(_Canonical):
    """:func:`unifocal.softmax_poly_focal_loss` as a ``paddle.nn.Layer``."""

    loss = staticmethod(unifocal.softmax_poly_focal_loss)
