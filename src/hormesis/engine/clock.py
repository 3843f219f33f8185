"""The run's clock on an asyncio loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class LoopClock:
    """Seconds since the clock was made.

    ``time.monotonic`` is CLOCK_MONOTONIC for every process of the machine, so moments that the
    custodian reports can be placed on this clock with :meth:`at`. Another *monotonic* must be the
    time of the loop that waits, as a loop in virtual time has it.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,  # tidy: the one place where the wall clock is read
    ) -> None:
        self._monotonic = monotonic
        self._zero = monotonic()
        self._wall = wall()

    def now(self) -> float:
        """Return seconds since the start of the run."""
        return self._monotonic() - self._zero

    def now_ns(self) -> int:
        """Return nanoseconds since the start of the run."""
        return round(self.now() * 1e9)

    @property
    def zero_ns(self) -> int:
        """Return when the run started, in nanoseconds of the monotonic clock."""
        return round(self._zero * 1e9)

    def at(self, monotonic_s: float) -> float:
        """Return the run time of a reading of the same monotonic clock."""
        return monotonic_s - self._zero

    def wall(self) -> float:
        """Return seconds since the epoch, going on evenly from the start of the run."""
        return self._wall + self.now()

    async def sleep_until(self, moment: float) -> None:
        """Return no earlier than *moment* (run time in seconds)."""
        while (left := moment - self.now()) > 0:
            await asyncio.sleep(left)
