"""The command line: ``unifocal`` and ``python -m unifocal``.  Needs the ``cli`` extra."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from . import __version__

app = typer.Typer(name="unifocal", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"unifocal {__version__}")
        raise typer.Exit


@app.callback()
def _unifocal(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")] = False,
) -> None:
    """Focal loss and the cross-entropy family on the tensors of NumPy, PyTorch, TensorFlow, Paddle, JAX and others."""


@app.command()
def parity(
    backend: Annotated[list[str] | None, typer.Option(help="A backend to check; may be repeated.  All of them if left out.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that one backend may take to load and answer.")] = 300,
) -> None:
    """Check the documented examples on every installed backend: against the documents, the exact result and the original functions.

    The exit status is 0 if all agree, 1 if not, 2 if a chosen backend is not there.
    """
    # A lazy name: the suite's folder is outside this package in the source tree.
    status: int = import_module("unifocal.conformance.report").run(backend or [], timeout)
    raise typer.Exit(status)


@app.command()
def dialects() -> None:
    """List the dialects: whose functions unifocal has, on every backend's tensors."""
    import_module("unifocal.convention_tables").print_dialects()


@app.command()
def explain(
    function: Annotated[str, typer.Argument(help="Such as paddle.sigmoid_focal_loss; without a dialect, one of unifocal's own.")],
    option: Annotated[list[str] | None, typer.Argument(help="Options of the function, such as gamma=0.5 or reduction='mean'.")] = None,
) -> None:
    """Explain a function's convention: formula, α rule, clip, labels, denominators, and where the original is known to differ.

    The exit status is 2 if there is no such function or option.
    """
    status: int = import_module("unifocal.convention_tables").print_explanation(function, option or [])
    raise typer.Exit(status)
