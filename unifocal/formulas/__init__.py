"""All of the library's mathematics: one frozen object a loss, pure functions of Array API arrays."""

from .added_gaussian import AddedGaussianFocal
from .base import Binary, Categorical, Formula, Inputs
from .classwise import Classwise, OfClassProbabilities
from .derived import Elementwise, OfProbabilities
from .families import binary_focal, categorical_focal, normalized_focal
from .floored_quality import FlooredQualityFocal
from .label_probability import LabelProbabilityAsymmetric
from .linked import Linked, Normalized, SigmoidLink, SoftmaxLink
from .log_probability import NegativeLogLikelihood
from .mixture import Mixture
from .probability import CategoricalProbabilityFocal, ProbabilityFocal
from .quality import QualityFocal
from .quality_varifocal import QualityVarifocal
from .row_focal import RowFocal
from .sigmoid import SigmoidFocal
from .signed import SignedFocal
from .softened import SoftenedFocal
from .softmax import SoftmaxFocal

__all__ = [
    "AddedGaussianFocal",
    "Binary",
    "Categorical",
    "CategoricalProbabilityFocal",
    "Classwise",
    "Elementwise",
    "FlooredQualityFocal",
    "Formula",
    "Inputs",
    "LabelProbabilityAsymmetric",
    "Linked",
    "Mixture",
    "NegativeLogLikelihood",
    "Normalized",
    "OfClassProbabilities",
    "OfProbabilities",
    "ProbabilityFocal",
    "QualityFocal",
    "QualityVarifocal",
    "RowFocal",
    "SigmoidFocal",
    "SigmoidLink",
    "SignedFocal",
    "SoftenedFocal",
    "SoftmaxFocal",
    "SoftmaxLink",
    "binary_focal",
    "categorical_focal",
    "normalized_focal",
]
