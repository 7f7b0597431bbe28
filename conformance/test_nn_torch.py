"""``unifocal.nn.torch``: modules that move, save, pickle, compile and export as torch's own, and train."""

from __future__ import annotations

import io
import pickle
from inspect import signature
from typing import Any

import pytest

import unifocal
from unifocal.dialects import keras, kornia, mmdet, paddle

torch: Any = pytest.importorskip("torch")
nn: Any = pytest.importorskip("unifocal.nn.torch")

CLASSES = {
    nn.SigmoidFocalLoss: unifocal.sigmoid_focal_loss,
    nn.SoftmaxFocalLoss: unifocal.softmax_focal_loss,
    nn.BinaryCrossEntropy: unifocal.binary_cross_entropy,
    nn.CrossEntropy: unifocal.cross_entropy,
}
VECTOR = [0.25, 0.5, 0.75]
WEIGHTED = [
    nn.SigmoidFocalLoss(alpha=VECTOR, gamma=1.5),
    nn.SoftmaxFocalLoss(alpha=VECTOR),
    nn.BinaryCrossEntropy(pos_weight=VECTOR, reduction="sum"),
    nn.CrossEntropy(class_weight=VECTOR, reduction="weighted_mean"),
    nn.Loss(paddle.cross_entropy, weight=torch.tensor(VECTOR), axis=1),
]
ids = [type(module).__name__ for module in WEIGHTED]


@pytest.fixture
def x() -> Any:
    return torch.randn(8, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()


INDEX = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])


@pytest.mark.parametrize(("cls", "function"), CLASSES.items(), ids=lambda value: value.__name__)
def test_modules_are_their_functions(cls: Any, function: Any, x: Any) -> None:
    weight = torch.linspace(0.5, 2, 8)
    expected = function(x, INDEX, label_smoothing=0.1, sample_weight=weight, normalizer=2.0)
    assert torch.equal(cls(label_smoothing=0.1)(x, INDEX, sample_weight=weight, normalizer=2.0), expected)
    own = set(signature(function).parameters) - {"predictions", "targets", "sample_weight", "normalizer"}
    assert set(signature(cls).parameters) == own


@pytest.mark.parametrize("module", WEIGHTED, ids=ids)
def test_saved_and_pickled(module: Any, x: Any) -> None:
    expected = module(x, INDEX)
    assert torch.equal(pickle.loads(pickle.dumps(module))(x, INDEX), expected)
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    state = torch.load(file)
    assert [tensor.tolist() for tensor in state.values()] == [pytest.approx(VECTOR)]
    assert "tensor(3,)" in repr(module)


@pytest.mark.parametrize("module", WEIGHTED, ids=ids)
def test_compiled_and_exported(module: Any, x: Any) -> None:
    expected = module(x, INDEX)
    torch.testing.assert_close(torch.compile(module, fullgraph=True)(x, INDEX), expected)
    torch.testing.assert_close(torch.export.export(module, (x, INDEX)).module()(x, INDEX), expected)


def test_weights_move_with_the_module() -> None:
    module = nn.SigmoidFocalLoss(alpha=VECTOR).to(torch.float64)
    assert module.alpha.dtype == torch.float64
    assert module.to("meta").alpha.device.type == "meta"


def test_representation() -> None:
    assert repr(nn.SigmoidFocalLoss(gamma=1.5, reduction="sum")) == "SigmoidFocalLoss(gamma=1.5, reduction='sum')"
    assert repr(nn.Loss(paddle.sigmoid_focal_loss, gamma=1.5)) == "Loss(sigmoid_focal_loss, gamma=1.5)"


def test_classes_and_positional_options(x: Any) -> None:
    weight = torch.tensor([1.0, 2.0, 3.0])
    for module in (nn.Loss(kornia.FocalLoss(0.5, weight=weight)), nn.Loss(kornia.FocalLoss, alpha=0.5, weight=weight)):
        assert torch.equal(module(x, INDEX), kornia.focal_loss(x, INDEX, 0.5, weight=weight))
        assert module.to(torch.float64).weight.dtype == torch.float64
    assert torch.equal(nn.Loss(mmdet.sigmoid_focal_loss, gamma=1.0)(x, INDEX), mmdet.sigmoid_focal_loss(x, INDEX, 1.0))
    assert nn.CrossEntropy(class_weight=[1, 2, 3]).class_weight.dtype == torch.float32


def test_a_dialect_object(x: Any) -> None:
    loss = keras.BinaryCrossentropy(from_logits=True)
    y = torch.ones(8, 3)
    assert torch.equal(nn.Loss(loss)(y, x), loss(y, x))


@pytest.mark.parametrize(
    ("error", "message", "make"),
    [
        (TypeError, "SigmoidFocalLoss has no option gama; it has alpha, gamma", lambda: nn.SigmoidFocalLoss(gama=2)),
        (ValueError, "gamma must be a finite number ≥ 0; received -1", lambda: nn.SigmoidFocalLoss(gamma=-1)),
        (TypeError, "one of unifocal's losses, a dialect's too; received function", lambda: nn.Loss(torch.nn.functional.mse_loss)),
        (TypeError, "sigmoid_focal_loss has no option gama; it has logit, label", lambda: nn.Loss(paddle.sigmoid_focal_loss, gama=2)),
    ],
)
def test_errors(error: type[Exception], message: str, make: Any) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("module", WEIGHTED[:4], ids=ids[:4])
def test_training_under_autocast(module: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(90, 4, generator=generator)
    classes = inputs[:, :3].argmax(1)
    model = torch.nn.Linear(4, 3)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(inputs)
            loss = module(logits, classes)
        assert (logits.dtype, loss.dtype) == (torch.bfloat16, torch.float32)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert (model(inputs).argmax(1) == classes).float().mean() > 0.85
