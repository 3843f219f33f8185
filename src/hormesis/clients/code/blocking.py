"""Clients whose methods block: each virtual user gets a thread of its own.

The engine's loop keeps all times and records; the thread only waits for it. It is a daemon,
because a call that never returns must not keep the process from ending.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from random import Random
from typing import Any

from hormesis.words.client import Recording, User
from hormesis.words.clock import Clock
from hormesis.words.kind import Scalar
from hormesis.words.metric import MetricSort


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
        """Think for *seconds*; ends early when the load is stopped."""
        self._await(self._user.pause(seconds))

    def rest(self, seconds: float) -> None:
        """Think after the last thing of an iteration; ends early when no other is to begin."""
        self._await(self._user.rest(seconds))

    def check(self, name: str, passed: object) -> bool:
        """Count a check; return whether it passed."""
        self._loop.call_soon_threadsafe(self._user.check, name, passed)
        return bool(passed)

    def add(
        self, sort: MetricSort, metric: str, value: float, tags: Mapping[str, str] | None = None
    ) -> None:
        """Add a value to a metric."""
        self._do(lambda: self._user.add(sort, metric, value, tags))

    @contextmanager
    def group(self, name: str) -> Iterator[None]:
        """Tag what the block does with the group, and time the block."""
        group = self._do(lambda: self._user.group(name))
        self._do(group.__enter__)
        try:
            yield
        finally:
            self._do(lambda: group.__exit__(None, None, None))

    def _do(self, work: Callable[[], Any]) -> Any:
        """Return what *work* does in the loop, which keeps all records."""

        async def done() -> Any:
            return work()

        return self._await(done())

    def _await(self, awaitable: Any) -> Any:
        async def wait() -> Any:
            return await awaitable

        waiting = wait()
        try:
            return asyncio.run_coroutine_threadsafe(waiting, self._loop).result()
        except RuntimeError:
            # The run is over, and this call has outlived it; it was recorded as cut off.
            waiting.close()
            awaitable.close()
            raise


class Worker:
    """One thread that does one piece of work after another."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def do(self, work: Callable[[], Any]) -> Any:
        """Return what *work* returns, or raise what it raises."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()

        def tell(result: Any, error: BaseException | None) -> None:
            if done.cancelled():
                return
            if error is None:
                done.set_result(result)
            elif isinstance(error, StopIteration):
                done.set_exception(RuntimeError("StopIteration"))  # no future takes one
            else:
                done.set_exception(error)

        def step() -> None:
            result, failure = None, None
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                failure = error
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(tell, result, failure)

        self._work.put(step)
        return await done

    def end(self) -> None:
        """Let the thread end after what it does now; does not wait for it."""
        self._work.put(None)

    def _run(self) -> None:
        while (step := self._work.get()) is not None:
            step()


class BlockingClient:
    """A client made of a class whose ``iterate`` blocks."""

    def __init__(self, make: Callable[[Any], Any], user: User) -> None:
        self._make = make
        self._user = user
        self._client: Any = None
        self._worker = Worker(f"user-{user.number}")

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
            self._worker.end()

    async def _call(self, name: str) -> None:
        method = getattr(self._client, name, None)
        if method is not None:
            await self._in_thread(method)

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await self._worker.do(lambda: work(*arguments))


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
