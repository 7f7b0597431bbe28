"""``unifocal record``: what originals answer, into files.  Each original runs in a process of its own, as frameworks do not go together.

``python -m unifocal.conformance.originals.recording DIALECT FILE`` records one, here and now.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from unifocal.dialects.registry import own_dialects
from unifocal.terminal import errors, output, say

from ..dialects import Original, module_of, record_original
from ..statuses import AGREES, DISAGREES, UNUSABLE


def record(dialects: Sequence[str], folder: Path) -> int:
    """Record the originals of these dialects into a folder; without names, of all that are installed and run beside current frameworks."""
    console = errors()
    originals: dict[str, Original] = {
        dialect: module_of(dialect).ORIGINAL for dialect in dialects or own_dialects() if dialect in own_dialects()
    }
    if unknown := [dialect for dialect in dialects if dialect not in originals]:
        say(console, f"There is no dialect {', '.join(unknown)}; there are {', '.join(own_dialects())}.")
        return UNUSABLE
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        say(console, f"--output must be a folder; {folder}: {error.strerror}.")
        return UNUSABLE
    status = AGREES
    for dialect, original in originals.items():
        missing = original.missing()
        if missing or (original.recorded and not dialects):
            reason = f"{', '.join(missing)} is not installed" if missing else "it needs an environment of its own"
            say(output(), f"{dialect}: skipped, {reason}")
            status = UNUSABLE if dialects else status
            continue
        path = folder / f"{dialect}.npz"
        with console.status(f"{dialect} …"):
            command = [sys.executable, "-P", "-m", __spec__.name, dialect, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            say(output(), f"{dialect}: failed: {said}")
            status = DISAGREES
        else:
            say(output(), f"{dialect}: {path}, {path.stat().st_size} bytes")
    return status


if __name__ == "__main__":
    record_original(sys.argv[1]).write(Path(sys.argv[2]))
