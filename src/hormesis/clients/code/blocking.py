"""Clients whose methods block: each virtual user gets a thread of its own.

The engine's loop keeps all times and records; the thread only waits for it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from typing import Any

from hormesis.words.client import Recording, User
from hormesis.words.clock import Clock
from hormesis.words.kind import Scalar


class BlockingUser:
    """What a blocking client gets: like a ``User``, with a plain ``with user.op(...)``."""

    def __init__(self, user: User, loop: asyncio.AbstractEventLoop) -> None:
        self._user = user
        self._loop = loop
        self.number: int = user.number
        self.load: str = user.load
        self.rng: Random = user.rng
        self.clock: Clock = user.clock

    @contextmanager
    def op(self, name: str, **value: Scalar) -> Iterator[Recording]:
        """Record the block as one operation; see ``User.op``."""
        operation = self._user.op(name, **value)
        recording = self._await(operation.__aenter__())
        try:
            yield recording
        except BaseException as error:
            if not self._await(operation.__aexit__(type(error), error, error.__traceback__)):
                raise
        else:
            self._await(operation.__aexit__(None, None, None))

    def pause(self, seconds: float) -> None:
        """Think for *seconds*; ends early when the load ends."""
        self._await(self._user.pause(seconds))

    def _await(self, awaitable: Any) -> Any:
        async def wait() -> Any:
            return await awaitable

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result()


class BlockingClient:
    """A client made of a class whose ``iterate`` blocks."""

    def __init__(self, make: Callable[[Any], Any], user: User) -> None:
        self._make = make
        self._user = user
        self._client: Any = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"user-{user.number}")

    async def open(self) -> None:
        """Make the client in its thread, and open it when it can be opened."""
        user = BlockingUser(self._user, asyncio.get_running_loop())
        self._client = await self._in_thread(self._make, user)
        await self._call("open")

    async def iterate(self) -> None:
        """Do one unit of work in the thread."""
        await self._in_thread(self._client.iterate)

    async def close(self) -> None:
        """Close the client when it can be closed, and let its thread end."""
        try:
            if self._client is not None:
                await self._call("close")
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _call(self, name: str) -> None:
        method = getattr(self._client, name, None)
        if method is not None:
            await self._in_thread(method)

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*arguments))


class AsyncClient:
    """A client made of a class whose ``iterate`` is a coroutine; open and close may be missing."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def open(self) -> None:
        """Open the client when it can be opened."""
        await self._call("open")

    def iterate(self) -> Coroutine[Any, Any, None]:
        """Do one unit of work."""
        work: Coroutine[Any, Any, None] = self._client.iterate()
        return work

    async def close(self) -> None:
        """Close the client when it can be closed."""
        await self._call("close")

    async def _call(self, name: str) -> None:
        method = getattr(self._client, name, None)
        if method is not None and inspect.isawaitable(done := method()):
            await done
