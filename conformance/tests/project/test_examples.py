"""The scripts in ``examples/`` run and keep their promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ...frameworks import installed

_TRAINING = Path(__file__).parents[3] / "examples" / "same_training_everywhere.py"
_LABELS = {"numpy": "NumPy", "torch": "PyTorch", "paddle": "Paddle", "tensorflow": "TensorFlow", "jax": "JAX"}

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytestmark = pytest.mark.skipif(not _TRAINING.exists(), reason="the examples come with the source, not with the package")


def _train(*arguments: str, before: str = "", script: Path = _TRAINING) -> subprocess.CompletedProcess[str]:
    code = f"import runpy, sys\n{before}\nsys.argv[1:] = {list(arguments)}\nrunpy.run_path({str(script)!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)


def test_same_training_everywhere(tmp_path: Path) -> None:
    picture = tmp_path / "curves.png"
    done = _train("--steps", "20", "--plot", str(picture))
    assert done.returncode == 0, done.stdout + done.stderr
    present = [label for name, label in _LABELS.items() if name in installed()]
    for label in present:
        assert re.search(rf"^ *{label}  loss ", done.stdout, re.MULTILINE)
    found = re.search(rf"Largest difference between {len(present)} loss curves: (\S+) ", done.stdout)
    assert found is not None
    assert float(found[1]) <= 1e-9
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_training_without_a_framework(tmp_path: Path) -> None:
    done = _train("--steps", "2", "--only", "jax", "--plot", str(tmp_path / "curves.png"), before="sys.modules['jax'] = None")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "JAX  not installed, left out" in done.stdout
    assert "between 1 loss curves" in done.stdout


def test_boosting_rare_digits(tmp_path: Path) -> None:
    for library in ("xgboost", "lightgbm", "catboost"):
        pytest.importorskip(library)
    picture = tmp_path / "curves.png"
    script = _TRAINING.with_name("boosting_rare_digits.py")
    hidden = "sys.modules['catboost'] = None"
    done = _train("--rounds", "15", "--digits", "3", "--plot", str(picture), before=hidden, script=script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CatBoost  not installed, left out" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    found = {name: float(number) for name, number in re.findall(r"^  (\w+ +[a-z, ]+?)  +(\S+)  ", done.stdout, re.MULTILINE)}
    assert len(found) == 8
    # A guess has 0.01; the recipe, from our start and near it, trains as clipped derivatives do.
    assert min(found.values()) > 0.2
    assert abs(found["XGBoost  focal loss, clipped"] - found["XGBoost  focal loss, numerical"]) < 0.1


def test_second_derivatives(tmp_path: Path) -> None:
    picture = tmp_path / "second.png"
    done = _train("--plot", str(picture), script=_TRAINING.with_name("second_derivatives.py"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"exact, y = 1 +-0.0472 .* 0.399", done.stdout)
    assert re.search(r"expected: .* -0.0011 +75.2% +0.399", done.stdout)
    assert picture.read_bytes().startswith(b"\x89PNG")
