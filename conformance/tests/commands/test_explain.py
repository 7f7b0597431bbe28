"""``unifocal dialects`` and ``unifocal explain`` say what the specs say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from unifocal.dialects import dialect_names, functions_of
from unifocal.explain import explain

pytest.importorskip("typer")

_LOSSES = [
    f"{dialect}.{name}" for dialect in dialect_names() for name, function in functions_of(dialect).items() if hasattr(function, "describe")
]


def _rows(name: str, formats: str, **options: Any) -> dict[str, str]:
    return dict(dict(explain(name, **options).conventions)[formats])


def _unifocal(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "unifocal", *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", _LOSSES)
def test_every_loss_is_explained(name: str) -> None:
    explanation = explain(name)
    assert explanation.summary.startswith("`")
    for _, rows in explanation.conventions:
        assert all(answer for _, answer in rows)


def test_conventions_follow_the_options() -> None:
    elements, indices = "element-wise labels", "class indices"
    assert _rows("paddle.sigmoid_focal_loss", elements)["ignored"] == "labels of -100: no loss, but counted in a mean"
    assert "^3.5" in _rows("paddle.sigmoid_focal_loss", elements, gamma=3.5)["loss"]
    assert _rows("keras.binary_focal_crossentropy", elements)["alpha"] == "off"
    assert "positives" in _rows("keras.binary_focal_crossentropy", elements, apply_class_balancing=True)["alpha"]
    assert _rows("keras2.binary_crossentropy", elements)["loss"] == "−y·log(p + 1e-07) − (1 − y)·log(1 − p + 1e-07)"
    assert "[1e-07, 1 − 1e-07]" in _rows("keras.categorical_crossentropy", elements)["clip"]
    assert "mixture" in _rows("kornia.binary_focal_loss_with_logits", elements)["soft labels"]
    assert "sum of the weights" in _rows("torch.cross_entropy", indices)["reduction"]
    assert "all elements" in _rows("torch.cross_entropy", elements)["reduction"]
    assert "background" in _rows("paddledet.FocalLoss", indices)["labels"]
    assert _rows("torch.binary_cross_entropy", elements)["labels"] == "values in [0, 1] in the predictions' shape"
    assert _rows("torch.binary_cross_entropy_with_logits", elements)["labels"] == "any numbers in the predictions' shape"
    assert "y·pos_weight·log p" in _rows("tf.weighted_cross_entropy_with_logits", elements)["loss"]
    assert _rows("paddle.sigmoid_focal_loss", elements, normalizer=3.0)["normalizer"] == "the unreduced loss divided by 3"
    assert _rows("mmdet.FocalLoss", indices, avg_factor=10)["normalizer"] == "the unreduced loss divided by 10.0000001"
    assert _rows("paddle.cross_entropy", indices)["class weights"] == "one factor per row, Σ w_c·y_c"
    assert "[0.75, 0.25, 0.25]" in _rows("kornia.focal_loss", indices)["alpha"]
    assert "sample weights" not in _rows("optax.sigmoid_focal_loss", elements)
    assert _rows("torch.binary_cross_entropy", elements)["sample weights"].endswith("right")
    assert [formats for formats, _ in explain("tf.sparse_softmax_cross_entropy_with_logits").conventions] == [indices]


def test_known_differences_are_told() -> None:
    assert any("1-D" in difference.condition for difference in explain("paddle.sigmoid_focal_loss").differences)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("pytorch.cross_entropy", {}, "There is no dialect 'pytorch'; cross_entropy is in paddle.cross_entropy, torch.cross_entropy"),
        ("mxnet.softmax", {}, "There is no dialect 'mxnet'; there are paddle, "),
        ("torch.crossentropy", {}, "torch has no 'crossentropy'; it has binary_cross_entropy"),
        ("paddle.label_smooth", {}, "transforms labels"),
        ("torch.cross_entropy", {"gamma": 2}, "torch.cross_entropy has no option gamma; it has weight, size_average, "),
        ("mmdet.FocalLoss", {"delta": 2}, "mmdet.FocalLoss has no option delta; it has use_sigmoid, .*, avg_factor, reduction_override"),
        ("torch.cross_entropy", {"reduction": "avg"}, "reduction must be one of 'none', 'sum', 'mean'; received 'avg'"),
    ],
)
def test_bad_questions(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explain(name, **options)


def test_commands() -> None:
    listed = _unifocal("dialects")
    assert listed.returncode == 0, listed.stderr
    assert all(name in listed.stdout for name in (*dialect_names(), "sigmoid_focal_crossentropy"))
    explained = _unifocal("explain", "keras.binary_focal_crossentropy", "gamma=0.5", "apply_class_balancing=True")
    assert explained.returncode == 0, explained.stderr
    assert "(1 − p_t)^0.5" in explained.stdout
    unknown = _unifocal("explain", "torch.focal")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "torch has no 'focal'" in unknown.stderr
    assert "name=value" in _unifocal("explain", "torch.cross_entropy", "gamma").stderr


def test_a_loss_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """import unifocal
@unifocal.elementwise
def focal(t, *, gamma=2.0): return -(1 - t.p_t) ** gamma * t.log_p_t
def other(x): return x
"""
    (tmp_path / "somebodys_own.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert _rows("somebodys_own:focal", "element-wise labels", gamma=1.5)["loss"].startswith("(1 − p_t)^1.5·CE; CE = ")
    for name, message in (
        ("somebodys_own:other", "somebodys_own:other is no loss of unifocal's making"),
        ("somebodys_own:lost", "somebodys_own has no lost"),
        ("nobodys_own:focal", "There is no module nobodys_own"),
    ):
        with pytest.raises(ValueError, match=message):
            explain(name)
