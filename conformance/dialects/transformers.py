"""Hugging Face transformers' losses, recorded.  Some compute in float32, whatever they are given."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..calls.case import Case
from . import ABSENT, Original, cases

_HOMES = {
    "sigmoid_focal_loss": "loss.loss_for_object_detection",
    "grounding_dino_sigmoid_focal_loss": "loss.loss_grounding_dino",
    "LabelSmoother": "trainer_pt_utils",
}


def _find(name: str) -> Any:
    found = getattr(import_module(f"transformers.{_HOMES.get(name, 'loss.loss_utils')}"), name.removeprefix("grounding_dino_"))
    if name != "LabelSmoother":
        return found

    class LabelSmoother(found):  # type: ignore[misc, valid-type]
        """The original, of logits that no model put into its output."""

        def __call__(self, model_output: Any, labels: Any, shift_labels: bool = False, num_items_in_batch: Any = None) -> Any:
            return super().__call__({"logits": model_output}, labels, shift_labels, num_items_in_batch)

    return LabelSmoother


ORIGINAL = Original("torch", _find, ("transformers", "torch"), recorded=True)

_RNG = np.random.default_rng(12)
_X, _SOFT, _HARD = 3 * _RNG.normal(size=(2, 3, 2)), _RNG.random((2, 3, 2)), _RNG.integers(0, 2, (2, 3, 2)) * 1.0
_LOGITS = 3 * _RNG.normal(size=(2, 3, 4))
_TOKENS, _PADDED = np.array([[1, 3, 0], [2, 2, 1]]), np.array([[1, -100, 0], [2, 2, -100]])
_LABELS = {"index": _TOKENS, "padded": _PADDED}
_ITEMS: dict[str, Any] = {"none": ABSENT, "number": 5, "tensor": np.array(7)}
_IMAGE, _PIXELS = _RNG.normal(size=(2, 3, 2, 2)), np.array([[[1, 0], [2, 255]], [[1, 255], [0, 2]]])
_SINGLE = {"dtype": "float32"}


def _config(problem_type: str | None, num_labels: int = 4) -> SimpleNamespace:
    return SimpleNamespace(num_labels=num_labels, problem_type=problem_type)


def _focal(name: str) -> list[Case]:
    options: dict[str, Any] = {"alpha": [-1, 0.25, 0.0], "gamma": [0, 0.5, 2], "num_boxes": [3.5]}
    return [
        *cases(name, "inputs", inputs=[_X], targets={"hard": _HARD, "soft": _SOFT}, **options),
        *cases(name, "inputs", group="rows", inputs=[_X[0]], targets=[_SOFT[0]], num_boxes={"number": 2, "tensor": np.array(3)}),
    ]


CASES = [
    *_focal("sigmoid_focal_loss"),
    *_focal("grounding_dino_sigmoid_focal_loss"),
    *cases(
        "fixed_cross_entropy", "source", source=[_LOGITS[0]], target={"index": _TOKENS[0], "padded": _PADDED[0]}, num_items_in_batch=_ITEMS
    ),
    *cases("fixed_cross_entropy", "source", group="ignore", source=[_LOGITS[1]], target=[_TOKENS[1]], ignore_index=[2]),
    *cases(
        "ForCausalLMLoss",
        "logits",
        settings=_SINGLE,
        logits=[_LOGITS],
        labels=_LABELS,
        vocab_size=[4],
        num_items_in_batch=_ITEMS,
    ),
    *cases(
        "ForCausalLMLoss", "logits", group="ignore", settings=_SINGLE, logits=[_LOGITS], labels=[_TOKENS], vocab_size=[4], ignore_index=[2]
    ),
    *cases(
        "ForCausalLMLoss",
        "logits",
        group="shifted",
        settings=_SINGLE,
        logits=[_LOGITS],
        labels=[None],
        vocab_size=[4],
        shift_labels=_LABELS,
    ),
    *cases("ForMaskedLMLoss", "logits", settings=_SINGLE, logits=[_LOGITS], labels=_LABELS, vocab_size=[4], num_items_in_batch=_ITEMS),
    *cases(
        "ForMaskedLMLoss",
        "logits",
        group="flat",
        settings=_SINGLE,
        logits=[_LOGITS],
        labels=[_TOKENS.ravel()],
        vocab_size=[4],
        ignore_index=[2],
    ),
    *cases(
        "ForTokenClassification",
        "logits",
        settings=_SINGLE,
        logits=[_LOGITS],
        labels=_LABELS,
        config=[_config(None)],
        num_items_in_batch=_ITEMS,
    ),
    *cases(
        "ForSequenceClassificationLoss",
        "pooled_logits",
        labels={"index": _TOKENS[0], "padded": _PADDED[0]},
        pooled_logits=[_LOGITS[0]],
        config={"single": _config("single_label_classification"), "inferred": _config(None)},
    ),
    *cases(
        "ForSequenceClassificationLoss",
        "pooled_logits",
        group="several",
        labels=[_SOFT[0]],
        pooled_logits=[_X[0]],
        config={"multi": _config("multi_label_classification", 2), "inferred": _config(None, 2)},
    ),
    *cases("ForSemanticSegmentationLoss", "logits", logits=[_IMAGE], labels=[_PIXELS], num_items_in_batch=_ITEMS),
    *cases(
        "LabelSmoother",
        "model_output",
        options=True,
        settings=_SINGLE,
        model_output=[_LOGITS],
        labels={"padded": _PADDED, "kept": _TOKENS[..., None]},
        num_items_in_batch={"none": ABSENT, "number": 5},
        _epsilon=[0.0, 0.1],
    ),
    *cases(
        "LabelSmoother",
        "model_output",
        group="shifted",
        options=True,
        settings=_SINGLE,
        model_output=[_LOGITS],
        labels=[_PADDED],
        shift_labels=[True],
        _ignore_index=[-100],
    ),
]
