"""The conformance suite: the project's tests, and what ``unifocal parity`` runs.  Installed as ``unifocal.conformance``."""
