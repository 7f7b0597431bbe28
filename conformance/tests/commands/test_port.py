"""Anyone's own loss beside an original or a record: the right ones pass, the wrong ones are refused, and are told why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ...calls.case import Case
from ...port.comparison import _inputs
from .ported import LIKE, run_command, run_parity
from .ported import losses as losses


@pytest.mark.parametrize("function", ["focal", "Module", "Bare", "instance", "printing", "native", "required", "in_place"])
def test_port_is_one(function: str) -> None:
    done = run_parity(function, *LIKE)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"ported_losses:{function} agrees with paddle.sigmoid_focal_loss on torch: values and gradients of ")
    assert "hello" not in done.stdout


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("mean", "Likely: It is the original with reduction='mean'."),
        ("other_alpha", "Likely: It is the original with alpha=0.75."),
        ("other_default", "Likely: It is the original with alpha=0.75."),
        ("exchanged", "Likely: Its first two arguments are in the other order."),
        ("doubled", "Likely: Its values are 2 times the original's."),
        ("backwards", "Likely: The values agree, and the gradients have the other sign."),
        ("keeping", "Likely: Only calls with label=ignored differ."),
        ("other_gamma", "The largest differences"),
        ("single", "The largest differences"),
        ("undefined", "nan"),
        ("column", "shape (1,) for ()"),
        ("failing", "It raised RuntimeError: no loss today (ported_losses.py, line"),
        ("detached", "It raised RuntimeError: element 0 of tensors does not require grad"),
        ("clipped", "sigmoid_focal_loss[saturated]"),
        ("text", "It returned str, not a tensor of torch in "),
        ("number_of", "It returned float, not a tensor of torch in "),
        ("leaving", "It raised SystemExit: no message (ported_losses.py, line"),
        ("deep", "It raised RecursionError: "),
    ],
)
def test_wrong_port_is_refused(function: str, told: str) -> None:
    done = run_parity(function, *LIKE)
    assert done.exit_code == 1, done.output
    assert done.stdout.startswith(f"ported_losses:{function} does not agree with paddle.sigmoid_focal_loss on torch: ")
    assert told in done.stdout
    assert "Traceback" not in done.output


def test_options_that_are_built_in() -> None:
    options = ["--option", "gamma=1.5", "--option", "reduction=mean"]
    assert run_parity("built_in", *LIKE, *options).exit_code == 0
    assert run_parity("built_in", *LIKE).exit_code == 1
    assert run_parity("focal", *LIKE, *options).exit_code == 0  # which has them as options


def test_single_precision() -> None:
    assert run_parity("focal", *LIKE, "--dtype", "float32").exit_code == 0
    assert run_parity("mean", *LIKE, "--dtype", "float32").exit_code == 1


def test_json() -> None:
    done = run_parity("undefined", *LIKE, "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert document["agrees"] is False
    assert document["calls"] == len(document["differences"]) / 2 > 0
    assert set(document["left_out"]) == {"gamma", "reduction", "alpha", "normalizer"}
    assert all(count > 0 for count in document["left_out"].values())
    assert {difference["distance"] for difference in document["differences"]} == {"inf"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ported_losses"], "--function must be written package.module:function; received ported_losses."),
        (["ported_losses:missing"], "ported_losses has no missing."),
        (["ported_losses:number"], "ported_losses:number must be a function; it is of type int."),
        (["no_such_module:focal"], "There is no module no_such_module, neither in "),
        (["broken_losses:focal"], "Importing broken_losses failed: ZeroDivisionError: division by zero (broken_losses.py, line 2)."),
        (["needy_losses:focal"], "Importing needy_losses failed: ModuleNotFoundError: No module named 'not_to_be_had'"),
        (["leaving_losses:focal"], "Importing leaving_losses failed: SystemExit: no message (leaving_losses.py, line 2)."),
        (
            ["ported_losses:alone"],
            "ported_losses:alone must take 2 tensors by position, and may require options of the original, nothing else",
        ),
        (
            ["ported_losses:Needy"],
            "it is made with (temperature) and called with (logit, label, reduction='sum'), and requires temperature.",
        ),
        (["ported_losses:unknown"], "it is called with (logit, label, temperature), and requires temperature."),
        (
            ["ported_losses:focal", "--like", "paddle.focal"],
            "--like must name an original. paddle has no 'focal'; it has binary_cross_entropy, ",
        ),
        (["ported_losses:focal", "--like", "sigmoid_focal_loss"], "name one: paddle.sigmoid_focal_loss, torchvision.sigmoid_focal_loss, "),
        (
            ["ported_losses:focal", "--like", "paddle.label_smooth"],
            "--like must name an original with recorded calls; paddle.label_smooth has none",
        ),
        (["ported_losses:focal", "--like", "mxnet.focal"], "--like must name an original. There is no dialect 'mxnet'"),
        (["ported_losses:focal", "--option", "beta=1"], "paddle.sigmoid_focal_loss has no option beta; it has normalizer, alpha, "),
        (["ported_losses:focal", "--option", "gamma=-1"], "No recorded call of paddle.sigmoid_focal_loss can be made with gamma=-1."),
        (["ported_losses:focal", "--dtype", "float8"], "--dtype must be float32 or float64; received float8."),
        (["ported_losses:focal", "--backend", "mxnet"], "--backend must be one that is installed: numpy, "),
        (["ported_losses:focal", "--against", "ref.npz"], "--function requires one of --like and --against."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_unusable_question(arguments: Sequence[str], message: str) -> None:
    given = [*arguments] if "--like" in arguments else [*arguments, "--like", "paddle.sigmoid_focal_loss"]
    done = run_command("parity", "--function", *given, *([] if "--backend" in given else ["--backend", "torch"]))
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert not done.stdout
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["parity", "--like", "paddle.sigmoid_focal_loss"],
        ["parity", "--function", "ported_losses:focal", "--backend", "torch", "--backend", "numpy", "--like", "paddle.sigmoid_focal_loss"],
        ["parity", "--function", "ported_losses:focal", "--option", "gamma", "--like", "paddle.sigmoid_focal_loss"],
        ["parity", "--dtype", "float32"],
        ["parity", "--function", "ported_losses:focal", "--like", "paddle.sigmoid_focal_loss", "--timeout", "5"],
        ["parity", "--function", "ported_losses:focal", "--like", "paddle.sigmoid_focal_loss", "--thorough"],
        ["parity", "--function", "ported_losses:focal", "--against", "ref.npz", "--dtype", "float64"],
        ["parity", "--function", "ported_losses:focal", "--against", "ref.npz", "--option", "gamma=1"],
        ["record", "--inputs", "a.npz"],
        ["record", "--backend", "torch"],
        ["record", "--function", "ported_losses:focal", "--like", "paddle.sigmoid_focal_loss"],
        ["record", "--function", "ported_losses:focal", *LIKE, "--predictions", "logit", "-o", "ref.npz"],
    ],
    ids=" ".join,
)
def test_unusable_options(arguments: Sequence[str]) -> None:
    done = run_command(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_other_frameworks_function_without_a_backend() -> None:
    done = run_parity("focal", "--like", "paddle.sigmoid_focal_loss")
    assert done.exit_code == 1
    assert "Likely: It takes the tensors of another framework than NumPy; name that as the backend." in done.stdout


def _case(labels: Any, predictions: Any, **arrays: Any) -> Case:
    return Case("f", "", "x", {"y": np.array(labels), "x": np.array(predictions), **arrays})


_X = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


@pytest.mark.parametrize(
    ("case", "shape", "at", "inputs"),
    [
        pytest.param(_case([2, 0], _X, weight=np.ones(3)), (2, 3), (0, 1), {"y": 2, "x": 1.0}, id="gradient of indices"),
        pytest.param(_case([2, 0], _X), (2,), (1,), {"y": 0, "x": [3.0, 4.0, 5.0]}, id="value of indices"),
        pytest.param(_case([[2], [0]], _X), (2, 3), (1, 2), {"y": 0, "x": 5.0}, id="column"),
        pytest.param(_case(2, [0.0, 1.0, 2.0]), (3,), (2,), {"y": 2, "x": 2.0}, id="one index"),
        pytest.param(_case(np.zeros((2, 2), int), np.zeros((2, 2, 2))), (2, 2, 2), (0, 0, 1), {"x": 0.0}, id="either axis"),
        pytest.param(_case(2, np.zeros(99)), (), (), {"y": 2}, id="long row"),
    ],
)
def test_inputs_at_a_place(case: Case, shape: tuple[int, ...], at: tuple[int, ...], inputs: dict[str, Any]) -> None:
    assert _inputs(case, shape, at) == inputs
