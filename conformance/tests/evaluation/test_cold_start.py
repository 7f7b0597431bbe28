"""The first calls of a process may come from several threads at once, as in serving and in PyTorch's DataParallel."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ...frameworks import installed

_THREADS = """
import threading
import numpy as np
{make}
import unifocal

threads, answers = 8, []
barrier = threading.Barrier(threads)
x, labels = tensor(np.array([[0.5, -1.0]], "float32")), tensor(np.array([[1.0, 0.0]], "float32"))

def call():
    barrier.wait()
    answers.append(float(unifocal.sigmoid_focal_loss(x, labels)))

running = [threading.Thread(target=call) for _ in range(threads)]
for thread in running: thread.start()
for thread in running: thread.join()
assert len(answers) == threads and len(set(answers)) == 1, answers
"""

_MAKE = {
    "numpy": "tensor = np.asarray",
    "torch": "from torch import as_tensor as tensor",
    "paddle": "from paddle import to_tensor as tensor",
    "tensorflow": "from tensorflow import constant as tensor",
    "jax": "from jax.numpy import asarray as tensor",
    "mlx": "from mlx.core import array as tensor",
    "dask": "from dask.array import asarray as tensor",
}


@pytest.mark.parametrize("name", _MAKE)
def test_first_calls_from_eight_threads(name: str) -> None:
    if name not in installed():
        pytest.skip(f"{name} is not installed")
    answer = subprocess.run([sys.executable, "-W", "ignore", "-c", _THREADS.format(make=_MAKE[name])], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr
