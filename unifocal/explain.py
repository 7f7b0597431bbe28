"""What a loss does, in words and formulas, derived from its convention."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter, isclass, signature
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from .canonical import own_losses
from .dialects import Difference, differences, full_name, function_named, mirrored
from .dialects.registry import own_dialects
from .evaluation.checks import value_checks
from .evaluation.evaluate import evaluate
from .imported import function_from
from .loss import call_with
from .operands import Operands

if TYPE_CHECKING:
    from .convention import Convention

_STAND_INS: dict[str, Any] = {
    "alpha": 0.25,
    "pos_weight": 1.0,
    "gamma": 2.0,
    "normalizer": 1.0,
    "label_smooth_val": 0.1,
    "num_class": 2,
    "num_boxes": 1,
    "vocab_size": 3,
    "config": SimpleNamespace(num_labels=3, problem_type=None),
    "label": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    "class_counts": [1, 2, 3],
    "num_samples": 6,
    "mode": "binary",
}
"""For options that an original requires."""
_WEIGHTS = ("weight", "sample_weight", "class_weight")


_Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Explanation:
    """One function's convention: by format of its labels, rows of what is asked and the answer."""

    function: str
    """Its full name, ``dialect.function``, or that of a loss of unifocal's."""
    summary: str
    mirrors: str
    """The original's library and version, and where it is documented; empty for a loss of no dialect of the library's."""
    signature: str
    """As it is called, with the options given in place of the defaults."""
    conventions: tuple[tuple[str, _Rows], ...]
    differences: tuple[Difference, ...]


def explain(name: str, **options: Any) -> Explanation:
    """Explain a dialect's function, by any name that :func:`unifocal.dialects.full_name` knows, or a loss of unifocal's; with options.

    One's own loss is ``package.module:function``.

    Raises
    ------
    ValueError
        If there is no such function, or it takes no such options, or is no loss.
    """
    name, function = _find(name)
    if ":" in name and not hasattr(function, "describe"):
        raise ValueError(
            f"{name} is no loss of unifocal's making, such as unifocal.elementwise makes of an expression; only those explain themselves."
        )
    if not isclass(function) and not hasattr(function, "describe"):
        raise ValueError(f"{name} transforms labels and is no loss.")
    taken = _options(function)
    if unknown := [option for option in options if option not in taken]:
        raise ValueError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(taken) or 'none'}.")
    described = dict(_described(function, options))
    found = {formats: rows for formats, rows in described.items() if not isinstance(rows, Exception)}
    if not found:
        raise ValueError(f"{name} cannot be called with these options: {described[_FORMATS[0]]}")
    found = {formats: rows for formats, rows in found.items() if formats not in _SPECIAL} or found
    known = tuple(difference for difference in differences() if difference.concerns(name))
    mirrors = ", ".join(mirrored(function)) if name.partition(".")[0] in own_dialects() else ""
    return Explanation(name, _summary(function), mirrors, name + _signature(function, options), tuple(found.items()), known)


def _find(name: str) -> tuple[str, Callable[..., Any]]:
    canonical = name.removeprefix("unifocal.")
    if canonical in own_losses():
        return canonical, own_losses()[canonical]
    if ":" in name:
        return name, function_from(name)
    full = full_name(name)
    return full, function_named(full)


def _options(function: Any) -> list[str]:
    """All that a class, and a call beside predictions and labels, takes."""
    made = list(signature(function).parameters) if isclass(function) else []
    called = [name for name, parameter in signature(function.describe).parameters.items() if parameter.kind is not Parameter.VAR_KEYWORD]
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
    "pairs of class indices and scores": ((2, 3), (np.array([0, 2]), np.array([0.5, 1.0]))),
    "masks": ((2, 3, 2), np.ones((2, 2))),
    "class indices, one a pixel": ((1, 2, 2, 1), np.array([[[0], [1]]])),
    "labels of shape (N, 1)": ((2, 1), np.array([[1.0], [0.0]])),
    "class indices of shape (N, H, W)": ((1, 3, 1, 2), np.array([[[0, 2]]])),
}
_FORMATS = tuple(_SAMPLES)
_SPECIAL = _FORMATS[-3:]
"""Special cases of others, told where there are no others."""
_BESIDE = {"masks": {"label": np.array([0, 2])}}
"""What labels of a format come with."""


def _described(function: Callable[..., Any], options: dict[str, Any]) -> Iterator[tuple[str, _Rows | Exception]]:
    """The rows for each format of labels that the function takes, or why not: found by describing calls on small arrays."""
    shape: tuple[int, ...]
    for formats, (shape, labels) in _SAMPLES.items():
        error: Exception | None = None
        for weights in (*shape, 0):  # a weight of a row or of a class, where the function takes one
            try:
                convention, operands = _describe(
                    function, np.full(shape, 1.0 / shape[1]), labels, _BESIDE.get(formats, {}), options, weights
                )
                with value_checks(False), np.errstate(all="ignore"):
                    evaluate(convention, operands)
            except (TypeError, ValueError) as refused:
                error = refused
            else:
                yield formats, tuple(_rows(convention, operands, formats))
                break
        else:
            assert error is not None
            yield formats, error


def _describe(
    function: Any, predictions: Any, labels: Any, beside: dict[str, Any], options: dict[str, Any], weights: int
) -> tuple[Convention, Operands]:
    if isclass(function):
        own = signature(function).parameters
        needed = {name: _stand_in(name) for name, parameter in own.items() if _is_needed(parameter)}
        given, options = _split(options, own)
        function = function(**{**needed, **given})
    _, _, *others = (one for one in signature(function.describe).parameters.values() if one.kind is not Parameter.VAR_KEYWORD)
    asked = {other.name: beside[other.name] for other in others if other.name in beside}
    asked |= {other.name: _stand_in(other.name) for other in others if _is_needed(other) and other.name not in asked}
    asked |= {other.name: np.ones(weights) for other in others if weights and other.name in _WEIGHTS}
    values = {**asked, **options}
    pair = (labels, predictions) if function.labels_first else (predictions, labels)
    described: tuple[Convention, Operands] = call_with(function.describe, pair, values)
    return described


def _is_needed(parameter: Parameter) -> bool:
    return parameter.default is Parameter.empty and parameter.kind is not Parameter.VAR_KEYWORD


def _stand_in(name: str) -> Any:
    if name not in _STAND_INS:
        raise TypeError(f"{name} is required")
    return _STAND_INS[name]


def _split(options: dict[str, Any], known: Mapping[str, Parameter]) -> tuple[dict[str, Any], dict[str, Any]]:
    return {k: v for k, v in options.items() if k in known}, {k: v for k, v in options.items() if k not in known}


def _rows(convention: Convention, operands: Operands, labels: str) -> Iterator[tuple[str, str]]:
    formula, balanced = convention.formula, operands.alpha is not None
    yield "predictions", formula.predictions_text(convention.axis)
    yield "loss", formula.text(balanced, operands.pos_weight is not None)
    soft_labels = formula.soft_labels_text(balanced)
    if soft_labels is not None:
        yield "soft labels", soft_labels
    yield "alpha", _alpha(convention, operands)
    yield "clip", formula.clip_text() or "none; logarithms are exact"
    if convention.label_smoothing:
        s = f"{convention.label_smoothing:g}"
        yield "label smoothing", f"y·(1 − {s}) + {s}/{'C' if convention.formula.categorical else '2'}, before everything else"
    yield "labels", _labels(convention, labels)
    yield "ignored", _ignored(convention)
    if operands.class_weight is not None:
        yield "class weights", _class_weights(convention)
    if operands.sample_weight is not None:
        yield "sample weights", "aligned with the unreduced loss from the " + _end(convention)
    if operands.normalizer is not None:
        yield "normalizer", f"the unreduced loss divided by {operands.normalizer:.9g}"
    if operands.loss_weight not in (None, 1):
        yield "loss weight", f"the loss times {operands.loss_weight:g}"
    yield "unreduced shape", _shape(convention)
    yield "reduction", _reduction(convention)
    if convention.dtype is not None:
        yield "dtype", f"the loss in {convention.dtype}, gradients in the predictions' dtype"


def _alpha(convention: Convention, operands: Operands) -> str:
    if operands.alpha is None:
        return "off"
    by_class = "" if np.ndim(operands.alpha) == 0 else f" of {np.asarray(operands.alpha).tolist()} for the classes"
    rule = "a factor on each class's term" if convention.formula.categorical else "α on positives, 1 − α on negatives"
    return f"{rule}, α{by_class}" if by_class else rule


def _class_weights(convention: Convention) -> str:
    match convention.class_weight:
        case "class":
            return "a factor w_c on each class's term"
        case "row":
            return "one factor per row, Σ w_c·y_c"
        case never:
            assert_never(never)


def _end(convention: Convention) -> str:
    match convention.weights:
        case "leading":
            return "left"
        case "trailing":
            return "right"
        case never:
            assert_never(never)


def _labels(convention: Convention, labels: str) -> str:
    if labels.startswith("class indices"):
        background = "; index C is the background" if convention.background and not convention.formula.categorical else ""
        return f"class indices along axis {convention.axis}{background}"
    values = "values in [0, 1]" if convention.holds_labels else "any numbers"
    return f"{values} in the predictions' shape" + (", one-hot or soft" if convention.formula.categorical else "")


def _ignored(convention: Convention) -> str:
    if convention.ignore_index is None:
        return "nothing"
    counted = "but counted in a mean" if convention.count_ignored else "and not counted in a mean"
    return f"labels of {convention.ignore_index}: no loss, {counted}"


def _shape(convention: Convention) -> str:
    match convention.class_axis:
        case "formula":
            return f"as the predictions, without axis {convention.axis}" if convention.formula.categorical else "as the predictions"
        case "sum" | "mean" as way:
            return f"as the predictions, without axis {convention.axis}, over which the loss is a {way}"
        case "kept":
            return f"as the predictions, with size 1 along axis {convention.axis}"
        case "spread":
            return "as the predictions, 0 except at the target"
        case never:
            assert_never(never)


def _reduction(convention: Convention) -> str:
    counted = "all" if convention.count_ignored or convention.ignore_index is None else "non-ignored"
    match convention.reduction:
        case "none" | "sum" as way:
            return way
        case "mean":
            return f"mean: the sum divided by the number of {counted} elements of the unreduced loss"
        case "weighted_mean":
            return f"mean: the sum divided by the sum of the weights of {counted} elements"
        case never:
            assert_never(never)
