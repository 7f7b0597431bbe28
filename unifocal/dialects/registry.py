"""Which dialects there are, what they mirror, and the names that their functions are known by."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

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
    # mmdet has a sigmoid_focal_loss of its own around mmcv's, so each is named in full.
    "mmdet.models.FocalLoss": "mmdet.FocalLoss",
    "mmdet.models.losses.FocalLoss": "mmdet.FocalLoss",
    "mmcv.ops.sigmoid_focal_loss": "mmdet.sigmoid_focal_loss",
    "mmcv.ops.softmax_focal_loss": "mmdet.softmax_focal_loss",
}
# tf.keras is Keras 2 up to TensorFlow 2.15, and Keras 3 from 2.16 on.
_EITHER = {f"{root}.keras{losses}": ("keras2", "keras") for root in ("tf", "tensorflow") for losses in ("", ".losses")}
_SUPERSEDED = ("keras2",)
"""Dialects of an older version of another: a name alone means the newer one."""


def dialect_names() -> tuple[str, ...]:
    """The names of the dialects' modules."""
    return _NAMES


def functions_of(dialect: str) -> dict[str, Callable[..., Any]]:
    """A dialect's functions and classes, by their originals' names.

    Raises
    ------
    ValueError
        If there is no such dialect.
    """
    if dialect not in _NAMES:
        raise ValueError(f"There is no dialect {dialect!r}; there are {', '.join(_NAMES)}.")
    module = import_module(f"{__package__}.{dialect}")
    return {name: getattr(module, name) for name in module.__all__}


def full_name(name: str) -> str:
    """``dialect.function`` for any name that people know it by.

    Parameters
    ----------
    name : str
        ``dialect.function``, also after ``unifocal.dialects.``; the original's own full name, such as
        ``torch.nn.functional.cross_entropy``; or the function's name alone, if only one library has it.

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
    if dialect not in _NAMES:
        known = f"; {function} is in {_listed(candidates, function)}" if candidates else f"; there are {', '.join(_NAMES)}"
        raise ValueError(f"There is no dialect {home!r}{known}.")
    if dialect not in candidates:
        raise ValueError(f"{dialect} has no {function!r}; it has {', '.join(functions_of(dialect))}.")
    return f"{dialect}.{function}"


def function_named(name: str) -> Callable[..., Any]:
    """The function or class of a :func:`full_name`."""
    dialect, _, function = name.partition(".")
    return functions_of(dialect)[function]


def _with(function: str) -> list[str]:
    """The dialects that have a function of this name."""
    return [dialect for dialect in _NAMES if function in functions_of(dialect)]


def _listed(dialects: list[str], function: str) -> str:
    return ", ".join(f"{dialect}.{function}" for dialect in dialects)
