"""Warnings of the frameworks' own, which the suite lets pass: everything else that warns is an error.

Each entry names the versions that it lets pass; not all of them were run.  Beyond the last one it is not applied, so that the warning, if
it is still there, fails the tests and the entry is looked at again; ``test_noise.py`` fails when no allowed version is left that it is for.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple


class Noise(NamedTuple):
    """A warning: what it says (a regular expression), its class, whose it is, the versions that say it, and why it is none of ours.

    With ``python``, that release of Python alone makes them say it.
    """

    message: str
    category: str
    package: str
    first: str
    last: str
    reason: str
    python: str = ""

    @property
    def filter(self) -> str:
        """The line for pytest's filterwarnings."""
        return f"ignore:{self.message}:{self.category}"

    def heard(self, installed: str, python: str) -> bool:
        """Whether this version is one of those that warn, under this release of Python."""
        if self.python not in ("", python):
            return False
        return numbers(self.first) <= numbers(installed) and numbers(installed)[: len(numbers(self.last))] <= numbers(self.last)


NOISE = (
    Noise(
        ".torch.jit.script(_method)?. is deprecated",
        "FutureWarning",
        "torch",
        "2.14",
        "2.15",
        "forward mode loads torch._decomp.decompositions_for_jvp, which is written with it",
    ),
    Noise(
        ".torch.jit.script(_method)?. is deprecated",
        "DeprecationWarning",
        "torch",
        "2.10",
        "2.13",
        "the same, and inductor",
    ),
    Noise(
        ".*Function.* should not be instantiated",
        "DeprecationWarning",
        "torch",
        "2.10",
        "2.15",
        "torch.compile makes torch.autograd.Function objects",
    ),
    Noise(
        ".*lru_cache",
        "UserWarning",
        "torch",
        "2.10",
        "2.15",
        "torch.compile looks through the caches of array-api-compat",
    ),
    Noise(
        "Guards may run slower on Python 3.13.0",
        "RuntimeWarning",
        "torch",
        "2.10",
        "2.15",
        "torch.compile, of a fault in the interpreter that 3.13.1 mended",
        python="3.13.0",
    ),
    Noise("remat_using_tags_for_fwd_loss_bwd_graph", "UserWarning", "torch", "2.10", "2.10", "torch.compile of a torch.func transform"),
    Noise("Warning. Profiler clears events", "UserWarning", "torch", "2.10", "2.10", "the first torch.profiler.profile of a process"),
    Noise("No ccache found", "UserWarning", "paddlepaddle", "3.2", "3.3", "import paddle looks for a compiler's cache"),
    Noise("(Tensor|Value) do not have 'place' interface", "UserWarning", "paddlepaddle", "3.2", "3.3", "its zeros_like, in to_static"),
    Noise("To copy construct from a tensor.*paddle", "UserWarning", "paddlepaddle", "3.2", "3.3", "its data loader"),
    Noise(r"\s*Non compatible API", "Warning", "paddlepaddle", "3.2", "3.2", "the first paddle.max and min of a process, however called"),
    Noise(
        ".*got an unexpected keyword argument '___pyct_anno'",
        "DeprecationWarning",
        "tensorflow",
        "2.20",
        "2.21",
        "what AutoGraph writes on Python's syntax trees, under Python 3.13 and later",
    ),
    Noise("'[a-zA-Z]+' deprecated - use", "DeprecationWarning", "matplotlib", "3.9", "3.10", "its import calls old names of pyparsing"),
    *(
        Noise(
            "builtin type (SwigPyPacked|SwigPyObject|swigvarlink) has no __module__ attribute",
            "DeprecationWarning",
            package,
            first,
            last,
            "types that SWIG made, at import under Python 3.12 and later",
        )
        for package, first, last in (("tensorflow", "2.18", "2.21"), ("paddlepaddle", "3.2", "3.3"))
    ),
)
"""All of it."""


def numbers(text: str) -> tuple[int, ...]:
    """The numbers of a release, without what follows them: (2, 13, 0) of 2.13.0+cpu."""
    parts: list[int] = []
    for part in text.partition("+")[0].split("."):
        if not part.isdigit():
            break
        parts.append(int(part))
    return tuple(parts)


def filters(version_of: Callable[[str], str] = version, python: str = platform.python_version()) -> Iterator[str]:
    """pytest's lines for the versions that are installed and this Python."""
    for noise in NOISE:
        try:
            installed = version_of(noise.package)
        except PackageNotFoundError:
            continue
        if noise.heard(installed, python):
            yield noise.filter
