"""Latency: every chunk arrives later."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from random import Random

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Send, Shaped, Shaper, Stream, Toxic
from hormesis.words.units import Seconds


class Distribution(str, Enum):
    """How the jitter spreads.

    ``uniform``: evenly over ± jitter. ``normal``: with jitter as its standard deviation.
    ``exponential`` and ``pareto``: jitter is the mean of what comes on top of the delay, with a
    light or a heavy tail (shape 3: one in a thousand waits 18 times the jitter longer).
    """

    UNIFORM = "uniform"
    NORMAL = "normal"
    EXPONENTIAL = "exponential"
    PARETO = "pareto"


PARETO_SHAPE = 3.0


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
        self._last_at = max(self._last_at, now + max(0.0, self._drawn()))
        return self._last_at

    def _drawn(self) -> float:
        toxic = self._toxic
        if not toxic.jitter:
            return toxic.delay
        if toxic.distribution is Distribution.NORMAL:
            return self._rng.gauss(toxic.delay, toxic.jitter)
        if toxic.distribution is Distribution.EXPONENTIAL:
            return toxic.delay + self._rng.expovariate(1 / toxic.jitter)
        if toxic.distribution is Distribution.PARETO:
            above = self._rng.paretovariate(PARETO_SHAPE) - 1
            return toxic.delay + toxic.jitter * (PARETO_SHAPE - 1) * above
        return toxic.delay + self._rng.uniform(-toxic.jitter, toxic.jitter)
