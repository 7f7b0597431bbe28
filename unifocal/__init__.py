"""Focal loss and the cross-entropy family on the tensors of NumPy, PyTorch, TensorFlow, Paddle, JAX and any Array API library.

>>> import numpy as np
>>> import unifocal
>>> float(unifocal.sigmoid_focal_loss(np.array([2.0, -1.0, 0.5]), np.array([1, 0, 0]), reduction="sum").round(6))
0.300503

Importing this loads no framework.  ``unifocal.boosting``, ``unifocal.dialects``, ``unifocal.nn`` and ``unifocal.scoring`` are imported when
they are first used.
"""

from typing import TYPE_CHECKING

from .define import classwise, elementwise
from .dispatch import available_backends
from .evaluation.checks import value_checks
from .gradient import value_and_grad, value_grad_and_hessian
from .lazy import submodules
from .linear import linear_cross_entropy
from .losses import binary_cross_entropy, cross_entropy, sigmoid_focal_loss, softmax_focal_loss
from .variants import (
    asymmetric_loss,
    gaussian_focal_loss,
    poly_focal_loss,
    quality_focal_loss,
    softmax_poly_focal_loss,
    varifocal_loss,
)

__version__ = "0.1.0"

__all__ = [
    "asymmetric_loss",
    "available_backends",
    "binary_cross_entropy",
    "classwise",
    "cross_entropy",
    "elementwise",
    "gaussian_focal_loss",
    "linear_cross_entropy",
    "poly_focal_loss",
    "quality_focal_loss",
    "sigmoid_focal_loss",
    "softmax_focal_loss",
    "softmax_poly_focal_loss",
    "value_and_grad",
    "value_checks",
    "value_grad_and_hessian",
    "varifocal_loss",
]

if TYPE_CHECKING:
    from . import boosting as boosting
    from . import dialects as dialects
    from . import expressions as expressions
    from . import nn as nn
    from . import scoring as scoring
else:
    __getattr__ = submodules(__name__, ("boosting", "dialects", "expressions", "nn", "scoring"))


def __dir__() -> list[str]:
    return [*__all__, "__version__", "boosting", "dialects", "expressions", "nn", "scoring"]
