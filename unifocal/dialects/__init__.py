"""Other libraries' loss functions, with their names, arguments, defaults and numbers, on every backend's tensors.

Each module mirrors one library: ``from unifocal.dialects import paddle as F`` makes ``F.sigmoid_focal_loss`` Paddle's, for tensors of
any framework.  A dialect reproduces conventions, clips among them, and no bugs: :func:`differences` lists where an original gives
something else, and what is right.
"""

from __future__ import annotations

from .differences import Difference, differences
from .registry import dialect_names, full_name, function_named, functions_of

__all__ = ["Difference", "dialect_names", "differences", "full_name", "function_named", "functions_of"]
