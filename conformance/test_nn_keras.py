"""``unifocal.nn.keras``: losses that train, save and load with a model on each of Keras's backends, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from .frameworks import installed

pytest.importorskip("tensorflow")
pytest.importorskip("keras")


@cache
def _session(backend: str) -> dict[str, Any]:
    if backend not in installed():
        pytest.skip(f"{backend} is not installed")
    environment = os.environ | {"KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-P", "-m", "unifocal.conformance.keras_session"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["backend"] == backend
    return found


backends = pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])


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
