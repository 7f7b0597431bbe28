"""What graph compilers need to be told: the marks of theirs that the core sets, without importing any of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def called_while_traced(function: F) -> F:
    """Mark a function that torch.compile is to call and not to trace, since it imports or looks at the stack; its result is a constant.

    The mark is that of ``assume_constant_result``.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


class _LeftAlone:
    """What Paddle's to_static asks a function's mark."""

    def need_transform(self, mode: object) -> bool:
        return False

    def need_capture_control_flow(self) -> bool:
        return False


def leave_unconverted(function: F) -> F:
    """Mark a public function so that graph compilers that rewrite Python source leave it, and all it calls, as it is.

    The marks are those of TensorFlow's ``do_not_convert`` (AutoGraph would only trace slowly) and of Paddle's ``not_to_static`` (which
    fails on the library's source).
    """
    function.autograph_info__ = {}  # type: ignore[attr-defined]
    function.___jit_transform_options___ = _LeftAlone()  # type: ignore[attr-defined]
    return function
