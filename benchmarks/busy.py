"""A busy machine: every processor occupied by a process that spins, as by data loading, other jobs or a container's quota."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from unifocal.evaluation.threads import cores

# Whoever started it may be killed: then its parent is another process.
_SPIN = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(100_000):\n        pass"


@contextmanager
def occupied() -> Iterator[list[int]]:
    """Have as many processes spin inside the block as there are processors for this one; gives their ids."""
    spinning = [subprocess.Popen([sys.executable, "-S", "-c", _SPIN]) for _ in range(cores())]
    try:
        yield [process.pid for process in spinning]
    finally:
        for process in spinning:
            process.kill()
        for process in spinning:
            process.wait()
