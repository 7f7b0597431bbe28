"""People's own functions, found by ``package.module:function``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from typing import Any

_HERE = (str(Path(__file__).parent), str(Path(__file__).parents[1] / "backends"))


def function_from(name: str) -> Callable[..., Any]:
    """The function or class of this name, its module imported from the working directory or from what is installed.

    Raises
    ------
    ValueError
        If there is no such module or function, or importing it fails.
    """
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        raise ValueError(f"A function is written package.module:function; received {name}.")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as ``python -m`` has it
    try:
        found: Any = import_module(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        lacking = error.name if isinstance(error, ModuleNotFoundError) else None
        if lacking is not None and (module_name == lacking or module_name.startswith(f"{lacking}.")):
            raise ValueError(f"There is no module {lacking}, neither in {os.getcwd()} nor installed.") from error
        raise ValueError(f"Importing {module_name} failed: {told(error)}.") from error
    for attribute in path.split("."):
        if not hasattr(found, attribute):
            raise ValueError(f"{module_name} has no {path}.")
        found = getattr(found, attribute)
    if not callable(found):
        raise ValueError(f"{name} must be a function; it is of type {type(found).__name__}.")
    function: Callable[..., Any] = found
    return function


def told(error: BaseException, *beside: str) -> str:
    """An exception in one line, with the place in somebody's own code that it came from; beside: folders that are not theirs."""
    text = " ".join(str(error).split()) or "no message"
    others = (f"{os.sep}site-packages{os.sep}", f"{os.sep}importlib{os.sep}", *_HERE, *beside)
    frames = [frame for frame in extract_tb(error.__traceback__) if not any(part in frame.filename for part in others)]
    where = f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {text[:300]}{where}"
