"""Where originals differ from their dialect on purpose: bugs and limits that are not reproduced, recorded in ``differences.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Difference:
    """One recorded difference between an original and its dialect."""

    function: str
    """``dialect.function``, or several, with spaces between; each by its name, so that nothing is said of functions yet to come."""
    versions: str
    """The original's versions that were seen to do it, and after ", not " those that were seen not to."""
    condition: str
    original: str
    """What the original gives."""
    truth: str
    """What is right, and what the dialect gives."""
    evidence: str

    def __post_init__(self) -> None:
        if "*" in self.function:
            raise ValueError(f"A difference must name each function that it is of; received {self.function}: {self.condition}.")

    def concerns(self, function: str) -> bool:
        """Whether this is about a function, named ``dialect.function``."""
        return function in self.function.split()


@cache
def differences() -> tuple[Difference, ...]:
    """All recorded differences."""
    text = files(__package__).joinpath("differences.toml").read_text(encoding="utf-8")
    return tuple(Difference(**entry) for entry in tomllib.loads(text)["difference"])
