"""The shims: one module or folder a framework, each satisfying :class:`unifocal.backend.Backend`.  Installed as ``unifocal.backends``.

A folder has ``namespace`` (the Array API names on the framework's tensors), and where there is something to say ``autograd`` (what ties a
formula's derivatives to the framework's differentiation), ``compiled`` (formulas on accelerators) and ``blocks``.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unifocal.backend import Backend, EagerBackend

    from . import array_api, dask, jax, numpy, paddle, tensorflow, torch

    # Holds each module to the contract; the checker names the line.
    _array_api: Backend = array_api
    _dask: Backend = dask
    _jax: Backend = jax
    _numpy: EagerBackend = numpy
    _paddle: EagerBackend = paddle
    _tensorflow: EagerBackend = tensorflow
    _torch: EagerBackend = torch
