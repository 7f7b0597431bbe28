"""The command line: ``unifocal`` and ``python -m unifocal``.  Needs the ``cli`` extra."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from . import __version__
from .terminal import read_option

app = typer.Typer(name="unifocal", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"unifocal {__version__}")
        raise typer.Exit


@app.callback()
def _unifocal(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")] = False,
) -> None:
    """Focal loss and the cross-entropy family on the tensors of NumPy, PyTorch, TensorFlow, Paddle, JAX and others."""


_Function = Annotated[str | None, typer.Option(metavar="MODULE:NAME", help="Your own function, such as mypackage.losses:focal.")]
_Like = Annotated[
    str | None,
    typer.Option(metavar="ORIGINAL", help="The original, such as paddle.sigmoid_focal_loss or torch.nn.functional.cross_entropy."),
]
_Dtype = Annotated[str, typer.Option(help="Precision of the tensors that your function is given: float64 or float32.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for other programs.")]


@app.command()
def parity(
    context: typer.Context,
    backend: Annotated[
        list[str] | None,
        typer.Option(
            help="A backend to check; repeat it for several. By default all but autograd, cubed and ndonnx, or with --function NumPy."
        ),
    ] = None,
    function: _Function = None,
    like: _Like = None,
    against: Annotated[Path | None, typer.Option(metavar="FILE", help="In place of --like: a file that `unifocal record` wrote.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", metavar="NAME=VALUE", help="An option of the original that is built into your function; repeat it for several."
        ),
    ] = None,
    dtype: _Dtype = "float64",
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that each backend may take to load and answer.")] = 600,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Run all recorded calls on JAX and Dask too. They compile each one: this takes minutes.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Check the installed backends: the documented examples, and each dialect against the recorded answers of its original.

    With --function, check your own function: whether it gives the values and gradients of an original (--like) or of a record (--against).

    The exit status is 0 if everything agrees, 1 if not, and 2 if the arguments make no sense.
    """
    # Lazy names: the suite's folder is outside this package in the source tree.
    if function is None:
        _refuse_given(context, ("like", "against", "option", "dtype"), "requires --function")
        status: int = import_module("unifocal.conformance.parity.report").run(backend or [], timeout, thorough, as_json)
    else:
        _refuse_given(context, ("timeout", "thorough"), "does not go with --function")
        if against is not None:
            _refuse_given(context, ("dtype", "option"), "does not go with --against: a record has its own")
        check = import_module("unifocal.conformance.port.report").check
        status = check(function, like, against, _options(option), _one(backend), dtype, as_json)
    raise typer.Exit(status)


@app.command()
def record(
    context: typer.Context,
    dialect: Annotated[
        list[str] | None, typer.Argument(help="Dialects whose originals to record; by default all that are installed and run here.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write: a folder for originals, a file for your own function.")
    ] = Path(),
    function: _Function = None,
    like: _Like = None,
    inputs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="In place of --like: an .npz file with the arrays of one call, named as the parameters of your function. "
            "Arrays without names are taken in the order of the parameters.",
        ),
    ] = None,
    predictions: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --inputs, if both of the first two arrays are floating-point: which are the predictions."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="NAME=VALUE",
            help="With --like, an option of the original that is built into your function; with --inputs, an option to call your "
            "function with. Repeat it for several.",
        ),
    ] = None,
    backend: Annotated[str, typer.Option(help="The framework whose tensors your function takes.")] = "numpy",
    dtype: _Dtype = "float64",
) -> None:
    """Record what your own function answers, for `unifocal parity --against` elsewhere, or what the originals of dialects answer.

    The exit status is 0 if all was recorded, 1 if a function failed, and 2 if the arguments make no sense.
    """
    if function is None:
        _refuse_given(context, ("like", "inputs", "predictions", "option", "backend", "dtype"), "requires --function")
        status: int = import_module("unifocal.conformance.originals.recording").record(dialect or [], output)
    else:
        if dialect or output == Path():
            raise typer.BadParameter("--function requires a file for --output, and no dialects.")
        record_function = import_module("unifocal.conformance.port.report").record_function
        status = record_function(function, like, inputs, predictions, _options(option), backend, dtype, output)
    raise typer.Exit(status)


def _refuse_given(context: typer.Context, names: tuple[str, ...], why: str) -> None:
    """Refuse options that were given and would not be heeded."""
    given = [f"--{name}" for name in names if (source := context.get_parameter_source(name)) is not None and source.name != "DEFAULT"]
    if given:
        raise typer.BadParameter(f"{', '.join(given)} {why}.")


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
    """List the dialects: the libraries whose loss functions unifocal and installed packages have, and the functions.

    The exit status is 2 if a package's dialect could not be loaded.
    """
    status: int = import_module("unifocal.convention_tables").print_dialects(as_json)
    raise typer.Exit(status)


@app.command()
def explain(
    function: Annotated[str, typer.Argument(help="A function, such as paddle.sigmoid_focal_loss or torchvision.ops.sigmoid_focal_loss.")],
    option: Annotated[list[str] | None, typer.Argument(help="Options of the function, such as gamma=0.5 or reduction=mean.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Describe each known difference in full.")] = False,
    as_json: _Json = False,
) -> None:
    """Explain what a function computes: formula, α rule, clip, labels, denominators, and where the original is known to differ.

    unifocal's own losses, such as cross_entropy, go without a dialect. The exit status is 2 if there is no such function or option.
    """
    print_explanation = import_module("unifocal.convention_tables").print_explanation
    status: int = print_explanation(function, option or [], everything=everything, as_json=as_json)
    raise typer.Exit(status)
