"""Losses as ``torch.nn.Module``: weights are buffers or parameters, which move with ``.to()`` and are in the ``state_dict``.

Options are attributes: ``criterion.gamma = 1.0`` counts from the next call.

>>> import torch
>>> from unifocal.dialects import paddle
>>> from unifocal.nn.torch import Loss, SigmoidFocalLoss
>>> SigmoidFocalLoss(alpha=[0.25, 0.75], reduction="sum")
SigmoidFocalLoss(alpha=tensor(2,), reduction='sum')
>>> ported = Loss(paddle.sigmoid_focal_loss, gamma=1.5)
>>> ported
Loss(paddle.sigmoid_focal_loss, gamma=1.5)
>>> ported(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
tensor(0.2451)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

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


class Loss(Held, torch.nn.Module):
    """A loss of unifocal's, a dialect's too, as a ``torch.nn.Module``, called as the function is, less the options.

    Each option is an attribute, which can be read and set; what is set counts from the next call.

    Parameters
    ----------
    function : a function of ``unifocal`` or of a dialect, or a dialect's class or an object of it
    options : by keyword
        Tensors, arrays and lists of numbers become buffers, ``torch.nn.Parameter`` parameters.  A list keeps all its digits: it is a
        buffer of float64.

    Raises
    ------
    TypeError, ValueError
        If function is something else, or has no such option, or a class refuses its value.
    """

    if TYPE_CHECKING:

        def __call__(self, *args: Any, **kwargs: Any) -> torch.Tensor:
            """The loss."""

    @staticmethod
    def _as_weight(name: str, option: Any) -> Array:
        """An option as a floating tensor."""
        weight = option if isinstance(option, torch.Tensor) else torch.tensor(numbers(name, option))
        return weight if weight.is_floating_point() else weight.to(torch.float64)

    @staticmethod
    def _is_registered(option: Any) -> bool:
        """Whether torch itself registers an attribute of this kind."""
        return isinstance(option, (torch.nn.Parameter, torch.nn.Buffer))

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Any:
        """What ``.to()`` and its kin do; to a device without float64, such as Apple's, weights go as float32."""
        try:
            return super()._apply(fn, recurse)
        except TypeError:
            for name, weight in self._buffers.items():
                if weight is not None and weight.dtype == torch.float64:
                    self._buffers[name] = weight.to(torch.float32)
            return super()._apply(fn, recurse)


class _Canonical(Canonical, Loss):
    pass


class SigmoidFocalLoss(_Canonical):
    """:func:`unifocal.sigmoid_focal_loss` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.sigmoid_focal_loss)


class SoftmaxFocalLoss(_Canonical):
    """:func:`unifocal.softmax_focal_loss` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.softmax_focal_loss)


class BinaryCrossEntropy(_Canonical):
    """:func:`unifocal.binary_cross_entropy` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.binary_cross_entropy)


class CrossEntropy(_Canonical):
    """:func:`unifocal.cross_entropy` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.cross_entropy)


class AsymmetricLoss(_Canonical):
    """:func:`unifocal.asymmetric_loss` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.asymmetric_loss)


class QualityFocalLoss(_Canonical):
    """:func:`unifocal.quality_focal_loss` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.quality_focal_loss)


class VarifocalLoss(_Canonical):
    """:func:`unifocal.varifocal_loss` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.varifocal_loss)


class GaussianFocalLoss(_Canonical):
    """:func:`unifocal.gaussian_focal_loss` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.gaussian_focal_loss)


class PolyFocalLoss(_Canonical):
    """:func:`unifocal.poly_focal_loss` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.poly_focal_loss)


class SoftmaxPolyFocalLoss(_Canonical):
    """:func:`unifocal.softmax_poly_focal_loss` as a ``torch.nn.Module``."""

    loss = staticmethod(unifocal.softmax_poly_focal_loss)
