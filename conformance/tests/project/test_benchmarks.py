"""``python -m benchmarks`` measures what it is asked for, and refuses what cannot be compared.  Figures of speed are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[3]

pytest.importorskip("typer")
pytest.importorskip("matplotlib")
pytestmark = pytest.mark.skipif(not (_ROOT / "benchmarks").exists(), reason="the benchmarks come with the source, not with the package")


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False, cwd=_ROOT)


def _benchmarks(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    return _python(f"import sys\n{before}\nfrom benchmarks.cli import app\napp({list(arguments)})")


def test_numpy_at_tiny_sizes(tmp_path: Path) -> None:
    results, picture, readme = tmp_path / "results.json", tmp_path / "curves.png", tmp_path / "readme.md"
    begin, end = "<!-- benchmarks: written by python -m benchmarks --readme -->", "<!-- /benchmarks -->"
    readme.write_text(f"before\n{begin}\nold\n{end}\nafter\n", encoding="utf-8")
    chosen = ["--framework", "numpy", "--size", "1Ki", "--size", "2048", "--seconds", "0", "--no-curve"]
    done = _benchmarks(*chosen, "--json", str(results), "--plot", str(picture), "--readme", str(readme))
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))
    name = "numpy value and gradient sigmoid focal"
    rows = [name, f"{name}, γ = 1.7", f"{name}, soft labels, γ = 1.5"]
    assert [(timing["row"], timing["size"]) for timing in found["timings"]] == [(row, size) for row in rows for size in (1024, 2048)]
    assert all(0 < low <= median <= high for timing in found["timings"] for median, low, high in (timing["ours"], timing["theirs"]))
    assert [layer["row"] for layer in found["layers"]] == [name]
    assert found["notes"] == []
    assert found["versions"].keys() >= {"python", "unifocal", "numpy"}
    if sys.platform == "linux":
        who = [("ours", "sum"), ("theirs", "sum"), ("ours", "mean"), ("theirs", "mean")]
        assert [(memory["contestant"], memory["reduction"]) for memory in found["memory"]] == who
    assert picture.read_bytes().startswith(b"\x89PNG")
    written = readme.read_text(encoding="utf-8")
    assert written.startswith(f"before\n{begin}\n| theirs ÷ ours | against | 1 Ki | 2 Ki |\n")
    assert written.endswith(f"{end}\nafter\n")
    assert "old" not in written


def test_first_call_has_one_way_through_the_files() -> None:
    """A call that goes back and forth between many files is hard to follow; these figures were reached once, and are kept."""
    done = _python(
        "from benchmarks.structure import circles, first_and_like, focal_of_numpy, imports\n"
        "first, like = first_and_like(focal_of_numpy())\n"
        "print(first.files <= 15, first.moves_back <= 40, like.files <= 9, like.moves_back <= 12, circles(imports()), first, like)"
    )
    assert done.stdout.startswith("True True True True [] "), done.stdout + done.stderr


def test_contestants_that_disagree_are_not_timed() -> None:
    done = _python(
        "from benchmarks.contestants import numpy as contestants\n"
        "from benchmarks.worker import Job, answers\n"
        "right = contestants.hard\n"
        "contestants.hard = lambda *arguments: (right(*arguments)[0], right(*arguments)[1] * 1.01)\n"
        "for answer in answers(Job([('numpy value and gradient sigmoid focal', 1024)], seconds=0)):\n"
        "    print(answer)"
    )
    assert done.returncode == 0, done.stderr
    (answer,) = done.stdout.splitlines()
    assert answer.startswith("refused: numpy value and gradient sigmoid focal at 1024: the contestants disagree: the gradients are ")


def test_absent_and_crashing_frameworks_cost_their_own_rows(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    pytest.importorskip("optax")
    # Something of optax's name that ends the process of the worker for jax.
    (tmp_path / "optax.py").write_text("import os\nos.abort()\n", encoding="utf-8")
    before = f"import os\nsys.modules['paddle'] = None\nos.environ['PYTHONPATH'] = {str(tmp_path)!r}"
    chosen = [argument for name in ("paddle", "jax", "numpy") for argument in ("--framework", name)]
    done = _benchmarks(*chosen, "--size", "1Ki", "--seconds", "0", "--no-memory", "--no-curve", "--json", str(results), before=before)
    assert done.returncode == 1, done.stdout + done.stderr
    found = json.loads(results.read_text(encoding="utf-8"))
    assert {timing["row"].partition(" ")[0] for timing in found["timings"]} == {"numpy"}
    notes = {note["framework"]: (note["state"], note["reason"]) for note in found["notes"]}
    assert notes["paddle"] == ("absent", "paddle not installed")
    assert notes["jax"] == ("crashed", "while measuring jax jit sigmoid focal, bool labels, the process was ended by SIGABRT")
    assert "absent: paddle: paddle not installed" in done.stdout


def test_busy_rows_are_measured_while_all_processors_are_occupied() -> None:
    done = _python(
        "import json\n"
        "from dataclasses import replace\n"
        "from benchmarks import rows, worker\n"
        "from benchmarks.readme import markdown\n"
        "from benchmarks.results import Report, message\n"
        "row = replace(rows.ROWS[0], targets={1024: 0.0}, main=False, busy=True)\n"
        "rows.BY_NAME[row.name] = row\n"
        "seen, occupied = [], worker.occupied\n"
        "worker.occupied = lambda: seen.append(row.name) or occupied()\n"
        "report = Report({'processor': '', 'cores': '', 'date': ''}, {})\n"
        "for answer in worker.answers(worker.Job([(row.name, 1024)], seconds=0)):\n"
        "    report.add(json.loads(json.dumps(message(answer))))\n"
        "print(seen, row.sizes((1024, 2048)))\n"
        "print(*markdown(report), sep='\\n')"
    )
    assert done.returncode == 0, done.stderr
    name = "numpy value and gradient sigmoid focal, busy machine"
    lines = done.stdout.splitlines()
    assert lines[0] == f"['{name}'] (1024,)"
    at = lines.index("| theirs ÷ ours while other processes occupy all processors | against | 1 Ki |")
    assert lines[at + 2].startswith(f"| {name} | textbook formula | ")
    assert lines[at + 2].endswith(" (≥ 0) ✓ |")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_machine_is_busy_while_it_is_said_to_be() -> None:
    done = _python(
        "import os, time\n"
        "from benchmarks.busy import occupied\n"
        "def ticks(pid):\n"
        "    try:\n"
        "        return int(open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[11])\n"
        "    except FileNotFoundError:\n"
        "        return None\n"
        "with occupied() as spinning:\n"
        "    end = time.monotonic() + 30\n"
        "    while min(map(ticks, spinning)) < 5 and time.monotonic() < end:\n"
        "        time.sleep(0.05)\n"
        "    print(len(spinning) == len(os.sched_getaffinity(0)), min(map(ticks, spinning)) >= 5)\n"
        "print({ticks(pid) for pid in spinning})"
    )
    assert done.stdout == "True True\n{None}\n", done.stderr
