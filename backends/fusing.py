"""Whether eager formulas on accelerators are compiled: until a compiler fails, and not where ``UNIFOCAL_FUSE=0`` is set."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any


class Fusing:
    """One framework's way: on until its compiler fails.

    ``passed_on``: what a compiled call may raise for another reason.
    """

    def __init__(self, passed_on: type[Exception]) -> None:
        self.enabled = os.environ.get("UNIFOCAL_FUSE", "1") != "0"
        self.passed_on = passed_on

    def attempt(self, compiled: Callable[[], Any]) -> Any:
        """What the compiled call gives, or None, from then on without compiling; what is wrong with the call itself is raised again."""
        try:
            return compiled()
        except self.passed_on:
            raise
        except Exception:  # a compiler can raise anything
            self.enabled = False
            return None
