"""The conformance suite, which is also the project's tests, and a tool for anyone's own loss.  Installed as ``unifocal.conformance``."""

from .port.assertions import assert_parity

__all__ = ["assert_parity"]
