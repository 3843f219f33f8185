"""Redis delay: some commands take longer."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from hormesis.proxy.delay_range import DelayRange
from hormesis.proxy.redis_commands import Begun, Commands, RedisCommands
from hormesis.words.shaper import Hits, Shaper, Stream, Toxic


class RedisDelay(DelayRange, RedisCommands, Toxic):
    """Delay matching Redis commands by a time between *min* and *max*, counted from their arrival.

    Commands after it on the same connection wait behind it. Inline commands pass at once.
    """

    counts_hits: ClassVar[bool] = True
    counts_requests: ClassVar[bool] = True

    stream: Stream = Stream.UPSTREAM
    """Commands go upstream."""

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the delaying shaper."""
        return _Delaying(self, up, hits), None


class _Delaying(Commands):
    def __init__(self, toxic: RedisDelay, rng: Random, hits: Hits) -> None:
        super().__init__()
        self._toxic = toxic
        self._rng = rng
        self._hits = hits

    def begun(self, begun: Begun, now: float) -> tuple[float, bytes]:
        toxic = self._toxic
        if not (toxic.matches(begun.arguments) and toxic.drawn(self._rng, self._hits)):
            return now, begun.raw
        self._hits.count += 1
        return now + toxic.delay(self._rng), begun.raw
