"""What modules of torch and layers of Paddle share: a loss and its options, which are attributes; weights are buffers or parameters."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, ClassVar

from ..arrays import Array, Tensor
from .options import called, check, check_canonical, explained, is_tensor_like, options_signature, shown, taken_apart, title


class Held:
    """A loss of unifocal's, a dialect's too, with options: the module is called as the function is, less the options.

    Each option is an attribute, which can be read and set; what is set counts from the next call.

    Parameters
    ----------
    function : a function of ``unifocal`` or of a dialect, or a dialect's class or an object of it
    options : by keyword; tensors, arrays and lists of numbers become buffers, and the framework's parameters parameters

    Raises
    ------
    TypeError, ValueError
        If function is something else, or has no such option, or an option is out of its range.
    """

    register_buffer: Callable[[str, Array], None]
    _parameters: dict[str, Array]
    _buffers: dict[str, Array]

    def __init__(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> None:
        super().__init__()
        _refuse_positional(type(self).__name__, args)
        function, options = taken_apart(function, options)
        self._hold(function, {name: p.default for name, p in signature(function).parameters.items()}, options)

    @staticmethod
    def _as_weight(name: str, option: Any) -> Array:
        """An option as a floating tensor of the framework."""
        raise NotImplementedError

    @staticmethod
    def _is_registered(option: Any) -> bool:
        """Whether the framework itself registers an attribute of this kind, such as a parameter."""
        raise NotImplementedError

    def _hold(self, function: Callable[..., Any], defaults: dict[str, Any], options: dict[str, Any]) -> None:
        self.function = function
        self.options: dict[str, Any] = {}
        self._weights: tuple[str, ...] = ()
        self._defaults = defaults
        for name, option in options.items():
            self._keep(name, option)

    def _options(self, but: str = "") -> dict[str, Any]:
        return {**{name: getattr(self, name) for name in self._weights if name != but}, **self.options}

    def _check(self, options: dict[str, Any]) -> None:
        """Raise TypeError or ValueError unless the loss takes these options."""
        check(self.function, options)

    def _keep(self, name: str, option: Any) -> None:
        """Keep an option: a weight as the framework's buffer or parameter, anything else as it is."""
        if not is_tensor_like(option) and name not in self._parameters:
            self._buffers.pop(name, None)
            self._weights = tuple(weight for weight in self._weights if weight != name)
            self.options[name] = option
            return
        registered = name in self._parameters or self._is_registered(option)
        weight = option if registered else self._as_weight(name, option)
        self.options.pop(name, None)
        self._weights = tuple(dict.fromkeys((*self._weights, name)))
        if registered:
            super().__setattr__(name, weight)  # which refuses anything but a parameter in a parameter's place
        else:
            self.register_buffer(name, weight)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an option, or another attribute; a misspelt option is refused."""
        defaults = self.__dict__.get("_defaults", {})
        if name in defaults and not hasattr(type(self), name):
            self._check({**self._options(but=name), name: value})
            self._keep(name, value)
            return
        known = name.startswith("_") or name in self.__dict__ or hasattr(type(self), name)
        if not known and type(self).__module__.startswith(_OWN):  # a subclass's attributes are its own
            meant = get_close_matches(name, defaults, n=1, cutoff=0.8)
            if meant:
                raise AttributeError(f"{type(self).__name__} has no option {name}; did you mean {meant[0]}?")
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        """An option, given or not; otherwise what the framework has of this name."""
        own = self.__dict__
        if name in own.get("options", ()):
            return own["options"][name]
        default = own.get("_defaults", {}).get(name, Parameter.empty)
        # A weight has no default: the frameworks register no name, and parametrize none, that an attribute has already.
        if default is not Parameter.empty and name not in own["_weights"]:
            return default
        return super().__getattr__(name)  # type: ignore[misc]

    def __delattr__(self, name: str) -> None:
        """Take back an option that is no weight, which then has its default, or delete another attribute."""
        if name in self.__dict__.get("options", ()):
            del self.options[name]
        else:
            super().__delattr__(name)

    def __dir__(self) -> list[str]:
        """All attributes, the options among them."""
        return sorted({*super().__dir__(), *self.__dict__.get("_defaults", ())})

    def forward(self, *args: Any, **kwargs: Any) -> Array:
        """The loss."""
        return called(self.function, self._options(), args, kwargs)

    def extra_repr(self) -> str:
        """The function and its options."""
        return ", ".join(filter(None, [title(self.function), shown(self._options())]))


class Canonical(Held):
    """One of the canonical losses, ``loss``, checked when it is made."""

    loss: ClassVar[Any] = None

    def __init_subclass__(cls) -> None:
        if cls.loss is not None and "loss" in vars(cls):
            cls.__signature__ = options_signature(cls.loss)  # type: ignore[attr-defined]
            cls.__doc__ = explained(cls.loss, cls.__doc__ or "")

    def __init__(self, *args: Any, **options: Any) -> None:
        super(Held, self).__init__()
        known = options_signature(type(self).loss).parameters
        _refuse_positional(type(self).__name__, args, *known)
        check_canonical(type(self).__name__, type(self).loss, options)
        self._hold(type(self).loss, {name: p.default for name, p in known.items()}, options)

    def _check(self, options: dict[str, Any]) -> None:
        """Raise TypeError or ValueError unless the loss takes these options."""
        check_canonical(type(self).__name__, self.function, options)

    if TYPE_CHECKING:

        def __call__(
            self, predictions: Tensor, targets: Array, *, sample_weight: Array | None = None, normalizer: float | Array | None = None
        ) -> Tensor:
            """The loss of these predictions and targets."""

    def forward(
        self, predictions: Array, targets: Array, *, sample_weight: Array | None = None, normalizer: float | Array | None = None
    ) -> Array:
        """The loss of these predictions and targets."""
        return super().forward(predictions, targets, sample_weight=sample_weight, normalizer=normalizer)

    def extra_repr(self) -> str:
        """The options that were given."""
        return shown(self._options())


_OWN = __name__.rpartition(".")[0] + "."


def _refuse_positional(name: str, args: tuple[Any, ...], *known: str) -> None:
    if args:
        which = f", {'=…, '.join(known)}=…" if known else ""
        raise TypeError(f"{name} takes its options by name{which}; received {len(args)} by position.")
