"""The command line: ``unifocal`` and ``python -m unifocal``.  Needs the ``cli`` extra."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from . import __version__
from .convention_tables import read_option

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


_Function = Annotated[str | None, typer.Option(metavar="MODULE:NAME", help="Your own function, such as mypackage.losses:focal.")]
_Like = Annotated[str | None, typer.Option(metavar="DIALECT.FUNCTION", help="The original, such as paddle.sigmoid_focal_loss.")]
_Options = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="An option of --like that your function has built in; may be repeated."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
_Dtype = Annotated[str, typer.Option(help="float64 or float32: of the tensors that your function is given.")]


@app.command()
def parity(
    backend: Annotated[list[str] | None, typer.Option(help="A backend to check; may be repeated.  All of them if left out.")] = None,
    function: _Function = None,
    like: _Like = None,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What `unifocal record` wrote, to compare your function with.")
    ] = None,
    option: _Options = None,
    dtype: _Dtype = "float64",
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that one backend may take to load and answer.")] = 600,
    thorough: Annotated[bool, typer.Option(help="All recorded calls on JAX and Dask too, which compile each: minutes.")] = False,
    as_json: _Json = False,
) -> None:
    """Check every installed backend: the documented examples, and each dialect against its original's recorded answers.

    With --function, check your own function instead: whether its value and gradient, on one backend, are those of an original (--like),
    or of another function that was recorded (--against), perhaps elsewhere.

    The exit status is 0 if all agree, 1 if not, 2 if the question cannot be answered as it was put.
    """
    # Lazy names: the suite's folder is outside this package in the source tree.
    if function is None:
        if stray := [name for name, given in (("--like", like), ("--against", against), ("--option", option)) if given]:
            raise typer.BadParameter(f"{', '.join(stray)} requires --function.")
        status: int = import_module("unifocal.conformance.report").run(backend or [], timeout, thorough, as_json)
    else:
        check = import_module("unifocal.conformance.port_report").check
        status = check(function, like, against, _options(option), _one(backend), dtype, as_json)
    raise typer.Exit(status)


@app.command()
def record(
    dialect: Annotated[
        list[str] | None, typer.Argument(help="Dialects whose originals to record; those that run here if left out.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for originals, a file for your function.")] = Path(),
    function: _Function = None,
    like: _Like = None,
    inputs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An .npz file of arrays to call your function with, in its order.")
    ] = None,
    predictions: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which of the first two arrays of --inputs are the predictions, if both may be.")
    ] = None,
    option: _Options = None,
    backend: Annotated[str, typer.Option(help="Whose tensors your function takes.")] = "numpy",
    dtype: _Dtype = "float64",
) -> None:
    """Record what originals answer, or with --function what your own function answers, for `unifocal parity --against` elsewhere."""
    if function is None:
        if stray := [
            name for name, given in (("--like", like), ("--inputs", inputs), ("--predictions", predictions), ("--option", option)) if given
        ]:
            raise typer.BadParameter(f"{', '.join(stray)} requires --function.")
        status: int = import_module("unifocal.conformance.recording").record(dialect or [], output)
    else:
        if dialect or output == Path():
            raise typer.BadParameter("--function requires a file for --output, and no dialects.")
        record_function = import_module("unifocal.conformance.port_report").record_function
        status = record_function(function, like, inputs, predictions, _options(option), backend, dtype, output)
    raise typer.Exit(status)


def _one(backends: list[str] | None) -> str:
    if backends is not None and len(backends) > 1:
        raise typer.BadParameter(f"--function takes one --backend; received {', '.join(backends)}.")
    return backends[0] if backends else "numpy"


def _options(texts: list[str] | None) -> dict[str, Any]:
    try:
        return dict(map(read_option, texts or []))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def dialects(as_json: _Json = False) -> None:
    """List the dialects: the libraries whose loss functions unifocal has, and which functions."""
    import_module("unifocal.convention_tables").print_dialects(as_json)


@app.command()
def explain(
    function: Annotated[
        str,
        typer.Argument(
            help="A dialect's function or its original, such as paddle.sigmoid_focal_loss or torchvision.ops.sigmoid_focal_loss."
        ),
    ],
    option: Annotated[list[str] | None, typer.Argument(help="Options of the function, such as gamma=0.5 or reduction='mean'.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Tell each known difference in full.")] = False,
    as_json: _Json = False,
) -> None:
    """Explain what a function computes: formula, α rule, clip, labels, denominators, and where the original is known to differ.

    A canonical loss, such as cross_entropy, is named without a dialect.  The exit status is 2 if there is no such function or option.
    """
    print_explanation = import_module("unifocal.convention_tables").print_explanation
    status: int = print_explanation(function, option or [], everything=everything, as_json=as_json)
    raise typer.Exit(status)
