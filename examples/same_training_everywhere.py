"""The same training in NumPy, PyTorch, TensorFlow, Paddle and JAX: one loss, five frameworks, one curve.

A small network learns to find the rare malignant tumours in scikit-learn's breast cancer data, which are made rarer still, by gradient
descent on unifocal's sigmoid focal loss.  Every framework starts from the same weights and differentiates in its own way; in float64
the loss curves agree to 1e-9.

    pip install 'unifocal[all]'
    python same_training_everywhere.py --plot same_training.png

Frameworks that are not installed are named and left out.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import unifocal

Floats = npt.NDArray[np.float64]
Weights = tuple[Floats, Floats, Floats, Floats]

ALPHA, GAMMA = 0.75, 2.0  # malignant tumours, the positives, are the rare ones: they get the larger share
AGREEMENT = 1e-9


class Data(NamedTuple):
    """Standardised features (samples, features), and 1 for malignant (samples,)."""

    x: Floats
    y: Floats


def imbalanced_data(positives: int = 30) -> Data:
    """The breast cancer set with all its benign samples and the first few malignant ones."""
    from sklearn.datasets import load_breast_cancer

    x, benign = load_breast_cancer(return_X_y=True)
    keep = np.sort(np.concatenate([np.flatnonzero(benign == 1), np.flatnonzero(benign == 0)[:positives]]))
    x = x[keep]
    return Data((x - x.mean(axis=0)) / x.std(axis=0), (benign[keep] == 0).astype(np.float64))


def initial_weights(features: int, hidden: int = 16) -> Weights:
    """One hidden layer and one output; the output starts at the small probability that rare positives have."""
    rng = np.random.default_rng(0)
    w1 = rng.normal(size=(features, hidden)) / np.sqrt(features)
    w2 = rng.normal(size=hidden) / np.sqrt(hidden)
    return w1, np.zeros(hidden), w2, np.array(-2.0)


def train_numpy(data: Data, weights: Weights, steps: int, rate: float) -> list[float]:
    """NumPy does not differentiate: the loss brings its gradient, and the rest is written out."""
    loss_and_gradient = unifocal.value_and_grad(unifocal.sigmoid_focal_loss)
    w1, b1, w2, b2 = weights
    curve = []
    for _ in range(steps):
        hidden = np.tanh(data.x @ w1 + b1)
        loss, at_logits = loss_and_gradient(hidden @ w2 + b2, data.y, alpha=ALPHA, gamma=GAMMA)
        at_hidden = np.outer(at_logits, w2) * (1 - hidden**2)
        w1, b1 = w1 - rate * data.x.T @ at_hidden, b1 - rate * at_hidden.sum(axis=0)
        w2, b2 = w2 - rate * hidden.T @ at_logits, b2 - rate * at_logits.sum()
        curve.append(float(loss))
    return curve


def train_torch(data: Data, weights: Weights, steps: int, rate: float) -> list[float]:
    import torch

    x, y = torch.tensor(data.x), torch.tensor(data.y)
    w1, b1, w2, b2 = parameters = [torch.tensor(w, requires_grad=True) for w in weights]
    optimizer = torch.optim.SGD(parameters, lr=rate)
    curve = []
    for _ in range(steps):
        logits = torch.tanh(x @ w1 + b1) @ w2 + b2
        loss = unifocal.sigmoid_focal_loss(logits, y, alpha=ALPHA, gamma=GAMMA)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return curve


def train_paddle(data: Data, weights: Weights, steps: int, rate: float) -> list[float]:
    import paddle

    x, y = paddle.to_tensor(data.x), paddle.to_tensor(data.y)
    w1, b1, w2, b2 = parameters = [paddle.to_tensor(w, stop_gradient=False) for w in weights]
    optimizer = paddle.optimizer.SGD(rate, parameters)
    curve = []
    for _ in range(steps):
        logits = paddle.tanh(x @ w1 + b1) @ w2 + b2
        loss = unifocal.sigmoid_focal_loss(logits, y, alpha=ALPHA, gamma=GAMMA)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        curve.append(loss.item())
    return curve


def train_tensorflow(data: Data, weights: Weights, steps: int, rate: float) -> list[float]:
    import tensorflow as tf

    x, y = tf.constant(data.x), tf.constant(data.y)
    w1, b1, w2, b2 = parameters = [tf.Variable(w) for w in weights]

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            logits = tf.linalg.matvec(tf.tanh(x @ w1 + b1), w2) + b2
            loss = unifocal.sigmoid_focal_loss(logits, y, alpha=ALPHA, gamma=GAMMA)
        for parameter, gradient in zip(parameters, tape.gradient(loss, parameters), strict=True):
            parameter.assign_sub(rate * gradient)
        return loss

    return [float(step()) for _ in range(steps)]


def train_jax(data: Data, weights: Weights, steps: int, rate: float) -> list[float]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, y = jnp.asarray(data.x), jnp.asarray(data.y)

    def loss(parameters: Any) -> Any:
        w1, b1, w2, b2 = parameters
        logits = jnp.tanh(x @ w1 + b1) @ w2 + b2
        return unifocal.sigmoid_focal_loss(logits, y, alpha=ALPHA, gamma=GAMMA)

    @jax.jit
    def step(parameters: Any) -> tuple[Any, Any]:
        value, gradients = jax.value_and_grad(loss)(parameters)
        return value, jax.tree.map(lambda p, g: p - rate * g, parameters, gradients)

    parameters, curve = tuple(map(jnp.asarray, weights)), []
    for _ in range(steps):
        value, parameters = step(parameters)
        curve.append(float(value))
    return curve


Trainer = Callable[[Data, Weights, int, float], list[float]]

# Paddle before TensorFlow: importing paddle 3.3.1 after tensorflow 2.21 crashes the interpreter.
TRAINERS: dict[str, tuple[str, Trainer]] = {
    "numpy": ("NumPy", train_numpy),
    "torch": ("PyTorch", train_torch),
    "paddle": ("Paddle", train_paddle),
    "tensorflow": ("TensorFlow", train_tensorflow),
    "jax": ("JAX", train_jax),
}


@contextmanager
def quiet() -> Iterator[None]:
    """No standard error: frameworks talk while they load and compile, from native code too.  Exceptions still come out."""
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def plot(curves: dict[str, Floats], path: Path) -> None:
    """The curves as the strands of one rope, and how far each is from NumPy's."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    colours = dict(zip((label for label, _ in TRAINERS.values()), ("#222222", "#EE6C1F", "#2A6FDB", "#E5B000", "#1A9E77"), strict=True))
    reference = curves["NumPy"]
    steps = np.arange(reference.size)
    with plt.rc_context({"font.size": 12, "axes.spines.top": False, "axes.spines.right": False}):
        figure, (above, below) = plt.subplots(2, sharex=True, figsize=(9, 6.4), height_ratios=(2, 1), layout="constrained")
        dash = 3.0
        for place, (label, curve) in enumerate(curves.items()):
            # Each curve shows in its own fifth of the dash pattern: were one missing, there would be gaps.
            pattern = (-place * dash, (dash, dash * (len(curves) - 1)))
            above.plot(steps, curve, color=colours[label], linewidth=4, linestyle=pattern, dash_capstyle="butt")
            above.plot([], [], color=colours[label], linewidth=4, label=label)
            if label != "NumPy":
                apart = np.abs(curve - reference)
                below.semilogy(steps, np.where(apart > 0, apart, np.nan), ".", color=colours[label], markersize=5, alpha=0.8)
        above.set_title("One loss, one curve: the same training in every framework", loc="left", fontweight="bold")
        above.set_ylabel("sigmoid focal loss")
        above.set_ylim(bottom=0)
        above.legend(frameon=False, handlelength=1.6)
        below.axhline(AGREEMENT, color="#777777", linewidth=1, linestyle="--")
        below.text(steps[-1], AGREEMENT / 2, f"target: below {AGREEMENT:g}", color="#555555", ha="right", va="top", fontsize=10)
        below.text(steps[-1], 2e-20, "no dot: equal to the last bit", color="#555555", ha="right", va="bottom", fontsize=10)
        below.set_ylim(1e-20, 1e-7)
        below.set_ylabel("difference\nfrom NumPy")
        below.set_xlabel("step of gradient descent (float64)")
        figure.savefig(path, dpi=150)
        plt.close(figure)


def main() -> int:
    """Train everywhere, compare, plot; 1 if the curves do not agree."""
    parser = argparse.ArgumentParser(description="The same training in every installed framework.")
    parser.add_argument("--steps", type=int, default=200, help="steps of gradient descent (200)")
    parser.add_argument("--rate", type=float, default=0.2, help="learning rate (0.2)")
    parser.add_argument("--plot", type=Path, default=Path("same_training.png"), help="where to save the picture (same_training.png)")
    parser.add_argument("--only", choices=list(TRAINERS), nargs="+", help="these frameworks only, beside NumPy")
    arguments = parser.parse_args()

    logging.disable(logging.INFO)  # paddle turns the root logger on, and others then use it
    data = imbalanced_data()
    weights = initial_weights(data.x.shape[1])
    print(f"{data.y.size} samples, {int(data.y.sum())} of them positive; {arguments.steps} steps in float64")
    curves: dict[str, Floats] = {}
    for package, (label, train) in TRAINERS.items():
        if package != "numpy" and arguments.only and package not in arguments.only:
            continue
        if find_spec(package) is None:
            print(f"{label:>10}  not installed, left out")
            continue
        start = time.perf_counter()
        with quiet():
            curves[label] = curve = np.array(train(data, weights, arguments.steps, arguments.rate))
        print(f"{label:>10}  loss {curve[0]:.6f} → {curve[-1]:.6f}  ({time.perf_counter() - start:.1f} s with loading)", flush=True)

    apart = max(float(np.max(np.abs(curve - curves["NumPy"]))) for curve in curves.values())
    agree = apart <= AGREEMENT
    print(f"Largest difference between {len(curves)} loss curves: {apart:.2g} ({'within' if agree else 'beyond'} {AGREEMENT:g})")
    plot(curves, arguments.plot)
    print(f"Picture: {arguments.plot}")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
