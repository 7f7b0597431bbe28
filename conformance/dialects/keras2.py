"""Keras 2's probabilistic losses, as ``tf_keras`` has them for current TensorFlow."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..frameworks import framework_named
from . import Original, keras


def _find(name: str) -> Any:
    framework_named("tensorflow")  # in the order that imports must have
    return getattr(import_module("tf_keras.losses"), name)


ORIGINAL = Original("tensorflow", _find, ("tf_keras", "tensorflow"))
CASES = [*keras.FUNCTIONS, *keras.class_cases({}, "auto", ["none", "sum", "auto", "sum_over_batch_size"])]
