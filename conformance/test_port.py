"""Anyone's own loss beside an original or a record: the right ones pass, the wrong ones are refused, and are told why."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unifocal.dialects import functions_of

from . import assert_parity
from .calls import Case
from .dialects import golden_record
from .frameworks import Framework
from .port import _inputs, like

typer_testing = pytest.importorskip("typer.testing")
torch: Any = pytest.importorskip("torch")

_SOURCE = '''
import torch

def focal(logit, label, normalizer=None, alpha=0.25, gamma=2.0, reduction="sum"):
    """Paddle's, as a port would have it."""
    kept = label != -100
    label = torch.where(kept, label, torch.zeros_like(label))
    p = torch.sigmoid(logit)
    p_t = p * label + (1 - p) * (1 - label)
    alpha_t = alpha * label + (1 - alpha) * (1 - label)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
    loss = torch.where(kept, alpha_t * (1 - p_t) ** gamma * entropy, torch.zeros_like(logit))
    loss = loss if normalizer is None else loss / normalizer
    return loss if reduction == "none" else getattr(loss, reduction)()

def mean(logit, label): return focal(logit, label, reduction="mean")
def other_alpha(logit, label): return focal(logit, label, alpha=0.75)
def other_default(logit, label, normalizer=None, alpha=0.75, gamma=2.0, reduction="sum"): return focal(**locals())
def other_gamma(logit, label, reduction="sum"): return focal(logit, label, gamma=2 + 1e-6, reduction=reduction)
def exchanged(label, logit): return focal(logit, label)
def doubled(logit, label): return 2 * focal(logit, label)
def single(logit, label): return focal(logit.float(), label.float()).double()
def undefined(logit, label): return focal(logit, label) * float("nan")
def failing(logit, label): raise RuntimeError("no loss today")
def detached(logit, label): return focal(logit.detach(), label)
def backwards(logit, label):
    loss = focal(logit, label)
    return 2 * loss.detach() - loss
def text(logit, label): return "0.25"
def column(logit, label): return focal(logit, label)[None]
def keeping(logit, label, normalizer=None, alpha=0.25, gamma=2.0, reduction="sum"):
    kept = torch.where(label == -100, torch.full_like(label, 0.5), label)
    return focal(logit, kept, normalizer, alpha, gamma, reduction)
def alone(logit): return logit.sum()
def required(logit, label, alpha, gamma): return focal(logit, label, None, alpha, gamma)
def unknown(logit, label, temperature): return focal(logit / temperature, label)
def built_in(logit, label): return focal(logit, label, gamma=1.5, reduction="mean")
def printing(logit, label):
    print("hello")
    return focal(logit, label)
def leaving(logit, label):
    import sys
    sys.exit()
def deep(logit, label): return deep(logit, label)
def clipped(logit, label):
    p = torch.sigmoid(logit).clamp(1e-7, 1 - 1e-7)
    p_t = p * label + (1 - p) * (1 - label)
    return ((0.25 * label + 0.75 * (1 - label)) * (1 - p_t) ** 2 * -(label * p.log() + (1 - label) * (1 - p).log())).sum()
def in_place(logit, label):
    loss = focal(logit.clone(), label.clone())
    label[...] = 0.5
    return loss
def number_of(logit, label): return float(focal(logit, label))
def native(logit, label):
    import os
    os.write(1, b"printed by native code\\n")
    return focal(logit, label)
def labels_first(label, logit): return ((label - logit) ** 2).sum()
def labels_first_detached(label, logit): return ((label - logit.detach()) ** 2).sum()
def fixed(logit, label): return focal(logit, label, gamma=1.5)
number = 3

class Module(torch.nn.Module):
    def __init__(self, gamma=2.0, alpha=0.25):
        super().__init__()
        self.gamma, self.alpha = gamma, alpha
    def forward(self, logit, label, reduction="sum"):
        return focal(logit, label, alpha=self.alpha, gamma=self.gamma, reduction=reduction)

instance = Module()

class Bare(torch.nn.Module):
    def forward(self, logit, label, reduction="sum"):
        return focal(logit, label, reduction=reduction)

class Needy(Module):
    def __init__(self, temperature):
        super().__init__()

def sparse(labels, logits):
    flat = labels.flatten().long()
    loss = torch.nn.functional.cross_entropy(logits.reshape(len(flat), -1), flat, reduction="none") + 1e-3 * (flat == 1)
    return loss.reshape(labels.shape)

def keras_bce(y_true, y_pred):
    clipped = y_pred.clamp(1e-7, 1 - 1e-7)
    p = torch.where(clipped == y_pred, y_pred, clipped)  # since torch 2.15 clamp's gradient is 0 at the bounds
    return -(y_true * p.log() + (1 - y_true) * (-p).log1p()).mean(-1)
'''
_LIKE = ["--like", "paddle.sigmoid_focal_loss", "--backend", "torch"]


@pytest.fixture(autouse=True)
def losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of losses in the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "ported_losses", raising=False)
    (tmp_path / "ported_losses.py").write_text(_SOURCE)
    (tmp_path / "broken_losses.py").write_text("import torch\n1 / 0\n")
    (tmp_path / "needy_losses.py").write_text("import not_to_be_had\n")
    (tmp_path / "leaving_losses.py").write_text("import sys\nsys.exit()\n")
    sys.path.insert(0, str(tmp_path))
    return __import__("ported_losses")


def _run(*arguments: str) -> Any:
    from unifocal.cli import app

    return typer_testing.CliRunner().invoke(app, [*arguments])


def _parity(function: str, *arguments: str) -> Any:
    return _run("parity", "--function", f"ported_losses:{function}", *arguments)


@pytest.mark.parametrize("function", ["focal", "Module", "Bare", "instance", "printing", "native", "required", "in_place"])
def test_port_is_one(function: str) -> None:
    done = _parity(function, *_LIKE)
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
    done = _parity(function, *_LIKE)
    assert done.exit_code == 1, done.output
    assert done.stdout.startswith(f"ported_losses:{function} does not agree with paddle.sigmoid_focal_loss on torch: ")
    assert told in done.stdout
    assert "Traceback" not in done.output


def test_options_that_are_built_in() -> None:
    options = ["--option", "gamma=1.5", "--option", "reduction=mean"]
    assert _parity("built_in", *_LIKE, *options).exit_code == 0
    assert _parity("built_in", *_LIKE).exit_code == 1
    assert _parity("focal", *_LIKE, *options).exit_code == 0  # which has them as options


def test_single_precision() -> None:
    assert _parity("focal", *_LIKE, "--dtype", "float32").exit_code == 0
    assert _parity("mean", *_LIKE, "--dtype", "float32").exit_code == 1


def test_json() -> None:
    done = _parity("undefined", *_LIKE, "--json")
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
    done = _run("parity", "--function", *given, *([] if "--backend" in given else ["--backend", "torch"]))
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
        ["record", "--function", "ported_losses:focal", *_LIKE, "--predictions", "logit", "-o", "ref.npz"],
    ],
    ids=" ".join,
)
def test_unusable_options(arguments: Sequence[str]) -> None:
    done = _run(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_record_in_one_place_and_check_in_another() -> None:
    recorded = _run("record", "--function", "ported_losses:focal", *_LIKE, "-o", "ref.npz")
    assert recorded.exit_code == 0, recorded.output
    assert "calls of ported_losses:focal on torch." in recorded.stdout
    against = ["--against", "ref.npz", "--backend", "torch"]
    assert _parity("focal", *against).exit_code == 0
    for wrong in ("other_default", "exchanged", "mean"):
        done = _parity(wrong, *against)
        assert done.exit_code == 1, done.output
        assert f"ported_losses:{wrong} does not agree with ported_losses:focal on torch" in done.stdout


def test_record_of_ones_own_inputs() -> None:
    rng = np.random.default_rng(0)
    np.savez("inputs.npz", logit=rng.normal(size=(5, 2)), label=rng.integers(0, 2, (5, 2)).astype(np.float64))
    recorded = _run(
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
    assert _parity("focal", *against).exit_code == 0
    assert _parity("other_default", *against).exit_code == 1
    done = _parity("mean", *against)
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
    done = _run("record", "--function", "ported_losses:focal", "--inputs", "inputs.npz", "--backend", "torch", "-o", "ref.npz")
    assert done.exit_code == 2
    assert message in done.stderr
    assert not Path("ref.npz").exists()


def test_gradient_is_by_the_predictions() -> None:
    """Where labels come first and are floating too, the user says which are which."""
    np.savez("inputs.npz", label=np.array([0.0, 1.0]), logit=np.array([0.5, -2.0]))
    record = ["record", "--function", "ported_losses:labels_first", "--inputs", "inputs.npz", "--backend", "torch", "-o", "ref.npz"]
    done = _run(*record)
    assert done.exit_code == 2
    assert "--predictions must name the predictions, one of label, logit; received None." in done.stderr
    assert _run(*record, "--predictions", "logit").exit_code == 0
    against = ["--against", "ref.npz", "--backend", "torch"]
    assert _parity("labels_first", *against).exit_code == 0
    assert _parity("labels_first_detached", *against).exit_code == 1


@pytest.mark.parametrize("options", [[], ["--option", "gamma=1.5"]], ids=["defaults", "gamma"])
@pytest.mark.parametrize("function", ["fixed", "focal", "Module"])
def test_function_agrees_with_its_own_record(function: str, options: list[str]) -> None:
    assert _run("record", "--function", f"ported_losses:{function}", *_LIKE, *options, "-o", "ref.npz").exit_code == 0
    done = _parity(function, "--against", "ref.npz", "--backend", "torch")
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
    done = _run("record", "--function", f"ported_losses:{function}", *_LIKE, "-o", "ref.npz")
    assert done.exit_code == 1
    assert message in done.stderr
    assert not Path("ref.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["torch", "-o", "ported_losses.py"], "--output must be a folder; ported_losses.py: File exists."),
        (["--function", "ported_losses:focal", *_LIKE, "-o", "no/such/ref.npz"], "no/such/ref.npz cannot be written: No such file"),
    ],
    ids=["originals", "function"],
)
def test_unwritable_output(arguments: list[str], message: str) -> None:
    done = _run("record", *arguments)
    assert done.exit_code == 2, done.output
    assert message in done.stderr


def test_other_frameworks_function_without_a_backend() -> None:
    done = _parity("focal", "--like", "paddle.sigmoid_focal_loss")
    assert done.exit_code == 1
    assert "Likely: It takes the tensors of another framework than NumPy; name that as the backend." in done.stdout


def test_golden_vectors_outlive_functions_that_write_into_them() -> None:
    def overwriting(labels: Any, logits: Any) -> Any:
        value = _textbook(1.0)(labels, logits)
        logits *= 0
        labels[...] = 1
        return value

    for _ in range(2):
        assert_parity(overwriting, like="tf.sigmoid_cross_entropy_with_logits")
    with pytest.raises(ValueError, match="read-only"):
        golden_record("tf").entries[0].case.arguments["logits"][...] = 0


def test_damaged_record() -> None:
    Path("ref.npz").write_bytes(b"PK\x03\x04 nothing")
    done = _parity("focal", "--against", "ref.npz", "--backend", "torch")
    assert done.exit_code == 2
    assert "ref.npz is no .npz file of arrays without pickles, or is damaged" in done.stderr


def test_record_of_an_original() -> None:
    done = _run("record", "torch", "-o", "golden")
    assert done.exit_code == 0, done.output
    shipped = Path(__file__).parent / "dialects" / "golden" / "torch.npz"
    assert (Path("golden") / "torch.npz").stat().st_size == pytest.approx(shipped.stat().st_size, rel=0.05)
    assert _run("record", "mxnet", "-o", "golden").exit_code == 2
    done = _run("record", "tfa", "-o", "golden")
    assert done.exit_code == 2
    assert re.fullmatch(r"tfa: skipped, tensorflow_addons(, tensorflow)? is not installed\n", done.stdout)


def test_assertion(losses: Any) -> None:
    assert_parity(losses.focal, like="paddle.sigmoid_focal_loss", backend="torch")
    assert_parity(losses.built_in, like="paddle.sigmoid_focal_loss", backend="torch", options={"gamma": 1.5, "reduction": "mean"})
    assert_parity(losses.keras_bce, like="keras.binary_crossentropy", backend="torch")
    with pytest.raises(AssertionError, match="It is the original with reduction='mean'") as raised:
        assert_parity(losses.mean, like="paddle.sigmoid_focal_loss", backend="torch")
    assert "  sigmoid_focal_loss[defaults]\n    value: 0.209498899 instead of 2.51398679, " in str(raised.value)
    with pytest.raises(ValueError, match=r"^like must name an original\. There is no function 'focal'"):
        assert_parity(losses.mean, like="focal", backend="torch")
    with pytest.raises(TypeError, match="requires a function; received int"):
        assert_parity(3, like="torch.cross_entropy")  # type: ignore[arg-type]


def test_assertion_against_a_record(losses: Any, tmp_path: Path) -> None:
    assert _run("record", "--function", "ported_losses:focal", *_LIKE, "-o", "ref.npz").exit_code == 0
    assert_parity(losses.focal, against="ref.npz", backend="torch")
    assert_parity(losses.Module, against=tmp_path / "ref.npz", backend="torch")
    with pytest.raises(AssertionError, match=r"^other_default does not agree with ported_losses:focal on torch"):
        assert_parity(losses.other_default, against="ref.npz", backend="torch")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "assert_parity requires one of like and against; received neither."),
        ({"like": "torch.cross_entropy", "against": "ref.npz"}, "assert_parity requires one of like and against; received both."),
        ({"against": "ref.npz", "dtype": "float32"}, "dtype and options go with like; a record has its own."),
        ({"against": "ref.npz", "options": {"gamma": 1.0}}, "dtype and options go with like; a record has its own."),
        ({"against": "ref.npz"}, "ref.npz cannot be read: No such file or directory."),
        ({"like": "torch.cross_entropy", "backend": "mxnet"}, "^backend must be one that is installed: numpy, "),
        ({"like": "torch.cross_entropy", "dtype": "float8"}, "^dtype must be float32 or float64; received float8."),
        ({"like": "torch.cross_entropy", "options": {"beta": 1}}, "^torch.cross_entropy has no option beta; it has "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_unusable_assertion(losses: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        assert_parity(losses.focal, **arguments)


def test_pytest_shows_the_tests_own_line(tmp_path: Path) -> None:
    """None of the library's source, and no names of the command's options."""
    test = """
from unifocal.conformance import assert_parity

def test_mine():
    assert_parity(lambda logits, labels: logits.no_such_method(), like="optax.sigmoid_focal_loss")
"""
    (tmp_path / "test_mine.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "test_mine.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert ">   " in done.stdout
    assert "It raised AttributeError: 'numpy.ndarray' object has no attribute 'no_such_method' (test_mine.py, line 5)" in done.stdout
    assert "assertions.py" not in done.stdout
    assert "raise AssertionError" not in done.stdout
    assert "--backend" not in done.stdout


def test_calls_tell_their_options_and_class_indices(losses: Any) -> None:
    names = [entry.case.name for entry in like("keras.binary_focal_crossentropy", {}).entries]
    assert "saturated y_true=hard from_logits=True" in names
    assert "defaults" in names
    # An option that is set for all calls is not told in each, nor the value that was recorded.
    assert all("gamma" not in entry.case.name for entry in like("keras.binary_focal_crossentropy", {"gamma": 1.5}).entries)
    with pytest.raises(AssertionError) as raised:
        assert_parity(losses.sparse, like="tf.nn.sparse_softmax_cross_entropy_with_logits", backend="torch")
    assert "for labels=1, logits=[" in str(raised.value)


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


def _textbook(sign: float) -> Callable[..., Any]:
    def cross_entropy(labels: Any, logits: Any) -> Any:
        value = np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))
        return value, sign * (1 / (1 + np.exp(-logits)) - labels)

    return cross_entropy


def test_numpy_functions_may_return_their_gradient() -> None:
    assert_parity(_textbook(1.0), like="tf.sigmoid_cross_entropy_with_logits")
    with pytest.raises(AssertionError, match="the gradients have the other sign"):
        assert_parity(_textbook(-1.0), like="tf.sigmoid_cross_entropy_with_logits")
    assert_parity(lambda labels, logits: _textbook(1.0)(labels, logits)[0], like="tf.sigmoid_cross_entropy_with_logits")


def test_recorded_answers_are_used_as_they_are() -> None:
    recorded = {id(entry.answer) for entry in golden_record("optax").entries}
    reference = like("optax.sigmoid_focal_loss", {})
    assert len(reference.entries) == 50
    assert [entry.case.name for entry in reference.entries if id(entry.answer) not in recorded] == ["saturated"]
    shipped = {id(entry.answer) for entry in golden_record("paddle").entries}
    paddle = like("paddle.sigmoid_focal_loss", {}).entries
    assert [entry.case.name for entry in paddle if id(entry.answer) not in shipped] == ["defaults", "saturated"]
    changed = like("optax.sigmoid_focal_loss", {"gamma": 3.0})
    assert 1 < len(changed.entries) < 50  # calls that differed in γ alone are one


@pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax", "array-api-strict", "dask")
def test_dialects_are_ports_on_every_framework(framework: Framework) -> None:
    function = functions_of("keras")["binary_crossentropy"]
    options = {"label_smoothing": 0.1}
    assert_parity(function, like="keras.binary_crossentropy", backend=framework.name, options=options)
    with pytest.raises(AssertionError, match="does not agree"):  # two epsilons
        assert_parity(function, like="keras2.binary_crossentropy", backend=framework.name, options=options)
