"""Calls of a dialect's function of which nothing is recorded: those of other packages' dialects, whose own answers on NumPy they have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from unifocal.arrays import NumPyArray

from ..calls.case import Case
from .signed import Signed

_RNG = np.random.default_rng(26)
_LOGITS = 3 * _RNG.normal(size=(4, 3))
_EXPONENTIALS = np.exp(_LOGITS)
_PREDICTIONS = {
    "logits": _LOGITS,
    "probabilities": _EXPONENTIALS / _EXPONENTIALS.sum(1, keepdims=True),
    "log-probabilities": _LOGITS - np.log(_EXPONENTIALS.sum(1, keepdims=True)),
}
_SOFT = _RNG.random((4, 3))
_LABELS: dict[str, NumPyArray] = {
    "one-hot": np.eye(3)[[0, 2, 1, 2]],
    "soft": _SOFT / _SOFT.sum(1, keepdims=True),
    "indices": np.array([0, 2, 1, 2]),
}
_REDUCTIONS = ("none", "sum", "mean")


def made_cases(name: str, original: Signed) -> Iterator[Case]:
    """Calls of a function with what it needs: labels of each kind, with each reduction, on what may be its predictions.

    Not all of them need be taken: whoever asks finds out.
    """
    labels_first = bool(getattr(original.function, "labels_first", False))
    first, second, *_ = original.call
    targets_name, predictions_name = (first, second) if labels_first else (second, first)
    place = "constructor" if "reduction" in original.constructor else "call" if "reduction" in original.call else None
    reductions: list[dict[str, Any]] = [{}, *({"reduction": reduction} for reduction in _REDUCTIONS if place)]
    predictions = _PREDICTIONS[_kind(original)]
    for kind, labels in _LABELS.items():
        for chosen in reductions:
            pair = {predictions_name: predictions, targets_name: labels}
            arguments = {key: pair[key] for key in (first, second)} | (chosen if place == "call" else {})
            options = (chosen if place == "constructor" else {}) if original.is_class else None
            words = [f"labels={kind}", *(f"{key}={value}" for key, value in chosen.items())]
            yield Case(name, " ".join(words), predictions_name, arguments, options)


def _kind(original: Signed) -> str:
    """What the predictions are, by the formula of a call that is taken; logits where none tells."""
    function: Any = original.function
    for labels in _LABELS.values():
        try:
            made = function() if original.is_class else function
            pair = (labels, _PREDICTIONS["probabilities"]) if made.labels_first else (_PREDICTIONS["probabilities"], labels)
            convention, _ = made.describe(*pair)
        except (TypeError, ValueError, AttributeError):
            continue
        found = str(convention.formula.predictions)
        return "probabilities" if found == "unnormalized" else found
    return "logits"
