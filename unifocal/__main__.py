"""``python -m unifocal`` and the console script ``unifocal``."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

from . import __version__

_NEEDED = ("typer", "rich", "mpmath")


def main() -> int:
    """Run the command line; 2 where its libraries are missing, without which only the version can be had."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing and sys.argv[1:] == ["--version"]:
        print(f"unifocal {__version__}")
        return 0
    if missing:
        print(f"The unifocal command requires {', '.join(missing)}; try: pip install 'unifocal[cli]'", file=sys.stderr)
        return 2
    import_module("unifocal.terminal").print_in_any_encoding()
    import_module("unifocal.cli").app()
    return 0


if __name__ == "__main__":
    sys.exit(main())
