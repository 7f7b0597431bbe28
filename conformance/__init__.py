"""The conformance suite, which is also the project's tests, and a tool for anyone's own loss.  Installed as ``unifocal.conformance``.

``truth`` says what is right, and ``frameworks`` puts every framework behind one interface.  ``calls`` are what is compared, ``dialects``
the originals' cases and recorded answers, ``originals`` what the documented functions answer.  ``parity`` and ``port`` are the commands
on them, and ``tests`` the tests.  Each of these imports those before it alone.
"""

from .port.assertions import assert_parity
from .truth.contract import assert_formula

__all__ = ["assert_formula", "assert_parity"]
