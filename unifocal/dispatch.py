"""Whose tensors are these?  Finds the backend by type, without importing any framework.

Other packages' backends are found by their entry points, once a class of tensors is none of the library's own.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from .compilers import called_while_traced
from .plugins import Plugins, lacks

if TYPE_CHECKING:
    from .backend import Backend


class Shim(NamedTuple):
    """A framework that has a shim: ``module`` in ``unifocal.backends``."""

    module: str
    distributions: tuple[str, ...]
    extra: str | None


# Keyed by the root module of the tensor classes; a class counts as the framework's if any of its bases does.
SHIMS: dict[str, Shim] = {
    "numpy": Shim("numpy", ("numpy",), None),
    "torch": Shim("torch", ("torch",), "torch"),
    "tensorflow": Shim("tensorflow", ("tensorflow", "tensorflow-cpu", "tensorflow-macos"), "tensorflow"),
    "paddle": Shim("paddle", ("paddlepaddle", "paddlepaddle-gpu"), "paddle"),
    "jax": Shim("jax", ("jax",), "jax"),
    "mlx": Shim("mlx", ("mlx",), "mlx"),
    "autograd": Shim("autograd", ("autograd",), "autograd"),
    "dask": Shim("dask", ("dask",), "dask"),
    "cubed": Shim("cubed", ("cubed",), "cubed"),
    "ndonnx": Shim("ndonnx", ("ndonnx",), "ndonnx"),
}
_ALIASES = {"jaxlib": "jax"}
_NUMPY, _STANDARD = "numpy", "array_api"
_OWN = {_STANDARD, *(shim.module for shim in SHIMS.values())}


def _taken(name: str) -> str | None:
    return "a backend of unifocal's own" if name in {*SHIMS, *_ALIASES, *_OWN, "builtins"} else None


def _shim(whose: str, made: Any) -> Backend:
    """A plugin's backend, held to the contract."""
    from .backend import Backend, EagerBackend

    asked, eager = (
        [name for name in (*protocol.__annotations__, *vars(protocol)) if not name.startswith("_")] for protocol in (Backend, EagerBackend)
    )
    if missing := [name for name in asked if not hasattr(made, name)]:
        raise lacks(whose, missing, "a unifocal.backend.Backend")
    missing = [name for name in eager if not hasattr(made, name)]
    if 0 < len(missing) < len(eager):
        raise lacks(whose, missing, "a unifocal.backend.EagerBackend, some of whose functions it has, or none")
    return cast("Backend", made)


PLUGINS = Plugins("unifocal.backends", "backend", _taken, _shim)
"""Backends of other packages, by the root module of their tensors' classes."""


class BackendStatus(NamedTuple):
    """One row of :func:`available_backends`."""

    installed: bool
    version: str | None
    loads: bool
    error: str | None


def backend_named(name: str) -> Backend:
    """The backend of a framework of :data:`SHIMS`, or of a plugin's, loaded.

    Raises
    ------
    ValueError
        If the name is not a framework's, or the framework cannot be imported.
    """
    if name not in SHIMS:
        if name in PLUGINS.names():
            return _load(name)
        raise ValueError(f"backend must be one of {', '.join((*SHIMS, *PLUGINS.names()))}; received {name!r}.")
    try:
        return _load(SHIMS[name].module)
    except ImportError as error:
        extra = SHIMS[name].extra
        hint = f"pip install 'unifocal[{extra}]'" if extra else f"pip install {name}"
        raise ValueError(f"The {name} backend requires {name}, which does not import ({error}); try: {hint}.") from error


def available_backends() -> dict[str, BackendStatus]:
    """What is installed, its version, and whether its shim loads.

    Loading a shim imports its framework, so this can take seconds; calling a loss imports only the framework of its tensors,
    which the caller has already imported.

    Returns
    -------
    dict
        Framework name to ``(installed, version, loads, error)``.  Of other packages' backends (entry points of ``unifocal.backends``) the
        version is the package's.

    Raises
    ------
    ValueError
        If a package's backend has a name that is taken.

    Examples
    --------
    >>> import unifocal
    >>> unifocal.available_backends()["numpy"].loads  # doctest: +SKIP
    True
    """
    own = {name: _status(name, shim) for name, shim in sorted(SHIMS.items(), key=_paddle_first)}
    return own | {name: _loading(name, PLUGINS.package(name).rpartition(" ")[2]) for name in PLUGINS.names()}


def _paddle_first(item: tuple[str, Shim]) -> bool:
    # Importing paddle 3.3.1 after tensorflow 2.21 crashes the interpreter; the other order is fine.
    return item[0] != "paddle"


def _status(name: str, shim: Shim) -> BackendStatus:
    if find_spec(name) is None:
        return BackendStatus(False, None, False, f"{name} is not installed")
    return _loading(name, _version(shim.distributions))


def _loading(name: str, installed: str | None) -> BackendStatus:
    try:
        backend_named(name)
    except Exception as error:  # a broken installation can raise anything; the report says what
        return BackendStatus(True, installed, False, str(error))
    return BackendStatus(True, installed, True, None)


def _version(distributions: tuple[str, ...]) -> str | None:
    from importlib.metadata import PackageNotFoundError, version  # half of unifocal's own import time, and seldom needed

    for distribution in distributions:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None


def _load(shim: str) -> Backend:
    if shim not in _LOADED:
        _LOADED[shim] = cast("Backend", import_module(f"unifocal.backends.{shim}")) if shim in _OWN else PLUGINS.load(shim)
    return _LOADED[shim]


@called_while_traced
def _shim_of(cls: type) -> str | None:
    """The shim, loaded, whose tensors may have this class."""
    if cls not in _SHIMS:
        shim = _find_shim(cls)
        # NumPy's shim too, for NumPy targets of any framework: a trace must find all it needs loaded at the first look.
        for needed in (shim, _NUMPY):
            if needed is not None:
                _load(needed)
        _SHIMS[cls] = shim  # only now, or another thread would take it for loaded
    return _SHIMS[cls]


_NO_LIBRARY = {"builtins", "typing", "abc", "collections", "__main__"}
"""Root modules of classes that many objects have among their bases."""
_LOADED: dict[str, Backend] = {}
_SHIMS: dict[type, str | None] = {}


def _find_shim(cls: type) -> str | None:
    if issubclass(cls, np.ma.MaskedArray):
        return None
    for base in cls.__mro__:
        root = base.__module__.partition(".")[0]
        found = SHIMS.get(_ALIASES.get(root, root))
        if found is not None:
            return found.module
        if root not in _NO_LIBRARY and root in PLUGINS.names():
            return root
    return _STANDARD if hasattr(cls, "__array_namespace__") else None


def backend_of(value: object) -> Backend | None:
    """The backend that value is a tensor of; None if no backend knows it."""
    shim = _shim_of(type(value))
    if shim is None:
        return None
    backend = _LOADED[shim]
    return backend if backend.is_array(value) else None


def unsuitable(value: object) -> str | None:
    """What a framework's own object is that is no dense tensor, and the way to one; None where no shim knows."""
    shim = _shim_of(type(value))
    return None if shim is None else _LOADED[shim].unsuitable(value)


def installed_frameworks() -> str:
    """The names of the installed frameworks, for error messages."""
    return ", ".join([*(name for name in SHIMS if find_spec(name) is not None), *PLUGINS.names()])
