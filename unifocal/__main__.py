"""``python -m unifocal`` and the console script ``unifocal``."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

_NEEDED = ("typer", "rich", "mpmath")


def main() -> int:
    """Run the command line; 2 where its libraries are missing."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        print(f"The unifocal command requires {', '.join(missing)}; try: pip install 'unifocal[cli]'", file=sys.stderr)
        return 2
    import_module("unifocal.cli").app()
    return 0


if __name__ == "__main__":
    sys.exit(main())
