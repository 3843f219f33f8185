"""Methods that work on the class too, with an instance of their own that has no server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")


class BoundOrNot(Generic[S, P, R]):
    """Makes ``Class.method(…)`` do what ``Class.unbound().method(…)`` does."""

    def __init__(self, function: Callable[Concatenate[S, P], R]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: S | None, owner: Any) -> Callable[P, R]:
        bound: S = owner.unbound() if instance is None else instance
        return partial(self._function, bound)
