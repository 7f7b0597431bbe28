"""The names that functions are known by: one resolver for every place that takes one."""

from __future__ import annotations

import re

import pytest

from unifocal.dialects import dialect_names, full_name, function_named, functions_of, mirrored, registry

from ...dialects import golden_record

_ALL = [(dialect, name) for dialect in dialect_names() for name in functions_of(dialect)]


@pytest.mark.parametrize(("dialect", "name"), _ALL, ids=[f"{dialect}.{name}" for dialect, name in _ALL])
def test_dialects_own_names(dialect: str, name: str) -> None:
    assert full_name(f"{dialect}.{name}") == full_name(f"unifocal.dialects.{dialect}.{name}") == f"{dialect}.{name}"
    assert function_named(f"{dialect}.{name}") is functions_of(dialect)[name]


@pytest.mark.parametrize(("dialect", "name"), _ALL, ids=[f"{dialect}.{name}" for dialect, name in _ALL])
def test_originals_documented_names(dialect: str, name: str) -> None:
    """What each docstring says it mirrors; tf.keras, which is two Keras versions, has to be told apart."""
    documented = re.match("``([^`]+)``", function_named(f"{dialect}.{name}").__doc__ or "")
    assert documented is not None
    if documented[1].startswith("tf.keras."):
        with pytest.raises(ValueError, match=f"name keras2.{name} for 2.15 and older, keras.{name} for 2.16 and newer"):
            full_name(documented[1])
    else:
        assert full_name(documented[1]) == f"{dialect}.{name}"


@pytest.mark.parametrize(
    ("known", "full"),
    [
        ("torchvision.ops.focal_loss.sigmoid_focal_loss", "torchvision.sigmoid_focal_loss"),
        ("torch.nn.BCEWithLogitsLoss", "torch.binary_cross_entropy_with_logits"),
        ("paddle.nn.CrossEntropyLoss", "paddle.cross_entropy"),
        ("ppdet.FocalLoss", "paddledet.FocalLoss"),
        ("fvcore.nn.sigmoid_focal_loss_star_jit", "fvcore.sigmoid_focal_loss_star"),
        ("smp.losses.FocalLoss", "smp.FocalLoss"),
        ("ForCausalLMLoss", "transformers.ForCausalLMLoss"),
        ("ppdet.modeling.heads.PPYOLOEHead._varifocal_loss", "paddledet._varifocal_loss"),
        ("paddleseg.models.BCELoss", "paddleseg.BCELoss"),
        ("official.vision.losses.focal_loss.FocalLoss", "model_garden.FocalLoss"),
        ("keras_cv.losses.FocalLoss", "keras_cv.FocalLoss"),
        ("mlx.nn.losses.nll_loss", "mlx.nll_loss"),
        ("tensorflow.nn.softmax_cross_entropy_with_logits", "tf.softmax_cross_entropy_with_logits"),
        ("tensorflow_addons.losses.SigmoidFocalCrossEntropy", "tfa.SigmoidFocalCrossEntropy"),
        ("tf_keras.losses.BinaryFocalCrossentropy", "keras2.BinaryFocalCrossentropy"),
        ("BinaryFocalCrossentropy", "keras.BinaryFocalCrossentropy"),
        ("softmax_cross_entropy_with_integer_labels", "optax.softmax_cross_entropy_with_integer_labels"),
    ],
)
def test_names_people_know(known: str, full: str) -> None:
    assert full_name(known) == full


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("FocalLoss", "name one: paddledet.FocalLoss, kornia.FocalLoss, mmdet.FocalLoss"),
        ("F.cross_entropy", "There is no dialect 'F'; cross_entropy is in paddle.cross_entropy, torch.cross_entropy"),
        ("mmdet.models.losses.sigmoid_focal_loss", "There is no dialect 'mmdet.models.losses'; sigmoid_focal_loss is in paddle."),
        ("keras.backend.binary_crossentropy", "There is no dialect 'keras.backend'; binary_crossentropy is in keras."),
        ("focal", "There is no function 'focal'; it must be dialect.function, such as paddle.sigmoid_focal_loss."),
        ("torch.focal", "torch has no 'focal'; it has binary_cross_entropy, "),
        ("mxnet.softmax", "There is no dialect 'mxnet'; there are paddle, "),
        ("", "There is no function ''"),
    ],
)
def test_unknown_and_ambiguous_names(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        full_name(name)


# Recorded of tf_keras 2.21, whose losses are those of TensorFlow 2.15's Keras.
_OTHERS_RECORDED = {"keras2": "TensorFlow 2.15"}


@pytest.mark.parametrize("dialect", dialect_names())
def test_versions_mirrored_are_those_recorded(dialect: str) -> None:
    """The versions that docstrings, and so ``explain``, name are the ones whose answers the dialect is held to."""
    recorded = [version.partition(" ")[0] for version in golden_record(dialect).versions.values()]
    for name, function in functions_of(dialect).items():
        library, _ = mirrored(function)
        version = library.rpartition(" ")[2]
        found = any(one == version or one.startswith(f"{version}.") for one in recorded)
        assert found or _OTHERS_RECORDED.get(dialect) == library, f"{name} mirrors {library}; recorded are {', '.join(recorded)}"


def test_a_docstring_that_mirrors_nothing() -> None:
    def loss() -> None:
        """A loss."""

    with pytest.raises(ValueError, match=r"of loss must end with a line 'Mirrors LIBRARY VERSION, URL'; it ends with 'A loss\.'"):
        mirrored(loss)


def test_every_known_name_leads_somewhere() -> None:
    for target in registry._KNOWN_AS.values():
        dialect, _, function = target.partition(".")
        assert dialect in dialect_names()
        assert not function or function in functions_of(dialect)
