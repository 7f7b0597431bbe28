"""``unifocal record``: what originals answer, into files.  Each original runs in a process of its own, as frameworks do not go together.

``python -m unifocal.conformance.recording DIALECT FILE`` records one, here and now.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from unifocal.dialects import dialect_names

from .dialects import Original, module_of, record_original
from .report import AGREES, DISAGREES, UNUSABLE, output


def record(dialects: Sequence[str], folder: Path) -> int:
    """Record these dialects' originals (those that run beside current frameworks and are installed, where none is named) into a folder."""
    errors = Console(stderr=True)
    originals: dict[str, Original] = {
        dialect: module_of(dialect).ORIGINAL for dialect in dialects or dialect_names() if dialect in dialect_names()
    }
    if unknown := [dialect for dialect in dialects if dialect not in originals]:
        errors.print(f"There is no dialect {', '.join(unknown)}; there are {', '.join(dialect_names())}.", markup=False, highlight=False)
        return UNUSABLE
    folder.mkdir(parents=True, exist_ok=True)
    status = AGREES
    for dialect, original in originals.items():
        missing = original.missing()
        if missing or (original.recorded and not dialects):
            reason = f"{', '.join(missing)} not installed" if missing else "runs in an environment of its own"
            output().print(f"{dialect}: left out, {reason}", markup=False, highlight=False)
            status = UNUSABLE if dialects else status
            continue
        path = folder / f"{dialect}.npz"
        with errors.status(f"{dialect} …"):
            command = [sys.executable, "-P", "-m", __spec__.name, dialect, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            output().print(f"{dialect}: failed: {said}", markup=False, highlight=False)
            status = DISAGREES
        else:
            output().print(f"{dialect}: {path}, {path.stat().st_size} bytes", markup=False, highlight=False, soft_wrap=True)
    return status


if __name__ == "__main__":
    record_original(sys.argv[1]).write(Path(sys.argv[2]))
