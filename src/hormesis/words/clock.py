"""Time as a parameter: the only way the toolkit reads a clock or waits.

A run has one clock. Its ``now`` counts seconds from the start of the run, so every figure of a
run is on one axis; ``wall`` is read once, for the manifest.
"""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """A monotonic clock in seconds since the start of the run."""

    def now(self) -> float:
        """Return seconds since the start of the run; never goes backwards."""
        ...

    def now_ns(self) -> int:
        """Return nanoseconds since the start of the run, of the same clock as :meth:`now`."""
        ...

    def wall(self) -> float:
        """Return seconds since the Unix epoch, for people and file names only."""
        ...

    async def sleep_until(self, moment: float) -> None:
        """Return no earlier than *moment*, in seconds of :meth:`now`."""
        ...
