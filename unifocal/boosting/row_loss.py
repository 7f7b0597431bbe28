"""A loss with its options, evaluated over rows of margins: what objectives and metrics share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ..convention import Convention
from ..described import require_described, unwrapped
from ..dispatch import backend_of
from ..evaluation.block import fold
from ..evaluation.evaluate import Call, read_call
from ..evaluation.hessian import Hessian
from ..formulas.arithmetic import logistic_terms
from ..formulas.softmax_terms import dense_parts
from ..operands import Operands
from .rows import Floats, Numbers

if TYPE_CHECKING:
    from ..backend import Backend

_UNSUITABLE = {
    "reduction": "Boosting adds up the derivatives of rows",
    "sample_weight": "Weights are the data's: pass them with the rows",
}


class RowLoss(NamedTuple):
    """A loss of rows, with its options.  Its predictions are (N, K), its labels (N,) or (N, K)."""

    loss: Any
    options: Mapping[str, Any]
    categorical: bool
    """Whether the K margins of a row are one softmax."""
    of_logits: bool

    @property
    def name(self) -> str:
        """The loss's own."""
        found = unwrapped(self.loss)[0]
        return str(getattr(found, "__name__", type(found).__name__))

    def __str__(self) -> str:
        return ", ".join([self.name, *(f"{name}={value!r}" for name, value in self.options.items())])

    def call(self, predictions: Floats, labels: Numbers, weights: Floats | None) -> Call:
        """The sum over the rows, as a call; raises ValueError or TypeError where labels do not fit."""
        count, classes = predictions.shape
        if self.categorical and classes == 1:
            raise ValueError(
                f"{self.name} is a softmax loss, which needs a margin for each class; received one a row. "
                "Set num_class (XGBoost, LightGBM) or classes_count (CatBoost), or use a sigmoid loss."
            )
        by_class = labels.ndim == 1 and classes > 1
        targets = _indices(labels, classes) if by_class else np.reshape(_answers(labels), (count, classes))
        convention, operands = _described(self.loss, self.options, predictions, targets)
        if by_class and convention.labels == "elements":
            operands = operands._replace(targets=np.equal(targets[:, np.newaxis], np.arange(classes)).astype(predictions.dtype))
        if weights is not None:
            weights = weights.astype(predictions.dtype)
            operands = operands._replace(sample_weight=weights if convention.drops_axis else weights[:, np.newaxis])
        return read_call(replace(convention, reduction="sum"), operands, constant=True)

    def value(self, predictions: Floats, labels: Numbers, weights: Floats | None) -> float:
        """The sum."""
        return float(self.call(predictions, labels, weights).value())

    def gradient(self, margins: Floats, labels: Numbers, weights: Floats | None) -> Floats:
        """Of each row by its margins, (N, K)."""
        call = self.call(margins, labels, weights)
        return np.reshape(call.value_and_gradient(call.operands.given)[1], margins.shape)

    def derivatives(self, margins: Floats, labels: Numbers, weights: Floats | None, hessian: Hessian) -> tuple[Floats, Floats]:
        """Of each row by its margins, both (N, K)."""
        call = self.call(margins, labels, weights)
        given = call.operands.given
        return np.reshape(call.value_and_gradient(given)[1], margins.shape), np.reshape(call.hessian(hessian, given), margins.shape)

    def matrices(self, margins: Floats, labels: Numbers, weights: Floats | None, hessian: Hessian) -> Floats:
        """The whole Hessian of each row, (N, K, K): of a softmax loss in K passes.

        clipped: its eigenvalues are not below 0.  Raises TypeError where a formula has none of this kind.
        """
        call = self.call(margins, labels, weights)
        count, classes = margins.shape
        if not self.categorical or hessian == "held":
            diagonal = np.reshape(call.hessian(hessian, call.operands.given), margins.shape)
            return _of_cross_entropy(self, margins, diagonal) if self.categorical else diagonal[:, :, np.newaxis] * np.eye(classes)
        formula, x, inputs, _ = fold(call.reading, call.operands)
        full = np.empty((count, classes, classes), margins.dtype)
        for j in range(classes):
            unit = np.zeros_like(x)
            unit[:, j] = 1
            full[:, :, j] = np.reshape(formula.second(call.reading.xp, x, inputs, unit), margins.shape)
        if hessian == "clipped":
            sizes, axes = np.linalg.eigh((full + np.swapaxes(full, 1, 2)) / 2)
            full = (axes * np.maximum(sizes, 0)[:, np.newaxis, :]) @ np.swapaxes(axes, 1, 2)
        return full

    def probabilities(self, margins: Floats) -> Floats:
        """What the margins stand for, (N, K), or (N, 2) for a margin a row."""
        xp = cast("Backend", backend_of(margins)).namespace(margins)
        if self.categorical:
            return np.asarray(dense_parts(xp, -1, margins)[0].p)
        p, q, *_ = logistic_terms(xp, margins)
        return np.concatenate([q, p], axis=1) if margins.shape[1] == 1 else np.asarray(p)


def _of_cross_entropy(loss: RowLoss, margins: Floats, diagonal: Floats) -> Floats:
    """m·(diag p − p·pᵀ), which a softmax loss of modulators that are held is, from its diagonal m·p·(1 − p)."""
    p, classes = loss.probabilities(margins), margins.shape[1]
    products = p[:, :, np.newaxis] * p[:, np.newaxis, :] * (1 - np.eye(classes))
    spread = products.sum(axis=2)
    total = spread.sum(axis=1)
    m = diagonal.sum(axis=1) / np.where(total == 0, 1, total)
    if not np.allclose(diagonal, m[:, np.newaxis] * spread, rtol=1e-6, atol=1e-300):
        raise TypeError(
            f"hessian='held' of several classes requires a loss that is a cross entropy where its modulator is held; {loss} is not."
        )
    full = -m[:, np.newaxis, np.newaxis] * products
    full[:, np.arange(classes), np.arange(classes)] = diagonal
    return np.asarray(full)


def _indices(labels: Numbers, classes: int) -> Numbers:
    """Labels as class indices; raises ValueError where one is none."""
    bad = ~((labels >= 0) & (labels < classes) & (labels % 1 == 0))
    if bad.any():
        raise ValueError(
            f"labels must be whole numbers from 0 to {classes - 1}, the classes that a row has {classes} margins for; received "
            f"{_first(labels, bad)}."
        )
    return labels.astype(np.int64)


def _answers(labels: Numbers) -> Numbers:
    """Labels of one margin each; raises ValueError unless they are from 0 to 1."""
    bad = ~((labels >= 0) & (labels <= 1))
    if bad.any():
        raise ValueError(
            f"labels of one margin must be from 0 to 1, yes being 1; received {_first(labels, bad)}. "
            "Labels of several classes need a margin for each: set num_class."
        )
    return labels


def _first(labels: Numbers, bad: Numbers) -> str:
    at = np.unravel_index(int(np.argmax(bad)), labels.shape)
    return f"{labels[at]} at {', '.join(map(str, at))} ({bad.sum()} of {labels.size} are outside)"


def row_loss(loss: Callable[..., Any], options: Mapping[str, Any], what: str) -> RowLoss:
    """A loss of rows, in the name of ``what``; raises TypeError where it is none, or has options that rows have no use for."""
    require_described(loss, what)
    _, _, bound = unwrapped(loss, (), dict(options))
    for name, reason in _UNSUITABLE.items():
        if name in bound:
            raise TypeError(f"{what} takes no {name}. {reason}.")
    convention, operands = _described(loss, options, np.zeros((2, 2)), np.zeros(2, np.int64))
    if operands.sample_weight is not None:
        raise TypeError(f"{what} takes no weights of samples. {_UNSUITABLE['sample_weight']}.")
    return RowLoss(loss, dict(options), convention.formula.categorical, convention.formula.predictions == "logits")


def _described(loss: Any, options: Mapping[str, Any], predictions: Floats, targets: Numbers) -> tuple[Convention, Operands]:
    of, args, bound = unwrapped(partial(loss, **options))
    given = (targets, predictions) if of.labels_first else (predictions, targets)
    described: tuple[Convention, Operands] = of.describe(*args, *given, **bound)
    return described
