"""The run's clock on an asyncio loop."""

from __future__ import annotations

import asyncio
import time


class LoopClock:
    """Seconds since the clock was made, on the loop's monotonic time.

    ``time.monotonic`` is CLOCK_MONOTONIC for every process of the machine, so moments that the
    custodian reports can be placed on this clock with :meth:`at`.
    """

    def __init__(self) -> None:
        self._zero = time.monotonic()
        self._wall = time.time()  # tidy: the one place where the wall clock is read

    def now(self) -> float:
        """Return seconds since the start of the run."""
        return time.monotonic() - self._zero

    def at(self, monotonic_s: float) -> float:
        """Return the run time of a CLOCK_MONOTONIC reading."""
        return monotonic_s - self._zero

    def wall(self) -> float:
        """Return seconds since the epoch, going on evenly from the start of the run."""
        return self._wall + self.now()

    async def sleep_until(self, moment: float) -> None:
        """Return no earlier than *moment* (run time in seconds)."""
        while (left := moment - self.now()) > 0:
            await asyncio.sleep(left)
