"""Let a Redis server be busy with one slow command after the other."""

from __future__ import annotations

from pydantic import Field, model_validator

from hormesis.faults.parts.redis_fault import RedisStallFault
from hormesis.words.units import Seconds, Span


class RedisSlow(RedisStallFault):
    """Block a Redis server, which does one thing at a time, again and again.

    Each stall is a ``DEBUG SLEEP``; where that command is disabled (the default since Redis 7), a
    script that is busy for as long. Nobody gets an answer meanwhile, replicas and monitoring
    included. The last stall lasts at most ``each`` longer than the fault.
    """

    each: Seconds = Field(default=0.3, gt=0, le=4)
    """How long each stall lasts."""
    every: Span = Field(default=1.0, gt=0)
    """The time from the beginning of one stall to that of the next; scaled by ``--time-scale``."""

    @model_validator(mode="after")
    def _ordered(self) -> RedisSlow:
        if self.every < self.each:
            raise ValueError("expected every to be no less than each")
        return self

    def stall(self) -> tuple[str, float, float]:
        """Return the stall."""
        return "sleep", self.each, self.every
