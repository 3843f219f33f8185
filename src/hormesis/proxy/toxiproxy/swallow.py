"""Swallow: Toxiproxy's timeout, which passes the sender's end on, so that nothing piles up."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hormesis.words.shaper import Finish, Shaped, Shaper, Stream, Toxic


class Swallow(Toxic):
    """Swallow all data; close the connection after *timeout*, or when the toxic is removed.

    A sender that ends is let go at once, unlike under the shelf's ``timeout``: clients that gave
    up would otherwise stay connected to the upstream for as long as the toxic is there.
    """

    timeout: float = 0.0
    """How many seconds the connection hangs; 0: until the toxic is removed."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the swallowing shaper."""
        return _Swallowing(self.timeout)


class _Swallowing:
    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def opened(self, now: float) -> Iterable[Shaped]:
        return (Finish(now + self._timeout),) if self._timeout else ()

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        return ()

    def finished(self, now: float) -> Iterable[Shaped]:
        return (Finish(now),)

    def removed(self, now: float) -> Iterable[Shaped]:
        return (Finish(now),)
