"""``assert_parity``, for tests of one's own losses, and how a comparison is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from . import port
from .guesses import guesses
from .port import Comparison, Difference
from .subjects import Subject, UnusableError

SHOWN = 8
"""How many differences, and kinds of failure, are told."""


def told(comparison: Comparison, causes: Sequence[str]) -> Iterator[str]:
    """A comparison in plain lines."""
    what = f"{comparison.subject} and {comparison.reference}, on {comparison.backend}"
    parts = "value" if comparison.without_gradient else "value and gradient"
    if comparison.agrees:
        largest = max((difference.distance for difference in comparison.differences), default=0.0)
        yield f"Agree: {what}: {comparison.calls} calls, {parts}, within {largest:.3g} ulp of the largest number."
    else:
        wrong = {difference.call for difference in comparison.mismatches} | {call for call, _ in comparison.failures}
        yield f"Do not agree: {what}: {len(wrong)} of {comparison.calls} calls, {parts}."
    messages: dict[str, list[str]] = {}
    for call, message in comparison.failures:
        messages.setdefault(message, []).append(call)
    for message, calls in list(messages.items())[:SHOWN]:
        more = f" and {len(calls) - 1} more" if len(calls) > 1 else ""
        yield f"It raised {message} in {calls[0]}{more}."
    yield from (f"Likely: {cause}" for cause in causes)
    if comparison.left_out:
        options = ", ".join(f"{option} ({count})" for option, count in comparison.left_out.items())
        yield f"Left out, with options that it has not: {options}."


def cells(difference: Difference) -> tuple[str, ...]:
    """A difference in words: call, part, place and inputs, the number here, there, and the distance."""
    inputs = ", ".join(f"{name}={value:.6g}" for name, value in (difference.inputs or {}).items())
    if difference.at is None:
        return difference.call, difference.part, difference.note, "", "", ""
    at = f"{list(difference.at)} {inputs}".removeprefix("[] ")
    return difference.call, difference.part, at, f"{difference.ours:.9g}", f"{difference.theirs:.9g}", f"{difference.distance:.3g}"


def assert_parity(
    function: Callable[..., Any], *, like: str, backend: str = "numpy", dtype: str = "float64", options: Mapping[str, Any] | None = None
) -> None:
    """Assert that a function is the port of a dialect's original: value and gradient, over the original's recorded calls.

    Parameters
    ----------
    function : callable
        Called with the original's tensors, first two by position, in the original's order, and with those of its options that it takes.  A
        class is made with its options first.
    like : str
        The original, ``dialect.function``, such as ``"keras.binary_focal_crossentropy"``.
    backend : str
        Whose tensors the function takes: "numpy", "torch", "tensorflow", "paddle", "jax", "dask" or "array-api-strict".  Frameworks that
        differentiate give the gradient; elsewhere it is compared if the function returns ``(value, gradient)``.
    dtype : {"float64", "float32"}
        Of the tensors.
    options : mapping, optional
        Options of the original's that the function has built in, such as ``{"gamma": 1.5}``.

    Raises
    ------
    AssertionError
        If a call's value or gradient is another, or the function raises; the message has the largest differences, and a guess at the cause.
    ValueError
        If there is no such original, option or backend, or the function cannot be called with the original's tensors.

    Examples
    --------
    >>> import numpy as np
    >>> from unifocal.conformance import assert_parity
    >>> def cross_entropy(labels, logits):
    ...     return np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))
    >>> assert_parity(cross_entropy, like="tf.sigmoid_cross_entropy_with_logits")
    """
    subject = Subject(getattr(function, "__qualname__", repr(function)), function)
    try:
        run = port.backend_for(backend)
        reference = port.like(like, options or {}, dtype)
        comparison = port.compare(subject, reference, run)
    except UnusableError as error:
        raise ValueError(str(error).replace("--", "")) from error
    if not comparison.agrees:
        rows = [" | ".join(filter(None, cells(difference))) for difference in comparison.mismatches[:SHOWN]]
        raise AssertionError("\n".join([*told(comparison, guesses(subject, reference, run, comparison)), *rows]))
