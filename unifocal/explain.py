"""What a loss does, in words and formulas, derived from its spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter, isclass, signature
from typing import Any

import numpy as np

from . import losses
from .checks import value_checks
from .dialects import Difference, dialect_names, differences, functions_of
from .evaluate import evaluate
from .spec import Operands, Spec

LABELS = ("y_true", "labels", "label", "target", "targets")
"""What originals call their labels."""
_STAND_INS = {"alpha": 0.25, "pos_weight": 1.0}
_WEIGHTS = ("weight", "sample_weight", "class_weight")
"""For options that an original requires."""
_CANONICAL = ("sigmoid_focal_loss", "softmax_focal_loss", "binary_cross_entropy", "cross_entropy")


_Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Explanation:
    """One function's convention: by format of its labels, rows of what is asked and the answer."""

    function: str
    summary: str
    signature: str
    conventions: tuple[tuple[str, _Rows], ...]
    differences: tuple[Difference, ...]


def explain(name: str, **options: Any) -> Explanation:
    """Explain ``dialect.function``, or a canonical loss, with some of its options set.

    Raises
    ------
    ValueError
        If there is no such function, or it takes no such options, or is no loss.
    """
    function = _find(name)
    if not isclass(function) and not hasattr(function, "describe"):
        raise ValueError(f"{name} transforms labels and is no loss.")
    described = dict(_described(function, options))
    found = {formats: rows for formats, rows in described.items() if not isinstance(rows, Exception)}
    if not found:
        raise ValueError(f"{name} with these options: {described[_FORMATS[0]]}")
    if len(found) > 1:  # a special case of element-wise labels
        found.pop(_FORMATS[-1], None)
    known = tuple(difference for difference in differences() if difference.concerns(name))
    summary = (function.__doc__ or "").strip().split("\n\n")[0].replace("``", "`")
    return Explanation(name, " ".join(summary.split()), f"{name.rpartition('.')[2]}{_signature(function)}", tuple(found.items()), known)


def _find(name: str) -> Callable[..., Any]:
    dialect, _, function = name.rpartition(".")
    if dialect in ("", "unifocal"):
        found = {canonical: getattr(losses, canonical) for canonical in _CANONICAL}
    elif dialect in dialect_names():
        found = functions_of(dialect)
    else:
        raise ValueError(f"There is no dialect {dialect!r}; there are {', '.join(dialect_names())}.")
    if function not in found:
        raise ValueError(f"{dialect or 'unifocal'} has no {function!r}; it has {', '.join(found)}.")
    chosen: Callable[..., Any] = found[function]
    return chosen


def _signature(function: Callable[..., Any]) -> str:
    bare = [parameter.replace(annotation=Parameter.empty) for parameter in signature(function).parameters.values()]
    return str(signature(function).replace(parameters=bare, return_annotation=Parameter.empty))


_SAMPLES = {
    "element-wise labels": ((2, 3), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])),
    "class indices": ((2, 3), np.array([0, 2])),
    "labels of shape (N, 1)": ((2, 1), np.array([[1.0], [0.0]])),
}
_FORMATS = tuple(_SAMPLES)


def _described(function: Callable[..., Any], options: dict[str, Any]) -> Iterator[tuple[str, _Rows | Exception]]:
    """The rows for each format of labels that the function takes, or why not: found by describing calls on small arrays."""
    for formats, (shape, labels) in _SAMPLES.items():
        error: Exception | None = None
        for weights in (*shape, 0):  # a weight of a row or of a class, where the function takes one
            try:
                spec, operands = _describe(function, np.full(shape, 1.0 / shape[1]), labels, options, weights)
                with value_checks(False), np.errstate(all="ignore"):
                    evaluate(spec, operands)
            except (TypeError, ValueError) as refused:
                error = refused
            else:
                yield formats, tuple(_rows(spec, operands, formats))
                break
        else:
            assert error is not None
            yield formats, error


def _describe(function: Any, predictions: Any, labels: Any, options: dict[str, Any], weights: int) -> tuple[Spec, Operands]:
    if isclass(function):
        own = signature(function).parameters
        needed = {name: _STAND_INS[name] for name, parameter in own.items() if parameter.default is Parameter.empty}
        given, options = _split(options, own)
        function = function(**{**needed, **given})
    first, second, *others = signature(function.describe).parameters.values()
    assert {first.name, second.name} & set(LABELS)
    asked: dict[str, Any] = {other.name: _STAND_INS[other.name] for other in others if other.default is Parameter.empty}
    asked |= {other.name: np.ones(weights) for other in others if weights and other.name in _WEIGHTS}
    given, unknown = _split(options, {other.name: other for other in others})
    if unknown:
        raise ValueError(f"there is no option {', '.join(unknown)}.")
    values = {**asked, **given}
    positional = [values.pop(other.name, other.default) for other in others if other.kind is Parameter.POSITIONAL_ONLY]
    pair = (labels, predictions) if first.name in LABELS else (predictions, labels)
    described: tuple[Spec, Operands] = function.describe(*pair, *positional, **values)
    return described


def _split(options: dict[str, Any], known: Mapping[str, Parameter]) -> tuple[dict[str, Any], dict[str, Any]]:
    return {k: v for k, v in options.items() if k in known}, {k: v for k, v in options.items() if k not in known}


def _rows(spec: Spec, operands: Operands, labels: str) -> Iterator[tuple[str, str]]:
    yield "predictions", _predictions(spec)
    yield "loss", _formula(spec, operands.pos_weight is not None)
    if spec.link == "sigmoid":
        yield (
            "soft labels",
            (
                "the label's own p_t" + (" and α_t" if spec.alpha != "off" else "")
                if spec.soft_labels == "label"
                else "y·L(1) + (1 − y)·L(0), a mixture of the hard labels' losses"
            ),
        )
    yield "alpha", _alpha(spec, operands)
    yield "clip", _clip(spec)
    if spec.label_smoothing:
        s = f"{spec.label_smoothing:g}"
        yield "label smoothing", f"y·(1 − {s}) + {s}/{'C' if spec.categorical else '2'}, before everything else"
    yield "labels", _labels(spec, labels)
    yield "ignored", _ignored(spec)
    if operands.class_weight is not None:
        yield "class weights", "one factor a row, Σ w_c·y_c" if spec.class_weight == "row" else "w_c at each class's term"
    if operands.sample_weight is not None:
        yield "sample weights", "aligned with the unreduced loss from the " + ("left" if spec.weights == "leading" else "right")
    if operands.normalizer is not None:
        yield "normalizer", f"the unreduced loss divided by {operands.normalizer:.9g}"
    if operands.loss_weight not in (None, 1):
        yield "loss weight", f"the loss times {operands.loss_weight:g}"
    yield "unreduced shape", _shape(spec)
    yield "reduction", _reduction(spec)


def _predictions(spec: Spec) -> str:
    if spec.link == "log":
        return "log-probabilities log p"
    if spec.from_logits:
        return "logits x, p = σ(x)" if spec.link == "sigmoid" else f"logits x, p = softmax(x) along axis {spec.axis}"
    divided = {"no": "", "then_clipped": ", divided by their sum, then clipped", "clipped_first": ", clipped, then divided by their sum"}
    return f"probabilities p{divided[spec.normalized]}"


def _formula(spec: Spec, pos_weight: bool) -> str:
    added = f" + {spec.log_epsilon:g}" if spec.log_epsilon else ""
    log_p, log_q = (f"log(p{added})", f"log(1 − p{added})") if added else ("log p", "log(1 − p)")
    power = f"^{spec.gamma:g}" if spec.gamma != 1 else ""
    if spec.categorical:
        scale = "α_c·" if spec.alpha == "scale" else ""
        modulator = f"(1 − p_c){power}·" if spec.gamma else ""
        return f"Σ_c y_c·{scale}{modulator}(−{log_p.replace('p', 'p_c')})"
    alpha = "α_t·" if spec.alpha != "off" else ""
    cross_entropy = f"−y·{'pos_weight·' if pos_weight else ''}{log_p} − (1 − y)·{log_q}"
    if not spec.gamma:
        return f"{alpha}({cross_entropy})" if alpha else cross_entropy
    return f"{alpha}(1 − p_t){power}·({cross_entropy}), p_t = y·p + (1 − y)·(1 − p)"


def _alpha(spec: Spec, operands: Operands) -> str:
    by_class = (
        "" if operands.alpha is None or np.ndim(operands.alpha) == 0 else f" of {np.asarray(operands.alpha).tolist()} for the classes"
    )
    rules = {"off": "off", "balance": "α on positives, 1 − α on negatives", "scale": "a factor of each class's term"}
    return rules[spec.alpha] + (f", α{by_class}" if by_class else "")


def _clip(spec: Spec) -> str:
    rules = []
    if spec.epsilon:
        where = "" if spec.clip == "loss" or not spec.gamma else ", in the cross entropy and not in p_t"
        rules.append(f"p to [{spec.epsilon:g}, 1 − {spec.epsilon:g}]{where}; no derivative outside")
    if spec.log_epsilon:
        rules.append(f"logarithms of p + {spec.log_epsilon:g} and 1 − p + {spec.log_epsilon:g}")
    if spec.log_floor is not None:
        rules.append(f"logarithms at least {spec.log_floor:g}; 1/(p·(1 − p)) at most 1e12 in the derivative")
    return "; ".join(rules) or "none: exact logarithms"


def _labels(spec: Spec, labels: str) -> str:
    if labels == "class indices":
        background = "; index C is background" if not spec.categorical else ""
        return f"class indices along axis {spec.axis}{background}"
    return (
        ("in [0, 1]" if spec.holds_labels else "any numbers")
        + ", of the predictions' shape"
        + (", one-hot or soft" if spec.categorical else "")
    )


def _ignored(spec: Spec) -> str:
    if spec.ignore_index is None:
        return "nothing"
    return f"labels of {spec.ignore_index}" + (", which count in a mean" if spec.count_ignored else ", which count nowhere")


def _shape(spec: Spec) -> str:
    if spec.class_axis in ("sum", "mean"):
        return f"the predictions' without axis {spec.axis}, over which the loss is a {spec.class_axis}"
    if not spec.categorical:
        return "the predictions'"
    return {
        "kernel": f"the predictions' without axis {spec.axis}",
        "kept": f"the predictions' with size 1 along axis {spec.axis}",
        "spread": "the predictions', 0 beside the target",
    }[spec.class_axis]


def _reduction(spec: Spec) -> str:
    counted = "all" if spec.count_ignored or spec.ignore_index is None else "non-ignored"
    return {
        "none": "none",
        "sum": "sum",
        "mean": f"mean: the sum divided by the number of {counted} elements of the unreduced loss",
        "weighted_mean": f"mean: the sum divided by the sum of the weights of {counted} elements",
    }[spec.reduction]
