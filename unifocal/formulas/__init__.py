"""All of the library's mathematics: one frozen object a loss, pure functions of Array API arrays."""

from .base import Binary, Categorical, Formula, Inputs
from .clamped import ClampedFocal
from .classwise import Classwise, OfClassProbabilities
from .derived import Elementwise, OfProbabilities
from .families import binary_focal, categorical_focal, normalized_focal
from .floored import FlooredCrossEntropy, OfFlooredProbabilities
from .gaussian import GaussianFocal
from .label_probability import LabelProbabilityAsymmetric
from .linked import Linked, Normalized, SigmoidLink, SoftmaxLink
from .log_probability import NegativeLogLikelihood
from .marked import MarkedFocal
from .mixture import Mixture
from .poly import SoftmaxPolyFocal
from .probability import CategoricalProbabilityFocal, ProbabilityFocal
from .quality import QualityFocal
from .quality_varifocal import QualityVarifocal
from .renormalized import RenormalizedFocal
from .scored_varifocal import ScoredVarifocal
from .sigmoid import SigmoidFocal
from .softmax import SoftmaxFocal

__all__ = [
    "Binary",
    "Categorical",
    "CategoricalProbabilityFocal",
    "ClampedFocal",
    "Classwise",
    "Elementwise",
    "FlooredCrossEntropy",
    "Formula",
    "GaussianFocal",
    "Inputs",
    "LabelProbabilityAsymmetric",
    "Linked",
    "MarkedFocal",
    "Mixture",
    "NegativeLogLikelihood",
    "Normalized",
    "OfClassProbabilities",
    "OfFlooredProbabilities",
    "OfProbabilities",
    "ProbabilityFocal",
    "QualityFocal",
    "QualityVarifocal",
    "RenormalizedFocal",
    "ScoredVarifocal",
    "SigmoidFocal",
    "SigmoidLink",
    "SoftmaxFocal",
    "SoftmaxLink",
    "SoftmaxPolyFocal",
    "binary_focal",
    "categorical_focal",
    "normalized_focal",
]
