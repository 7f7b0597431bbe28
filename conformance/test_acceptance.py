"""A dialect takes what its original takes and refuses what it refuses, unless a recorded difference says why not."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import pytest

from unifocal.dialects import differences, functions_of

from .calls import Answer, Case, run_case
from .dialects import Original, module_of
from .frameworks import Framework
from .frameworks import framework as framework_named
from .odd import ODD
from .ulp import of_largest

# By a difference's condition, the odd calls that show it.
_BROADCAST = ("labels ()", "labels (1,)", "labels (3,)", "labels (1, 1)", "labels (1, 3)", "labels (2, 1)", "labels (1, 2, 3)")
_OFF_SUM = ("labels 2", "labels NaN", "three dimensions")
_SHOWN_BY: Mapping[str, Collection[str]] = {
    "labels of bool or integer types": ("labels int64", "labels int8", "labels bool"),
    "labels of bool": ("labels bool",),
    "class indices of other integer types than int64": ("labels int32", "labels uint8"),
    "class indices of other integer types than int64 and uint8": ("labels int32",),
    "class indices of other integer types than int32 and int64": ("labels uint8",),
    "class indices of uint8, int8 or int16": ("labels uint8",),
    "class indices of other types than int64": ("labels floating", "labels int32", "labels uint8"),
    "gradient for floating-point class indices": ("labels floating",),
    "labels below 0": ("labels -1", "labels -100"),
    "labels of C and above": ("labels 3",),
    "soft labels that do not sum to 1": _OFF_SUM,
    "labels that do not sum to 1": _OFF_SUM,
    "labels so far outside [0, 1] that p_t is, too": ("labels 2",),
    "labels one rounding outside [0, 1]": ("labels one rounding above 1",),
    "labels of another shape than the logits": _BROADCAST,
    "labels of another shape than the predictions": _BROADCAST,
    "labels that broadcast the logits to a larger shape": ("labels (1, 2, 3)",),
    "a label of more columns than one": ("labels (2, 3)",),
    "any 1-D tensor": ("one dimension",),
    "no classes": ("no classes",),
    "losses of shape (0,)": ("no rows",),
    "predictions of one class": ("one class",),
    "weights of integer types": ("weight integer", "pos_weight integer", "normalizer integer"),
    "a Python number for a weight": ("weight number", "pos_weight number", "normalizer number"),
    "weight that broadcasts the loss to a larger shape": ("weight (1, 2, 3)",),
    "pos_weight that broadcasts the loss to a larger shape": ("pos_weight (1, 2, 3)",),
    "a normalizer of 0 or below": ("normalizer negative",),
    "label_smoothing below 0": ("label_smoothing -0.1",),
    "from_logits that is no bool": ("from_logits 1", "from_logits None"),
    "γ below 0": ("gamma -1.0",),
    "γ as a tensor": ("gamma 1.5",),
}
_ELSEWHERE = {"labels one rounding outside [0, 1]", "predictions of one class"}
"""Conditions that not every function shows here."""


def _outcome(run: Framework, function: Callable[..., Any], case: Case) -> Answer | Exception:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return run_case(run, function, case)
        except Exception as refusal:  # whatever each framework raises
            return refusal


def _agree(theirs: Answer | Exception, ours: Answer | Exception, case: Case) -> bool:
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        return isinstance(theirs, Exception) and isinstance(ours, Exception)
    parts = [(theirs.value, ours.value), (theirs.gradient, ours.gradient)]
    return all(np.shape(a) == np.shape(b) and (np.size(a) == 0 or of_largest(b, a, case.dtype) <= case.bar) for a, b in parts)


def _told(outcome: Answer | Exception) -> str:
    if isinstance(outcome, Exception):
        return f"{type(outcome).__name__}: {str(outcome).strip().partition(chr(10))[0][:100]}"
    return f"{np.asarray(outcome.value).tolist()}, gradient {np.asarray(outcome.gradient).tolist()}"


@pytest.mark.parametrize("function", sorted({odd.function for odd in ODD}))
def test_odd_calls(function: str) -> None:
    dialect, _, name = function.partition(".")
    original: Original = module_of(dialect).ORIGINAL
    if original.missing():
        pytest.skip(f"{', '.join(original.missing())} is not installed")
    run, theirs, ours = framework_named(original.framework), original.find(name), functions_of(dialect)[name]
    known = {what: entry.condition for entry in differences() if entry.concerns(function) for what in _SHOWN_BY.get(entry.condition, ())}
    wrong, agreed = [], defaultdict(list)
    for case in (case for odd in ODD if odd.function == function for case in odd.cases()):
        outcomes = _outcome(run, theirs, case), _outcome(run, ours, case)
        agree = _agree(*outcomes, case)
        if case.name in known:
            agreed[known[case.name]].append(agree)
        elif not agree:
            wrong.append(f"{case.name}:\n  theirs {_told(outcomes[0])}\n  ours   {_told(outcomes[1])}")
    assert not wrong, f"{len(wrong)} differ, and no recorded difference says so:\n" + "\n".join(wrong)
    gone = {condition for condition, found in agreed.items() if all(found)} - _ELSEWHERE
    assert not gone, f"recorded as a difference, and none: {gone}"
