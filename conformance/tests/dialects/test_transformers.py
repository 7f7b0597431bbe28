"""What Hugging Face's losses are given beside tensors: models' outputs, configurations, and keywords that models pass on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dialects import transformers

from ...frameworks import Framework

_LOGITS, _LABELS = np.array([[[0.3, 0.0], [1.0, -1.0]]]), np.array([[0, 1]])
_LOSS = (np.log1p(np.exp(-0.3)) + np.log1p(np.exp(2.0))) / 2


@pytest.mark.parametrize("output", ["mapping", "tuple", "list", "logits"])
def test_a_models_output_is_any_of_these(framework: Framework, output: str) -> None:
    logits, labels = framework.tensor(_LOGITS, "float32"), framework.tensor(_LABELS)
    outputs: dict[str, Any] = {"mapping": {"loss": None, "logits": logits}, "tuple": (logits, None), "list": [logits], "logits": logits}
    value = framework.numpy(transformers.LabelSmoother(0.0)(outputs[output], labels))
    np.testing.assert_allclose(value, _LOSS, rtol=1e-6)


def test_the_gradient_of_a_models_output_is_that_of_its_logits() -> None:
    value, gradient = unifocal.value_and_grad(transformers.LabelSmoother(0.0))({"logits": _LOGITS}, _LABELS)
    assert value == pytest.approx(_LOSS)
    assert np.asarray(gradient).shape == _LOGITS.shape


def test_keywords_that_models_pass_on_have_no_effect() -> None:
    passed: dict[str, Any] = {"output_attentions": True}
    config = SimpleNamespace(num_labels=2, problem_type=None)
    assert transformers.ForMaskedLMLoss(_LOGITS, _LABELS, 2, **passed) == pytest.approx(_LOSS)
    assert transformers.ForTokenClassification(_LOGITS, _LABELS, config, **passed, num_items_in_batch=4) == pytest.approx(_LOSS / 2)
    assert transformers.ForTokenClassification(_LOGITS, _LABELS, config, ignore_index=0) == pytest.approx(np.log1p(np.exp(2.0)))


def test_a_configuration_stays_as_it_is() -> None:
    config = SimpleNamespace(num_labels=2, problem_type=None)
    by_index = transformers.ForSequenceClassificationLoss(_LABELS[0], _LOGITS[0], config)
    by_element = transformers.ForSequenceClassificationLoss(np.array([[1.0, 0.0], [0.0, 1.0]]), _LOGITS[0], config)
    assert by_index == pytest.approx(_LOSS)
    assert by_element != pytest.approx(_LOSS)
    assert config.problem_type is None


def test_labels_of_few_bits_are_shifted_too() -> None:
    """uint8 has no −100."""
    value = transformers.ForCausalLMLoss(_LOGITS, _LABELS.astype(np.uint8), 2)
    assert value == pytest.approx(np.log1p(np.exp(0.3)))
