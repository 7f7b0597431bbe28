"""The examples in docstrings and in the README run, and print what they say."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import numpy as np
import pytest

import unifocal

README = Path(__file__).parents[3] / "README.md"
_LEFT_OUT = {"cli", "__main__", "backends", "conformance"}
_FOUND = [m.name for m in walk_packages(unifocal.__path__, "unifocal.") if not set(m.name.split(".")) & _LEFT_OUT]
MODULES = ["unifocal", *_FOUND]
# Paddle before TensorFlow, which Keras imports: the other order crashes the interpreter.
_NEEDED = {
    "unifocal.linear": ("torch",),
    "unifocal.nn.torch": ("torch",),
    "unifocal.nn.paddle": ("paddle",),
    "unifocal.nn.keras": ("paddle", "keras"),
    "unifocal.scoring": ("sklearn",),
}


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    for needed in _NEEDED.get(name, ()):
        pytest.importorskip(needed)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    module = import_module(name)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_every_public_loss_has_an_example() -> None:
    for name in unifocal.__all__:
        assert ">>>" in (getattr(unifocal, name).__doc__ or ""), name


@pytest.mark.skipif(not README.exists(), reason="the README is not installed with the package")
def test_readme_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    for needed in ("jax", "sklearn", "xgboost", "lightgbm"):
        pytest.importorskip(needed)
    for code in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL):
        exec(compile(code, str(README), "exec"), {})
    numbers = [float(n) for n in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", capsys.readouterr().out)]
    # The last 12 numbers are JAX's gradient and torch's.
    np.testing.assert_allclose(numbers[-12:-6], numbers[-6:], rtol=1e-3)


_OWN_LOSSES = README.parent / "docs" / "own-losses.md"


@pytest.mark.skipif(not _OWN_LOSSES.exists(), reason="the documentation is not installed with the package")
def test_own_losses_of_the_documentation() -> None:
    pytest.importorskip("torch")
    text = _OWN_LOSSES.read_text(encoding="utf-8").replace("```", "")  # a fence after an answer is none of it
    page = doctest.DocTestParser().get_doctest(text, {"__name__": "own_losses"}, _OWN_LOSSES.name, str(_OWN_LOSSES), 0)
    failed, tried = doctest.DocTestRunner().run(page)
    assert failed == 0
    assert tried > 10
