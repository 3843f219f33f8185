"""A random delay that works called plainly and awaited."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from typing import Any, Protocol


class Sleeps(Protocol):
    """How to wait; another one in tests, which need no time."""

    def sleep(self, seconds: float) -> object:
        """Wait, blocking the thread."""
        ...

    async def sleep_async(self, seconds: float) -> object:
        """Wait, letting the loop go on."""
        ...


class RealSleeps:
    """Waits for as long as is asked."""

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        threading.Event().wait(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Wait in the loop."""
        await asyncio.sleep(seconds)


class Delay:
    """A delay of ``ms`` milliseconds.

    Where no event loop runs in this thread it is over when it is made, and awaiting it takes no
    time. In a loop it takes place when it is awaited.
    """

    def __init__(self, ms: float, sleeps: Sleeps) -> None:
        self.ms = ms
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            sleeps.sleep(ms / 1000)
            self._waiting = None
        else:
            # A coroutine, so that Python itself warns of one that nobody awaits.
            self._waiting = sleeps.sleep_async(ms / 1000)

    def __await__(self) -> Generator[Any, Any, float]:
        if self._waiting is not None:
            yield from self._waiting.__await__()
        return self.ms
