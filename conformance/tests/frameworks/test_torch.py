"""PyTorch: every way of differentiating and compiling gives the analytic derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import unifocal

from ..every_loss import LOSSES, by_name
from ..noise import numbers
from . import transforms
from .transforms import TransformCase, each_case

torch: Any = pytest.importorskip("torch")
func, F = torch.func, torch.nn.functional

X, SOFT, INDEX, WEIGHT, VECTOR = map(torch.tensor, (transforms.X, transforms.SOFT, transforms.INDEX, transforms.WEIGHT, transforms.VECTOR))


def bound(case: TransformCase) -> tuple[Callable[[Any], Any], Any]:
    return case.on(torch.tensor).bound(), torch.tensor(case.predictions, requires_grad=True)


@each_case
def test_gradcheck_and_gradgradcheck(case: TransformCase) -> None:
    function, x = bound(case)
    assert torch.autograd.gradcheck(function, x, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, x)


@each_case
def test_functional_transforms(case: TransformCase) -> None:
    unreduced, x = bound(case)

    def function(x: Any) -> Any:
        return unreduced(x).sum()

    (gradient,) = torch.autograd.grad(function(x), x)
    torch.testing.assert_close(func.grad(function)(x.detach()), gradient)
    hessian = torch.autograd.functional.hessian(function, x)
    for transform in (
        func.hessian,
        lambda f: func.jacrev(func.jacrev(f)),
        lambda f: func.jacrev(func.jacfwd(f)),
        lambda f: func.jacfwd(func.jacfwd(f)),
    ):
        torch.testing.assert_close(transform(function)(x.detach()), hessian)
    tangent = torch.ones_like(x)
    torch.testing.assert_close(func.jvp(function, (x.detach(),), (tangent,))[1], (gradient * tangent).sum())


@pytest.mark.parametrize(
    "loss",
    [unifocal.sigmoid_focal_loss, unifocal.softmax_focal_loss, unifocal.quality_focal_loss, unifocal.softmax_poly_focal_loss],
    ids=["sigmoid", "softmax", "quality", "softmax poly"],
)
@pytest.mark.parametrize("targets", [INDEX, SOFT], ids=["index", "soft"])
def test_vmap(loss: Any, targets: Any) -> None:
    def one(x: Any, t: Any) -> Any:
        return loss(x, t, reduction="sum")

    whole = loss(X, targets, reduction="none")
    torch.testing.assert_close(func.vmap(one)(X, targets), whole.reshape(4, -1).sum(1))
    x = X.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(one(x, targets), x)
    torch.testing.assert_close(func.vmap(func.grad(one))(X, targets), gradient)
    hessians = torch.autograd.functional.hessian(lambda x: one(x, targets), X)
    torch.testing.assert_close(func.vmap(func.hessian(one))(X, targets), torch.stack([hessians[i, :, i] for i in range(4)]))


@pytest.mark.parametrize("inner", [func.grad, func.jacfwd], ids=["grad", "jacfwd"])
@pytest.mark.parametrize("outer", [func.jacrev, func.jacfwd], ids=["jacrev", "jacfwd"])
@pytest.mark.parametrize(
    ("loss", "theirs"),
    [
        (
            lambda x, w, y: unifocal.cross_entropy(x, INDEX, sample_weight=w),
            lambda x, w, y: _mean(F.cross_entropy(x, INDEX, reduction="none"), w),
        ),
        (
            lambda x, w, y: unifocal.binary_cross_entropy(x, y, reduction="sum"),
            lambda x, w, y: F.binary_cross_entropy_with_logits(x, y, reduction="sum"),
        ),
        (lambda x, w, y: unifocal.cross_entropy(x, y, reduction="sum"), lambda x, w, y: F.cross_entropy(x, y, reduction="sum")),
    ],
    ids=["weights", "binary labels", "labels"],
)
def test_gradients_of_gradients_by_labels_and_weights(loss: Any, theirs: Any, inner: Any, outer: Any) -> None:
    """As what learns weights takes them: the inner transform's tensors do not say that they are the outer one's."""

    def nested(function: Any) -> Any:
        return outer(lambda w, y: inner(lambda x: function(x, w, y))(X), argnums=(0, 1))(WEIGHT, SOFT)

    torch.testing.assert_close(nested(loss), nested(theirs))


def _mean(loss: Any, weight: Any) -> Any:
    return (loss * weight).sum() / len(loss)


@pytest.mark.parametrize("row", [[0.0, 0, 0], [1, 1, 0], [0, 1, 1]], ids=str)
@pytest.mark.parametrize("targets", [torch.tensor([0]), torch.tensor([[0.2, 0.5, 0.3]], dtype=torch.float64)], ids=["index", "soft"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_nested_forward_mode_where_logits_tie(row: list[float], targets: Any, smoothing: float) -> None:
    """A fresh head's logits are all 0."""
    x, direction = torch.tensor([row], dtype=torch.float64), torch.tensor([[1.0, 2, 3]], dtype=torch.float64)

    def along(function: Any) -> Any:
        return lambda x: func.jvp(function, (x,), (direction,))[1]

    def twice(loss: Any) -> Any:
        first = along(lambda x: loss(x, targets, label_smoothing=smoothing, reduction="sum"))
        return first(x), along(first)(x)

    torch.testing.assert_close(twice(unifocal.cross_entropy), twice(F.cross_entropy))


@pytest.mark.filterwarnings("ignore:Gradients by the targets are wanted:UserWarning")
@pytest.mark.parametrize("reduction", ["none", "sum", "weighted_mean"])
def test_inputs_that_require_gradients(reduction: Any) -> None:
    """First and mixed second derivatives with respect to labels, weights and class vectors."""
    tensors = [t.clone().requires_grad_() for t in (X, SOFT, WEIGHT, VECTOR, VECTOR)]

    def sigmoid(x: Any, y: Any, weight: Any, alpha: Any, pos_weight: Any) -> Any:
        return unifocal.sigmoid_focal_loss(
            x, y, alpha=alpha, pos_weight=pos_weight, sample_weight=weight, normalizer=1 + weight[:3], reduction=reduction
        )

    def softmax(x: Any, y: Any, weight: Any, alpha: Any) -> Any:
        return unifocal.softmax_focal_loss(x, y, alpha=alpha, sample_weight=weight, reduction=reduction)

    def index(x: Any, weight: Any, class_weight: Any) -> Any:
        return unifocal.cross_entropy(x, INDEX, class_weight=class_weight, sample_weight=weight, reduction=reduction)

    for function, inputs in ((sigmoid, tensors), (softmax, tensors[:4]), (index, [tensors[0], tensors[2], tensors[3]])):
        assert torch.autograd.gradcheck(function, inputs, check_forward_ad=True)
        assert torch.autograd.gradgradcheck(function, inputs)


def test_labels_that_require_no_gradient_cost_none() -> None:
    x = X.clone().requires_grad_()
    loss = unifocal.sigmoid_focal_loss(x, SOFT, reduction="sum")
    assert loss.grad_fn.name() == "WalkedBackward"


# --- compiled ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh_dynamo() -> Iterator[Any]:
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield torch._dynamo.utils.counters
    torch._dynamo.reset()


@each_case
def test_compiles_without_graph_break(fresh_dynamo: Any, case: TransformCase) -> None:
    function, x = bound(case)
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    ours, theirs = x.detach().clone().requires_grad_(), x
    value, expected = compiled(ours), function(theirs)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(*(torch.autograd.grad(v.sum(), x)[0] for v, x in ((value, ours), (expected, theirs))))


def test_first_call_of_a_process_may_be_compiled() -> None:
    import subprocess
    import sys

    code = """
import torch, unifocal
f = torch.compile(lambda x, t: unifocal.cross_entropy(x, t), fullgraph=True, backend="eager")
print(round(float(f(torch.zeros(2, 4), torch.tensor([0, 3]))), 4))"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "1.3863"


def test_new_batch_sizes_do_not_retrace(fresh_dynamo: Any) -> None:
    compiled = torch.compile(lambda x, t: unifocal.sigmoid_focal_loss(x, t), fullgraph=True, backend="aot_eager")
    for n in (4, 5, 6, 7, 40):
        compiled(torch.randn(n, 3, requires_grad=True), torch.zeros(n, 3)).backward()
    # One graph for the first size, one for any other.
    assert fresh_dynamo["stats"]["unique_graphs"] == 2
    assert not fresh_dynamo["graph_break"]


@pytest.mark.parametrize(
    ("option", "values", "dynamic"),
    [("gamma", (2.0, 1.5, 3), None), ("gamma", (2.0, 0.7), True), ("normalizer", (1, 7.0), None), ("label_smoothing", (0.1,), True)],
    ids=["gamma", "gamma-dynamic", "normalizer", "label_smoothing-dynamic"],
)
def test_options_may_change_between_compiled_calls(fresh_dynamo: Any, option: str, values: tuple[float, ...], dynamic: bool | None) -> None:
    """torch makes variables of numbers that change, and with ``dynamic`` of all."""

    def function(x: Any, value: Any) -> Any:
        return unifocal.sigmoid_focal_loss(x, SOFT, reduction="sum", **{option: value})

    compiled = torch.compile(function, fullgraph=True, backend="aot_eager", dynamic=dynamic)
    for value in values:
        x = X.clone().requires_grad_()
        ours, expected = compiled(x, value), function(x, value)
        torch.testing.assert_close(ours, expected)
        torch.testing.assert_close(*(torch.autograd.grad(loss, x)[0] for loss in (ours, expected)))


def _loss(x: Any) -> Any:
    return unifocal.softmax_focal_loss(x, INDEX, gamma=1.5, reduction="sum")


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.utils.checkpoint.checkpoint(_loss, x, use_reentrant=False),
        lambda x: torch.cond(x.sum() > 0, _loss, lambda x: _loss(-x), (x,)),
        func.grad(_loss),
        lambda x: func.jvp(_loss, (x,), (x,)),
        pytest.param(
            func.hessian(_loss),
            marks=pytest.mark.xfail(numbers(torch.__version__) >= (2, 15), reason="torch's compiler drops a Function's vmap rule here"),
        ),
        lambda x: func.vmap(lambda row: unifocal.binary_cross_entropy(row, 0 * row))(x),
    ],
    ids=["checkpoint", "cond", "grad", "jvp", "hessian", "vmap"],
)
def test_compiles_within_what_torch_transforms(fresh_dynamo: Any, function: Any) -> None:
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(X), function(X))


@pytest.mark.parametrize("strict", [False, True], ids=["non-strict", "strict"])
@pytest.mark.parametrize("name", ["sigmoid-soft-0.5", "sigmoid-index-2", "ce-index", "softmax-soft-0.5"])
def test_exports_with_a_dynamic_batch(fresh_dynamo: Any, name: str, strict: bool) -> None:
    loss, targets, options = transforms.TRANSFORM_CASES[name].for_any_batch().on(torch.tensor)

    class Module(torch.nn.Module):
        def forward(self, x: Any, targets: Any) -> Any:
            return loss(x, targets, **options)

    batch = torch.export.Dim("batch")
    program = torch.export.export(Module(), (X, targets), dynamic_shapes={"x": {0: batch}, "targets": {0: batch}}, strict=strict)
    more, their = torch.cat([X, X + 1, X - 1]), torch.cat([targets] * 3)
    torch.testing.assert_close(program.module()(more, their), loss(more, their, **options))


def test_traced_bad_entries_are_nan(fresh_dynamo: Any) -> None:
    compiled = torch.compile(lambda x, t: unifocal.cross_entropy(x, t, reduction="none"), fullgraph=True, backend="eager")
    assert torch.isnan(compiled(X, torch.tensor([0, 9, -1, 2]))).tolist() == [False, True, True, False]
    bad = SOFT.clone()
    bad[1, 1] = 2
    assert torch.isnan(func.vmap(lambda x, t: unifocal.binary_cross_entropy(x, t))(X, bad)).tolist() == [False, True, False, False]


# --- precision ---------------------------------------------------------------------------------------------------------------------


@by_name(LOSSES)
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_autocast_gives_float32(fresh_dynamo: Any, loss: Any, compiled: bool) -> None:
    function = torch.compile(loss, fullgraph=True, backend="eager") if compiled else loss
    x = X.to(torch.bfloat16).requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = function(x, INDEX)
    assert value.dtype == torch.float32
    assert torch.autograd.grad(value, x)[0].dtype == torch.bfloat16
    torch.testing.assert_close(value, loss(x.float(), INDEX))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert function(X, INDEX).dtype == torch.float64


def test_parameters_and_subclasses() -> None:
    class Mine(torch.Tensor):
        pass

    for x in (torch.nn.Parameter(X.clone()), X.clone().as_subclass(Mine)):
        torch.testing.assert_close(torch.as_tensor(unifocal.cross_entropy(x, INDEX)), unifocal.cross_entropy(X, INDEX), check_dtype=False)


@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_weights_have_gradients_where_the_loss_is_infinite(reduction: Any) -> None:
    x = torch.tensor([float("inf"), 0.5, float("-inf")], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    unifocal.binary_cross_entropy(x, [1, 0, 1], sample_weight=weight, reduction=reduction).sum().backward()
    plain = torch.tensor(0.5, dtype=torch.float64)
    assert x.grad.tolist() == [0.0, 2 * plain.sigmoid().item(), -3.0]
    torch.testing.assert_close(weight.grad, torch.tensor([0.0, torch.nn.functional.softplus(plain), float("inf")], dtype=torch.float64))


@pytest.mark.parametrize("labels", ["float32", "bool", "int64"])
def test_compiled_losses_keep_the_slope_and_nothing_else(fresh_dynamo: Any, labels: str) -> None:
    """One array of the logits' size, whatever the labels: not logits and labels, of which a backward would compute the slope again."""
    x, y = torch.randn(64, 8, requires_grad=True), torch.zeros(64, 8, dtype=getattr(torch, labels))
    compiled = torch.compile(unifocal.sigmoid_focal_loss, fullgraph=True, backend="aot_eager_decomp_partition")
    loss = compiled(x, y)  # before torch 2.11 what is saved lives no longer than this
    saved = [tensor for tensor in loss.grad_fn.saved_tensors if tensor.numel() > 1]
    assert [tensor.shape for tensor in saved] == [x.shape]
    assert saved[0].data_ptr() not in (x.data_ptr(), y.data_ptr())


@pytest.mark.parametrize("scale", [1.0, 2.0, 65536.0])
def test_weights_have_gradients_of_any_scale_beside_infinite_logits(scale: float) -> None:
    """What autograd brings to the loss, such as a scaler's factor, is no reason for NaN."""
    x, y = torch.tensor([torch.inf, -torch.inf, 1.0]), torch.tensor([1.0, 0, 1])
    at_one = torch.nn.functional.softplus(torch.tensor(-1.0))
    for name, weight in (("sample_weight", torch.ones(3)), ("pos_weight", torch.ones(())), ("sample_weight", torch.ones(()))):
        weight.requires_grad_()
        loss = unifocal.binary_cross_entropy(x, y, reduction="sum", **{name: weight}) * scale
        (gradient,) = torch.autograd.grad(loss, weight)
        torch.testing.assert_close(gradient.sum(), at_one * scale)


@pytest.mark.parametrize("eight", [torch.float8_e4m3fn, torch.float8_e5m2, torch.bfloat16, torch.float16], ids=str)
def test_labels_of_types_that_numpy_lacks(eight: Any) -> None:
    x, y = torch.randn(4, 3), (torch.rand(4, 3) < 0.5).float()
    torch.testing.assert_close(unifocal.sigmoid_focal_loss(x, y.to(eight)), unifocal.sigmoid_focal_loss(x, y))


def test_losses_beyond_the_dtype_are_infinite() -> None:
    x, y, weight = torch.tensor([-torch.inf, 1.0]), torch.ones(2), torch.full((2,), 1e-35)
    for reduction in ("none", "sum", "mean", "weighted_mean"):
        assert unifocal.binary_cross_entropy(x, y, sample_weight=weight, reduction=reduction).max() == torch.inf
    many = torch.full((1 << 20,), 1e33)  # each block's sum is finite
    assert unifocal.binary_cross_entropy(many, torch.zeros(1 << 20), reduction="sum") == torch.inf
