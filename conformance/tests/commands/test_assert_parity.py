"""``assert_parity`` in a test of one's own: what it takes, what it says, and what it compares with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unifocal.dialects import functions_of

from ... import assert_parity
from ...dialects import golden_record
from ...frameworks import Framework
from ...port.reference import reference_like
from .ported import LIKE, run_command
from .ported import losses as losses


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


def test_labels_in_a_tuple() -> None:
    quality = functions_of("mmdet")["quality_focal_loss"]
    assert_parity(quality, like="mmdet.quality_focal_loss", backend="numpy")
    with pytest.raises(AssertionError, match="11 of 11 calls differ"):
        assert_parity(functions_of("mmdet")["quality_focal_loss_with_prob"], like="mmdet.quality_focal_loss", backend="numpy")


def test_assertion_against_a_record(losses: Any, tmp_path: Path) -> None:
    assert run_command("record", "--function", "ported_losses:focal", *LIKE, "-o", "ref.npz").exit_code == 0
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
    names = [entry.case.name for entry in reference_like("keras.binary_focal_crossentropy", {}).entries]
    assert "saturated y_true=hard from_logits=True" in names
    assert "defaults" in names
    # An option that is set for all calls is not told in each, nor the value that was recorded.
    assert all("gamma" not in entry.case.name for entry in reference_like("keras.binary_focal_crossentropy", {"gamma": 1.5}).entries)
    with pytest.raises(AssertionError) as raised:
        assert_parity(losses.sparse, like="tf.nn.sparse_softmax_cross_entropy_with_logits", backend="torch")
    assert "for labels=1, logits=[" in str(raised.value)


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
    reference = reference_like("optax.sigmoid_focal_loss", {})
    assert len(reference.entries) == 50
    assert [entry.case.name for entry in reference.entries if id(entry.answer) not in recorded] == ["saturated"]
    shipped = {id(entry.answer) for entry in golden_record("paddle").entries}
    paddle = reference_like("paddle.sigmoid_focal_loss", {}).entries
    assert [entry.case.name for entry in paddle if id(entry.answer) not in shipped] == ["defaults", "saturated"]
    changed = reference_like("optax.sigmoid_focal_loss", {"gamma": 3.0})
    assert 1 < len(changed.entries) < 50  # calls that differed in γ alone are one


@pytest.mark.frameworks("torch", "paddle", "tensorflow", "jax", "mlx", "array-api-strict", "dask")
def test_dialects_are_ports_on_every_framework(framework: Framework) -> None:
    function = functions_of("keras")["binary_crossentropy"]
    options = {"label_smoothing": 0.1}
    assert_parity(function, like="keras.binary_crossentropy", backend=framework.name, options=options)
    with pytest.raises(AssertionError, match="does not agree"):  # two epsilons
        assert_parity(function, like="keras2.binary_crossentropy", backend=framework.name, options=options)
