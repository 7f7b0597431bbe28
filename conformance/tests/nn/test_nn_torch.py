"""``unifocal.nn.torch``: modules that move, save, pickle, compile and export as torch's own, and train."""

from __future__ import annotations

import io
import pickle
import re
from copy import deepcopy
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
    assert repr(nn.Loss(paddle.sigmoid_focal_loss, gamma=1.5)) == "Loss(paddle.sigmoid_focal_loss, gamma=1.5)"
    assert repr(nn.Loss(kornia.FocalLoss(0.5))) == "Loss(kornia.FocalLoss, alpha=0.5)"
    assert repr(nn.Loss(unifocal.cross_entropy)) == "Loss(unifocal.cross_entropy)"


def test_classes_and_positional_options(x: Any) -> None:
    weight = torch.tensor([1.0, 2.0, 3.0])
    for module in (nn.Loss(kornia.FocalLoss(0.5, weight=weight)), nn.Loss(kornia.FocalLoss, alpha=0.5, weight=weight)):
        assert torch.equal(module(x, INDEX), kornia.focal_loss(x, INDEX, 0.5, weight=weight))
        assert module.to(torch.float64).weight.dtype == torch.float64
    assert torch.equal(nn.Loss(mmdet.sigmoid_focal_loss, gamma=1.0)(x, INDEX), mmdet.sigmoid_focal_loss(x, INDEX, 1.0))
    assert nn.CrossEntropy(class_weight=[1, 2, 3]).class_weight.dtype == torch.float64
    assert nn.CrossEntropy(class_weight=torch.ones(3)).class_weight.dtype == torch.float32


def test_a_dialect_object(x: Any) -> None:
    loss = keras.BinaryCrossentropy(from_logits=True)
    y = torch.ones(8, 3)
    assert torch.equal(nn.Loss(loss)(y, x), loss(y, x))


SCHEDULED = torch.tensor([[0.3]]), torch.tensor([[1.0]])


def test_options_are_read_and_set() -> None:
    module = nn.SigmoidFocalLoss(gamma=2.0)
    assert module(*SCHEDULED).item() == pytest.approx(0.0250983, rel=1e-5)
    module.gamma = 0
    assert module(*SCHEDULED).item() == pytest.approx(0.1385888, rel=1e-6)
    assert (module.gamma, module.alpha, module.reduction) == (0, 0.25, "mean")
    module.reduction = "none"
    assert module(*SCHEDULED).shape == (1, 1)
    for copied in (deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert (copied.gamma, copied.reduction, repr(copied)) == (0, "none", repr(module))
        copied.gamma = 2.0
        assert copied(*SCHEDULED).item() == pytest.approx(0.0250983, rel=1e-5)
    del module.gamma
    assert module.gamma == 2.0
    assert module(*SCHEDULED).item() == pytest.approx(0.0250983, rel=1e-5)
    assert {"gamma", "alpha", "forward"} <= set(dir(module))


def test_options_of_a_dialect_are_read_and_set() -> None:
    module = nn.Loss(paddle.sigmoid_focal_loss, gamma=1.5)
    assert (module.gamma, module.alpha, module.reduction, module.normalizer) == (1.5, 0.25, "sum", None)
    module.gamma, module.reduction = 0.0, "none"
    assert module(*SCHEDULED).shape == (1, 1)
    assert module(*SCHEDULED).item() == pytest.approx(0.1385888, rel=1e-6)
    module = nn.Loss(mmdet.FocalLoss, gamma=1.0)
    module.loss_weight = 3.0
    assert torch.equal(module(*SCHEDULED), mmdet.FocalLoss(gamma=1.0, loss_weight=3.0)(*SCHEDULED))


def test_weights_and_numbers_take_each_others_place(x: Any) -> None:
    module = nn.SigmoidFocalLoss(alpha=VECTOR)
    values: list[Any] = [0.5, None, VECTOR, torch.nn.Parameter(torch.tensor(VECTOR))]
    for alpha, held in zip(values, (False, False, True, True), strict=True):
        module.alpha = alpha
        assert torch.equal(module(x, INDEX), unifocal.sigmoid_focal_loss(x, INDEX, alpha=alpha))
        assert ("alpha" in module.state_dict()) is held
    with pytest.raises(TypeError, match="as parameter 'alpha'"):  # an optimizer may hold it
        module.alpha = 0.5
    del module.alpha
    with pytest.raises(AttributeError, match="no attribute 'alpha'"):  # as of torch's own modules
        module(x, INDEX)
    module.alpha = 0.5
    assert repr(module) == "SigmoidFocalLoss(alpha=0.5)"


def test_options_that_are_set_count_when_compiled(x: Any) -> None:
    module = nn.SoftmaxFocalLoss(gamma=2.0)
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    for gamma in (2.0, 1.0):
        module.gamma = gamma
        torch.testing.assert_close(compiled(x, INDEX), unifocal.softmax_focal_loss(x, INDEX, gamma=gamma))


def test_a_list_keeps_its_digits() -> None:
    module = nn.CrossEntropy(class_weight=[0.1, 0.2, 0.7])
    logits, index = torch.tensor([[0.3, -1.0, 2.0]], dtype=torch.float64), torch.tensor([1])
    assert module(logits, index).item() == pytest.approx(0.641804153, abs=1e-9)
    assert module(logits.float(), index).dtype == torch.float32
    assert nn.Loss(paddle.cross_entropy, weight=[0.1, 0.2, 0.7], reduction="sum")(logits, index).item() == pytest.approx(
        0.641804153, abs=1e-9
    )


def test_weights_go_as_float32_where_there_is_no_float64() -> None:
    def to_apple(tensor: Any) -> Any:
        if tensor.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return tensor.clone()

    model = torch.nn.Sequential(torch.nn.Linear(3, 3), nn.SigmoidFocalLoss(alpha=VECTOR))
    assert model._apply(to_apple)[1].alpha.dtype == torch.float32


def test_a_parameter_trains(x: Any) -> None:
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))
    for module, name in ((nn.CrossEntropy(class_weight=weight), "class_weight"), (nn.Loss(paddle.cross_entropy, weight=weight), "weight")):
        assert dict(module.named_parameters()) == {name: weight}
        weight.grad = None
        before = weight.detach().clone()
        module(x, INDEX).backward()
        torch.optim.SGD(module.parameters(), 0.1).step()
        assert (weight.detach() != before).all()
        assert list(module.state_dict()) == [name]


def test_a_parametrized_weight_trains(x: Any) -> None:
    module = nn.CrossEntropy(class_weight=torch.nn.Parameter(torch.zeros(3)))
    torch.nn.utils.parametrize.register_parametrization(module, "class_weight", torch.nn.Softplus(), unsafe=True)
    value = module(x, INDEX)
    torch.testing.assert_close(value, unifocal.cross_entropy(x, INDEX, class_weight=torch.full((3,), 2.0).log()))
    value.backward()
    (parameter,) = module.parameters()
    assert (parameter.grad != 0).all()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_help_explains_every_option(cls: Any) -> None:
    for option in signature(cls).parameters:
        assert re.search(rf"^{option} : .+\n    \S", cls.__doc__, re.MULTILINE), option


def test_a_subclass_has_attributes_of_its_own() -> None:
    class Mine(nn.SigmoidFocalLoss):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__(gamma=1.0)
            self.gammas = [1.0, 2.0]

    assert Mine().gammas == [1.0, 2.0]
    module = nn.SigmoidFocalLoss()
    module.note = "an attribute that is like no option"
    assert module.note


@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python")  # what tracing says of any look at a tensor
@pytest.mark.filterwarnings("ignore:The feature will be removed:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:You are using the legacy TorchScript-based ONNX export:DeprecationWarning")
def test_the_legacy_onnx_exporter_is_refused(x: Any) -> None:
    class Model(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def forward(self, x: Any, index: Any) -> Any:
            return unifocal.cross_entropy(x, index)

    with pytest.raises(NotImplementedError, match="dynamo=True"):
        torch.onnx.export(Model(), (x, INDEX), io.BytesIO(), dynamo=False)


def _set(module: Any, name: str, value: Any) -> None:
    setattr(module, name, value)


@pytest.mark.parametrize(
    ("error", "message", "make"),
    [
        (
            TypeError,
            r"SigmoidFocalLoss takes its options by name, alpha=…, gamma=…, .*; received 2",
            lambda: nn.SigmoidFocalLoss(0.25, 2.0),
        ),
        (TypeError, "Loss takes its options by name; received 1", lambda: nn.Loss(paddle.sigmoid_focal_loss, 0.25)),
        (ValueError, r"alpha must be in \[0, 1\]; received 2", lambda: nn.SigmoidFocalLoss(alpha=2.0)),
        (TypeError, "class_weight must hold numbers .* received list", lambda: nn.CrossEntropy(class_weight=["a", "b"])),
        (ValueError, "gamma must be a finite number ≥ 0; received -1", lambda: _set(nn.SigmoidFocalLoss(), "gamma", -1)),
        (ValueError, "reduction must be 'none', .*; received 'avg'", lambda: _set(nn.CrossEntropy(), "reduction", "avg")),
        (TypeError, "gamma must be a Python number", lambda: _set(nn.SigmoidFocalLoss(), "gamma", torch.tensor(1.0))),
        (AttributeError, "SigmoidFocalLoss has no option gama; did you mean gamma?", lambda: _set(nn.SigmoidFocalLoss(), "gama", 0)),
        (AttributeError, "Loss has no option redution; did", lambda: _set(nn.Loss(paddle.cross_entropy), "redution", "sum")),
        (ValueError, "use_sigmoid must be True", lambda: _set(nn.Loss(mmdet.FocalLoss), "use_sigmoid", False)),
        (AttributeError, "no attribute 'nothing'", lambda: nn.SigmoidFocalLoss().nothing),
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
