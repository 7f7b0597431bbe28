"""The shims: one module or folder a framework, each satisfying :class:`unifocal.backend.Backend`.  Installed as ``unifocal.backends``.

A folder has ``namespace`` (the Array API names on the framework's tensors), and where there is something to say ``autograd`` (what ties a
formula's derivatives to the framework's differentiation), ``compiled`` (formulas on accelerators), ``blocks`` and ``linear`` (a
linear layer and its cross entropy as one).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unifocal.backend import Backend, EagerBackend, LinearBackend

    from . import array_api, autograd, cubed, dask, jax, mlx, ndonnx, numpy, paddle, tensorflow, torch

    def satisfy(
        *,
        array_api: Backend,
        autograd: Backend,
        cubed: Backend,
        dask: Backend,
        jax: Backend,
        mlx: Backend,
        ndonnx: Backend,
        numpy: EagerBackend,
        paddle: EagerBackend,
        tensorflow: EagerBackend,
        torch: EagerBackend,
    ) -> None:
        """Hold each shim to the contract: the checker names the argument, and what the module lacks."""

    satisfy(
        array_api=array_api,
        autograd=autograd,
        cubed=cubed,
        dask=dask,
        jax=jax,
        mlx=mlx,
        ndonnx=ndonnx,
        numpy=numpy,
        paddle=paddle,
        tensorflow=tensorflow,
        torch=torch,
    )

    def satisfy_linear(*, jax: LinearBackend, torch: LinearBackend) -> None:
        """The same, of those with a linear layer."""

    satisfy_linear(jax=jax, torch=torch)
