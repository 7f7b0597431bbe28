"""The losses as objectives and metrics of gradient boosting: XGBoost, LightGBM and CatBoost, none of which is imported here.

>>> from unifocal import sigmoid_focal_loss
>>> from unifocal.boosting import Objective
>>> focal = Objective(sigmoid_focal_loss, alpha=0.25, gamma=2.0)
>>> focal
Objective(sigmoid_focal_loss, hessian='clipped', alpha=0.25, gamma=2.0)
>>> round(focal.initial_score([0, 0, 0, 0, 1]), 6)
-0.926877

``docs/boosting.md`` has the calls of each library.
"""

from .metric import Metric
from .objective import Objective

__all__ = ["Metric", "Objective"]


def __dir__() -> list[str]:
    return __all__
