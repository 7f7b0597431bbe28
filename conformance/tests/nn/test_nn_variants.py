"""The modules of the variants of focal loss, of torch and of Paddle: what they are made of, and that they are their functions."""

from __future__ import annotations

from copy import deepcopy
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifocal

from ...frameworks import framework_named, installed

X = np.array([[0.75, -1.25, 2.0], [-0.25, 0.5, -3.0]])
Y = np.array([[1.0, 0.0, 0.25], [0.0, 0.5, 0.0]])
VECTOR = [0.25, 0.5, 0.75]
# Class, function, options, another option and its value.
MODULES: dict[str, tuple[Any, dict[str, Any], str, Any]] = {
    "AsymmetricLoss": (unifocal.asymmetric_loss, {"gamma_neg": 2.0, "alpha": VECTOR}, "margin", 0.25),
    "QualityFocalLoss": (unifocal.quality_focal_loss, {"beta": 1.5, "alpha": VECTOR}, "detach_modulator", True),
    "VarifocalLoss": (unifocal.varifocal_loss, {"alpha": 0.5}, "gamma", 1.0),
    "GaussianFocalLoss": (unifocal.gaussian_focal_loss, {"gamma": 2.0}, "alpha", 3.0),
    "PolyFocalLoss": (unifocal.poly_focal_loss, {"poly_epsilon": 0.5, "alpha": VECTOR}, "gamma", 0.0),
    "SoftmaxPolyFocalLoss": (unifocal.softmax_poly_focal_loss, {"gamma": 0.0, "class_weight": VECTOR}, "poly_epsilon", -0.5),
}
_OF = [
    pytest.param(name, marks=() if name in installed() else pytest.mark.skip(f"{name} is not installed")) for name in ("torch", "paddle")
]


@pytest.mark.parametrize("library", _OF)
@pytest.mark.parametrize("name", MODULES)
def test_module(library: str, name: str) -> None:
    framework, nn = framework_named(library), import_module(f"unifocal.nn.{library}")
    function, options, other, value = MODULES[name]
    module = getattr(nn, name)(**options)
    weights = {key: np.array(option) for key, option in options.items() if isinstance(option, list)}
    assert set(module.state_dict()) == set(weights)
    x, y = framework.tensor(X), framework.tensor(Y)

    def expected(**more: Any) -> float:
        return float(function(X, Y, **{**options, **weights, **more}))

    assert float(module(x, y)) == pytest.approx(expected(), rel=1e-14)
    weight = np.array([0.5, 2.0])
    assert float(module(x, y, sample_weight=framework.tensor(weight))) == pytest.approx(expected(sample_weight=weight), rel=1e-14)
    setattr(module, other, value)
    assert getattr(module, other) == value
    assert float(module(x, y)) == pytest.approx(expected(**{other: value}), rel=1e-14)
    assert repr(deepcopy(module)) == repr(module)
    assert f"{other}={value}" in repr(module)
    again = getattr(nn, name)(**options)
    (again.load_state_dict if library == "torch" else again.set_state_dict)(module.state_dict())
    assert float(again(x, y)) == pytest.approx(expected(), rel=1e-14)


_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "AsymmetricLoss": ({"margin": 1.0}, r"margin must be in \[0, 1\), as probabilities are; received 1"),
    "QualityFocalLoss": ({"beta": -1.0}, "beta must be a finite number ≥ 0; received -1"),
    "VarifocalLoss": ({"alpha": -0.5}, "alpha of a varifocal loss must be ≥ 0; received -0.5"),
    "GaussianFocalLoss": ({"gamma": float("nan")}, "gamma must be finite; received nan"),
    "PolyFocalLoss": ({"poly_epsilon": float("inf")}, "poly_epsilon must be finite; received inf"),
    "SoftmaxPolyFocalLoss": ({"gamma": -1}, "gamma must be a finite number ≥ 0; received -1"),
}


@pytest.mark.parametrize("library", _OF)
@pytest.mark.parametrize("name", _REFUSED)
def test_options_out_of_their_range(library: str, name: str) -> None:
    nn = import_module(f"unifocal.nn.{library}")
    options, message = _REFUSED[name]
    with pytest.raises(ValueError, match=message):
        getattr(nn, name)(**options)
    module = getattr(nn, name)()
    with pytest.raises(ValueError, match=message):
        setattr(module, *next(iter(options.items())))
    with pytest.raises(TypeError, match="detach_modulator must be True or False; received int"):
        module.detach_modulator = 1
