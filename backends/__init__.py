"""The shims: one module a framework, each satisfying :class:`unifocal.protocol.Backend`.  Installed as ``unifocal.backends``."""
