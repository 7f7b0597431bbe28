"""Which dialects there are, what they mirror, and the names that their functions are known by."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from inspect import cleandoc
from types import ModuleType
from typing import Any

from ..plugins import PluginError, Plugins, lacks

_NAMES = (
    "paddle",
    "paddledet",
    "torch",
    "torchvision",
    "keras",
    "keras2",
    "tf",
    "tfa",
    "optax",
    "kornia",
    "mmdet",
    "paddleseg",
    "paddleclas",
    "keras_cv",
    "model_garden",
    "focal_loss",
    "mlx",
    "monai",
    "mmseg",
    "mmpretrain",
    "effdet",
    "fastai",
    "transformers",
    "fvcore",
    "timm",
    "ultralytics",
    "smp",
)

# Where people import the originals from: a module for all of a dialect's functions, or one function's full name.
_KNOWN_AS = {
    "paddle.nn.functional": "paddle",
    "paddle.nn.functional.loss": "paddle",
    "paddle.nn.BCELoss": "paddle.binary_cross_entropy",
    "paddle.nn.BCEWithLogitsLoss": "paddle.binary_cross_entropy_with_logits",
    "paddle.nn.CrossEntropyLoss": "paddle.cross_entropy",
    "paddle.nn.NLLLoss": "paddle.nll_loss",
    "ppdet": "paddledet",
    "ppdet.modeling": "paddledet",
    "ppdet.modeling.losses": "paddledet",
    "ppdet.modeling.heads.PPYOLOEHead": "paddledet",
    "paddleseg.models": "paddleseg",
    "paddleseg.models.losses": "paddleseg",
    "ppcls": "paddleclas",
    "ppcls.loss": "paddleclas",
    "torch.nn.functional": "torch",
    "torch.nn.BCELoss": "torch.binary_cross_entropy",
    "torch.nn.BCEWithLogitsLoss": "torch.binary_cross_entropy_with_logits",
    "torch.nn.CrossEntropyLoss": "torch.cross_entropy",
    "torch.nn.NLLLoss": "torch.nll_loss",
    "torchvision.ops": "torchvision",
    "torchvision.ops.focal_loss": "torchvision",
    "keras.losses": "keras",
    "tf_keras": "keras2",
    "tf_keras.losses": "keras2",
    "tensorflow": "tf",
    "tensorflow.nn": "tf",
    "tf.nn": "tf",
    "tensorflow_addons": "tfa",
    "tensorflow_addons.losses": "tfa",
    "tfa.losses": "tfa",
    "official.vision.losses.focal_loss": "model_garden",
    "keras_cv.losses": "keras_cv",
    "optax.losses": "optax",
    "kornia.losses": "kornia",
    "kornia.losses.focal": "kornia",
    "mlx.nn": "mlx",
    "mlx.nn.losses": "mlx",
    "monai.losses": "monai",
    "monai.losses.focal_loss": "monai",
    # mmdet has a sigmoid_focal_loss of its own around mmcv's, so each is named in full.
    **{
        f"mmdet.models.{losses}{name}": f"mmdet.{name}"
        for losses in ("", "losses.")
        for name in (
            *("CrossEntropyLoss", "FocalLoss", "GaussianFocalLoss", "QualityFocalLoss", "VarifocalLoss"),
            *("binary_cross_entropy", "cross_entropy", "mask_cross_entropy"),
        )
    },
    **{f"mmdet.models.losses.{file}": "mmdet" for file in ("gaussian_focal_loss", "gfocal_loss", "varifocal_loss", "cross_entropy_loss")},
    "mmcv.ops.sigmoid_focal_loss": "mmdet.sigmoid_focal_loss",
    "mmcv.ops.softmax_focal_loss": "mmdet.softmax_focal_loss",
    "mmseg.models.losses": "mmseg",
    "mmpretrain.models.losses": "mmpretrain",
    "effdet.loss": "effdet",
    "fastai.losses": "fastai",
    "transformers.loss.loss_utils": "transformers",
    "transformers.loss.loss_for_object_detection": "transformers",
    # Another one of the same name.
    "transformers.loss.loss_grounding_dino.sigmoid_focal_loss": "transformers.grounding_dino_sigmoid_focal_loss",
    "transformers.trainer_pt_utils": "transformers",
    "timm.loss": "timm",
    "ultralytics.utils.loss": "ultralytics",
    "segmentation_models_pytorch.losses": "smp",
    "smp.losses": "smp",
    "fvcore.nn": "fvcore",
    "fvcore.nn.focal_loss": "fvcore",
    "fvcore.nn.sigmoid_focal_loss_jit": "fvcore.sigmoid_focal_loss",
    "fvcore.nn.sigmoid_focal_loss_star_jit": "fvcore.sigmoid_focal_loss_star",
}
# tf.keras is Keras 2 up to TensorFlow 2.15, and Keras 3 from 2.16 on.
_EITHER = {f"{root}.keras{losses}": ("keras2", "keras") for root in ("tf", "tensorflow") for losses in ("", ".losses")}
_SUPERSEDED = ("keras2",)
"""Dialects of an older version of another: a name alone means the newer one."""


def _taken(name: str) -> str | None:
    if name in _NAMES:
        return "a dialect of unifocal's own"
    known = {*_KNOWN_AS, *_EITHER}
    if name in known or any(other.startswith(f"{name}.") for other in known):
        return "a library that a dialect of unifocal's own mirrors"
    reserved = find_spec(f"{__package__}.{name}") is not None or name in vars(import_module(__package__))
    return f"something else in {__package__}" if reserved else None


def _dialect(whose: str, made: Any) -> ModuleType:
    """A plugin's dialect, held to what a dialect is."""
    if not isinstance(made, ModuleType):
        raise PluginError(
            f"{whose} must be a module with loss functions; it is a {type(made).__name__}. Mend that package, or uninstall it."
        )
    if missing := [name for name in ("__all__", "__doc__") if not getattr(made, name, None)]:
        raise lacks(whose, missing, "a module that says what it mirrors and lists its functions")
    if missing := [name for name in made.__all__ if not callable(getattr(made, name, None))]:
        raise lacks(whose, missing, "a module with all the functions that its __all__ lists")
    return made


PLUGINS = Plugins("unifocal.dialects", "dialect", _taken, _dialect)
"""Dialects of other packages: their modules, by the names that they have here."""


def own_dialects() -> tuple[str, ...]:
    """The names of the dialects that come with the library, whose originals the suite records and runs."""
    return _NAMES


def dialect_names() -> tuple[str, ...]:
    """The names of all dialects: the library's own, and those of installed packages (entry points of ``unifocal.dialects``)."""
    return (*_NAMES, *PLUGINS.names())


def module_of(dialect: str) -> ModuleType:
    """A dialect's module, imported.

    Raises
    ------
    ValueError
        If there is no such dialect, or a package's cannot be loaded.
    """
    if dialect in _NAMES:
        return import_module(f"{__package__}.{dialect}")
    if dialect in PLUGINS.names():
        module: ModuleType = PLUGINS.load(dialect)
        return module
    raise ValueError(f"There is no dialect {dialect!r}; there are {', '.join(dialect_names())}.")


def name_of(function: Any) -> str | None:
    """``dialect.function`` of a dialect's function or class; None of anything else."""
    name, module = getattr(function, "__name__", ""), getattr(function, "__module__", "")
    own = module.rpartition(".")[2]
    for dialect in [own] if own in _NAMES else PLUGINS.of_package(module):
        if functions_of(dialect).get(name) is function:
            return f"{dialect}.{name}"
    return None


def functions_of(dialect: str) -> dict[str, Callable[..., Any]]:
    """A dialect's functions and classes, by their originals' names.

    Raises
    ------
    ValueError
        If there is no such dialect, or a package's cannot be loaded.
    """
    module = module_of(dialect)
    return {name: getattr(module, name) for name in module.__all__}


def full_name(name: str) -> str:
    """``dialect.function`` for any name that people know it by.

    Parameters
    ----------
    name : str
        ``dialect.function``, also after ``unifocal.dialects.``; the original's own full name, such as
        ``torch.nn.functional.cross_entropy``; or the function's name alone, if only one library has it.  Alone, a name is that of an
        installed package's function only where the library's own dialects have none of that name.

    Raises
    ------
    ValueError
        If there is no such function, or several have the name; the message lists them.
    """
    name = name.removeprefix("unifocal.dialects.")
    home, _, function = name.rpartition(".")
    if name in _KNOWN_AS:
        return _KNOWN_AS[name]
    candidates = _with(function)
    if not home:
        current = [dialect for dialect in candidates if dialect not in _SUPERSEDED]
        if len(current) == 1:
            return f"{current[0]}.{function}"
        if current:
            raise ValueError(f"{function} is the name of several functions; name one: {_listed(current, function)}.")
        raise ValueError(f"There is no function {function!r}; it must be dialect.function, such as paddle.sigmoid_focal_loss.")
    if home in _EITHER and function in functions_of(_EITHER[home][0]):
        raise ValueError(
            f"{name} depends on the version of TensorFlow: name keras2.{function} for 2.15 and older, keras.{function} for 2.16 and newer."
        )
    dialect = _KNOWN_AS.get(home, home)
    if dialect not in _NAMES and dialect not in PLUGINS.names():
        known = f"; {function} is in {_listed(candidates, function)}" if candidates else f"; there are {', '.join(dialect_names())}"
        raise ValueError(f"There is no dialect {home!r}{known}.")
    if function not in functions_of(dialect):
        raise ValueError(f"{dialect} has no {function!r}; it has {', '.join(functions_of(dialect))}.")
    return f"{dialect}.{function}"


def function_named(name: str) -> Callable[..., Any]:
    """The function or class of a :func:`full_name`."""
    dialect, _, function = name.partition(".")
    return functions_of(dialect)[function]


def mirrored(function: Callable[..., Any]) -> tuple[str, str]:
    """What a dialect's function says it mirrors: the library with its version, and where that is documented.

    It is the last line of its docstring, ``Mirrors kornia 0.9.0, https://...``.

    Raises
    ------
    ValueError
        If it has no such line.
    """
    said = cleandoc(function.__doc__ or "").rpartition("\n")[2]
    library, comma, documented = said.removeprefix("Mirrors ").partition(", ")
    if not said.startswith("Mirrors ") or not comma:
        raise ValueError(
            f"The docstring of {function.__name__} must end with a line 'Mirrors LIBRARY VERSION, URL'; it ends with {said!r}."
        )
    return library, documented


def _with(function: str) -> list[str]:
    """The dialects that have a function of this name: packages' only if none of the library's own has."""
    own = [dialect for dialect in _NAMES if function in functions_of(dialect)]
    return own or [dialect for dialect in PLUGINS.names() if function in functions_of(dialect)]


def _listed(dialects: list[str], function: str) -> str:
    return ", ".join(f"{dialect}.{function}" for dialect in dialects)
