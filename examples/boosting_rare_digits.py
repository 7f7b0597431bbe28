"""Gradient boosting with focal loss where positives are rare: XGBoost, LightGBM and CatBoost on one digit against the rest.

scikit-learn's digits, of one of which only so many are left that they are 1 % of the training rows.  Every library trains with its own
log loss, with unifocal's focal loss, and with the recipe that is copied around, whose gradient and Hessian are numerical derivatives of
the focal loss (scipy's, with dx = 1e-6).  Each draws its precision–recall curve over the test rows, weighted so that 1 % are positives.

    pip install unifocal[examples] xgboost-cpu lightgbm catboost
    python boosting_rare_digits.py --plot rare_digits.png

Libraries that are not installed are left out.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from unifocal import sigmoid_focal_loss
from unifocal.boosting import Objective

Floats = npt.NDArray[np.float64]

ALPHA, GAMMA = 0.25, 2.0
POSITIVES, NEGATIVES = 8, 792  # of the training rows
LEARNING_RATE = 0.1


class Split(NamedTuple):
    """Training rows of which 1 % are positives; test rows, and weights that make it 1 % there too."""

    x: Floats
    y: Floats
    test_x: Floats
    test_y: Floats
    test_weight: Floats


def rare_digit(digit: int, seed: int) -> Split:
    """One digit against the rest, thinned."""
    from sklearn.datasets import load_digits

    x, digits = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    rare, rest = (rng.permutation(np.flatnonzero((digits == digit) == wanted)) for wanted in (True, False))
    train, test = np.r_[rest[:NEGATIVES], rare[:POSITIVES]], np.r_[rest[NEGATIVES:], rare[POSITIVES:]]
    y = (digits == digit).astype(np.float64)
    share = POSITIVES / NEGATIVES * (len(rest) - NEGATIVES) / (len(rare) - POSITIVES)
    return Split(x[train], y[train], x[test], y[test], np.where(y[test] == 1, share, 1.0))


class NumericalFocal:
    """What is copied around: central differences of a focal loss of clipped probabilities, as objectives are called."""

    def __init__(self, alpha: float, gamma: float, step: float = 1e-6) -> None:
        self.alpha, self.gamma, self.step = alpha, gamma, step

    def _loss(self, x: Floats, y: Floats) -> Floats:
        p = np.clip(1 / (1 + np.exp(-x)), 1e-15, 1 - 1e-15)
        p_t, alpha_t = np.where(y == 1, p, 1 - p), np.where(y == 1, self.alpha, 1 - self.alpha)
        return np.asarray(-alpha_t * (1 - p_t) ** self.gamma * np.log(p_t))

    def __call__(self, margins: Floats, data: Any) -> tuple[Floats, Floats]:
        return self._derivatives(np.asarray(margins, np.float64), data.get_label())

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> list[tuple[float, float]]:
        gradient, second = self._derivatives(np.array(approxes, np.float64), np.array(targets, np.float64))
        return list(zip((-gradient).tolist(), (-second).tolist(), strict=True))

    def _derivatives(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        up, at, down = (self._loss(x + move, y) for move in (self.step, 0.0, -self.step))
        return (up - down) / (2 * self.step), (up - 2 * at + down) / self.step**2


def train_xgboost(split: Split, objective: Any, start: float, rounds: int) -> Floats:
    import xgboost

    options: dict[str, Any] = {"max_depth": 4, "eta": LEARNING_RATE, "nthread": 1, "min_child_weight": 1e-3, "seed": 0}
    own: dict[str, Any] = {"objective": "binary:logistic"} if objective is None else {"base_score": start}
    model = xgboost.train(options | own, xgboost.DMatrix(split.x, split.y), rounds, obj=objective)
    return np.asarray(model.predict(xgboost.DMatrix(split.test_x), output_margin=True), np.float64)


def train_lightgbm(split: Split, objective: Any, start: float, rounds: int) -> Floats:
    import lightgbm

    options = {"num_leaves": 15, "learning_rate": LEARNING_RATE, "num_threads": 1, "min_data_in_leaf": 5, "verbose": -1, "seed": 0}
    scores = None if objective is None else np.full(len(split.y), start)
    data = lightgbm.Dataset(split.x, split.y, init_score=scores)
    model = lightgbm.train(options | {"objective": "binary" if objective is None else objective}, data, rounds)
    return np.asarray(model.predict(split.test_x, raw_score=True)) + (0.0 if objective is None else start)


def train_catboost(split: Split, objective: Any, start: float, rounds: int) -> Floats:
    import catboost

    options = {"depth": 4, "learning_rate": LEARNING_RATE, "iterations": rounds, "thread_count": 1, "random_seed": 0, "verbose": False}
    model = catboost.CatBoostClassifier(
        loss_function="Logloss" if objective is None else objective,
        eval_metric="Logloss",
        allow_writing_files=False,
        leaf_estimation_method="Newton",
        leaf_estimation_iterations=1,
        **options,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Failed to import numba")  # which would compile another objective than ours
        model.fit(catboost.Pool(split.x, split.y, baseline=None if objective is None else np.full(len(split.y), start)))
    return np.asarray(model.predict(split.test_x, prediction_type="RawFormulaVal")) + (0.0 if objective is None else start)


LIBRARIES: dict[str, tuple[str, Callable[[Split, Any, float, int], Floats]]] = {
    "xgboost": ("XGBoost", train_xgboost),
    "lightgbm": ("LightGBM", train_lightgbm),
    "catboost": ("CatBoost", train_catboost),
}
LOSSES = {"log loss": "#444444", "focal loss, clipped": "#0072b2", "focal loss, held": "#56b4e9", "focal loss, numerical": "#d55e00"}


def objectives() -> Iterator[tuple[str, Any]]:
    """By the names of LOSSES; None is the library's own log loss."""
    yield "log loss", None
    yield "focal loss, clipped", Objective(sigmoid_focal_loss, alpha=ALPHA, gamma=GAMMA, hessian="clipped")
    yield "focal loss, held", Objective(sigmoid_focal_loss, alpha=ALPHA, gamma=GAMMA, hessian="held")
    yield "focal loss, numerical", NumericalFocal(ALPHA, GAMMA)


def margins_of_all(splits: list[Split], names: list[str], rounds: int) -> dict[tuple[str, str], list[Floats]]:
    """By library and loss: the margins of the test rows of each split."""
    found: dict[tuple[str, str], list[Floats]] = {}
    for split in splits:
        start = Objective(sigmoid_focal_loss, alpha=ALPHA, gamma=GAMMA).initial_score(split.y)
        for name in names:
            for loss, objective in objectives():
                # The recipe has no start of its own: it is given ours.
                found.setdefault((name, loss), []).append(LIBRARIES[name][1](split, objective, start, rounds))
    return found


def draw(path: Path, splits: list[Split], found: dict[tuple[str, str], list[Floats]], names: list[str]) -> None:
    """The precision–recall curves of all splits together."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from sklearn.metrics import precision_recall_curve

    figure, axes = plt.subplots(1, len(names), figsize=(4.6 * len(names), 4.2), sharey=True, squeeze=False, layout="constrained")
    y, weight = (np.concatenate([getattr(split, part) for split in splits]) for part in ("test_y", "test_weight"))
    for axis, name in zip(axes[0], names, strict=True):
        for loss, color in LOSSES.items():
            # Margins of different models are compared by their ranks.
            ranks = np.concatenate([np.argsort(np.argsort(np.nan_to_num(m))) / len(m) for m in found[name, loss]])
            precision, recall, _ = precision_recall_curve(y, ranks, sample_weight=weight)
            axis.plot(recall, precision, color=color, label=loss, lw=1.6, ls="--" if loss.endswith("numerical") else "-")
        axis.set(title=LIBRARIES[name][0], xlabel="recall", xlim=(0, 1), ylim=(0, 1.02))
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("precision")
    axes[0][0].legend(loc="lower left", frameon=False)
    figure.suptitle(f"One digit of scikit-learn's ten against the rest, 1 % positives; α = {ALPHA}, γ = {GAMMA:g}; {len(splits)} splits")
    figure.savefig(path, dpi=110)


def main() -> None:
    from sklearn.metrics import average_precision_score

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--digits", type=int, nargs="+", default=list(range(10)), choices=range(10), help="one split each")
    parser.add_argument("--plot", type=Path, metavar="PNG")
    arguments = parser.parse_args()
    names = [name for name in LIBRARIES if find_spec(name) is not None]
    for name in LIBRARIES.keys() - set(names):
        print(f"{LIBRARIES[name][0]}  not installed, left out")
    splits = [rare_digit(digit, seed=digit) for digit in arguments.digits]
    found = margins_of_all(splits, names, arguments.rounds)
    print(f"Average precision over {len(splits)} splits, mean and least:")
    for (name, loss), margins in found.items():
        each = [
            average_precision_score(split.test_y, np.nan_to_num(m), sample_weight=split.test_weight)
            for split, m in zip(splits, margins, strict=True)
        ]
        print(f"  {LIBRARIES[name][0]:9}{loss:24}{np.mean(each):.3f}  {np.min(each):.3f}")
    if arguments.plot:
        draw(arguments.plot, splits, found, names)


if __name__ == "__main__":
    main()
