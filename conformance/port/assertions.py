"""``assert_parity``, for tests of one's own losses, and how a comparison is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..calls.records import Record
from .comparison import Comparison, Deviation, backend_for, compare
from .guesses import guesses
from .reference import reference_in, reference_like
from .subjects import Subject, UnusableError

_SHOWN = 8  # differences, and kinds of failure, that are told


def told(comparison: Comparison, causes: Sequence[str]) -> Iterator[str]:
    """A comparison in plain lines, the largest differences last."""
    against = f"{comparison.reference} on {comparison.backend}"
    parts = "values" if comparison.without_gradient else "values and gradients"
    if comparison.agrees:
        largest = max((difference.distance for difference in comparison.differences), default=0.0)
        yield (
            f"{comparison.subject} agrees with {against}: "
            f"{parts} of {_calls(comparison.calls)}, within {largest:.3g} ulp of the largest number."
        )
    else:
        wrong = {difference.call for difference in comparison.mismatches} | {call for call, _ in comparison.failures}
        yield f"{comparison.subject} does not agree with {against}: {len(wrong)} of {_calls(comparison.calls)} differ."
    messages: dict[str, list[str]] = {}
    for call, message in comparison.failures:
        messages.setdefault(message, []).append(call)
    for message, raising in list(messages.items())[:_SHOWN]:
        more = f" and {len(raising) - 1} more" if len(raising) > 1 else ""
        yield f"It {message} in {raising[0]}{more}."
    yield from (f"Likely: {cause}" for cause in causes)
    if comparison.left_out:
        options = ", ".join(f"{option} ({count})" for option, count in comparison.left_out.items())
        yield f"Not compared: {_calls(sum(comparison.left_out.values()))} with options that it does not have: {options}."
    if comparison.mismatches:
        yield "The largest differences:"
    for difference in comparison.mismatches[:_SHOWN]:
        yield from _lines(difference)


def _calls(count: int) -> str:
    return f"{count} call{'s' * (count != 1)}"


def _lines(difference: Deviation) -> Iterator[str]:
    """A difference in two lines: the call, and what it gave, with the inputs there."""
    yield f"  {difference.call}"
    if difference.at is None:
        yield f"    {difference.part}: {difference.note}"
    else:
        inputs = ", ".join(f"{name}={_number(value)}" for name, value in (difference.inputs or {}).items())
        where = f" at {list(difference.at)}" if difference.at else ""
        numbers = f"{difference.ours:.9g} instead of {difference.theirs:.9g}"
        yield f"    {difference.part}{where}: {numbers}, {difference.distance:.3g} ulp{f', for {inputs}' if inputs else ''}"


def _number(value: Any) -> str:
    return f"[{', '.join(map(_number, value))}]" if isinstance(value, list) else f"{value:.6g}"


def assert_parity(
    function: Callable[..., Any],
    *,
    like: str | None = None,
    against: str | Path | None = None,
    backend: str = "numpy",
    dtype: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Assert that a function is the port of an original, or of a recorded function: value and gradient, over the recorded calls.

    Parameters
    ----------
    function : callable
        Called with the original's tensors, first two by position, in the original's order, and with those of its options that it takes.  A
        class is made with its options first.
    like : str
        The original, such as ``"keras.binary_focal_crossentropy"`` or ``"torch.nn.functional.cross_entropy"``.
    against : path
        In place of ``like``: a file that ``unifocal record`` wrote.
    backend : str
        The framework whose tensors the function takes: "numpy", "torch", "tensorflow", "paddle", "jax", "mlx", "autograd", "dask",
        "cubed", "array-api-strict" or "ndonnx".
        Frameworks that differentiate give the gradient; in NumPy it is compared if the function returns ``(value, gradient)``.
    dtype : {"float64", "float32"}, optional
        Of the tensors, with ``like``; float64 if left out.
    options : mapping, optional
        Options of the original that the function has built in, such as ``{"gamma": 1.5}``; with ``like``.

    Raises
    ------
    TypeError
        If the function cannot be called.
    AssertionError
        If any value or gradient differs, or the function raises; the message has the largest differences, and a guess at the cause.
    ValueError
        If there is no such original, record, option or backend, or the function cannot be called with the original's tensors.

    Examples
    --------
    >>> import numpy as np
    >>> from unifocal.conformance import assert_parity
    >>> def cross_entropy(labels, logits):
    ...     return np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))
    >>> assert_parity(cross_entropy, like="tf.nn.sigmoid_cross_entropy_with_logits")
    """
    __tracebackhide__ = True  # pytest shows the test's own line, and the message
    if not callable(function):
        raise TypeError(f"assert_parity requires a function; received {type(function).__name__}.")
    if (like is None) == (against is None):
        raise ValueError(f"assert_parity requires one of like and against; received {'neither' if like is None else 'both'}.")
    if against is not None and (dtype is not None or options):
        raise ValueError("dtype and options go with like; a record has its own.")
    subject = Subject(getattr(function, "__qualname__", repr(function)), function)
    try:
        run = backend_for(backend)
        reference = (
            reference_like(like, options or {}, dtype or "float64") if like is not None else reference_in(Record.read(Path(against or "")))
        )
        comparison = compare(subject, reference, run)
        lines = [] if comparison.agrees else [*told(comparison, guesses(subject, reference, run, comparison))]
    except UnusableError as error:
        raise ValueError(str(error)) from None
    if lines:
        raise AssertionError("\n".join(lines))
