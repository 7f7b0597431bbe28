"""What modules of torch and layers of Paddle share: a loss and its options, of which weights are buffers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..protocol import Array
from .options import called, check_canonical, is_tensor_like, options_signature, shown, taken_apart


class Held:
    """A loss of unifocal's, a dialect's too, with options: the module is called as the function is, less the options.

    Parameters
    ----------
    function : a function of ``unifocal`` or of a dialect, or a dialect's class or an object of it
    options : by keyword; tensors, arrays and lists of numbers become buffers

    Raises
    ------
    TypeError
        If function is something else, or has no such option.
    """

    register_buffer: Callable[[str, Array], None]

    def __init__(self, function: Callable[..., Any], /, **options: Any) -> None:
        super().__init__()
        self._hold(*taken_apart(function, options))

    @staticmethod
    def _as_weight(option: Any) -> Array:
        """An option as a floating tensor of the framework."""
        raise NotImplementedError

    def _hold(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self.function = function
        self.options = {name: option for name, option in options.items() if not is_tensor_like(option)}
        self._weights = tuple(name for name in options if name not in self.options)
        for name in self._weights:
            self.register_buffer(name, self._as_weight(options[name]))

    def _options(self) -> dict[str, Any]:
        return {**{name: getattr(self, name) for name in self._weights}, **self.options}

    def forward(self, *args: Any, **kwargs: Any) -> Array:
        """The loss."""
        return called(self.function, self._options(), args, kwargs)

    def extra_repr(self) -> str:
        """The function and its options."""
        return ", ".join(filter(None, [getattr(self.function, "__name__", repr(self.function)), shown(self._options())]))


class Canonical(Held):
    """One of the canonical losses, ``loss``, checked when it is made."""

    loss: ClassVar[Any] = None

    def __init_subclass__(cls) -> None:
        if cls.loss is not None:
            cls.__signature__ = options_signature(cls.loss)  # type: ignore[attr-defined]

    def __init__(self, **options: Any) -> None:
        super(Held, self).__init__()
        check_canonical(type(self).__name__, type(self).loss, options)
        self._hold(type(self).loss, options)

    def forward(
        self, predictions: Array, targets: Array, *, sample_weight: Array | None = None, normalizer: float | Array | None = None
    ) -> Array:
        """The loss of these predictions and targets."""
        return super().forward(predictions, targets, sample_weight=sample_weight, normalizer=normalizer)

    def extra_repr(self) -> str:
        """The options that were given."""
        return shown(self._options())
