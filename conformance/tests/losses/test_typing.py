"""What type checkers know of results: they have the predictions' type.  mypy checks these lines, of this file as of all."""

from __future__ import annotations

from typing import assert_type

import numpy as np
import numpy.typing as npt

import unifocal

Floats = npt.NDArray[np.float64]


def test_results_have_the_type_of_the_predictions() -> None:
    x: Floats = np.zeros((1, 2))
    assert_type(unifocal.sigmoid_focal_loss(x, [0], reduction="none"), Floats)
    assert_type(unifocal.softmax_focal_loss(predictions=x, targets=[0], reduction="none"), Floats)
    assert_type(unifocal.binary_cross_entropy(x, [0], reduction="none"), Floats)
    assert_type(unifocal.cross_entropy(x, [0], class_weight=[1, 2], reduction="none"), Floats)
    assert_type(unifocal.value_and_grad(unifocal.cross_entropy)(x, [0], reduction="none"), tuple[Floats, Floats])
