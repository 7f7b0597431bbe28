"""``unifocal.nn.keras``: losses that train, save and load with a model on each of Keras's backends, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from ...frameworks import installed

pytest.importorskip("tensorflow")
pytest.importorskip("keras")


@cache
def _session(backend: str) -> dict[str, Any]:
    if backend not in installed():
        pytest.skip(f"{backend} is not installed")
    environment = os.environ | {"KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-P", "-m", "unifocal.conformance.tests.nn.keras_session"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["backend"] == backend
    return found


backends = pytest.mark.parametrize("backend", ["tensorflow", *(pytest.param(name, marks=pytest.mark.full) for name in ("jax", "torch"))])


@backends
def test_training(backend: str) -> None:
    for name, trained in _session(backend)["trained"].items():
        assert trained["last"] < 0.6 * trained["first"], name
        assert trained["accuracy"] > 0.85, name


@backends
def test_saved_models_have_the_same_loss(backend: str) -> None:
    for name, trained in _session(backend)["trained"].items():
        assert trained["loaded"] == pytest.approx(trained["saved"], rel=1e-6), name


@backends
def test_values_are_the_functions(backend: str) -> None:
    values = _session(backend)["values"]
    for name in values:
        if f"{name}, function" in values:
            assert values[name] == pytest.approx(values[f"{name}, function"], rel=1e-5), name


@backends
def test_configurations_make_equal_losses(backend: str) -> None:
    assert all(_session(backend)["configurations"].values())


@backends
def test_called_as_keras_own(backend: str) -> None:
    found = _session(backend)["called"]
    assert found["count"] > 120
    assert not found["wrong"], "\n".join(found["wrong"])


@backends
def test_right_values(backend: str) -> None:
    for name, (value, right) in _session(backend)["right"].items():
        half = next((dtype for dtype in ("bfloat16", "float16") if name.endswith(f"in {dtype}") or name.endswith(f"floatx {dtype}")), None)
        assert value == pytest.approx(right, rel={"bfloat16": 2**-8, "float16": 2**-11}[half] if half else 2e-6), name


_REFUSED = {
    "option set": r"AttributeError: gamma of a SigmoidFocalLoss is fixed when it is made; make another one, and compile",
    "default option set": r"AttributeError: label_smoothing of a SigmoidFocalLoss is fixed",
    "no attribute": r"AttributeError: 'SigmoidFocalLoss' object has no attribute 'gama'",
    "summed": r"has reduction='sum'. Use unifocal.nn.keras.Loss\('keras.BinaryCrossentropy', reduction='sum', from_logits=True\)",
    "summed function": r"Use unifocal.nn.keras.Metric\(unifocal.nn.keras.SigmoidFocalLoss\(reduction='sum', gamma=1.0\)\)",
    "ignoring metric": r"count ignored targets .* Use unifocal.nn.keras.Metric\(unifocal.nn.keras.CrossEntropy\(ignore_index=1\)\)",
    "ignoring loss as a metric": r"count ignored targets in its mean. Use unifocal.nn.keras.Metric\(CrossEntropy\(ignore_index=1, ",
    "rounded indices": r"TypeError: Class indices of dtype .*bfloat16.* are exact up to 256 only, and there are 600 classes",
    "rounded indices of a loss": r"TypeError: Class indices of dtype .*bfloat16.* are exact up to 256 only",
    "ragged": r"TypeError: y_true must be a tensor, an array or lists of a rectangular shape; received list",
    "other shape": r"ValueError: Element-wise targets must have the shape of the predictions, \(4, 2\); received \(4, 3\)",
    "no loss": r"ValueError: There is no function 'focus_loss'; it must be dialect\.function",
    "no dialect's loss": r"ValueError: torch has no 'focal_loss'; it has binary_cross_entropy",
    "another's function": r"TypeError: A loss is made of one of unifocal's functions or a dialect's function or class; received function",
    "metric's options": r"TypeError: gamma: options are those of the loss, SigmoidFocalLoss\(gamma=1.5, .*\), already",
}


@backends
def test_errors(backend: str) -> None:
    found = _session(backend)["errors"]
    assert found.keys() == _REFUSED.keys()
    for name, message in _REFUSED.items():
        assert re.search(message, found[name]), f"{name}: {found[name]}"


@backends
def test_names_and_options(backend: str) -> None:
    found = _session(backend)["words"]
    assert found == {
        "names": ["sigmoid_focal_loss", "sigmoid_focal_loss", "binary_focal_crossentropy", "mine"],
        "repr": "SigmoidFocalLoss(alpha=[0.25, 0.5], gamma=1.5, from_logits=True, reduction='sum_over_batch_size')",
        "repr of a dialect's": "Loss('keras.binary_crossentropy', label_smoothing=0.1, from_logits=False, reduction='sum')",
        "repr of a metric": "Metric(CrossEntropy(from_logits=False, reduction='sum_over_batch_size'), name='cross_entropy')",
        "options": [1.5, True, [0.25, 0.5], 0.0],
        "dtype": "float16",
        "module": "unifocal.nn.keras",
        "registered": [True, True],
    }


def test_callers_in_compiled_code() -> None:
    wrapped, plain = _session("torch")["compiled"]
    assert wrapped == pytest.approx(plain, rel=1e-6)
