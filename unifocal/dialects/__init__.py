"""Other libraries' loss functions, with their names, arguments, defaults and numbers, on every backend's tensors.

Each module mirrors one library: ``from unifocal.dialects import paddle as F`` makes ``F.sigmoid_focal_loss`` Paddle's, for tensors of
any framework.  A dialect reproduces conventions, clips among them, and no bugs: :func:`differences` lists where an original gives
something else, and what is right.

Installed packages add dialects of their own (entry points of ``unifocal.dialects``), which are found here in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import submodules
from .differences import Difference, differences
from .registry import PLUGINS, dialect_names, full_name, function_named, functions_of, mirrored, module_of, own_dialects

__all__ = ["Difference", "dialect_names", "differences", "full_name", "function_named", "functions_of", "mirrored"]

if TYPE_CHECKING:
    from . import effdet as effdet
    from . import fastai as fastai
    from . import focal_loss as focal_loss
    from . import fvcore as fvcore
    from . import keras as keras
    from . import keras2 as keras2
    from . import keras_cv as keras_cv
    from . import kornia as kornia
    from . import mlx as mlx
    from . import mmdet as mmdet
    from . import mmpretrain as mmpretrain
    from . import mmseg as mmseg
    from . import model_garden as model_garden
    from . import monai as monai
    from . import optax as optax
    from . import paddle as paddle
    from . import paddleclas as paddleclas
    from . import paddledet as paddledet
    from . import paddleseg as paddleseg
    from . import smp as smp
    from . import tf as tf
    from . import tfa as tfa
    from . import timm as timm
    from . import torch as torch
    from . import torchvision as torchvision
    from . import transformers as transformers
    from . import ultralytics as ultralytics
else:
    _own = submodules(__name__, own_dialects())

    def __getattr__(name):
        added = not name.startswith("_") and name not in own_dialects() and name in PLUGINS.names()
        return module_of(name) if added else _own(name)


def __dir__() -> list[str]:
    return [*__all__, *dialect_names()]
