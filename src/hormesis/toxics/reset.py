"""Reset: connections end with a TCP reset."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Reset as ResetAt
from hormesis.words.shaper import Shaped, Shaper, Stream, Toxic
from hormesis.words.units import Seconds


class Reset(Toxic):
    """Reset every connection *after* it met the toxic, new and live ones, busy and idle ones.

    Data passes until then. Both ends see the reset.
    """

    after: Seconds = 0.0
    """How long a connection lives on; 0: not at all."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the resetting shaper."""
        return _Resetting(self.after)


class _Resetting(Passing):
    def __init__(self, after: float) -> None:
        self._after = after

    def opened(self, now: float) -> Iterable[Shaped]:
        return (ResetAt(now + self._after),)
