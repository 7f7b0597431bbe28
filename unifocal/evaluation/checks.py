"""Looks at values where that costs no synchronisation, and says what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from ..arrays import NumPyArray


P = ParamSpec("P")
R = TypeVar("R")
_enabled = ContextVar("unifocal_value_checks", default=os.environ.get("UNIFOCAL_VALUE_CHECKS", "1") != "0")


class Range(NamedTuple):
    """Where values may lie: [low, high], without low itself if ``open_low``; NaN is outside unless ``nan``."""

    low: float
    high: float = float("inf")
    open_low: bool = False
    nan: bool = False
    hint: str = ""

    def __str__(self) -> str:
        high = f"{self.high:g}]" if np.isfinite(self.high) else "∞)"
        return f"{'(' if self.open_low else '['}{self.low:g}, {high}"

    def check_number(self, name: str, value: float) -> None:
        """Raise ValueError unless the number lies in the range."""
        if not ((self.low < value if self.open_low else self.low <= value) and value <= self.high):
            raise ValueError(f"{name} must be in {self}; received {value}.{self.hint}")

    def check_array(self, name: str, values: NumPyArray, slack: float = 0.0) -> None:
        """Raise ValueError unless all values lie in the range, or within slack of it."""
        array: np.ndarray[Any, Any] = values.astype(np.uint8) if values.dtype == np.bool_ else values
        if array.size == 0 or self.holds(array.min(), array.max(), slack):
            return
        bad = ~((array > self.low if self.open_low else array >= self.low - slack) & (array <= self.high + slack))
        if self.nan:
            bad &= ~np.isnan(array)
        if bad.any():
            first = np.unravel_index(int(np.argmax(bad)), array.shape)
            where = f" at index {tuple(int(i) for i in first)} ({bad.sum()} of {array.size} are outside)" if array.ndim else ""
            raise ValueError(f"{name} must be in {self}; received {array[first]}{where}.{self.hint.format(received=array[first])}")

    def holds(self, least: Any, largest: Any, slack: float = 0.0) -> bool:
        """Whether an array with these bounds lies in the range; a NaN anywhere makes both NaN."""
        return bool((least > self.low if self.open_low else least >= self.low - slack) and largest <= self.high + slack)


UNIT = Range(0, 1)
PROBABILITY = Range(0, 1, nan=True)
UNNORMALIZED = Range(0, nan=True)
NON_NEGATIVE = Range(0)
POSITIVE = Range(0, open_low=True)


class value_checks:  # noqa: N801
    """Turn the value checks on or off: from here on, or as ``with value_checks(False):`` in that block only.

    The checks (labels and probabilities in [0, 1], class indices in range, class weights ≥ 0 …) read the values of tensors in host
    memory, in eager mode only.  Without them, as on accelerators and in traced code, a bad index, label or probability makes its own
    entry NaN.  The environment variable ``UNIFOCAL_VALUE_CHECKS=0`` turns them off from the start.

    Parameters
    ----------
    enabled : bool
        Whether values are checked (in this thread or task).

    Raises
    ------
    TypeError
        If enabled is anything else.

    Examples
    --------
    >>> import numpy as np
    >>> import unifocal
    >>> with unifocal.value_checks(False):
    ...     unifocal.cross_entropy(np.zeros((2, 3)), [0, 7], reduction="none")
    array([1.09861229,        nan])
    """

    def __init__(self, enabled: bool) -> None:
        if not isinstance(enabled, bool):
            raise TypeError(f"value_checks takes True or False; received {type(enabled).__name__}.")
        self._enabled, self._before = enabled, _enabled.get()
        _enabled.set(enabled)

    def __enter__(self) -> None:
        """Check values in the block, or do not."""
        _enabled.set(self._enabled)

    def __exit__(self, *raised: object) -> None:
        """Check values as before."""
        _enabled.set(self._before)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """A function that checks values, or does not, while it runs."""
        _enabled.set(self._before)

        @wraps(function)
        def decorated(*args: P.args, **kwargs: P.kwargs) -> R:
            with value_checks(self._enabled):
                return function(*args, **kwargs)

        return decorated


are_on: Callable[[], bool] = _enabled.get
"""Whether values are checked here."""
