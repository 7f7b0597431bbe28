"""Who calls a loss.

Keras wraps a function, or an object that is none of its own losses, and calls it with labels first; it weighs and reduces what it gets.
A loss that would take the labels for predictions, or has reduced already, asks here first.
"""

from __future__ import annotations

import sys
from typing import Literal

from .compilers import called_while_traced

Wrapper = Literal["loss", "metric"]

_WRAPPERS: dict[tuple[str, str], Wrapper] = {
    ("keras.src.losses.losses", "call"): "loss",
    ("keras.src.metrics.reduction_metrics", "update_state"): "metric",
    ("tf_keras.src.losses", "call"): "loss",
    ("tf_keras.src.metrics.base_metric", "update_state"): "metric",
}
"""Modules and functions that call what they wrap: LossFunctionWrapper's and MeanMetricWrapper's, of Keras 3 and 2."""
_BETWEEN = ("tensorflow.python.autograph.", "torch.", "unifocal.loss")
"""Keras 2 calls through AutoGraph; Dynamo's frames stand before the traced ones; a loss may be called by what returns more."""


def keras_wrapper() -> Wrapper | None:
    """Which wrapper of Keras's called the function that asks, one of Keras's packages being loaded; None if it was something else."""
    return _caller()


@called_while_traced
def _caller() -> Wrapper | None:
    traced = _traced_caller()
    if traced is not None:
        return traced[0]
    frame = sys._getframe(2).f_back
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_BETWEEN):
        frame = frame.f_back
    return None if frame is None else _WRAPPERS.get((frame.f_globals.get("__name__", ""), frame.f_code.co_name))


def _traced_caller() -> tuple[Wrapper | None] | None:
    """The wrapper by the stack of what Dynamo traces, which is not Python's; None where Dynamo traces nothing, or the loss alone."""
    guards = sys.modules.get("torch._guards")
    if guards is None or guards.TracingContext.try_get() is None:
        return None
    callers = guards.TracingContext.extract_stack()[:-2]  # the last two are the function that asks and keras_wrapper
    if not callers:
        return None
    files = {getattr(sys.modules.get(module), "__file__", None): module for module, _ in _WRAPPERS}
    return (_WRAPPERS.get((files.get(callers[-1].filename, ""), callers[-1].name)),)
