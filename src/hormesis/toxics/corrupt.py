"""Corrupt: some bytes arrive as other bytes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from hormesis.proxy.corruption import Corruption, Unit
from hormesis.proxy.directed import directed
from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Hits, Send, Shaped, Shaper, Toxic
from hormesis.words.units import Share


class Corrupt(Corruption, Toxic):
    """Flip one bit of each byte, or of one byte in each chunk, with a *probability*.

    Where the flips fall depends on the seed and, counted in bytes, on nothing else: not on how the
    stream was cut. A chunk is what the proxy reads in one go.
    """

    counts_hits: ClassVar[bool] = True

    probability: Share = 0.001
    """How likely each is hit."""

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the corrupting shapers."""
        return directed(self.stream, up, down, lambda rng: _Corrupting(self, rng, hits))


class _Corrupting(Passing):
    def __init__(self, toxic: Corrupt, rng: Random, hits: Hits) -> None:
        self._toxic = toxic
        self._rng = rng
        self._hits = hits
        self._spared = toxic.spare
        self._gap = self._drawn()
        """Whole bytes before the next one that is hit."""

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        spared = min(self._spared, len(data))
        self._spared -= spared
        flips = self._flips(spared, len(data))
        if not flips:
            return (Send(now, data),)
        changed = bytearray(data)
        for place, bit in flips:
            changed[place] ^= bit
        self._hits.count += len(flips)
        return (Send(now, bytes(changed)),)

    def _flips(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return where in data[start:end] which bit is to be flipped."""
        if self._toxic.per is Unit.CHUNK:
            hit = start < end and self._rng.random() < self._toxic.probability
            return [(self._rng.randrange(start, end), self._bit())] if hit else []
        flips = []
        while self._gap < end - start:
            start += int(self._gap)
            flips.append((start, self._bit()))
            start += 1
            self._gap = self._drawn()
        self._gap -= end - start
        return flips

    def _bit(self) -> int:
        return 1 << self._rng.randrange(8)

    def _drawn(self) -> float:
        """Return how many bytes stay whole before the next hit: a geometric draw, by inversion."""
        rate = self._toxic.probability
        if rate <= 0:
            return math.inf
        if rate >= 1:
            return 0
        return math.floor(math.log(1 - self._rng.random()) / math.log1p(-rate))
