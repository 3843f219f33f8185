"""Waiting: what is asynchronous as plain calls, for tasks that run in a thread."""

from __future__ import annotations

import asyncio
import inspect
from types import TracebackType
from typing import Any


class Waiting:
    """Stands for an object of the loop: its coroutines become calls that wait in the thread.

    What they return in place of an awaitable, such as an asynchronous context manager, is stood
    for in the same way: ``with http.get(..., catch=True) as answer``.
    """

    __slots__ = ("_loop", "_thing")

    def __init__(self, thing: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._thing = thing
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if not inspect.isroutine(found):
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            return self._told(found(*arguments, **options))

        return call

    def __enter__(self) -> Any:
        entered = self._wait(self._thing.__aenter__())
        return self if entered is self._thing else self._told(entered)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        return bool(self._wait(self._thing.__aexit__(kind, error, trace)))

    def __iter__(self) -> Waiting:
        return Waiting(aiter(self._thing), self._loop)

    def __next__(self) -> Any:
        async def following() -> Any:
            return await anext(self._thing)

        try:
            return self._wait(following())
        except StopAsyncIteration:
            raise StopIteration from None

    def _told(self, made: Any) -> Any:
        if inspect.isawaitable(made):
            made = self._wait(made)
        return Waiting(made, self._loop) if _asynchronous(type(made)) else made

    def _wait(self, awaitable: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(awaitable, self._loop).result()


def _asynchronous(cls: type) -> bool:
    """Return whether anything of *cls* has to be waited for."""
    names = ("__aenter__", "__aiter__")
    if any(hasattr(cls, name) for name in names):
        return True
    return any(
        inspect.iscoroutinefunction(thing) for one in cls.__mro__ for thing in vars(one).values()
    )
