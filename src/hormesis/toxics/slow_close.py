"""Slow close: the end of a stream arrives later than its data."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Shaped, Shaper, Stream, Toxic
from hormesis.words.units import Seconds


class SlowClose(Toxic):
    """Pass data untouched and hold the end of the stream back for *delay*."""

    delay: Seconds = 0.0
    """How long the end waits."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the shaper that holds the end back."""
        return _Lingering(self.delay)


class _Lingering(Passing):
    def __init__(self, delay: float) -> None:
        self._delay = delay

    def finished(self, now: float) -> Iterable[Shaped]:
        return (Finish(now + self._delay),)
