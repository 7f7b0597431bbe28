"""A linear layer and its cross entropy as one loss: equal to the plain form, and never with all logits at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifocal
from unifocal.backend import LinearBackend
from unifocal.linear import linear_cross_entropy

from ...frameworks import Framework, installed
from ...truth import tolerances
from ...truth.ulp import Exact, distance

ROWS, WIDTH, CLASSES, IGNORED = (3, 5), 4, 7, -100
CHUNK = 4
"""Of 15 rows: the last chunk has fewer, and all of one are ignored."""
_RNG = np.random.default_rng(12)
HIDDEN = _RNG.normal(size=(*ROWS, WIDTH))
WEIGHT = 2 * _RNG.normal(size=(CLASSES, WIDTH))
BIAS = _RNG.normal(size=CLASSES)
TARGETS = _RNG.integers(CLASSES, size=ROWS)
TARGETS.flat[[2, 8, 9, 10, 11]] = IGNORED
OF_ROWS, OF_CLASSES = _RNG.random(ROWS), _RNG.random(CLASSES) + 0.5

OPTIONS: dict[str, dict[str, Any]] = {
    "smoothed with z-loss": {"ignore_index": IGNORED, "label_smoothing": 0.1, "z_loss": 0.2, "reduction": "sum"},
    "weighted": {"ignore_index": IGNORED, "sample_weight": OF_ROWS, "class_weight": OF_CLASSES, "reduction": "weighted_mean"},
    "each row": {"ignore_index": IGNORED, "sample_weight": OF_ROWS[:, :1], "z_loss": 0.2, "reduction": "none"},
    "everything": {
        "ignore_index": IGNORED,
        "sample_weight": 0.7,
        "class_weight": OF_CLASSES,
        "label_smoothing": 0.1,
        "z_loss": 0.2,
        "reduction": "weighted_mean",
    },
}
PLAIN = {"ignore_index": IGNORED}
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
linear_frameworks = pytest.mark.frameworks("torch", "jax")


def plain_form(hidden: Any, weight: Any, targets: Any, *, bias: Any = None, chunk: None = None, **options: Any) -> Any:
    """The same of all logits at once, as the layer makes them."""
    if type(hidden).__module__.startswith("torch"):
        logits = import_module("torch").nn.functional.linear(hidden, weight, bias)
    else:
        logits = hidden @ weight.T if bias is None else hidden @ weight.T + bias
    return unifocal.cross_entropy(logits, targets, **options)


def bound(run: Framework, loss: Callable[..., Any], options: dict[str, Any], **more: Any) -> Callable[[list[Any]], Any]:
    """The loss as a function of hidden, weight and bias."""
    targets = run.tensor(TARGETS)
    given = {name: run.tensor(option) if isinstance(option, np.ndarray) else option for name, option in options.items()}
    return lambda layer: loss(*layer[:2], targets, bias=layer[2] if len(layer) > 2 else None, **given, **more)


def layer_of(run: Framework, dtype: str) -> list[Any]:
    return [run.tensor(part, dtype) for part in (HIDDEN, WEIGHT, BIAS)]


def value_and_gradients(run: Framework, function: Callable[[list[Any]], Any], layer: list[Any]) -> list[Any]:
    """The value, and the gradients by each of the layer's tensors for a cotangent that is not all 1."""

    def weighed(value: Any) -> Any:
        steps = run.tensor(np.linspace(0.5, 1.5, int(np.prod(value.shape))).reshape(value.shape))
        return (value * (steps if value.ndim else 1.5)).sum()

    if run.name == "torch":
        torch = import_module("torch")
        layer = [part.detach().requires_grad_() for part in layer]
        value = function(layer)
        return [value.detach(), *torch.autograd.grad(weighed(value), layer)]
    jax = import_module("jax")

    def together(layer: list[Any]) -> list[Any]:
        value, pullback = jax.vjp(function, layer)
        return [value, *pullback(jax.grad(weighed)(value))[0]]

    return list(jax.jit(together)(layer))


def far(run: Framework, found: list[Any], expected: list[Any], dtype: str) -> list[float]:
    """How far results are from others, in ulp of the largest number of each."""
    distances = []
    for a, b in zip(found, expected, strict=True):
        a, b = run.numpy(a).astype(np.float64), run.numpy(b).astype(np.float64)
        assert a.shape == b.shape
        distances.append(float(np.max(distance(a, Exact.of(b.flat, b.shape), dtype, Exact.of(np.full(b.size, np.abs(b).max()), b.shape)))))
    return distances


@linear_frameworks
@pytest.mark.dtypes("float64")
@every_option
def test_value_and_gradients_are_those_of_the_plain_form(framework: Framework, dtype: str, options: dict[str, Any]) -> None:
    hold(framework, dtype, options)


def hold(run: Framework, dtype: str, options: dict[str, Any]) -> None:
    """Value and gradients, rows by rows, against those of all logits at once; and their dtypes."""
    with run.precision(dtype):
        layer = layer_of(run, dtype)
        found = value_and_gradients(run, bound(run, linear_cross_entropy, options, chunk=CHUNK), layer)
        expected = value_and_gradients(run, bound(run, plain_form, options), layer)
        assert max(far(run, found, expected, dtype)) <= tolerances.LINEAR
        assert [part.dtype for part in found] == [part.dtype for part in expected]


@linear_frameworks
@pytest.mark.dtypes("bfloat16", "float32")
def test_other_dtypes(framework: Framework, dtype: str) -> None:
    """Of half precision the logits and the slope are rounded, as the layer's output and its gradient are, and sums are float32's."""
    hold(framework, dtype, {"ignore_index": IGNORED})


@pytest.mark.full
@linear_frameworks
@pytest.mark.dtypes("float16")
def test_float16(framework: Framework, dtype: str) -> None:
    hold(framework, dtype, {"ignore_index": IGNORED})


def test_torch_float16_sums_over_rows_do_not_overflow() -> None:
    torch = pytest.importorskip("torch")
    hidden, weight = torch.full((2048, 1), 100.0).half(), torch.zeros(2, 1, dtype=torch.float16, requires_grad=True)
    linear_cross_entropy(hidden, weight, np.zeros(2048, np.int64)).backward()
    assert weight.grad.flatten().tolist() == [-50.0, 50.0]


@linear_frameworks
@pytest.mark.dtypes("bfloat16")
def test_a_float32_loss_of_half_precision(framework: Framework, dtype: str) -> None:
    found = bound(framework, linear_cross_entropy, {"dtype": "float32", "ignore_index": IGNORED})(layer_of(framework, dtype))
    assert str(found.dtype).endswith("float32")


@linear_frameworks
@pytest.mark.dtypes("float64")
def test_all_rows_at_once_and_none(framework: Framework, dtype: str) -> None:
    with framework.precision(dtype):
        layer = layer_of(framework, dtype)
        expected = framework.numpy(bound(framework, plain_form, PLAIN)(layer))
        found = framework.numpy(bound(framework, linear_cross_entropy, PLAIN)(layer))
        assert distance(found, Exact.of([expected], ()), dtype) <= tolerances.LINEAR
        nothing = linear_cross_entropy(layer[0][:0], layer[1], framework.tensor(TARGETS[:0]))
        all_ignored = framework.tensor(np.full(ROWS, IGNORED))
        everything = value_and_gradients(
            framework, lambda layer: linear_cross_entropy(layer[0], layer[1], all_ignored, ignore_index=IGNORED, chunk=CHUNK), layer[:2]
        )
        assert float(nothing) == 0
        assert all(not framework.numpy(part).any() for part in everything)


# --- how much is there at once ------------------------------------------------------------------------------------------------------


def test_torch_makes_no_array_as_large_as_the_logits() -> None:
    torch = pytest.importorskip("torch")
    dispatch = import_module("torch.utils._python_dispatch")
    sizes: list[int] = []

    class Watching(dispatch.TorchDispatchMode):  # type: ignore[name-defined]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            found = func(*args, **(kwargs or {}))
            sizes.extend(part.numel() for part in (found if isinstance(found, (list, tuple)) else [found]) if torch.is_tensor(part))
            return found

    hidden, weight = torch.ones(64, 2, requires_grad=True), torch.ones(1000, 2, requires_grad=True)
    targets = torch.zeros(64, dtype=torch.int64)
    for reduction in ("mean", "none"):
        with Watching():
            linear_cross_entropy(hidden, weight, targets, chunk=8, reduction=reduction).sum().backward()
        assert max(sizes) == 8 * 1000
        with Watching():
            plain_form(hidden, weight, targets, reduction=reduction).sum().backward()
        assert max(sizes) == 64 * 1000
        sizes.clear()


def test_jax_makes_no_array_as_large_as_the_logits() -> None:
    jax = pytest.importorskip("jax")
    jnp = import_module("jax.numpy")

    def sizes(jaxpr: Any) -> Iterator[int]:
        for equation in jaxpr.eqns:
            yield from (int(np.prod(variable.aval.shape)) for variable in equation.outvars)
            for inner in jax.tree.leaves(
                list(equation.params.values()), is_leaf=lambda part: hasattr(part, "eqns") or hasattr(part, "jaxpr")
            ):
                if hasattr(inner, "eqns") or hasattr(inner, "jaxpr"):
                    yield from sizes(getattr(inner, "jaxpr", inner))

    hidden, weight, targets = jnp.ones((63, 2)), jnp.ones((1000, 2)), jnp.zeros(63, jnp.int32)
    for loss, rows in ((linear_cross_entropy, 8), (plain_form, 63)):
        gradients = jax.grad(lambda h, w, loss=loss: loss(h, w, targets, chunk=8), (0, 1))
        assert max(sizes(jax.make_jaxpr(gradients)(hidden, weight))) == rows * 1000


# --- compiled and transformed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["mean", pytest.param("none", marks=pytest.mark.full)])
def test_torch_compiled_and_transformed(reduction: str) -> None:
    torch = pytest.importorskip("torch")
    run = import_module("unifocal.conformance.frameworks").framework_named("torch")
    options = {"ignore_index": IGNORED, "z_loss": 0.1, "reduction": reduction}
    ours, plain = bound(run, linear_cross_entropy, options, chunk=CHUNK), bound(run, plain_form, options)
    layer = layer_of(run, "float64")
    expected = value_and_gradients(run, plain, layer)
    compiled = value_and_gradients(run, run.compiled(ours, "aot_eager"), layer)
    assert max(far(run, compiled, expected, "float64")) <= tolerances.LINEAR

    def total(of: Any) -> Any:
        return lambda *layer: of(list(layer)).sum()

    for differentiate in (
        lambda of: torch.func.grad(total(of), (0, 1, 2))(*layer),
        lambda of: [torch.func.vmap(torch.func.grad(lambda h: total(of)(h, *layer[1:])))(torch.stack([layer[0], 2 * layer[0]]))],
    ):
        assert max(far(run, differentiate(ours), differentiate(plain), "float64")) <= tolerances.LINEAR


def test_torch_compiled_keeps_no_logits_of_each_rows_loss() -> None:
    torch = pytest.importorskip("torch")
    kept: list[int] = []

    def forward(graph: Any, _: Any) -> Any:
        (output,) = graph.graph.find_nodes(op="output")
        kept.extend(node.meta["val"].numel() for node in output.args[0] if node is not None)
        return import_module("functorch.compile").make_boxed_func(graph)

    hidden, weight = torch.ones(4, 1, requires_grad=True), torch.ones(50, 1, requires_grad=True)
    targets = torch.zeros(4, dtype=torch.int64)
    aot_autograd = import_module("torch._dynamo.backends.common").aot_autograd
    partition = import_module("torch._functorch.partitioners").min_cut_rematerialization_partition
    torch.compiler.reset()
    compiled = torch.compile(
        lambda h, w: linear_cross_entropy(h, w, targets, chunk=2, reduction="none"),
        fullgraph=True,
        backend=aot_autograd(fw_compiler=forward, partition_fn=partition),
    )
    compiled(hidden, weight).sum().backward()
    assert max(kept) == 50  # what the layer itself is


def test_jax_second_derivatives_and_forward_mode() -> None:
    jax = pytest.importorskip("jax")
    run = import_module("unifocal.conformance.frameworks").framework_named("jax")
    with run.precision("float64"):
        layer = layer_of(run, "float64")
        options = {"ignore_index": IGNORED, "z_loss": 0.1}

        def products(loss: Any, **more: Any) -> list[Any]:
            function = bound(run, loss, options, **more)
            along = [part / 3 for part in layer]
            gradient, second = jax.jit(lambda layer: jax.jvp(jax.grad(function), (layer,), (along,)))(layer)
            return [*gradient, *second]

        assert max(far(run, products(linear_cross_entropy, chunk=CHUNK), products(plain_form), "float64")) <= tolerances.LINEAR


def test_torch_second_derivatives_are_refused() -> None:
    torch = pytest.importorskip("torch")
    hidden, weight = torch.ones(3, 2, requires_grad=True), torch.eye(2, requires_grad=True)
    for reduction in ("mean", "none"):
        value = linear_cross_entropy(hidden, weight, [0, 1, 1], reduction=reduction).sum()
        for part in torch.autograd.grad(value, (hidden, weight), create_graph=True):
            with pytest.raises(NotImplementedError, match=r"a second one was asked for\. cross_entropy\(hidden @ weight\.T"):
                torch.autograd.grad(part.sum(), hidden)


def test_torch_backward_twice_and_parts_of_the_layer() -> None:
    torch = pytest.importorskip("torch")
    hidden, weight = torch.randn(5, 3, requires_grad=True), torch.randn(4, 3)
    for reduction in ("mean", "none"):
        value = linear_cross_entropy(hidden, weight, [0, 1, 2, 3, 0], reduction=reduction, chunk=2).sum()
        (once,) = torch.autograd.grad(value, hidden, retain_graph=True)
        (twice,) = torch.autograd.grad(2 * value, hidden)
        assert torch.equal(2 * once, twice)
        with torch.no_grad():
            assert not linear_cross_entropy(hidden, weight, [0, 1, 2, 3, 0], reduction=reduction).requires_grad
    assert weight.grad is None


def test_torch_automatic_mixed_precision() -> None:
    torch = pytest.importorskip("torch")
    run = import_module("unifocal.conformance.frameworks").framework_named("torch")
    layer = layer_of(run, "float32")
    layer[0] = layer[0].bfloat16()  # as the layers before this one leave it
    with torch.autocast("cpu", torch.bfloat16):
        found, expected = (value_and_gradients(run, bound(run, loss, PLAIN), layer) for loss in (linear_cross_entropy, plain_form))
    assert max(far(run, found, expected, "bfloat16")) <= tolerances.LINEAR
    assert [part.dtype for part in found] == [torch.float32, torch.bfloat16, torch.float32, torch.float32]


def test_torch_own_linear_cross_entropy() -> None:
    torch = pytest.importorskip("torch")
    if not hasattr(torch.nn.functional, "linear_cross_entropy"):
        pytest.skip("torch has it from 2.13 on")
    run = import_module("unifocal.conformance.frameworks").framework_named("torch")
    hidden, weight, bias = layer_of(run, "float64")
    options = {"ignore_index": IGNORED, "label_smoothing": 0.1, "reduction": "sum"}
    original = torch.nn.functional.linear_cross_entropy(
        hidden.reshape(-1, WIDTH), weight, run.tensor(TARGETS).reshape(-1), linear_bias=bias, **options
    )
    found = bound(run, linear_cross_entropy, options, chunk=CHUNK)([hidden, weight, bias])
    assert max(far(run, [found], [original], "float64")) <= tolerances.ORIGINAL["float64"]


# --- what is refused ----------------------------------------------------------------------------------------------------------------


def refused(name: str, make: Callable[[Any, Any, Any], Any], error: type[Exception], message: str) -> Any:
    return pytest.param(make, error, message, id=name)


@linear_frameworks
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        refused(
            "soft labels", lambda h, w, a: linear_cross_entropy(h, w, np.ones((3, 4))), ValueError, "must be class indices, of shape (3,)"
        ),
        refused(
            "too few targets",
            lambda h, w, a: linear_cross_entropy(h, w, [0, 1]),
            ValueError,
            "targets must have the shape (3, 4) without axis -1",
        ),
        refused("floating targets", lambda h, w, a: linear_cross_entropy(h, w, np.zeros(3)), TypeError, "must be integer"),
        refused("class beyond", lambda h, w, a: linear_cross_entropy(h, w, [0, 4, 1], chunk=1), ValueError, "received 4 at index (1,)"),
        refused("integers", lambda h, w, a: linear_cross_entropy(a([[1, 2]]), w, [0]), TypeError, "hidden must be a floating tensor"),
        refused(
            "two dtypes", lambda h, w, a: linear_cross_entropy(h, a(np.ones((4, 2), np.float16)), [0] * 3), TypeError, "weight must have"
        ),
        refused(
            "bias's dtype", lambda h, w, a: linear_cross_entropy(h, w, [0] * 3, bias=a(np.ones(4, np.int32))), TypeError, "bias must have"
        ),
        refused("turned weight", lambda h, w, a: linear_cross_entropy(h, w.T, [0] * 3), ValueError, "received (3, 2) and (2, 4). weight.T"),
        refused("weight of no layer", lambda h, w, a: linear_cross_entropy(h, w[0], [0] * 3), ValueError, "weight (C, H); received"),
        refused(
            "bias's shape", lambda h, w, a: linear_cross_entropy(h, w, [0] * 3, bias=w[:, :1]), ValueError, "shape (4,); received (4, 1)"
        ),
        refused("no rows a chunk", lambda h, w, a: linear_cross_entropy(h, w, [0] * 3, chunk=0), ValueError, "chunk must be at least 1"),
        refused("part of a row", lambda h, w, a: linear_cross_entropy(h, w, [0] * 3, chunk=a), TypeError, "chunk must be an integer"),
        refused(
            "class weights of rows",
            lambda h, w, a: linear_cross_entropy(h, w, [0] * 3, class_weight=np.ones((3, 4), np.float32)),
            ValueError,
            "What weighs rows is sample_weight",
        ),
        refused(
            "negative weight", lambda h, w, a: linear_cross_entropy(h, w, [0] * 3, sample_weight=[1, 1]), ValueError, "sample_weight must"
        ),
        refused(
            "z-loss below 0", lambda h, w, a: linear_cross_entropy(h, w, [0] * 3, z_loss=-1), ValueError, "z_loss must be a finite number"
        ),
        refused("another framework's", lambda h, w, a: linear_cross_entropy(np.ones((3, 2)), w, [0] * 3), TypeError, "of PyTorch or JAX"),
    ],
)
def test_what_is_refused(framework: Framework, make: Callable[[Any, Any, Any], Any], error: type[Exception], message: str) -> None:
    hidden, weight = (framework.tensor(np.ones(shape), "float32") for shape in ((3, 2), (4, 2)))
    with pytest.raises(error, match=re.escape(message)):
        make(hidden, weight, framework.tensor)


def test_torch_weights_that_require_gradients_are_refused() -> None:
    torch = pytest.importorskip("torch")
    for name in ("sample_weight", "class_weight"):
        with pytest.raises(ValueError, match=f"{name} of linear_cross_entropy must not require gradients on PyTorch"):
            linear_cross_entropy(torch.ones(2, 3), torch.ones(2, 3), [0, 1], **{name: torch.ones(2, requires_grad=True)})


@pytest.mark.parametrize("name", [name for name in ("numpy", "tensorflow", "paddle", "dask") if name in installed()])
def test_other_frameworks_are_told_the_way_out(name: str) -> None:
    run = import_module("unifocal.conformance.frameworks").framework_named(name)
    with pytest.raises(TypeError, match=r"Of others, cross_entropy\(hidden @ weight\.T \+ bias, targets\) is the same loss"):
        linear_cross_entropy(run.tensor(np.ones((3, 2))), run.tensor(np.ones((4, 2))), [0, 0, 0])


@linear_frameworks
def test_a_bad_class_that_cannot_be_looked_at_makes_its_row_nan(framework: Framework) -> None:
    hidden, weight = (framework.tensor(np.ones(shape), "float32") for shape in ((3, 2), (4, 2)))
    with unifocal.value_checks(False):
        found = framework.numpy(linear_cross_entropy(hidden, weight, [0, 7, 1], reduction="none", chunk=2))
    assert list(np.isnan(found)) == [False, True, False]


def test_contract_names_the_layer() -> None:
    """The shims that a call may reach satisfy the contract of one with a linear layer, which the type checker holds them to."""
    assert {name for name in vars(LinearBackend) if not name.startswith("_")} == {"as_layer", "attach_linear"}
