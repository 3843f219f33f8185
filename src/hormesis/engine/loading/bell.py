"""Bell: rung once; whoever sleeps until it rings wakes up. Cheaper than an event with a timeout."""

from __future__ import annotations

import asyncio
from typing import Any


class Bell:
    """Something that ends for many at once: that iterations begin, or the load itself."""

    __slots__ = ("_sleepers", "rung")

    def __init__(self) -> None:
        self.rung = False
        self._sleepers: set[asyncio.Future[Any]] = set()

    def ring(self) -> None:
        """Wake everybody; from now on nobody sleeps."""
        self.rung = True
        for sleeper in self._sleepers:
            rouse(sleeper)

    async def sleep(self, seconds: float) -> bool:
        """Return after *seconds*, or as soon as it has rung; tell whether it has.

        Always lets the other tasks of the loop have a turn.
        """
        if self.rung or seconds <= 0:
            await asyncio.sleep(0)
            return self.rung
        return await self.wait(asyncio.get_running_loop().create_future(), seconds)

    async def wait(self, done: asyncio.Future[Any], seconds: float | None = None) -> bool:
        """Return when *done* is, after *seconds*, or when it has rung; tell whether it has.

        *done* is done afterwards in any case.
        """
        if self.rung or done.done():
            return self.rung
        timer = None
        if seconds is not None:
            timer = asyncio.get_running_loop().call_later(seconds, rouse, done)
        self._sleepers.add(done)
        try:
            await done
        finally:
            self._sleepers.discard(done)
            if timer is not None:
                timer.cancel()
        return self.rung


def rouse(sleeper: asyncio.Future[Any]) -> None:
    """Wake who waits for *sleeper*, unless somebody else has."""
    if not sleeper.done():
        sleeper.set_result(None)
