"""The losses by name, for tests that run over each of them."""

from __future__ import annotations

from typing import Any

import pytest

import unifocal

LOSSES = {
    "sigmoid_focal": unifocal.sigmoid_focal_loss,
    "softmax_focal": unifocal.softmax_focal_loss,
    "binary_cross_entropy": unifocal.binary_cross_entropy,
    "cross_entropy": unifocal.cross_entropy,
}
SIGMOID = {name: LOSSES[name] for name in ("sigmoid_focal", "binary_cross_entropy")}
SOFTMAX = {name: LOSSES[name] for name in ("softmax_focal", "cross_entropy")}


def by_name(losses: dict[str, Any]) -> pytest.MarkDecorator:
    """A test of each of these losses."""
    return pytest.mark.parametrize("loss", losses.values(), ids=losses.keys())
