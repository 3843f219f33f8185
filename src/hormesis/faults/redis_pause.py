"""Let a Redis server keep its clients waiting."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hormesis.faults.parts.redis_fault import RedisStallFault
from hormesis.words.units import Seconds


class RedisPause(RedisStallFault):
    """Pause a Redis server's clients (``CLIENT PAUSE``), one pause after the other.

    Connections stay open and commands wait. The server ends each pause by itself, so the last one
    lasts at most ``each`` longer than the fault; between two pauses the commands that have waited
    are answered. Replicas are not paused.
    """

    mode: Literal["all", "write"] = "all"
    """``write``: only commands that write wait, and reading goes on."""
    each: Seconds = Field(default=1.0, gt=0, le=30)
    """How long each pause lasts."""

    def stall(self) -> tuple[str, float, float]:
        """Return the pause."""
        return f"pause-{self.mode}", self.each, self.each
