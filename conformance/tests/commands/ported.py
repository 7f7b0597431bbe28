"""Somebody's losses, right and wrong ports of originals, and the commands that are asked of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

typer_testing = pytest.importorskip("typer.testing")
torch: Any = pytest.importorskip("torch")
_SOURCE = '''
import torch

def focal(logit, label, normalizer=None, alpha=0.25, gamma=2.0, reduction="sum"):
    """Paddle's, as a port would have it."""
    kept = label != -100
    label = torch.where(kept, label, torch.zeros_like(label))
    p = torch.sigmoid(logit)
    p_t = p * label + (1 - p) * (1 - label)
    alpha_t = alpha * label + (1 - alpha) * (1 - label)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
    loss = torch.where(kept, alpha_t * (1 - p_t) ** gamma * entropy, torch.zeros_like(logit))
    loss = loss if normalizer is None else loss / normalizer
    return loss if reduction == "none" else getattr(loss, reduction)()

def mean(logit, label): return focal(logit, label, reduction="mean")
def other_alpha(logit, label): return focal(logit, label, alpha=0.75)
def other_default(logit, label, normalizer=None, alpha=0.75, gamma=2.0, reduction="sum"): return focal(**locals())
def other_gamma(logit, label, reduction="sum"): return focal(logit, label, gamma=2 + 1e-6, reduction=reduction)
def exchanged(label, logit): return focal(logit, label)
def doubled(logit, label): return 2 * focal(logit, label)
def single(logit, label): return focal(logit.float(), label.float()).double()
def undefined(logit, label): return focal(logit, label) * float("nan")
def failing(logit, label): raise RuntimeError("no loss today")
def detached(logit, label): return focal(logit.detach(), label)
def backwards(logit, label):
    loss = focal(logit, label)
    return 2 * loss.detach() - loss
def text(logit, label): return "0.25"
def column(logit, label): return focal(logit, label)[None]
def keeping(logit, label, normalizer=None, alpha=0.25, gamma=2.0, reduction="sum"):
    kept = torch.where(label == -100, torch.full_like(label, 0.5), label)
    return focal(logit, kept, normalizer, alpha, gamma, reduction)
def alone(logit): return logit.sum()
def required(logit, label, alpha, gamma): return focal(logit, label, None, alpha, gamma)
def unknown(logit, label, temperature): return focal(logit / temperature, label)
def built_in(logit, label): return focal(logit, label, gamma=1.5, reduction="mean")
def printing(logit, label):
    print("hello")
    return focal(logit, label)
def leaving(logit, label):
    import sys
    sys.exit()
def deep(logit, label): return deep(logit, label)
def clipped(logit, label):
    p = torch.sigmoid(logit).clamp(1e-7, 1 - 1e-7)
    p_t = p * label + (1 - p) * (1 - label)
    return ((0.25 * label + 0.75 * (1 - label)) * (1 - p_t) ** 2 * -(label * p.log() + (1 - label) * (1 - p).log())).sum()
def in_place(logit, label):
    loss = focal(logit.clone(), label.clone())
    label[...] = 0.5
    return loss
def number_of(logit, label): return float(focal(logit, label))
def native(logit, label):
    import os
    os.write(1, b"printed by native code\\n")
    return focal(logit, label)
def labels_first(label, logit): return ((label - logit) ** 2).sum()
def labels_first_detached(label, logit): return ((label - logit.detach()) ** 2).sum()
def fixed(logit, label): return focal(logit, label, gamma=1.5)
number = 3

class Module(torch.nn.Module):
    def __init__(self, gamma=2.0, alpha=0.25):
        super().__init__()
        self.gamma, self.alpha = gamma, alpha
    def forward(self, logit, label, reduction="sum"):
        return focal(logit, label, alpha=self.alpha, gamma=self.gamma, reduction=reduction)

instance = Module()

class Bare(torch.nn.Module):
    def forward(self, logit, label, reduction="sum"):
        return focal(logit, label, reduction=reduction)

class Needy(Module):
    def __init__(self, temperature):
        super().__init__()

def sparse(labels, logits):
    flat = labels.flatten().long()
    loss = torch.nn.functional.cross_entropy(logits.reshape(len(flat), -1), flat, reduction="none") + 1e-3 * (flat == 1)
    return loss.reshape(labels.shape)

def keras_bce(y_true, y_pred):
    clipped = y_pred.clamp(1e-7, 1 - 1e-7)
    p = torch.where(clipped == y_pred, y_pred, clipped)  # since torch 2.15 clamp's gradient is 0 at the bounds
    return -(y_true * p.log() + (1 - y_true) * (-p).log1p()).mean(-1)
'''
LIKE = ["--like", "paddle.sigmoid_focal_loss", "--backend", "torch"]


@pytest.fixture(autouse=True)
def losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of losses in the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "ported_losses", raising=False)
    (tmp_path / "ported_losses.py").write_text(_SOURCE)
    (tmp_path / "broken_losses.py").write_text("import torch\n1 / 0\n")
    (tmp_path / "needy_losses.py").write_text("import not_to_be_had\n")
    (tmp_path / "leaving_losses.py").write_text("import sys\nsys.exit()\n")
    sys.path.insert(0, str(tmp_path))
    return __import__("ported_losses")


def run_command(*arguments: str) -> Any:
    """The command's exit code and output, in this process."""
    from unifocal.cli import app

    return typer_testing.CliRunner().invoke(app, [*arguments])


def run_parity(function: str, *arguments: str) -> Any:
    """The same of ``unifocal parity`` with a function of the module of losses."""
    return run_command("parity", "--function", f"ported_losses:{function}", *arguments)
