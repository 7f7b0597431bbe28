"""mmpretrain's asymmetric loss, and its cross entropy of smoothed labels.

Recorded: mmpretrain 1.2 refuses to be imported with mmcv 2.2, so its losses' files are loaded alone.
"""

from __future__ import annotations

from functools import cache, wraps
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from . import ABSENT, Original, cases
from .stubs import importable, load

_LOSSES = "mmpretrain/models/losses"


@cache
def _mmpretrain(file: str) -> ModuleType:
    imports: dict[str, dict[str, Any]] = {
        "mmpretrain.registry": {"MODELS": SimpleNamespace(register_module=lambda: lambda cls: cls)},
        "mmpretrain.models.losses.utils": vars(load("mmpretrain", f"{_LOSSES}/utils.py", {})),
    }
    if file == "label_smooth_loss":
        imports["mmpretrain.models.losses.cross_entropy_loss"] = vars(_mmpretrain("cross_entropy_loss"))
    return load("mmpretrain", f"{_LOSSES}/{file}.py", imports)


def _find(name: str) -> Any:
    return _label_smooth_loss() if name == "LabelSmoothLoss" else getattr(_mmpretrain("asymmetric_loss"), name)


@cache
def _label_smooth_loss() -> Any:
    """The loss, whose constructor would log with mmengine's logger."""
    quiet = SimpleNamespace(get_current_instance=lambda: SimpleNamespace(warning=lambda message: None))
    original = _mmpretrain("label_smooth_loss").LabelSmoothLoss

    @wraps(original)
    def made(*args: Any, **options: Any) -> Any:
        with importable({"mmengine": {"__path__": []}, "mmengine.logging": {"MMLogger": quiet}}):
            return original(*args, **options)

    return made


ORIGINAL = Original("torch", _find, ("mmpretrain", "torch"), recorded=True)

_RNG = np.random.default_rng(16)
_X = 2 * _RNG.normal(size=(3, 4))
_SOFT = np.round(64 * _RNG.random((3, 4))) / 64  # float32 has these, to which labels are rounded
_HARD = np.array([[1.0, 0, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]])
_INDEX, _ROWS, _LIST = np.array([0, 3, 2]), np.array([0.5, 1.0, 2.0]), [0.5, 1.0, 2.0, 0.25]
_REDUCTIONS = ["none", "mean", "sum"]
_SINGLE = {"dtype": "float32"}  # torch computes the sigmoid's in it, beside labels that were cast to it

CASES = [
    *cases(
        "asymmetric_loss",
        "pred",
        pred=[_X],
        target={"hard": _HARD, "soft": _SOFT},
        weight={"none": None, "row": _ROWS},
        gamma_pos=[0.0, 1.0, 1.5],
        clip=[ABSENT, None, 0.25],
        reduction=["none", "mean"],
    ),
    *cases(
        "asymmetric_loss", "pred", group="averaged", pred=[_X], target=[_HARD], gamma_neg=[0.0, 0.5, 2.0], avg_factor=[2.0], eps=[0.125]
    ),
    *cases(
        "AsymmetricLoss",
        "pred",
        options=True,
        pred=[_X],
        target={"hard": _HARD, "index": _INDEX, "column": _INDEX[:, None]},
        reduction_override=[None, "none", "sum"],
        _gamma_neg=[2.0],
        _loss_weight=[1.5],
    ),
    *cases("AsymmetricLoss", "pred", group="default", options=True, pred=[_X], target=[_HARD]),
    *cases(
        "LabelSmoothLoss",
        "cls_score",
        options=True,
        cls_score=[_X],
        label={"index": _INDEX, "column": _INDEX[:, None], "soft": _SOFT},
        weight={"none": None, "row": _ROWS},
        _label_smooth_val=[0.125],
        _class_weight={"none": None, "list": _LIST},
        _reduction=["none", "mean"],
    ),
    *cases(
        "LabelSmoothLoss",
        "cls_score",
        group="modes",
        settings=_SINGLE,
        options=True,
        cls_score=[_X],
        label={"index": _INDEX, "hard": _HARD},
        _label_smooth_val=[0.1],
        _mode=["original", "classy_vision", "multi_label"],
        _use_sigmoid=[None, True, False],
    ),
    *cases(
        "LabelSmoothLoss",
        "cls_score",
        group="sigmoid",
        settings=_SINGLE,
        options=True,
        cls_score=[_X],
        label=[_SOFT],
        weight={"none": None, "row": _ROWS},
        avg_factor=[ABSENT, 2.0],
        _label_smooth_val=[0.1],
        _use_sigmoid=[True],
        _loss_weight=[1.5],
        _class_weight=[_LIST],
        _pos_weight=[_LIST[::-1]],
    ),
    *cases(
        "asymmetric_loss",
        "pred",
        group="softmax",
        pred=[_X],
        target={"hard": _HARD, "soft": _SOFT},
        weight={"none": None, "row": _ROWS},
        reduction=["mean", "sum"],
        use_sigmoid=[False],
    ),
    *cases(
        "AsymmetricLoss", "pred", group="softmax", options=True, pred=[_X], target=[_INDEX], avg_factor=[ABSENT, 2.0], _use_sigmoid=[False]
    ),
]
