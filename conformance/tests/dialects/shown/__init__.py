"""Calls that show the recorded differences between originals and dialects: a module a library, and what a call shows in ``base``."""

from __future__ import annotations

from . import keras, kornia, mmdet, monai, openmmlab, optax, paddle, tf, torch, torchvision
from .base import Outcome, Shown

__all__ = ["SHOWN", "Outcome", "Shown"]

SHOWN: tuple[Shown, ...] = (
    *paddle.SHOWN,
    *torch.SHOWN,
    *torchvision.SHOWN,
    *mmdet.SHOWN,
    *keras.SHOWN,
    *tf.SHOWN,
    *optax.SHOWN,
    *kornia.SHOWN,
    *monai.SHOWN,
    *openmmlab.SHOWN,
)
"""All of them."""
