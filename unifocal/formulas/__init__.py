"""All of the library's mathematics: one frozen object a loss, pure functions of Array API arrays."""

from .base import Binary, Categorical, Formula, Inputs
from .classwise import Classwise, OfClassProbabilities
from .derived import Elementwise, OfProbabilities
from .families import binary_focal, categorical_focal, normalized_focal, with_z_loss
from .linked import Linked, Normalized, SigmoidLink, SoftmaxLink
from .log_probability import NegativeLogLikelihood
from .mixture import Mixture
from .probability import CategoricalProbabilityFocal, ProbabilityFocal
from .sigmoid import SigmoidFocal
from .softmax import SoftmaxFocal
from .z_loss import WithZLoss

__all__ = [
    "Binary",
    "Categorical",
    "CategoricalProbabilityFocal",
    "Classwise",
    "Elementwise",
    "Formula",
    "Inputs",
    "Linked",
    "Mixture",
    "NegativeLogLikelihood",
    "Normalized",
    "OfClassProbabilities",
    "OfProbabilities",
    "ProbabilityFocal",
    "SigmoidFocal",
    "SigmoidLink",
    "SoftmaxFocal",
    "SoftmaxLink",
    "WithZLoss",
    "binary_focal",
    "categorical_focal",
    "normalized_focal",
    "with_z_loss",
]
