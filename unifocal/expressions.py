"""The functions of expressions of one element, for :func:`unifocal.elementwise` and :func:`unifocal.classwise`."""

from .formulas.expressions import Condition, Expression, constant, exp, log, maximum, minimum, sigmoid, where

__all__ = ["Condition", "Expression", "constant", "exp", "log", "maximum", "minimum", "sigmoid", "where"]


def __dir__() -> list[str]:
    return __all__
