"""What a loss does, in words and formulas, derived from its spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter, isclass, signature
from typing import Any

import numpy as np

from . import losses
from .checks import value_checks
from .dialects import Difference, differences, full_name, function_named
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
    """Its full name, ``dialect.function``, or that of a canonical loss."""
    summary: str
    signature: str
    """As it is called, with the options given in place of the defaults."""
    conventions: tuple[tuple[str, _Rows], ...]
    differences: tuple[Difference, ...]


def explain(name: str, **options: Any) -> Explanation:
    """Explain a dialect's function, by any name that :func:`unifocal.dialects.full_name` knows, or a canonical loss, with some options set.

    Raises
    ------
    ValueError
        If there is no such function, or it takes no such options, or is no loss.
    """
    name, function = _find(name)
    if not isclass(function) and not hasattr(function, "describe"):
        raise ValueError(f"{name} transforms labels and is no loss.")
    taken = _options(function)
    if unknown := [option for option in options if option not in taken]:
        raise ValueError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(taken) or 'none'}.")
    described = dict(_described(function, options))
    found = {formats: rows for formats, rows in described.items() if not isinstance(rows, Exception)}
    if not found:
        raise ValueError(f"{name} cannot be called with these options: {described[_FORMATS[0]]}")
    if len(found) > 1:  # a special case of element-wise labels
        found.pop(_FORMATS[-1], None)
    known = tuple(difference for difference in differences() if difference.concerns(name))
    return Explanation(name, _summary(function), name + _signature(function, options), tuple(found.items()), known)


def _find(name: str) -> tuple[str, Callable[..., Any]]:
    canonical = name.removeprefix("unifocal.")
    if canonical in _CANONICAL:
        return canonical, getattr(losses, canonical)
    full = full_name(name)
    return full, function_named(full)


def _options(function: Any) -> list[str]:
    """All that a class, and a call beside predictions and labels, takes."""
    made = list(signature(function).parameters) if isclass(function) else []
    called = list(signature(function.describe).parameters)
    return made + called[3 if isclass(function) else 2 :]


def _summary(function: Callable[..., Any]) -> str:
    """The first paragraph of the documentation, without the marks of its markup."""
    text = " ".join((function.__doc__ or "").strip().split("\n\n")[0].split())
    return re.sub(r":\w+:`([^`]+)`", r"`\1`", text).replace("``", "`")


def _signature(function: Callable[..., Any], options: Mapping[str, Any]) -> str:
    """The parameters without annotations, options given in place of defaults; of a class also the call's, if they are among the options."""
    own = signature(function).parameters
    text = _with_options(own, options)
    if isclass(function) and (called := {name: value for name, value in options.items() if name not in own}):
        text += _with_options(signature(function.describe).parameters, called, skipped=1)  # type: ignore[attr-defined]
    return text


def _with_options(parameters: Mapping[str, Parameter], options: Mapping[str, Any], skipped: int = 0) -> str:
    shown = [
        parameter.replace(annotation=Parameter.empty, default=options.get(parameter.name, parameter.default))
        for parameter in list(parameters.values())[skipped:]
    ]
    # A signature would refuse a default before a parameter without one.
    return f"({', '.join(_separated(shown))})"


def _separated(parameters: list[Parameter]) -> Iterator[str]:
    """Parameters as in a signature, with its ``/`` and ``*``."""
    kinds = [parameter.kind for parameter in parameters]
    for place, parameter in enumerate(parameters):
        if parameter.kind is Parameter.KEYWORD_ONLY and (place == 0 or kinds[place - 1] is not Parameter.KEYWORD_ONLY):
            yield "*"
        yield str(parameter)
        if parameter.kind is Parameter.POSITIONAL_ONLY and Parameter.POSITIONAL_ONLY not in kinds[place + 1 :]:
            yield "/"


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
    values = {**asked, **options}
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
                else "y·L(1) + (1 − y)·L(0), a mixture of the losses of hard labels"
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
        yield "class weights", "one factor per row, Σ w_c·y_c" if spec.class_weight == "row" else "a factor w_c on each class's term"
    if operands.sample_weight is not None:
        yield "sample weights", "aligned with the unreduced loss from the " + ("left" if spec.weights == "leading" else "right")
    if operands.normalizer is not None:
        yield "normalizer", f"the unreduced loss divided by {operands.normalizer:.9g}"
    if operands.loss_weight not in (None, 1):
        yield "loss weight", f"the loss times {operands.loss_weight:g}"
    yield "unreduced shape", _shape(spec)
    yield "reduction", _reduction(spec)
    if spec.dtype is not None:
        yield "dtype", f"the loss in {spec.dtype}, gradients in the predictions' dtype"


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
    rules = {"off": "off", "balance": "α on positives, 1 − α on negatives", "scale": "a factor on each class's term"}
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
    return "; ".join(rules) or "none; logarithms are exact"


def _labels(spec: Spec, labels: str) -> str:
    if labels == "class indices":
        background = "; index C is the background" if not spec.categorical else ""
        return f"class indices along axis {spec.axis}{background}"
    values = "values in [0, 1]" if spec.holds_labels else "any numbers"
    return f"{values} in the predictions' shape" + (", one-hot or soft" if spec.categorical else "")


def _ignored(spec: Spec) -> str:
    if spec.ignore_index is None:
        return "nothing"
    return f"labels of {spec.ignore_index}: no loss, " + ("but counted in a mean" if spec.count_ignored else "and not counted in a mean")


def _shape(spec: Spec) -> str:
    if spec.class_axis in ("sum", "mean"):
        return f"as the predictions, without axis {spec.axis}, over which the loss is a {spec.class_axis}"
    if not spec.categorical:
        return "as the predictions"
    return {
        "kernel": f"as the predictions, without axis {spec.axis}",
        "kept": f"as the predictions, with size 1 along axis {spec.axis}",
        "spread": "as the predictions, 0 except at the target",
    }[spec.class_axis]


def _reduction(spec: Spec) -> str:
    counted = "all" if spec.count_ignored or spec.ignore_index is None else "non-ignored"
    return {
        "none": "none",
        "sum": "sum",
        "mean": f"mean: the sum divided by the number of {counted} elements of the unreduced loss",
        "weighted_mean": f"mean: the sum divided by the sum of the weights of {counted} elements",
    }[spec.reduction]
