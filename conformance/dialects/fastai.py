"""fastai's focal loss.

Recorded from the one file that has it, with fastcore: the package around it needs torchvision and more.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import MutableSequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from . import Original, cases
from .stubs import load


@cache
def _losses() -> ModuleType:
    import torch

    basics, meta = import_module("fastcore.basics"), import_module("fastcore.meta")

    # As ``fastai.torch_core`` has it: a module that need not call its base's constructor.
    own = {"__pre_init__": lambda self, *args, **kwargs: torch.nn.Module.__init__(self)}
    module = meta.PrePostInitMeta("Module", (torch.nn.Module,), own)
    names = {"noops": basics.noops, "store_attr": basics.store_attr, "delegates": meta.delegates, "use_kwargs_dict": meta.use_kwargs_dict}
    of_torch = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "Tensor": torch.Tensor, "TensorBase": torch.Tensor}
    python = {"functools": functools, "typing": typing, "MutableSequence": MutableSequence}
    imports = {"imports": names | python, "torch_imports": of_torch, "torch_core": {"Module": module}, "layers": {}}
    return load("fastai", "fastai/losses.py", {f"fastai.{module}": contents for module, contents in imports.items()})


def _find(name: str) -> Any:
    return getattr(_losses(), name)


ORIGINAL = Original("torch", _find, ("fastai", "torch"), recorded=True)

_RNG = np.random.default_rng(15)
_X, _IMAGE = 2 * _RNG.normal(size=(4, 3)), _RNG.normal(size=(2, 3, 2, 2))
_INDEX, _IGNORED = np.array([0, 2, 1, 2]), np.array([0, -100, 1, 2])
_PIXELS = np.array([[[1, 0], [2, 0]], [[1, -100], [0, 2]]])
_SOFT = _RNG.random((4, 3))
_VECTOR = np.array([0.5, 1.0, 2.0])

CASES = [
    *cases(
        "FocalLoss",
        "inp",
        options=True,
        inp=[_X],
        targ={"index": _INDEX, "ignored": _IGNORED, "soft": _SOFT},
        _gamma=[0.0, 1.0, 1.5, 2.0],
        _weight={"none": None, "vector": _VECTOR},
        _reduction=["none", "mean", "sum"],
    ),
    *cases(
        "FocalLoss",
        "inp",
        group="image",
        options=True,
        inp=[_IMAGE],
        targ=[_PIXELS],
        _gamma=[0.5, 2.0],
        _weight={"none": None, "vector": _VECTOR},
    ),
    *cases("FocalLoss", "inp", group="one row", options=True, inp=[_X[0]], targ=[np.array(1)], _reduction=["none"]),
    *cases("FocalLoss", "inp", group="default", options=True, inp=[3 * _X], targ=[_INDEX]),
]
