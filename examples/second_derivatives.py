"""The second derivatives of focal loss that Newton's method could use, over the logit: some are negative, one has another scale.

pip install unifocal[examples]
python second_derivatives.py --plot second_derivatives.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

import unifocal

Floats = npt.NDArray[np.float64]
GAMMA = 2.0


def second_derivatives(x: Floats, gamma: float = GAMMA) -> dict[str, Floats]:
    """By name, at logits x of a positive; those that are expected are over a label that has the probability p = σ(x)."""
    p = 1 / (1 + np.exp(-x))
    found: dict[str, Floats] = {}
    expected: dict[str, Floats] = {}
    for hessian in ("exact", "held"):
        function = unifocal.value_grad_and_hessian(unifocal.sigmoid_focal_loss, hessian=hessian)
        parts = [function(x, np.full(x.shape, y), alpha=None, gamma=gamma, reduction="none") for y in (1.0, 0.0)]
        found[f"{hessian}, y = 1"] = parts[0][2]
        expected[hessian] = p * parts[0][2] + (1 - p) * parts[1][2]
    found["expected: p·L″(1) + q·L″(0)"] = expected["exact"]
    found["E[g²] = p·L′(1)² + q·L′(0)²"] = p * parts[0][1] ** 2 + (1 - p) * parts[1][1] ** 2
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", type=Path, metavar="PNG")
    arguments = parser.parse_args()
    x = np.linspace(-12, 12, 24001)
    found = second_derivatives(x)
    print(f"Focal loss with γ = {GAMMA:g} over logits in [−12, 12]: least value, share of logits where it is negative, value at 0")
    for name, values in found.items():
        print(f"  {name:30}{values.min():9.4f}  {np.mean(values < 0):6.1%}  {values[len(x) // 2]:.3f}")
    if arguments.plot:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        figure, (whole, near) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
        for (name, values), color in zip(found.items(), ("#444444", "#0072b2", "#d55e00", "#009e73"), strict=True):
            for axis in (whole, near):
                axis.plot(x, values, color=color, label=name, lw=1.6)
        near.set(ylim=(-0.055, 0.055), title="near 0: the exact one and the expected one are negative")
        whole.set(title=f"Second derivatives of focal loss, γ = {GAMMA:g}")
        for axis in (whole, near):
            axis.axhline(0, color="black", lw=0.8)
            axis.set(xlabel="logit", xlim=(-12, 12))
            axis.grid(alpha=0.3)
        whole.legend(frameon=False)
        figure.savefig(arguments.plot, dpi=110)


if __name__ == "__main__":
    main()
