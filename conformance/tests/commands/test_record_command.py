"""``unifocal record``: a function's answers in a file, to check another against somewhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .ported import LIKE, run_command, run_parity
from .ported import losses as losses


def test_record_in_one_place_and_check_in_another() -> None:
    recorded = run_command("record", "--function", "ported_losses:focal", *LIKE, "-o", "ref.npz")
    assert recorded.exit_code == 0, recorded.output
    assert "calls of ported_losses:focal on torch." in recorded.stdout
    against = ["--against", "ref.npz", "--backend", "torch"]
    assert run_parity("focal", *against).exit_code == 0
    for wrong in ("other_default", "exchanged", "mean"):
        done = run_parity(wrong, *against)
        assert done.exit_code == 1, done.output
        assert f"ported_losses:{wrong} does not agree with ported_losses:focal on torch" in done.stdout


def test_record_of_ones_own_inputs() -> None:
    rng = np.random.default_rng(0)
    np.savez("inputs.npz", logit=rng.normal(size=(5, 2)), label=rng.integers(0, 2, (5, 2)).astype(np.float64))
    recorded = run_command(
        "record",
        "--function",
        "ported_losses:focal",
        "--inputs",
        "inputs.npz",
        "--predictions",
        "logit",
        "--option",
        "gamma=1.5",
        "--backend",
        "torch",
        "-o",
        "ref.npz",
    )
    assert recorded.exit_code == 0, recorded.output
    against = ["--against", "ref.npz", "--backend", "torch"]
    assert run_parity("focal", *against).exit_code == 0
    assert run_parity("other_default", *against).exit_code == 1
    done = run_parity("mean", *against)
    assert done.exit_code == 2
    assert "ported_losses:mean does not take gamma, which every call of ported_losses:focal has." in done.stderr


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"logit": np.zeros(3)},
            "inputs.npz must hold arrays of numbers, the predictions and the labels at least; it holds logit of float64.",
        ),
        (
            {"logit": np.array([{}], object), "label": np.zeros(1)},
            "inputs.npz is no .npz file of arrays without pickles, or is damaged (ValueError).",
        ),
    ],
    ids=["one array", "pickle"],
)
def test_inputs_are_refused(arrays: dict[str, Any], message: str) -> None:
    np.savez("inputs.npz", **arrays)
    done = run_command("record", "--function", "ported_losses:focal", "--inputs", "inputs.npz", "--backend", "torch", "-o", "ref.npz")
    assert done.exit_code == 2
    assert message in done.stderr
    assert not Path("ref.npz").exists()


def test_gradient_is_by_the_predictions() -> None:
    """Where labels come first and are floating too, the user says which are which."""
    np.savez("inputs.npz", label=np.array([0.0, 1.0]), logit=np.array([0.5, -2.0]))
    record = ["record", "--function", "ported_losses:labels_first", "--inputs", "inputs.npz", "--backend", "torch", "-o", "ref.npz"]
    done = run_command(*record)
    assert done.exit_code == 2
    assert "--predictions must name the predictions, one of label, logit; received None." in done.stderr
    assert run_command(*record, "--predictions", "logit").exit_code == 0
    against = ["--against", "ref.npz", "--backend", "torch"]
    assert run_parity("labels_first", *against).exit_code == 0
    assert run_parity("labels_first_detached", *against).exit_code == 1


@pytest.mark.parametrize("options", [[], ["--option", "gamma=1.5"]], ids=["defaults", "gamma"])
@pytest.mark.parametrize("function", ["fixed", "focal", "Module"])
def test_function_agrees_with_its_own_record(function: str, options: list[str]) -> None:
    assert run_command("record", "--function", f"ported_losses:{function}", *LIKE, *options, "-o", "ref.npz").exit_code == 0
    done = run_parity(function, "--against", "ref.npz", "--backend", "torch")
    assert done.exit_code == 0, done.output
    assert "Not compared" not in done.stdout


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("failing", "ported_losses:failing raised RuntimeError: no loss today"),
        ("undefined", "ported_losses:undefined returned NaN in sigmoid_focal_loss["),
    ],
)
def test_what_is_no_answer_is_not_recorded(function: str, message: str) -> None:
    done = run_command("record", "--function", f"ported_losses:{function}", *LIKE, "-o", "ref.npz")
    assert done.exit_code == 1
    assert message in done.stderr
    assert not Path("ref.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["torch", "-o", "ported_losses.py"], "--output must be a folder; ported_losses.py: File exists."),
        (["--function", "ported_losses:focal", *LIKE, "-o", "no/such/ref.npz"], "no/such/ref.npz cannot be written: No such file"),
    ],
    ids=["originals", "function"],
)
def test_unwritable_output(arguments: list[str], message: str) -> None:
    done = run_command("record", *arguments)
    assert done.exit_code == 2, done.output
    assert message in done.stderr


def test_damaged_record() -> None:
    Path("ref.npz").write_bytes(b"PK\x03\x04 nothing")
    done = run_parity("focal", "--against", "ref.npz", "--backend", "torch")
    assert done.exit_code == 2
    assert "ref.npz is no .npz file of arrays without pickles, or is damaged" in done.stderr


def test_record_of_an_original() -> None:
    done = run_command("record", "torch", "-o", "golden")
    assert done.exit_code == 0, done.output
    shipped = Path(__file__).parents[2] / "dialects" / "golden" / "torch.npz"
    assert (Path("golden") / "torch.npz").stat().st_size == pytest.approx(shipped.stat().st_size, rel=0.05)
    assert run_command("record", "mxnet", "-o", "golden").exit_code == 2
    done = run_command("record", "tfa", "-o", "golden")
    assert done.exit_code == 2
    assert re.fullmatch(r"tfa: skipped, tensorflow_addons(, tensorflow)? is not installed\n", done.stdout)
