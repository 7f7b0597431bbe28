"""Dialects give their originals' values and gradients, on every framework's tensors, under the originals' own signatures."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from unifocal.dialects import dialect_names, functions_of
from unifocal.protocol import NumPyArray

from .dialects import Case, Original, dialect_answer, module_of, original_answer, plain_signature, recorded
from .frameworks import Framework

_FUNCTIONS = [(dialect, name) for dialect in dialect_names() for name in functions_of(dialect)]
_TRANSFORMS = {"paddle.label_smooth", "optax.smooth_labels"}  # of labels, not losses


def _original(dialect: str) -> Original:
    original: Original = module_of(dialect).ORIGINAL
    missing = [package for package in original.packages if not original.recorded and find_spec(package) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    return original


def _far(ours: NumPyArray, theirs: NumPyArray) -> float:
    """The largest difference, relative to the largest number; infinite where shapes or infinities differ."""
    if np.shape(ours) != np.shape(theirs):
        return float("inf")
    scale = float(np.max(np.abs(theirs), initial=0.0, where=np.isfinite(theirs))) or 1.0
    with np.errstate(invalid="ignore"):
        same = np.equal(ours, theirs)
        return float(np.max(np.where(same, 0.0, np.abs(np.subtract(ours, theirs)) / scale), initial=0.0))


@pytest.mark.parametrize(("dialect", "function"), _FUNCTIONS, ids=[f"{dialect}.{name}" for dialect, name in _FUNCTIONS])
def test_original(framework: Framework, dialect: str, function: str) -> None:
    _original(dialect)
    if f"{dialect}.{function}" in _TRANSFORMS:
        pytest.skip("no loss")
    wrong = []
    own = [case for case in module_of(dialect).CASES if case.function == function and case.dtype in framework.dtypes]
    for case in own:
        theirs, ours = original_answer(dialect, case), dialect_answer(framework, dialect, case)
        for part in ("value", "gradient"):
            far = _far(getattr(ours, part), getattr(theirs, part))
            if not far <= case.tolerance:
                wrong.append(f"{case}: the {part} is {far:.3g} away")
    assert own, "a function has no cases"
    assert not wrong, f"{len(wrong)} disagree of {2 * len(own)}:\n" + "\n".join(wrong)


@pytest.mark.parametrize(("dialect", "function"), _FUNCTIONS, ids=[f"{dialect}.{name}" for dialect, name in _FUNCTIONS])
def test_signature(dialect: str, function: str) -> None:
    original = _original(dialect)
    ours = functions_of(dialect)[function]
    if original.recorded:
        assert plain_signature(ours) == recorded(dialect).signatures[function]
    else:
        assert plain_signature(ours) == plain_signature(original.find(function))


def test_every_case_is_of_a_function_and_has_its_own_name() -> None:
    for dialect in dialect_names():
        found: list[Case] = module_of(dialect).CASES
        assert {case.function for case in found} <= set(functions_of(dialect))
        assert len({str(case) for case in found}) == len(found)
