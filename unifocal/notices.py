"""Warnings that point at the caller's own line, however deep in the library they are given."""

from __future__ import annotations

import sys
import warnings

from .dispatch import SHIMS

_PASSED_OVER = {"unifocal", "keras", *SHIMS}
"""Root modules whose frames stand between the caller and the warning: this library's, and those of the modules that call it."""


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of the first line up the stack that is neither unifocal's nor a framework's."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _PASSED_OVER:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
