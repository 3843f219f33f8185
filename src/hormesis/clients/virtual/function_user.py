"""Virtual users that are plain functions: ``async def browse(user)``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, overload

from hormesis.clients.virtual.user import HttpUser

Given = TypeVar("Given", bound=Callable[..., Any])
_SCENARIO = "hormesis_scenario"


@overload
def scenario(weight: Given) -> Given: ...
@overload
def scenario(weight: int = 1) -> Callable[[Given], Given]: ...
def scenario(weight: Any = 1) -> Any:
    """Make a function a user of its script: ``@scenario`` or ``@scenario(3)``.

    One call is one iteration; it is called with an :class:`HttpUser`.
    """
    if callable(weight):
        setattr(weight, _SCENARIO, 1)
        return weight

    def decorate(given: Given) -> Given:
        setattr(given, _SCENARIO, weight)
        return given

    return decorate


def scenario_weight(thing: Any) -> int:
    """Return the weight of a function that is a user; 0 when it is none."""
    return int(getattr(thing, _SCENARIO, 0))


@cache
def user_of_function(function: Callable[..., Any]) -> type[HttpUser]:
    """Return a class of users whose only task is *function*."""
    name = getattr(function, "__name__", "function")
    own = {"tasks": (function,), "__module__": function.__module__, "_written_as": "function"}
    return type(name, (HttpUser,), own)
