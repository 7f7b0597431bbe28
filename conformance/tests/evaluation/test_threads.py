"""Blocks in several threads: only the time depends on how many, and forks, exits and callers in threads of their own do no harm."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.evaluation import block, blocks, threads
from unifocal.evaluation.threads import MOST, share

from ...frameworks import Framework
from ..every_loss import LOSSES, by_name
from .test_blocks import BLOCK, both
from .test_blocks import small as small

THREADED = pytest.mark.frameworks("torch", "tensorflow")
ROWS = 16 * BLOCK // 4
RNG = np.random.default_rng(8)


@pytest.fixture
def seen(framework: Framework, small: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Have small blocks, the first of which wait for a second thread, computed by four; gives the names of those that did."""
    names: set[str] = set()
    original, backend = block.value_slope, import_module(f"unifocal.backends.{framework.name}")

    def slow(*arguments: Any) -> Any:
        names.add(threading.current_thread().name)
        wait_for(lambda: len(names) >= min(2, backend.threads(None)))
        return original(*arguments)

    monkeypatch.setattr(blocks, "value_slope", slow)
    allow(framework, 4, monkeypatch)
    small(BLOCK)
    return names


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until it holds, or for ten seconds: where something else occupies the cores, a thread's turn comes late."""
    until = time.monotonic() + 10
    while not condition() and time.monotonic() < until:
        time.sleep(1e-3)


def allow(framework: Framework, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the framework's blocks be computed by so many threads."""
    monkeypatch.setattr(import_module(f"unifocal.backends.{framework.name}"), "threads", lambda x: count)


# --- sharing -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 100])
@pytest.mark.parametrize("items", [0, 1, 50])
def test_each_item_is_worked_on_once(count: int, items: int) -> None:
    done: list[int] = []

    def work(given: Iterator[int]) -> None:
        for item in given:
            time.sleep(1e-4)
            done.append(item)

    share(work, range(items), count)
    assert sorted(done) == list(range(items))


def test_no_more_threads_than_asked_for_are_at_work() -> None:
    now, at_once, lock = 0, 0, threading.Lock()

    def most() -> int:
        return at_once

    def work(given: Iterator[int]) -> None:
        nonlocal now, at_once
        for _ in given:
            with lock:
                now += 1
                at_once = max(at_once, now)
            wait_for(lambda: most() >= 3)
            time.sleep(1e-3)  # for one too many to come
            with lock:
                now -= 1

    share(work, range(40), 3)
    assert at_once == 3


@pytest.mark.parametrize("where", ["caller", "helper"])
def test_error_of_any_thread_is_raised_when_none_is_at_work(where: str) -> None:
    caller, running = threading.current_thread(), [0]

    def work(given: Iterator[int]) -> None:
        running[0] += 1
        try:
            for _ in given:
                time.sleep(1e-3)
                if (threading.current_thread() is caller) == (where == "caller"):
                    raise KeyError(where)
        finally:
            running[0] -= 1

    with pytest.raises(KeyError, match=where):
        share(work, range(1000), 4)
    assert running == [0]


def test_context_variables_reach_all_threads() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="outside")
    found: set[tuple[str, bool]] = set()
    caller = threading.current_thread()

    def work(given: Iterator[int]) -> None:
        for _ in given:
            found.add((variable.get(), threading.current_thread() is caller))
            wait_for(lambda: len(found) > 1)

    token = variable.set("inside")
    share(work, range(20), 2)
    variable.reset(token)
    assert found == {("inside", True), ("inside", False)}


def test_caller_does_it_all_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_submit", lambda work: False)
    done: set[tuple[int, str]] = set()
    share(lambda given: done.update((item, threading.current_thread().name) for item in given), range(9), 4)
    assert done == {(item, threading.current_thread().name) for item in range(9)}


# --- losses ------------------------------------------------------------------------------------------------------------------------


@THREADED
@by_name(LOSSES)
@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_results_do_not_depend_on_the_number_of_threads(
    framework: Framework, seen: set[str], loss: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = 3 * RNG.normal(size=(ROWS, 4))
    y = RNG.random((ROWS, 4)) < 0.1 if kind == "hard" else RNG.random((ROWS, 4))
    found = []
    for count in (1, 2, 4):
        allow(framework, count, monkeypatch)
        seen.clear()
        found.append(both(framework, loss, x, y.astype(float), reduction="weighted_mean"))
        assert (len(seen) > 1) == (count > 1)
    for value, gradient in found[1:]:
        assert value == found[0][0]
        np.testing.assert_array_equal(gradient, found[0][1])


@THREADED
@by_name(LOSSES)
def test_fault_in_any_thread_is_told_as_of_the_whole(framework: Framework, seen: set[str], loss: Any) -> None:
    labels = np.zeros((ROWS, 4), np.float32)
    labels[[ROWS - 20, ROWS - 1], 2] = 1.5
    with pytest.raises(ValueError, match=rf"received 1.5 at index \({ROWS - 20}, 2\) \(2 of {4 * ROWS}"):
        loss(framework.tensor(np.zeros((ROWS, 4)), "float32"), framework.tensor(labels))
    assert len(seen) > 1


@THREADED
@by_name(LOSSES)
def test_value_checks_are_off_in_all_threads(framework: Framework, seen: set[str], loss: Any) -> None:
    labels = np.zeros((ROWS, 4), np.float32)
    labels[::8, 2] = 1.5  # in every block
    with unifocal.value_checks(False):
        value = loss(framework.tensor(np.zeros((ROWS, 4)), "float32"), framework.tensor(labels), reduction="sum")
    assert np.isnan(framework.numpy(value))
    assert len(seen) > 1


@pytest.mark.frameworks("torch")
def test_torch_set_num_threads_is_respected(framework: Framework, small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    torch: Any = import_module("torch")
    asked: list[int] = []

    def alone(work: threads.Work, items: Any, count: int) -> None:
        asked.append(count)
        work(iter(items))

    monkeypatch.setattr(blocks, "share", alone)
    small(BLOCK)
    x = torch.zeros(100 * BLOCK)
    before = torch.get_num_threads()
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            unifocal.sigmoid_focal_loss(x, x)
            unifocal.value_and_grad(unifocal.sigmoid_focal_loss)(x.numpy(), x.numpy())  # NumPy itself uses none
    finally:
        torch.set_num_threads(before)
    assert asked == [1, 1, 3, 1]


@pytest.mark.frameworks("torch", "tensorflow", "numpy")  # paddle.grad ends the process where several threads call it (3.3.1)
def test_callers_in_threads_of_their_own(framework: Framework, small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small(BLOCK)
    if framework.name != "numpy":
        allow(framework, 4, monkeypatch)
    problems = [(3 * RNG.normal(size=40 * BLOCK), (RNG.random(40 * BLOCK) < 0.1).astype(float)) for _ in range(8)]
    alone = [both(framework, unifocal.sigmoid_focal_loss, *problem) for problem in problems]
    together: list[Any] = [None] * len(problems)

    def call(i: int) -> None:
        for _ in range(3):
            together[i] = both(framework, unifocal.sigmoid_focal_loss, *problems[i])

    callers = [threading.Thread(target=call, args=(i,)) for i in range(len(problems))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    for (value, gradient), (expected, expected_gradient) in zip(together, alone, strict=True):
        assert value == expected
        np.testing.assert_array_equal(gradient, expected_gradient)
    assert sum(thread.name.startswith("unifocal") for thread in threading.enumerate()) < MOST


# --- processes ---------------------------------------------------------------------------------------------------------------------

_SETUP = """
import os, threading, torch, unifocal
from unifocal.evaluation import blocks, read
torch.set_num_threads(4)
read._block = lambda *_: 1 << 10
names = set()
original = blocks.value_slope
def noting(*arguments):
    names.add(threading.current_thread().name)
    return original(*arguments)
blocks.value_slope = noting
x = torch.linspace(-3, 3, 1 << 18)
y = torch.zeros(1 << 18)
def threaded(call):
    names.clear()
    for _ in range(50):
        value = call()
        if len(names) > 1:
            break
    return len(names) > 1, value
def loss():
    return unifocal.binary_cross_entropy(x, y, reduction="sum").item()
"""


def _python(code: str) -> str:
    pytest.importorskip("torch")
    done = subprocess.run([sys.executable, "-c", _SETUP + code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_child_of_a_fork_has_threads_of_its_own() -> None:
    said = _python("""
import signal, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of the fork itself, where there are threads
before = threaded(loss)
child = os.fork()
if not child:
    signal.alarm(30)
    os._exit(0 if threaded(loss) == before else 1)
_, status = os.waitpid(child, 0)
print(before[0], os.waitstatus_to_exitcode(status), threaded(loss) == before)
""")
    assert said == "True 0 True\n"


def test_interpreter_ends_and_computes_until_it_does() -> None:
    said = _python("""
import atexit
value = threaded(loss)[1]
atexit.register(lambda: print(loss() == value, threaded(loss)[0]))  # the pool is closed by then
""")
    assert said == "True False\n"
