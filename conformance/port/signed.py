"""What a function, a class or an object takes: when it is made, and when it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, isclass, signature
from typing import Any

Parameters = Mapping[str, Parameter]

_BY_POSITION = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
_BY_NAME = {Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD}


@dataclass(frozen=True)
class Signed:
    """A function, or a class whose objects are called."""

    function: Callable[..., Any]

    @property
    def is_class(self) -> bool:
        """Whether an object has to be made first."""
        return isclass(self.function)

    @cached_property
    def constructor(self) -> Parameters:
        """What the class takes; nothing for a function."""
        if not self.is_class:
            return {}
        own = signature(self.function).parameters
        return {} if _takes_anything(own) and _made_elsewhere(self.function) else own

    @cached_property
    def call(self) -> Parameters:
        """What a call takes.  Of modules and layers, whose own call takes anything, it is what ``forward`` does."""
        if not self.is_class and not _takes_anything(own := signature(self.function).parameters):
            return own
        bound = 1 if self.is_class else 0  # a class's methods have self
        names = ("__call__", "forward", "call") if self.is_class else ("forward", "call")
        methods = [getattr(self.function, name) for name in names if callable(getattr(self.function, name, None))]
        found: list[Parameters] = [dict(list(signature(method).parameters.items())[bound:]) for method in methods]
        if not self.is_class:
            found.append(own)
        return next((parameters for parameters in found if not _takes_anything(parameters)), found[-1])

    @property
    def options(self) -> Parameters:
        """All but the two tensors of a call."""
        return {**self.constructor, **dict(list(self.call.items())[2:])}

    def has_room_for(self, tensors: int) -> bool:
        """Whether a call takes so many by position."""
        return _takes_anything(self.call) or sum(parameter.kind in _BY_POSITION for parameter in self.call.values()) >= tensors


def _made_elsewhere(made: Any) -> bool:
    """Whether a class has the ``__init__`` of another package: ``torch.nn.Module``'s is written ``(*args, **kwargs)`` and refuses both."""
    owner = next(base for base in made.__mro__ if "__init__" in vars(base))
    return bool(owner.__module__.partition(".")[0] != made.__module__.partition(".")[0])


def _takes_anything(parameters: Parameters) -> bool:
    return any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters.values())


def takes(parameters: Parameters, name: str) -> bool:
    """Whether a name can be given."""
    if name in parameters:
        return parameters[name].kind in _BY_NAME
    return any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values())


def required(parameters: Parameters, positions: int = 0) -> list[str]:
    """The names that must be given, beside so many first ones."""
    own = list(parameters.values())[positions:]
    return [parameter.name for parameter in own if parameter.default is parameter.empty and parameter.kind in _BY_POSITION | _BY_NAME]


def described(parameters: Parameters) -> str:
    """The parameters without their annotations, for messages."""
    return f"({', '.join(str(parameter.replace(annotation=Parameter.empty)) for parameter in parameters.values())})"
