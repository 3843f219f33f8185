"""Timeout: nothing passes, then the connection closes."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hormesis.words.shaper import Finish, Shaped, Shaper, Stream, Toxic
from hormesis.words.units import Seconds


class Timeout(Toxic):
    """Swallow all data; close the connection after *timeout*, counted from when the toxic met it.

    With a timeout of 0 the connection hangs until the toxic is removed, and is closed then: bytes
    were lost, so it cannot go on.
    """

    timeout: Seconds = 0.0
    """How long the connection hangs before it is closed; 0: until the toxic is removed."""

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
        return ()

    def removed(self, now: float) -> Iterable[Shaped]:
        return (Finish(now),)
