"""Lasting: something that is there while a block runs, with a plain ``with`` and with ``async``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Generic, TypeVar

from hormesis.compose.never_entered import called_from

T = TypeVar("T")
LASTS = "120s"
"""How long a fault lasts at most when nobody ends it: its block hangs, or the test was killed."""


class Lasting(Generic[T]):
    """A context manager for both worlds; in the second a thread waits, the event loop goes on."""

    def __init__(self, name: str, begin: Callable[[], AbstractContextManager[T]]) -> None:
        self._begin = begin
        self._context: AbstractContextManager[T] | None = None
        self._is_entered = False
        self._told = f"{name} at {called_from()}"

    @property
    def never_entered(self) -> str:
        """What was asked for, and where; empty once it was entered."""
        return "" if self._is_entered else self._told

    def __enter__(self) -> T:
        self._is_entered = True
        if self._context is not None:
            raise RuntimeError("it is on already; ask the injector for another one")
        context = self._begin()
        value = context.__enter__()
        self._context = context
        return value

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        context, self._context = self._context, None
        return context.__exit__(sort, error, trace) if context is not None else None

    async def __aenter__(self) -> T:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await asyncio.to_thread(self.__exit__, sort, error, trace)
