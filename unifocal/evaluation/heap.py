"""What keeps glibc's allocator from giving memory back between blocks."""

from __future__ import annotations

import os
from threading import local
from typing import Any

from ..arrays import Namespace

_IS_GLIBC = "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", {})
_own = local()


def keep_heap(xp: Namespace, temporaries: int, elements: int, dtype: Any) -> None:
    """Let the allocator keep, from block to block, the memory that their temporaries have.

    glibc gives what is free at the top of its heap back to the system, and every block would touch fresh pages: that took three quarters of
    the time.  One array that stays above where the temporaries come to lie prevents it.  (The first and larger one is mapped apart; when it
    is freed, glibc takes others of such a size from the heap.)
    """
    if not _IS_GLIBC:
        return
    _own.top = None
    xp.empty((2 * elements,), dtype=dtype)
    below = [xp.empty((elements,), dtype=dtype) for _ in range(temporaries)]
    _own.top = below[-1]
