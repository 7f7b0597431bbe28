"""Other libraries' loss functions, with their names, arguments, defaults and numbers, on every backend's tensors.

Each module mirrors one library: ``from unifocal.dialects import paddle as F`` makes ``F.sigmoid_focal_loss`` Paddle's, for tensors of
any framework.  A dialect reproduces conventions, clips among them, and no bugs: :func:`differences` lists where an original gives
something else, and what is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import submodules
from .differences import Difference, differences
from .registry import dialect_names, full_name, function_named, functions_of

__all__ = ["Difference", "dialect_names", "differences", "full_name", "function_named", "functions_of"]

if TYPE_CHECKING:
    from . import focal_loss as focal_loss
    from . import keras as keras
    from . import keras2 as keras2
    from . import keras_cv as keras_cv
    from . import kornia as kornia
    from . import mlx as mlx
    from . import mmdet as mmdet
    from . import model_garden as model_garden
    from . import optax as optax
    from . import paddle as paddle
    from . import paddleclas as paddleclas
    from . import paddledet as paddledet
    from . import paddleseg as paddleseg
    from . import tf as tf
    from . import tfa as tfa
    from . import torch as torch
    from . import torchvision as torchvision
else:
    __getattr__ = submodules(__name__, dialect_names())


def __dir__() -> list[str]:
    return [*__all__, *dialect_names()]
