"""Paced: Toxiproxy's bandwidth, in pieces of a tenth of a second; a rate of 0 holds everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Send, Shaped, Shaper, Stream, Toxic

PIECE_S = 0.1
NEVER = 1e12
"""A moment, in seconds of the proxy's clock, that no proxy lives to see."""


class Paced(Toxic):
    """Let *rate* bytes per second through, per connection, a piece every 100 ms.

    A chunk that is smaller than a piece waits as long as a wire of that rate takes for it.
    """

    rate: int = 0
    """Bytes that pass per second; 0: nothing passes until the toxic goes or gets a rate."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the pacing shaper."""
        return _Pacing(self.rate)


class _Pacing(Passing):
    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._piece = max(1, int(rate * PIECE_S))
        self._free_at = float("-inf")

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        if self._rate <= 0:
            self._free_at = NEVER
            return (Send(NEVER, data),)
        sends = []
        for start in range(0, len(data), self._piece):
            piece = data[start : start + self._piece]
            self._free_at = max(self._free_at, now) + len(piece) / self._rate
            sends.append(Send(self._free_at, piece))
        return sends

    def finished(self, now: float) -> Iterable[Shaped]:
        return (Finish(max(self._free_at, now)),)

    def succeeds(self, former: Shaper, held: Sequence[bytes], now: float) -> Iterable[Shaped]:
        """Pace what was held at the new rate."""
        return [one for data in held for one in self.received(data, now)]
