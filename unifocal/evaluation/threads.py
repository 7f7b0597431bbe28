"""Threads over blocks: each block is computed by one thread, start to end, and nobody waits but for the last of them.

A framework's own threads divide every operation, and meet at a barrier after each.  Where something else occupies the cores, one of them is
always the last by a time slice, hundreds of times a loss.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Condition
from typing import Any

MOST = 8
"""Threads at work on one loss: what they compute releases Python's lock, what calls it does not."""

Work = Callable[[Iterator[Any]], None]


def share(work: Work, items: Iterable[Any], threads: int) -> None:
    """Call ``work`` in so many threads at the most, of which the caller is one; together they are given each of the items once.

    Returns when all have been worked on.  What ``work`` raises in any thread is raised here, once nobody is at work any more.
    """
    shared = _Shared(work, items)
    for _ in range(min(threads, MOST) - 1):
        if not _submit(shared.work_on):
            break
    shared.work_on()
    shared.wait()


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Shared:
    """The items that are left, and who works on them."""

    def __init__(self, work: Work, items: Iterable[Any]) -> None:
        self._work: Work | None = work
        self._left = deque(items)
        self._at_work = 0
        self._changed = Condition()
        self._error: BaseException | None = None

    def work_on(self) -> None:
        """Work until no item is left; at once over for a thread that comes too late."""
        with self._changed:
            if not self._left or self._work is None:
                return
            work = self._work
            self._at_work += 1
        try:
            work(self._items())
        except BaseException as error:  # the caller's to raise, whatever it is
            self._error = error
            self._left.clear()
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify()

    def wait(self) -> None:
        """Until nobody is at work."""
        with self._changed:
            self._changed.wait_for(lambda: not self._at_work)
            self._work = None  # a thread that comes too late keeps no arrays
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error  # its traceback leads here, and to the arrays

    def _items(self) -> Iterator[Any]:
        while True:
            try:
                item = self._left.popleft()
            except IndexError:
                return
            yield item


def _submit(work: Callable[[], None]) -> bool:
    """Have a thread of the pool work, with the caller's context variables; False where there can be none."""
    try:
        _pool.submit(copy_context().run, work)
    except RuntimeError:  # the interpreter is shutting down, or the system gives no thread
        return False
    return True


def _start() -> None:
    """Have a pool, in the child of a fork another one: the parent's threads are not there."""
    global _pool
    _pool = ThreadPoolExecutor(MOST - 1, "unifocal")  # starts threads when they are needed


_pool: ThreadPoolExecutor
_start()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start)
