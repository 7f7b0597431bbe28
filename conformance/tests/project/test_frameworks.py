"""The suite's own frameworks: where their tensors are put."""

from __future__ import annotations

import pytest

from ...frameworks import DeviceAbsentError, Framework, framework_named
from ..conftest import require_device


def test_unknown_device_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match="--device must be one of cpu, cuda; received gpu"):
        require_device("gpu", ("numpy",))


def test_device_that_no_framework_has_is_refused() -> None:
    """Instead of a run that passes because every test is skipped."""
    with pytest.raises(pytest.UsageError, match=r"--device cuda: none of the installed frameworks \(numpy, array-api-strict\) has it here"):
        require_device("cuda", ("numpy", "array-api-strict"))
    require_device("cpu", ("numpy",))


def test_frameworks_without_the_device_say_so(framework: Framework) -> None:
    """Which the framework fixture makes the reason of a skip."""
    try:
        there = framework_named(framework.name, "cuda")
    except DeviceAbsentError:
        with pytest.raises(DeviceAbsentError, match=f"{framework.name} has no cuda device here"):
            framework_named(framework.name, "cuda")
    else:
        tensor = there.tensor([1.0], "float32")
        assert "cpu" not in str(tensor.place if framework.name == "paddle" else tensor.device).lower()
        assert there.numpy(tensor).tolist() == [1.0]
