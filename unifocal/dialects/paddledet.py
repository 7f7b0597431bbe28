"""PaddleDetection (2.6): ``ppdet.modeling.losses.FocalLoss``.

Source: https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.6/ppdet/modeling/losses/focal_loss.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..arrays import Array, Tensor
from ..loss import DescriptionOf, LossObject, description, evaluating
from . import paddle
from .ranks import shape

__all__ = ["FocalLoss"]


def __dir__() -> list[str]:
    return __all__


@dataclass(eq=False)
class FocalLoss(LossObject):
    """``ppdet.modeling.losses.FocalLoss``: Paddle's sigmoid focal loss of class indices, C being background.

    Mirrors PaddleDetection 2.6.0, https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.6/ppdet/modeling/losses/focal_loss.py
    """

    use_sigmoid: bool = True
    alpha: float = 0.25
    gamma: float = 2.0
    loss_weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.use_sigmoid:
            raise ValueError(f"Only sigmoid focal loss is supported: use_sigmoid must be True; received {self.use_sigmoid!r}.")

    def describe(self, pred: Tensor, target: Array, reduction: str = "none") -> DescriptionOf[Tensor]:
        """The loss of predictions (N, C) and class indices (N,)."""
        if len(shape(pred)) != 2 or len(shape(target)) != 1:
            raise ValueError(f"pred must be 2-D and target 1-D; received shapes {shape(pred)} and {shape(target)}.")
        convention, operands = description(paddle.sigmoid_focal_loss, pred, target, None, self.alpha, self.gamma, reduction)
        return replace(convention, labels="indices", ignore_index=None, count_ignored=False), operands._replace(
            loss_weight=self.loss_weight
        )

    __call__ = evaluating(describe)
