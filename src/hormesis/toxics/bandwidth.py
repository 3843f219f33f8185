"""Bandwidth: only so many bytes per second."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from pydantic import Field

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Send, Shaped, Shaper, Stream, Toxic
from hormesis.words.units import Bytes

PIECES_PER_SECOND = 50
PIECE_MIN = 64
PIECE_MAX = 64 << 10


class Bandwidth(Toxic):
    """Let *rate* bytes per second through, per connection and direction.

    A chunk leaves in pieces of a fiftieth of a second, each when a wire of that rate would have
    finished sending it. Nothing is saved up while the line is idle.
    """

    rate: Bytes = Field(gt=0)
    """Bytes that pass per second."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the throttling shaper."""
        return _Throttling(self.rate)


class _Throttling(Passing):
    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._piece = min(max(rate // PIECES_PER_SECOND, PIECE_MIN), PIECE_MAX)
        self._free_at = float("-inf")

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        for start in range(0, len(data), self._piece):
            piece = data[start : start + self._piece]
            self._free_at = max(self._free_at, now) + len(piece) / self._rate
            yield Send(self._free_at, piece)

    def finished(self, now: float) -> Iterable[Shaped]:
        return (Finish(max(self._free_at, now)),)
