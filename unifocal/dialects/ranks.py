"""What dialects do with tensors before they are operands: the originals' rules for ranks, label formats and dtypes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..arrays import Array, Namespace, cast, same, type_name
from ..backend import Backend
from ..dispatch import backend_of
from ..evaluation.checks import Range, are_on
from ..scalars import is_number


def tensor_of(value: Any) -> tuple[Backend, Namespace, Array]:
    """value, as a tensor of its backend; lists and numbers as NumPy's."""
    given, backend = value, backend_of(value)
    if backend is None:
        try:
            value = np.asarray(value)
        except ValueError as error:
            raise TypeError(
                f"A tensor or lists of numbers in a rectangular shape are required; received {type_name(value)}: {error}"
            ) from error
        if value.dtype.kind not in "biuf":
            raise TypeError(f"A dense tensor or lists of numbers in a rectangular shape are required; received {type_name(given)}.")
        backend = backend_of(value)
        assert backend is not None
    value = backend.canonical(value)
    return backend, backend.namespace(value), value


def _readable(backend: Backend, value: Array) -> bool:
    """Whether values may be looked at: eager, in host memory, and checks on."""
    return not backend.is_traced(value) and are_on() and backend.on_host(value)


def shape(value: Any) -> tuple[int | None, ...]:
    """The sizes of a tensor or a list; None where a traced graph does not know one."""
    backend, _, value = tensor_of(value)
    return backend.shape(value)


def squeezed(value: Any, axis: int = -1) -> Array:
    """The tensor without an axis of size 1."""
    _, xp, value = tensor_of(value)
    return xp.squeeze(value, axis=axis)


def expanded(value: Any, axis: int = -1) -> Array:
    """The tensor with one more axis of size 1."""
    _, xp, value = tensor_of(value)
    return xp.expand_dims(value, axis=axis)


def is_floating(value: Any) -> bool:
    """Whether a tensor or a list holds floating-point numbers."""
    _, xp, value = tensor_of(value)
    return bool(xp.isdtype(value.dtype, "real floating"))


def is_long(value: Any) -> bool:
    """Whether a tensor or a list holds integers of int32 or int64."""
    _, xp, value = tensor_of(value)
    return bool(xp.isdtype(value.dtype, "integral")) and xp.iinfo(value.dtype).min <= -(2**31)


def as_indices(value: Any) -> Array:
    """Class indices that may come as floating-point numbers or booleans, as int64."""
    _, xp, value = tensor_of(value)
    return cast(xp, value, xp.int64) if xp.isdtype(value.dtype, ("real floating", "bool")) else value


def next_labels(labels: Any, fill: int) -> Array:
    """Labels one place earlier along the last axis, as those of tokens that are to be predicted are, and ``fill`` at its end."""
    _, xp, value = tensor_of(labels)
    if not shape(value):
        raise ValueError("labels of tokens must have an axis of them; received shape ().")
    if xp.isdtype(value.dtype, "integral"):
        value = cast(xp, value, xp.int64)  # which has the number that fills
    return xp.concat([value[..., 1:], xp.full_like(value[..., :1], fill, dtype=value.dtype)], axis=-1)


def labels_of(name: str, indices: Any, predictions: Any, on: float, off: float) -> Array:
    """Labels of rows (N, C) made of class indices (N,): ``on`` at a row's own, ``off`` elsewhere; floating and boolean ones are cast.

    Raises ValueError where an index is out of range; where indices cannot be looked at, the labels of its row are NaN.
    """
    _, like, x = tensor_of(predictions)
    backend, xp, index = tensor_of(as_indices(indices))
    classes = shape(predictions)[-1]
    if classes is None:
        raise ValueError(f"The class axis must have a static size here; received predictions of shape {shape(predictions)}.")
    readable = _readable(backend, index)
    if readable:
        Range(0, classes - 1).check_array(name, backend.to_numpy(index))
    own = xp.arange(classes, dtype=index.dtype, device=backend.device(index))
    index = xp.expand_dims(index, axis=-1)
    dtype = xp.float64 if x.dtype == like.float64 else xp.float32
    hot = cast(xp, index == own, dtype)
    labels = hot * xp.number(on, dtype) + (1 - hot) * xp.number(off, dtype)
    return labels if readable else xp.where((index < 0) | (index >= classes), float("nan"), labels)


def above(labels: Any, threshold: float, smoothing: float = 0.0) -> Array:
    """1 where a label, y·(1 − s) + s/2, is above a threshold, 0 elsewhere."""
    _, xp, y = tensor_of(labels)
    dtype = y.dtype if xp.isdtype(y.dtype, "real floating") else xp.float32
    y = cast(xp, y, dtype)
    if smoothing:
        y = y * xp.number(1 - smoothing, dtype) + xp.number(smoothing / 2, dtype)
    return cast(xp, y > xp.number(threshold, dtype), dtype)


def signed_scores(scores: Any, labels: Any) -> tuple[Array, Array]:
    """Scores, minus those of negatives; and 0 for positives without a score, whose sign would not show, 1 for others.

    Raises ValueError where a label is neither 0 nor 1; where labels cannot be looked at, its score is NaN.
    """
    backend, xp, score = tensor_of(scores)
    label = labels if backend_of(labels) is backend else backend.from_numpy(np.asarray(labels), score)
    dtype = score.dtype if xp.isdtype(score.dtype, "real floating") else xp.float32
    score, label = cast(xp, score, dtype), cast(xp, label, dtype)
    positive, negative = xp.equal(label, 1), xp.equal(label, 0)
    signed = xp.where(positive, score, -score)
    if not _readable(backend, label):
        signed = xp.where(positive | negative, signed, float("nan"))
    else:
        found: Any = backend.to_numpy(label)
        neither = found[(found != 0) & (found != 1)]
        if neither.size:
            raise ValueError(f"Labels beside scores must be 0 or 1; received {neither.flat[0]}.")
    return signed, 1 - label * cast(xp, xp.equal(score, 0), dtype)


def one_a_class(name: str, value: Any, predictions: Any, axis: int) -> Any:
    """A weight, of the shape (C,) and no other; None as it is."""
    sizes = shape(predictions)
    if value is not None and -len(sizes) <= axis < len(sizes) and not same(shape(value), (sizes[axis],)):
        raise ValueError(f"{name} must have one number a class, the shape ({sizes[axis]},); received shape {shape(value)}.")
    return value


def as_dtype(value: Array, dtype: Any) -> Array:
    """The tensor in the dtype of this name, or the compute dtype of a policy of Keras's; as it is for None."""
    if dtype is None:
        return value
    _, xp, value = tensor_of(value)
    dtype = getattr(dtype, "compute_dtype", dtype)
    if isinstance(dtype, str) and not hasattr(xp, dtype):
        raise ValueError(f"dtype must be one that {type_name(value)} has; received {dtype!r}.")
    return cast(xp, value, getattr(xp, dtype) if isinstance(dtype, str) else dtype)


def as_list(option: Any) -> Any:
    """An option as what a configuration can hold: a tensor as a list, a policy of Keras's by its compute dtype."""
    backend = backend_of(option)
    return getattr(option, "compute_dtype", option) if backend is None else backend.to_numpy(backend.canonical(option)).tolist()


def same_rank_as(value: Any, other: tuple[int | None, ...]) -> Any:
    """Keras's rule: a tensor of one dimension more than ``other`` loses a last one of size 1; one of one fewer gains it."""
    own = shape(value)
    if len(own) == len(other) + 1 and own[-1] == 1:
        return squeezed(value)
    if len(own) == len(other) - 1 and other[-1] == 1:
        return expanded(value)
    return value


def same_rank(a: Any, b: Any) -> tuple[Any, Any]:
    """Keras's rule: of two tensors whose ranks differ by one, the longer loses a last axis of size 1, or a 1-D shorter one gains it."""
    if len(shape(a)) < len(shape(b)):
        shorter, longer = a, b
    else:
        longer, shorter = a, b
    if len(shape(longer)) != len(shape(shorter)) + 1 or shape(longer)[-1] != 1:
        return a, b
    if len(shape(shorter)) == 1:
        shorter = expanded(shorter)
    else:
        longer = squeezed(longer)
    return (shorter, longer) if len(shape(a)) < len(shape(b)) else (longer, shorter)


def broadcast(value: Any, onto: tuple[int | None, ...]) -> Array:
    """The tensor in this shape, if its own broadcasts to it; as it is otherwise."""
    _, xp, value = tensor_of(value)
    own, sizes = shape(value), tuple(n for n in onto if n is not None)
    if same(own, onto) or len(sizes) < len(onto) or len(own) > len(onto):
        return value
    if any(m not in (1, n) for m, n in zip(own[::-1], sizes[::-1], strict=False)):
        return value
    return xp.broadcast_to(value, sizes)


def classes_where(where: Any, value: Any, axis: int) -> tuple[Array, Array]:
    """A mask of a tensor's classes, in which a row without any has all; and 0 for those rows, 1 for the others, without the axis.

    A mask of one dimension fewer is one of rows.
    """
    backend, xp, value = tensor_of(value)
    where = where if backend_of(where) is backend else backend.from_numpy(np.asarray(where), value)
    if len(shape(where)) != len(shape(value)):
        where = xp.expand_dims(where, axis=axis)
    some = xp.max(cast(xp, where, value.dtype), axis=axis, keepdims=True)
    return where | (some < 1), xp.squeeze(some, axis=axis)


def keep_classes(where: Array, value: Any, fill: float) -> Array:
    """The tensor with ``fill`` where ``where`` is false."""
    _, xp, value = tensor_of(value)
    if xp.isdtype(value.dtype, ("bool", "integral")):
        value = xp.astype(value, xp.float32)
    return xp.where(where, value, fill)


def smoothed(labels: Any, smoothing: Any, axis: int = -1, prior: Any = None, where: Any = None) -> Array:
    """(1 − s)·y + s·prior, s a number or a tensor.

    The prior is uniform over the classes along the axis, or over those ``where`` true, unless one is given.
    """
    backend, xp, y = tensor_of(labels)
    if not xp.isdtype(y.dtype, "real floating"):
        raise TypeError(f"labels must be floating; received dtype {y.dtype}.")

    def beside(value: Any) -> Array:
        return cast(xp, value if backend_of(value) is backend else backend.from_numpy(np.asarray(value), y), y.dtype)

    if is_number(smoothing):
        kept, spread = (xp.number(number, y.dtype) for number in (1 - smoothing, smoothing))
    else:
        spread = beside(smoothing)
        kept = 1 - spread
    if prior is not None:
        return y * kept + beside(prior) * spread
    if where is not None:
        return y * kept + spread / xp.sum(beside(where), axis=axis, keepdims=True)
    classes = backend.shape(y)[axis] if len(backend.shape(y)) else 1
    if classes is None:
        raise ValueError(f"The class axis must have a static size here; received labels of shape {backend.shape(y)}.")
    return y * kept + (xp.number(smoothing / classes, y.dtype) if is_number(smoothing) else spread / float(classes))


def reshaped(value: Any, sizes: tuple[int | None, ...]) -> Array:
    """The tensor in another shape, of which one size may be unknown."""
    _, xp, value = tensor_of(value)
    return xp.reshape(value, tuple(-1 if n is None else n for n in sizes))


def plus(value: Any, numbers: list[float]) -> Array:
    """A tensor plus numbers along its last axis, differentiated by the framework."""
    backend, xp, value = tensor_of(value)
    return value + cast(xp, backend.from_numpy(np.asarray(numbers), value), value.dtype)


def rebalanced(labels: Any, rarity: list[float], least: float, steepness: float, threshold: float) -> Array:
    """Weights σ(β·(r_c/Σ_c y·r − μ)) + α of the distribution-balanced loss (Wu et al. 2020, arXiv:2007.09654).

    r says how rare a class is; α, β and μ are ``least``, ``steepness`` and ``threshold``.  Rows without positives have 1 + α.
    """
    backend, xp, y = tensor_of(labels)
    y = y if xp.isdtype(y.dtype, "real floating") else cast(xp, y, xp.float32)
    r = cast(xp, backend.from_numpy(np.asarray(rarity), y), y.dtype)
    found = xp.sum(y * r, axis=-1, keepdims=True)
    share = r / xp.where(found > 1e-30, found, 1e-30)
    threshold, steepness, least = (xp.number(number, y.dtype) for number in (threshold, steepness, least))
    return 1 / (1 + xp.exp((threshold - share) * steepness)) + least


def total(value: Any) -> Array:
    """The sum of a tensor's numbers."""
    _, xp, value = tensor_of(value)
    return xp.sum(value)


def refolded(value: Any, sizes: tuple[int | None, ...]) -> Array:
    """The tensor in another shape, if it has as many entries and the shape no two unknown sizes; as it is otherwise."""
    own = shape(value)
    known = None not in (*own, *sizes)
    if same(own, sizes) or sizes.count(None) > 1 or (known and prod([n or 0 for n in own]) != prod([n or 0 for n in sizes])):
        return value
    return reshaped(value, sizes)


def by_label(labels: Any, predictions: Any, of_ones: float, of_others: float) -> Array:
    """One number where a label is 1, and another elsewhere, as a tensor of the predictions' framework."""
    _, like, x = tensor_of(predictions)
    _, xp, y = tensor_of(_beside(labels, predictions))
    y = cast(xp, y, xp.float64 if x.dtype == like.float64 else xp.float32)
    others = xp.full_like(y, of_others, dtype=y.dtype)
    return xp.where(xp.equal(y, 1), of_ones, others)


def _beside(value: Any, predictions: Any) -> Array:
    """NumPy's arrays, lists and numbers as a tensor of the predictions' framework; tensors as they are."""
    backend, _, x = tensor_of(predictions)
    owner, _, own = tensor_of(value)
    return own if owner is backend or not isinstance(own, np.ndarray) else backend.from_numpy(own, x)


def raised(labels: Any, predictions: Any, threshold: float) -> Array:
    """Labels, clipped to [0, 1], and 1 where they are above a threshold."""
    _, like, x = tensor_of(predictions)
    _, xp, y = tensor_of(_beside(labels, predictions))
    y = cast(xp, y, xp.float64 if x.dtype == like.float64 else xp.float32)
    return xp.where(y > min(threshold, 1.0), 1.0, xp.where(y < 0, 0.0, y))


def number_of_ones(labels: Any, predictions: Any) -> Array:
    """How many labels are 1, and 1 if none is: of shape ()."""
    _, xp, y = tensor_of(_beside(labels, predictions))
    count = cast(xp, xp.count_nonzero(xp.equal(y, 1)), xp.float32)
    return xp.where(xp.equal(count, 0), 1.0, count)


def scored(labels: Any, scores: Any, predictions: Any) -> Array:
    """Scores (N,) at their rows' classes, 0 elsewhere, as (N, C); a class index that is none leaves 0."""
    backend, xp, score = tensor_of(_beside(scores, predictions))
    _, _, index = tensor_of(_beside(labels, predictions))
    classes = shape(predictions)[1]
    if classes is None:
        raise ValueError(f"The class axis must have a static size here; received predictions of shape {shape(predictions)}.")
    index = xp.expand_dims(cast(xp, index, xp.int64), axis=-1)
    own = xp.arange(classes, dtype=xp.int64, device=backend.device(index))
    return xp.where(xp.equal(index, own), xp.expand_dims(score, axis=-1), 0.0)


def marked_scores(scores: Any, labels: Any, predictions: Any) -> tuple[Array, Array]:
    """Scores, below 0 where the label is 0; and weights, 0 where a label of 1 has the score 0, which no sign marks.

    Raises ValueError where a label is neither 0 nor 1; where labels cannot be looked at, the score is NaN.
    """
    _, xp, score = tensor_of(_beside(scores, predictions))
    backend, _, label = tensor_of(_beside(labels, predictions))
    positive, negative = xp.equal(label, 1), xp.equal(label, 0)
    if not backend.is_traced(label) and are_on() and backend.on_host(label):
        values = backend.to_numpy(label)
        if not np.all((values == 0) | (values == 1)):
            raise ValueError(f"label must be 0 or 1; received {values[(values != 0) & (values != 1)].flat[0]}.")
    else:
        score = xp.where(positive | negative, score, float("nan"))
    return xp.where(negative, -score, score), xp.where(positive & xp.equal(score, 0), 0.0, xp.ones_like(score))


def share_of_zeros(labels: Any, ignored: int) -> Array:
    """The share of 0, or of what is ignored, among the labels that are that or 1: of shape (), and NaN if there are none."""
    _, xp, y = tensor_of(labels)
    zero = xp.equal(y, 0) | xp.equal(y, ignored)
    negatives, hard = (cast(xp, xp.count_nonzero(where), xp.float32) for where in (zero, zero | xp.equal(y, 1)))
    return negatives / hard


def softmax(logits: Array, axis: int) -> Array:
    """The softmax of logits, differentiated by the framework."""
    backend, xp, x = tensor_of(logits)
    e = xp.exp(x - backend.stop_gradient(xp.max(x, axis=axis, keepdims=True)))
    return e / xp.sum(e, axis=axis, keepdims=True)
