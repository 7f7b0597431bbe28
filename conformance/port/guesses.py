"""What is likely wrong with a function that is not the port that it means to be: changes after which it would agree."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..calls.case import Answer, Case
from ..calls.records import Entry
from ..frameworks import Framework
from ..truth.ulp import of_largest
from .comparison import Comparison, port_bar
from .reference import Reference
from .subjects import Subject, SubjectError

# What originals call their reductions.
_REDUCTIONS = ("none", "sum", "mean", "sum_over_batch_size", None)


def guesses(subject: Subject, reference: Reference, run: Framework, comparison: Comparison) -> list[str]:
    """Sentences, each of which would explain every difference."""
    calls = [entry for entry in reference.entries if subject.left_out(entry.case, reference.optional) is None]
    answers = [_answer(subject, reference, run, entry.case) for entry in calls]
    found = list(_of_order(subject, reference, run, calls))
    if run.name == "numpy" and all(answer is None for answer in answers):
        found.append("It takes the tensors of another framework than NumPy; name that as the backend.")
    if None not in answers:
        found += _of_numbers(calls, answers)
        if not _values_agree(answers, calls):
            found += _of_options(subject, reference, run)
    return found or list(_of_calls(calls, comparison))


def _of_order(subject: Subject, reference: Reference, run: Framework, calls: Sequence[Entry]) -> Iterator[str]:
    exchanged = [_answer(subject, reference, run, entry.case, exchanged=True) for entry in calls]
    if _values_agree(exchanged, calls):
        yield "Its first two arguments are in the other order."


def _of_numbers(calls: Sequence[Entry], answers: Sequence[Answer | None]) -> Iterator[str]:
    if _values_agree(answers, calls):
        same = _gradients_agree(answers, calls, -1.0)
        yield f"The values agree, and the gradients {'have the other sign' if same else 'do not'}."
    elif (factor := _factor(answers, calls)) is not None:
        yield f"Its values are {factor:.6g} times the original's."


def _of_options(subject: Subject, reference: Reference, run: Framework) -> Iterator[str]:
    for changed in _changes(reference):
        assert reference.variant is not None
        entries = [entry for entry in reference.variant(changed) if subject.left_out(entry.case, {**reference.optional, **changed}) is None]
        # The function is called without the option, as it would be by one who takes the original's default for granted.
        own = [_answer(subject, reference, run, _without(entry.case, changed)) for entry in entries]
        if entries and _values_agree(own, entries):
            yield f"It is the original with {', '.join(f'{name}={value!r}' for name, value in changed.items())}."


def _of_calls(calls: Sequence[Entry], comparison: Comparison) -> Iterator[str]:
    """What the names of all calls that differ have in common, and those of no other."""
    wrong = {difference.call for difference in comparison.mismatches} | {call for call, _ in comparison.failures}
    words = {str(entry.case): set(entry.case.name.split()) for entry in calls}
    if len(wrong) == len(calls):
        return
    others = set[str]().union(*(own for call, own in words.items() if call not in wrong))
    if common := set.intersection(*(words[call] for call in wrong)) - others:
        yield f"Only calls with {', '.join(sorted(common))} differ."


def _changes(reference: Reference) -> Iterator[Mapping[str, Any]]:
    """Options that are often taken for others."""
    if reference.variant is None:
        return
    optional = reference.optional
    if "reduction" in optional:
        yield from ({"reduction": reduction} for reduction in _REDUCTIONS if reduction != optional["reduction"])
    alpha = optional.get("alpha")
    if isinstance(alpha, float) and alpha >= 0:
        yield {"alpha": 1 - alpha}
    for off in (None, -1.0):
        if "alpha" in optional and alpha != off:
            yield {"alpha": off}
    if "apply_class_balancing" in optional:
        yield {"apply_class_balancing": not optional["apply_class_balancing"]}
    if isinstance(optional.get("from_logits"), bool):
        yield {"from_logits": not optional["from_logits"]}


def _without(case: Case, options: Mapping[str, Any]) -> Case:
    def kept(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name not in options}

    return Case(case.function, case.name, case.predictions, kept(case.arguments), case.options and kept(case.options), case.dtype)


def _answer(subject: Subject, reference: Reference, run: Framework, case: Case, exchanged: bool = False) -> Answer | None:
    try:
        # What the function thinks of exchanged arguments is no news to its author.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return subject.answer(run, case, reference.optional, exchanged)
    except SubjectError:
        return None


def _values_agree(answers: Sequence[Answer | None], calls: Sequence[Entry]) -> bool:
    pairs = zip(answers, calls, strict=True)
    return all(
        answer is not None and of_largest(answer.value, entry.answer.value, entry.case.dtype) <= port_bar(entry.case)
        for answer, entry in pairs
    )


def _gradients_agree(answers: Sequence[Answer | None], calls: Sequence[Entry], factor: float) -> bool:
    for answer, entry in zip(answers, calls, strict=True):
        if answer is None or answer.gradient is None or entry.answer.gradient is None:
            return False
        if of_largest(factor * np.asarray(answer.gradient, np.float64), entry.answer.gradient, entry.case.dtype) > port_bar(entry.case):
            return False
    return True


def _factor(answers: Sequence[Answer | None], calls: Sequence[Entry]) -> float | None:
    """The one number that all values are off by, if there is one."""
    ratios: list[float] = []
    for answer, entry in zip(answers, calls, strict=True):
        theirs = np.asarray(entry.answer.value, np.float64)
        if answer is None or answer.value.shape != theirs.shape:
            return None
        counted = np.isfinite(theirs) & (theirs != 0)
        ratios += list((np.asarray(answer.value, np.float64)[counted] / theirs[counted]).flat)
    if not ratios or not np.isfinite(ratios).all() or np.ptp(ratios) > 1e-6 * np.abs(ratios[0]) or abs(ratios[0] - 1) < 1e-6:
        return None
    return ratios[0]
