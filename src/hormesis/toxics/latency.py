"""Latency: every chunk arrives later."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hormesis.proxy.passing import Passing
from hormesis.words.distribution import Distribution
from hormesis.words.shaper import Finish, Send, Shaped, Shaper, Stream, Toxic
from hormesis.words.units import Seconds


class Latency(Toxic):
    """Delay every chunk by *delay* and a drawn *jitter*, counted from its arrival.

    It is a pipeline, as deep as the proxy's memory for one connection (1 MiB): throughput is not
    divided by the delay until it reaches 1 MiB per delay. Order is kept, so a chunk never overtakes
    one with a longer draw.
    """

    delay: Seconds = 0.0
    """How long a chunk waits."""
    jitter: Seconds = 0.0
    """By how much that varies from chunk to chunk."""
    distribution: Distribution = Distribution.UNIFORM
    """How it varies."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the delaying shaper."""
        return _Delaying(self, rng)


class _Delaying(Passing):
    def __init__(self, toxic: Latency, rng: Random) -> None:
        self._toxic = toxic
        self._rng = rng
        self._last_at = float("-inf")

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        return (Send(self._moment(now), data),)

    def finished(self, now: float) -> Iterable[Shaped]:
        return (Finish(self._moment(now)),)

    def _moment(self, now: float) -> float:
        self._last_at = max(self._last_at, now + self._drawn())
        return self._last_at

    def _drawn(self) -> float:
        toxic = self._toxic
        return toxic.distribution.drawn(self._rng, toxic.delay, toxic.jitter)
