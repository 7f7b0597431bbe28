"""The shims: one module a framework, each satisfying :class:`unifocal.protocol.Backend`.  Installed as ``unifocal.backends``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unifocal.protocol import Backend

    from . import dask, jax, paddle, standard, tensorflow, torch

    # Holds each module to the protocol.
    _SHIMS: tuple[Backend, ...] = (dask, jax, paddle, standard, tensorflow, torch)
