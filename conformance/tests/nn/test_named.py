"""The names that configurations hold find the losses again, one's own among them."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

import unifocal
from unifocal.dialects import paddle
from unifocal.nn.named import every_loss, full_name, loss_named, name_of


@unifocal.elementwise
def plain_focal(t: Any, *, gamma: float = 2.0) -> Any:
    return -((1 - t.p_t) ** gamma) * t.log_p_t


@pytest.mark.parametrize("loss", [unifocal.cross_entropy, unifocal.varifocal_loss, paddle.sigmoid_focal_loss, plain_focal])
def test_a_name_finds_its_loss(loss: Any) -> None:
    assert loss_named(full_name(name_of(loss))) is loss


def test_unifocals_own_losses_go_by_their_names() -> None:
    public = {name for name in unifocal.__all__ if hasattr(getattr(unifocal, name), "describe")}
    assert public == {name for name in every_loss() if "." not in name}
    assert name_of(plain_focal) == f"{__name__}:plain_focal"


def test_what_has_no_name_is_refused() -> None:
    def inside() -> Any:
        @unifocal.elementwise
        def hidden(t: Any) -> Any:
            return -t.log_p_t

        return hidden

    with pytest.raises(TypeError, match=r"must be found by its name, at the top of its module; received .*hidden"):
        name_of(inside())
    with pytest.raises(TypeError, match="A loss is made of one of unifocal's functions"):
        name_of(len)


def test_no_name_imports_a_module() -> None:
    assert "antigravity" not in sys.modules
    with pytest.raises(ValueError, match="There is no loss antigravity:focal; import antigravity first"):
        full_name("antigravity:focal")
    assert "antigravity" not in sys.modules
    empty = ModuleType("somebodys_losses")
    sys.modules["somebodys_losses"] = empty
    try:
        with pytest.raises(ValueError, match="There is no loss somebodys_losses:focal"):
            full_name("somebodys_losses:focal")
    finally:
        del sys.modules["somebodys_losses"]
