"""Summons: a wait that whoever ends it ends at once, without another turn of the event loop.

A future wakes its task in the loop's next turn, and a turn costs a system call: at ten thousand
arrivals a second that is a fifth of a core. This has what a task needs of a future (see
``asyncio.isfuture`` and ``Task.__wakeup``), so that cancelling works as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any


class Summons:
    """One task's wait to be called, used again for each; only one task may wait at a time."""

    __slots__ = ("_asyncio_future_blocking", "_callback", "_cancelled", "_context", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._loop = loop
        self._callback: Callable[[Any], object] | None = None
        self._context: Context | None = None
        self._cancelled = False

    def __await__(self) -> Generator[Any, None, None]:
        self._cancelled = False
        self._asyncio_future_blocking = True
        yield self
        if self._cancelled:
            raise asyncio.CancelledError

    @property
    def waited_for(self) -> bool:
        """Whether a task waits and nobody has called it yet."""
        return self._callback is not None

    def call(self) -> None:
        """Let the task go on: now, or in the loop's next turn when another task is running."""
        callback, self._callback = self._callback, None
        if callback is None:
            return
        if asyncio.current_task(self._loop) is None and self._context is not None:
            self._context.run(callback, self)
        else:
            self._loop.call_soon(callback, self, context=self._context)

    # What a task asks of a future.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop of the task that waits."""
        return self._loop

    def add_done_callback(
        self, callback: Callable[[Any], object], *, context: Context | None = None
    ) -> None:
        """Note what lets the task go on."""
        self._callback, self._context = callback, context

    def remove_done_callback(self, callback: Callable[[Any], object]) -> int:
        """Forget it; return how many there were."""
        there, self._callback = self._callback is not None, None
        return int(there)

    def cancel(self, msg: Any = None) -> bool:
        """End the wait by cancelling; return whether there was one."""
        callback, self._callback = self._callback, None
        if callback is None:
            return False
        self._cancelled = True
        self._loop.call_soon(callback, self, context=self._context)
        return True

    def result(self) -> None:
        """Raise that it was cancelled, if it was."""
        if self._cancelled:
            raise asyncio.CancelledError
