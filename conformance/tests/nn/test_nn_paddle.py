"""``unifocal.nn.paddle``: layers that save, train in ``paddle.Model`` and go through ``paddle.jit.save``."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.dialects import torch as torch_dialect

paddle: Any = pytest.importorskip("paddle")
nn: Any = pytest.importorskip("unifocal.nn.paddle")

VECTOR = [0.25, 0.5, 0.75]
X = np.random.default_rng(0).normal(size=(90, 4)).astype(np.float32)
CLASSES = X[:, :3].argmax(1)
LAYERS = [
    nn.SigmoidFocalLoss(alpha=VECTOR, gamma=1.5),
    nn.SoftmaxFocalLoss(alpha=VECTOR),
    nn.BinaryCrossEntropy(pos_weight=VECTOR),
    nn.CrossEntropy(class_weight=VECTOR, reduction="weighted_mean"),
    nn.Loss(torch_dialect.cross_entropy, weight=paddle.to_tensor(VECTOR)),
]
layers = pytest.mark.parametrize("layer", LAYERS, ids=[type(layer).__name__ for layer in LAYERS])


@layers
def test_layers_are_their_functions(layer: Any) -> None:
    x, t = paddle.to_tensor(X[:, :3]), paddle.to_tensor(CLASSES)
    (weight,) = layer.state_dict().values()
    (name,) = layer.state_dict()
    assert float(layer(x, t)) == float(layer.function(x, t, **layer.options, **{name: weight}))
    assert "tensor(3,)" in repr(layer)
    np.testing.assert_allclose(weight.numpy(), VECTOR)


@layers
def test_training_in_a_model(layer: Any) -> None:
    network = paddle.nn.Linear(4, 3)
    model = paddle.Model(network)
    model.prepare(paddle.optimizer.Adam(0.1, parameters=network.parameters()), layer)
    data = paddle.io.TensorDataset([paddle.to_tensor(X), paddle.to_tensor(CLASSES)])
    before = float(layer(network(paddle.to_tensor(X)), paddle.to_tensor(CLASSES)))
    model.fit(data, epochs=15, batch_size=30, verbose=0)
    after = float(layer(network(paddle.to_tensor(X)), paddle.to_tensor(CLASSES)))
    assert after < 0.5 * before
    assert (network(paddle.to_tensor(X)).numpy().argmax(1) == CLASSES).mean() > 0.9


class _WithLoss(paddle.nn.Layer):  # type: ignore[misc, unused-ignore]
    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.network, self.loss = paddle.nn.Linear(4, 3), layer

    def forward(self, x: Any, t: Any) -> Any:
        return self.loss(self.network(x), t)


@layers
def test_saved_for_inference(layer: Any, tmp_path: Path) -> None:
    whole = _WithLoss(layer)
    whole.eval()
    spec = [paddle.static.InputSpec([None, 4], "float32"), paddle.static.InputSpec([None], "int64")]
    paddle.jit.save(paddle.jit.to_static(whole, input_spec=spec, full_graph=True), str(tmp_path / "model"))
    loaded = paddle.jit.load(str(tmp_path / "model"))
    for rows in (90, 7):
        arguments = paddle.to_tensor(X[:rows]), paddle.to_tensor(CLASSES[:rows])
        np.testing.assert_allclose(float(loaded(*arguments)), float(whole(*arguments)), rtol=1e-6)


def test_options_are_read_and_set() -> None:
    layer, pair = nn.SigmoidFocalLoss(gamma=2.0), (paddle.to_tensor([[0.3]]), paddle.to_tensor([[1.0]]))
    assert float(layer(*pair)) == pytest.approx(0.0250983, rel=1e-5)
    layer.gamma = 0
    assert float(layer(*pair)) == pytest.approx(0.1385888, rel=1e-6)
    assert (layer.gamma, layer.alpha, layer.reduction) == (0, 0.25, "mean")
    layer.reduction = "none"
    assert layer(*pair).shape == [1, 1]
    assert repr(deepcopy(layer)) == repr(layer) == "SigmoidFocalLoss(gamma=0, reduction='none')"
    for alpha, held in ([0.5], True), (0.5, False), (None, False):
        layer.alpha = alpha
        np.testing.assert_array_equal(
            layer(*pair).numpy(), unifocal.sigmoid_focal_loss(*pair, alpha=alpha, gamma=0, reduction="none").numpy()
        )
        assert ("alpha" in layer.state_dict()) is held
    del layer.gamma
    assert layer.gamma == 2.0


def test_a_list_keeps_its_digits() -> None:
    layer = nn.CrossEntropy(class_weight=[0.1, 0.2, 0.7])
    value = layer(paddle.to_tensor([[0.3, -1.0, 2.0]], dtype="float64"), paddle.to_tensor([1]))
    assert float(value) == pytest.approx(0.641804153, abs=1e-9)


def test_a_parameter_trains() -> None:
    weight = paddle.create_parameter([3], "float32", default_initializer=paddle.nn.initializer.Assign(np.array([1, 2, 3], np.float32)))
    layer = nn.CrossEntropy(class_weight=weight)
    assert [name for name, _ in layer.named_parameters()] == ["class_weight"]
    layer(paddle.to_tensor(X[:, :3]), paddle.to_tensor(CLASSES)).backward()
    paddle.optimizer.SGD(0.1, parameters=layer.parameters()).step()
    assert (weight.numpy() != [1, 2, 3]).all()


def test_errors() -> None:
    with pytest.raises(TypeError, match=r"SigmoidFocalLoss takes its options by name, alpha=…, gamma=…, .*; received 2 by position"):
        nn.SigmoidFocalLoss(0.25, 2.0)
    with pytest.raises(ValueError, match="gamma must be a finite number ≥ 0; received -1"):
        nn.SigmoidFocalLoss().gamma = -1
    with pytest.raises(AttributeError, match=r"has no option gama; did you mean gamma?"):
        nn.SigmoidFocalLoss().gama = 0
    with pytest.raises(TypeError, match="CrossEntropy has no option gamma; it has class_weight"):
        nn.CrossEntropy(gamma=2)
    with pytest.raises(TypeError, match="one of unifocal's losses"):
        nn.Loss(paddle.nn.functional.mse_loss)
    assert nn.Loss(unifocal.cross_entropy).options == {}
